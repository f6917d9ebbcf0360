package topology_test

import (
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

func policy(name, spec string) string {
	return "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: " + name + ", namespace: shop}\nspec: {" + spec + "}\n"
}

// allowed is what policies do with a call, with the one that decides.
func allowed(t *testing.T, c topology.Call, docs ...string) string {
	t.Helper()
	m := model(t, append([]string{workload("app: a", "", "")}, docs...)...)
	a := m.Access(m.PoliciesOf(m.AllWorkloads()[0]), c)
	text := map[topology.Answer]string{topology.Yes: "yes", topology.No: "no", topology.NotKnown: "unknown"}[a.Allowed]
	if a.By != nil {
		text += " " + a.By.Policy.Name
	}
	return text
}

// The order is CUSTOM, DENY, ALLOW; what refuses for sure wins over what is not
// known.
func TestAccessActions(t *testing.T) {
	all := "rules: [{}]"
	some := "rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]"
	custom := policy("custom", "action: CUSTOM, provider: {name: x}, "+all)
	for name, c := range map[string]struct {
		docs []string
		want string
	}{
		"nothing":                       {nil, "yes"},
		"allow all":                     {[]string{policy("a", all)}, "yes a"},
		"allow nothing":                 {[]string{policy("a", "")}, "no a"},
		"deny nothing":                  {[]string{policy("d", "action: DENY")}, "yes"},
		"deny wins":                     {[]string{policy("a", all), policy("d", "action: DENY, "+all)}, "no d"},
		"a second that allows":          {[]string{policy("none", ""), policy("a", all)}, "yes a"},
		"perhaps":                       {[]string{policy("none", ""), policy("a", some)}, "unknown a"},
		"perhaps, and surely":           {[]string{policy("a", some), policy("b", all)}, "yes b"},
		"denied perhaps":                {[]string{policy("d", "action: DENY, "+some), policy("a", all)}, "unknown d"},
		"denied perhaps, and refused":   {[]string{policy("d", "action: DENY, "+some), policy("a", "")}, "no a"},
		"an authorizer":                 {[]string{custom}, "unknown custom"},
		"an authorizer, and denied":     {[]string{custom, policy("d", "action: DENY, "+all)}, "no d"},
		"only written down":             {[]string{policy("audit", "action: AUDIT, "+all)}, "yes"},
		"on trial":                      {[]string{strings.Replace(policy("d", "action: DENY, "+all), "name: d,", "name: d, annotations: {istio.io/dry-run: 'true'},", 1)}, "yes"},
		"another's":                     {[]string{policy("d", "selector: {matchLabels: {app: b}}, action: DENY, "+all)}, "yes"},
		"of the mesh":                   {[]string{strings.Replace(policy("d", "action: DENY, "+all), "namespace: shop", "namespace: istio-system", 1)}, "no d"},
		"for a gateway by its resource": {[]string{policy("d", "targetRefs: [{kind: Gateway, name: x}], action: DENY, "+all)}, "yes"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := allowed(t, topology.Call{HTTP: topology.Yes}, c.docs...); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// A rule holds when all that it asks does.
func TestAccessRules(t *testing.T) {
	get := &topology.Request{Method: "GET", Authority: "Shop.example.com", Path: "/books/1", Headers: map[string]string{"x-env": "prod"}, Token: topology.No}
	front := topology.Call{HTTP: topology.Yes, Request: get, Certified: topology.Yes, Namespace: "shop", Account: "front", Port: 8080}
	plain, bytes, anything, token := front, front, front, front
	plain.Certified = topology.No
	bytes.HTTP, bytes.Request = topology.No, nil
	anything.Request = nil
	with := *get
	with.Token = topology.NotKnown
	token.Request = &with
	from := func(s string) string { return "from: [{source: {" + s + "}}]" }
	to := func(s string) string { return "to: [{operation: {" + s + "}}]" }
	for _, c := range []struct {
		call topology.Call
		rule string
		want string
	}{
		{front, from("principals: [cluster.local/ns/shop/sa/front]"), "yes"},
		{front, from("principals: [cluster.local/ns/shop/sa/fron]"), "no"},
		{front, from("principals: ['*/sa/front']"), "yes"},
		{front, from("principals: ['*']"), "yes"},
		{front, from("principals: [other.domain/ns/shop/sa/front]"), "unknown"},
		{front, from("notPrincipals: [cluster.local/ns/shop/sa/front]"), "no"},
		{plain, from("principals: ['*']"), "no"},
		{plain, from("notPrincipals: ['*']"), "yes"},
		{front, from("namespaces: [sh*]"), "yes"},
		{front, from("namespaces: [pay]"), "no"},
		{front, from("serviceAccounts: [front]"), "yes"},
		{front, from("serviceAccounts: [pay/front]"), "no"},
		{front, from("namespaces: [pay]}}, {source: {namespaces: [shop]"), "yes"},
		{front, from("namespaces: [shop], notNamespaces: [shop]"), "no"},
		{front, to("methods: [POST, GET]"), "yes"},
		{front, to("notMethods: [GET]"), "no"},
		{front, to("paths: ['/books/*']"), "yes"},
		{front, to("paths: ['/books/{*}']"), "yes"},
		{front, to("paths: ['/{*}']"), "no"},
		{front, to("paths: ['/{**}']"), "yes"},
		{front, to("paths: ['*/1'], notPaths: ['/books*']"), "no"},
		{front, to("hosts: [shop.EXAMPLE.com]"), "yes"},
		{front, to("hosts: ['shop.example.com:*']"), "no"},
		{front, to("ports: ['8080']"), "yes"},
		{front, to("ports: ['80']"), "no"},
		{front, from("namespaces: [shop]") + ", " + to("methods: [POST]"), "no"},
		{front, "when: [{key: 'request.headers[X-Env]', values: [prod]}]", "yes"},
		{front, "when: [{key: 'request.headers[X-Env]', notValues: ['*']}]", "no"},
		{front, "when: [{key: 'request.auth.claims[group]', values: [staff]}]", "no"},
		{front, "when: [{key: 'request.auth.claims[group]', notValues: [staff]}]", "yes"},
		{token, "when: [{key: 'request.auth.claims[group]', values: [staff]}]", "unknown"},
		{front, from("requestPrincipals: ['*']"), "no"},
		{token, from("requestPrincipals: ['*']"), "unknown"},
		{front, "when: [{key: destination.ip, values: [10.0.0.1]}]", "unknown"},
		{anything, to("methods: [GET]"), "unknown"},
		{anything, to("methods: [GET], ports: ['80']"), "no"},
		// An ALLOW rule about requests lets no bytes in.
		{bytes, to("methods: [GET]"), "no"},
		{bytes, to("ports: ['8080']"), "yes"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, _, _ := strings.Cut(allowed(t, c.call, policy("p", "rules: [{"+c.rule+"}]")), " ")
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	// A DENY rule about requests refuses all bytes that the rest of it takes.
	if got := allowed(t, bytes, policy("d", "action: DENY, rules: [{"+to("methods: [GET]")+"}]")); got != "no d" {
		t.Error("bytes and a DENY rule about requests:", got)
	}
}

// The trust domain of the installation is what cluster.local stands for.
func TestAccessTrustDomain(t *testing.T) {
	op := "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: a}\nspec: {meshConfig: {trustDomain: td.new, trustDomainAliases: [td.old]}}\n"
	call := topology.Call{Certified: topology.Yes, Namespace: "shop", Account: "front"}
	for domain, want := range map[string]string{"cluster.local": "yes p", "td.new": "yes p", "td.old": "yes p", "other": "no p"} {
		if got := allowed(t, call, op, policy("p", "rules: [{from: [{source: {principals: ["+domain+"/ns/shop/sa/front]}}]}]")); got != want {
			t.Errorf("%s: %s", domain, got)
		}
	}
}
