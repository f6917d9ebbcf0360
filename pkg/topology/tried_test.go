package topology_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

func routing(name, namespace, spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nspec: {" + spec + "}\n"
}

func gatewayOf(name, namespace, servers string) string {
	return "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nspec: {servers: [" + servers + "]}\n"
}

// said are routes by their destinations, which the cases give names of their own.
func said(routes []topology.Route) string {
	var all []string
	for _, r := range routes {
		text := ""
		for _, d := range r.Destinations {
			text += strings.TrimSuffix(d.Host, ".shop.svc.cluster.local")
		}
		if m := r.HTTPMatch; m != nil {
			text += fmt.Sprint(" ", m.Uri.GetPrefix(), m.Uri.GetExact(), m.Port, m.SourceLabels["app"])
		}
		if r.HTTP.GetTimeout() != nil {
			text += fmt.Sprint(" ", r.HTTP.Timeout.Seconds)
		}
		all = append(all, strings.TrimSpace(text))
	}
	return strings.Join(all, ", ")
}

func to(host string) string { return "route: [{destination: {host: " + host + "}}]" }

// Which routes a client's proxy tries, in which order.
func TestRoutesInOrder(t *testing.T) {
	const host = "a.shop.svc.cluster.local"
	aged := func(age, doc string) string {
		return strings.Replace(doc, "metadata: {", "metadata: {creationTimestamp: '"+age+"', ", 1)
	}
	all := func(name, more string) string {
		return routing(name, "shop", more+"hosts: [a], http: [{"+to(name)+"}]")
	}
	shop, pay := topology.Client{Namespace: "shop", Labels: map[string]string{"app": "x"}}, topology.Client{Namespace: "pay"}
	for name, c := range map[string]struct {
		docs   []string
		client topology.Client
		port   int
		want   string
	}{
		"one host, two objects: by name":        {[]string{all("y", ""), all("b", "")}, shop, 80, "b"},
		"the older one":                         {[]string{aged("2026-02-01T00:00:00Z", all("b", "")), aged("2026-01-01T00:00:00Z", all("y", ""))}, shop, 80, "y"},
		"what runs before what will":            {[]string{all("b", ""), aged("2026-01-01T00:00:00Z", all("y", ""))}, shop, 80, "y"},
		"what is for the namespace alone":       {[]string{all("b", ""), all("y", "exportTo: [.], ")}, shop, 80, "y"},
		"which others do not see":               {[]string{all("b", "exportTo: [.], ")}, pay, 80, ""},
		"what is for some before what is all's": {[]string{all("b", ""), all("y", "exportTo: [pay], ")}, pay, 80, "y"},
		"as the installation says":              {[]string{all("b", ""), strings.Replace(install(""), "values", "meshConfig: {defaultVirtualServiceExportTo: [.]}, values", 1)}, pay, 80, ""},
		"each match, up to the last that counts": {[]string{routing("v", "shop", "hosts: [a], http: [{match: [{uri: {prefix: /x}}, {uri: {exact: /y}}], "+to("b")+"}, {match: [{uri: {prefix: /}}, {uri: {prefix: /z}}], "+to("c")+"}, {"+to("d")+"}]")}, shop, 80,
			"b /x0, b /y0, c /0"},
		"the port that is called":         {[]string{routing("v", "shop", "hosts: [a], http: [{match: [{port: 81}], "+to("b")+"}, {match: [{port: 80}], "+to("c")+"}, {"+to("d")+"}]")}, shop, 80, "c 80"},
		"any port":                        {[]string{routing("v", "shop", "hosts: [a], http: [{match: [{port: 81, uri: {exact: /}}], "+to("b")+"}, {"+to("d")+"}]")}, shop, 0, "b /81, d"},
		"the client's labels":             {[]string{routing("v", "shop", "hosts: [a], http: [{match: [{sourceLabels: {app: x}, uri: {exact: /}}], "+to("b")+"}, {match: [{sourceLabels: {app: y}}], "+to("c")+"}]")}, shop, 80, "b /0x"},
		"and its namespace":               {[]string{routing("v", "shop", "hosts: [a], http: [{match: [{sourceNamespace: shop}], "+to("b")+"}, {match: [{sourceNamespace: pay}], "+to("c")+"}]")}, pay, 80, "c 0"},
		"a match for a gateway":           {[]string{routing("v", "shop", "hosts: [a], gateways: [mesh, g], http: [{match: [{gateways: [g]}], "+to("b")+"}, {match: [{gateways: [mesh]}], "+to("c")+"}]")}, shop, 80, "c 0"},
		"the next one where one has none": {[]string{routing("b", "shop", "hosts: [a], http: [{match: [{port: 81}], "+to("b")+"}]"), all("y", "")}, shop, 80, "y"},
		"but no wildcard":                 {[]string{routing("b", "shop", "hosts: [a], http: [{match: [{port: 81}], "+to("b")+"}]"), routing("y", "shop", "hosts: ['*.shop.svc.cluster.local'], http: [{"+to("y")+"}]")}, shop, 80, ""},
		"the nearest wildcard":            {[]string{routing("y", "shop", "hosts: ['*.shop.svc.cluster.local'], http: [{"+to("y")+"}]"), routing("b", "shop", "hosts: ['*'], http: [{"+to("b")+"}]")}, shop, 80, "y"},
		"a wildcard that others see not":  {[]string{routing("y", "shop", "hosts: ['*.shop.svc.cluster.local'], exportTo: [.], http: [{"+to("y")+"}]"), routing("b", "shop", "hosts: ['*'], http: [{"+to("b")+"}]")}, pay, 80, "b"},
		"delegated": {[]string{routing("v", "shop", "hosts: [a], http: [{match: [{uri: {prefix: /x}}], timeout: 3s, delegate: {name: d}}, {delegate: {name: none}}, {"+to("b")+"}]"),
			routing("d", "shop", "http: [{match: [{uri: {prefix: /x/y}}], "+to("c")+"}, {match: [{uri: {prefix: /z}}], "+to("d")+"}, {timeout: 1s, "+to("e")+"}]")}, shop, 80, "c /x/y0 3, e /x0 1, b"},
		"to what is not exported": {[]string{routing("v", "shop", "hosts: [a], http: [{delegate: {name: d, namespace: pay}}, {"+to("b")+"}]"), routing("d", "pay", "exportTo: [.], http: [{"+to("c")+"}]")}, shop, 80, "b"},
		"to what has hosts":       {[]string{routing("v", "shop", "hosts: [a], http: [{delegate: {name: d}}, {"+to("b")+"}]"), routing("d", "shop", "hosts: [d], http: [{"+to("c")+"}]")}, shop, 80, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, said(model(t, c.docs...).Routes(c.client, host, c.port, topology.Mesh))); d != "" {
				t.Error(d)
			}
		})
	}
}

// What a Gateway and a VirtualService have in common is the narrower host.
func TestRoutesOfGateways(t *testing.T) {
	vs := func(name, host, rest string) string {
		return routing(name, "shop", "hosts: ['"+host+"'], gateways: [edge/g, edge/h], http: [{"+rest+to(name)+"}]")
	}
	exact, wide := vs("exact", "a.example.com", ""), vs("wide", "*.example.com", "")
	some := vs("zsome", "a.example.com", "match: [{uri: {prefix: /x}}], ")
	server := func(port, hosts string) string { return "{port: {number: " + port + "}, hosts: [" + hosts + "]}" }
	for name, c := range map[string]struct {
		docs []string
		port int
		want string
	}{
		"the nearer of two":                  {[]string{exact, wide, gatewayOf("g", "edge", server("80", "'*.example.com'"))}, 80, "exact"},
		"both for a host that is admitted":   {[]string{exact, wide, gatewayOf("g", "edge", server("80", "a.example.com"))}, 80, "exact, wide"},
		"routes that take all are the last":  {[]string{exact, some, gatewayOf("g", "edge", server("80", "'*'"))}, 80, "zsome /x0, exact"},
		"another port":                       {[]string{exact, gatewayOf("g", "edge", server("81", "'*'")), gatewayOf("h", "edge", "")}, 80, ""},
		"the servers in turn, each once":     {[]string{vs("z", "*.com", ""), exact, gatewayOf("g", "edge", server("80", "a.example.com")+", "+server("80", "pay/a.example.com"))}, 80, "exact, z"},
		"not for this namespace":             {[]string{exact, gatewayOf("g", "edge", server("80", "./a.example.com")), gatewayOf("h", "edge", "")}, 80, ""},
		"the other Gateway of the same pods": {[]string{exact, gatewayOf("g", "edge", server("80", "b.example.com")), gatewayOf("h", "edge", server("80", "a.example.com"))}, 80, "exact"},
		"a match for one of two":             {[]string{vs("both", "a.example.com", "match: [{gateways: [edge/h], uri: {exact: /h}}], "), gatewayOf("g", "edge", server("80", "'*'")), gatewayOf("h", "edge", server("80", "'*'"))}, 80, "both /h0"},
		"nobody knows the Gateways":          {[]string{exact, wide}, 80, "exact"},
	} {
		t.Run(name, func(t *testing.T) {
			got := model(t, c.docs...).Routes(topology.Client{Namespace: "istio-system"}, "a.example.com", c.port, "edge/g", "edge/h")
			if d := cmp.Diff(c.want, said(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

// Where a destination leads that does not say everything.
func TestReached(t *testing.T) {
	m := model(t, service("a", "{port: 81}"), service("b", "{port: 80}, {port: 81}"),
		"apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: shop}\nspec: {type: ExternalName, externalName: example.com}\n")
	for _, c := range []struct {
		side topology.Side
		list string
		name string
		port int
		want string
	}{
		{topology.Mesh, "http", "a", 0, "a.shop.svc.cluster.local 90"}, {topology.Mesh, "tcp", "a", 0, "a.shop.svc.cluster.local 81"},
		{"edge/g", "http", "a", 0, "a.shop.svc.cluster.local 81"}, {"edge/g", "http", "a", 82, "a.shop.svc.cluster.local 82"},
		{"edge/g", "http", "b", 0, "b.shop.svc.cluster.local 90"}, {topology.Mesh, "http", "x", 0, "example.com 90"},
	} {
		host, port := m.Reached(topology.Client{}, c.side, topology.Route{Protocol: c.list}, topology.Destination{Host: c.name + ".shop.svc.cluster.local", Port: c.port}, 90)
		if got := fmt.Sprint(host, " ", port); got != c.want {
			t.Errorf("%s at %s: got %s, want %s", c.name, c.side, got, c.want)
		}
	}
}

// Rules of one host that Istio does not put together, and those for some pods.
func TestRulesTogether(t *testing.T) {
	policy := func(name, more, lb string) string {
		return rule(name, "shop", "host: a, "+more+"trafficPolicy: {loadBalancer: {simple: "+lb+"}}, subsets: [{name: "+name+"}]")
	}
	pods := policy("pods", "workloadSelector: {matchLabels: {app: x}}, ", "RANDOM")
	for name, c := range map[string]struct {
		docs   []string
		client topology.Client
		want   string
	}{
		"of one exportTo":           {[]string{policy("b", "", "RANDOM"), policy("a", "", "ROUND_ROBIN")}, topology.Client{Namespace: "shop"}, "a b ROUND_ROBIN"},
		"of two":                    {[]string{policy("a", "", "ROUND_ROBIN"), policy("b", "exportTo: ['*'], ", "RANDOM")}, topology.Client{Namespace: "shop"}, "b RANDOM"},
		"for these pods":            {[]string{policy("a", "", "ROUND_ROBIN"), pods}, topology.Client{Namespace: "shop", Labels: map[string]string{"app": "x"}}, "pods RANDOM"},
		"for others":                {[]string{policy("a", "", "ROUND_ROBIN"), pods}, topology.Client{Namespace: "shop"}, "a ROUND_ROBIN"},
		"in other namespaces":       {[]string{pods}, topology.Client{Namespace: "pay", Labels: map[string]string{"app": "x"}}, "nothing"},
		"nearer, but not for these": {[]string{policy("a", "exportTo: [front], ", "RANDOM"), rule("w", "shop", "host: '*'")}, topology.Client{Namespace: "pay"}, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			rules := model(t, c.docs...).Rules(c.client, "a.shop.svc.cluster.local")
			got := ""
			for _, r := range rules {
				got += r.Name + " "
			}
			if p := rules.Policy("", 80); p == nil {
				got += "nothing"
			} else {
				got += p.LoadBalancer.GetSimple().String()
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Of the whole policy and the subset's, and of those of a port.
func TestPolicy(t *testing.T) {
	rules := model(t, rule("a", "shop", "host: a, trafficPolicy: {loadBalancer: {simple: RANDOM}, tls: {mode: SIMPLE}, outlierDetection: {interval: 1s}, proxyProtocol: {version: V2}, "+
		"portLevelSettings: [{port: {number: 81}, tls: {mode: DISABLE}}]}, "+
		"subsets: [{name: v1}, {name: v2, trafficPolicy: {tls: {mode: MUTUAL}, portLevelSettings: [{port: {number: 82}, loadBalancer: {simple: ROUND_ROBIN}}]}}]")).
		Rules(topology.Client{Namespace: "shop"}, "a.shop.svc.cluster.local")
	for _, c := range []struct {
		subset string
		port   int
		want   string
	}{
		{"", 80, "RANDOM SIMPLE true true"}, {"v1", 80, "RANDOM SIMPLE true true"}, {"none", 80, "RANDOM SIMPLE true true"},
		{"", 81, "UNSPECIFIED DISABLE false false"}, {"v2", 80, "RANDOM MUTUAL true true"}, {"v2", 82, "ROUND_ROBIN none false true"}, {"v2", 81, "UNSPECIFIED MUTUAL false false"},
	} {
		p := rules.Policy(c.subset, c.port)
		mode := "none"
		if p.Tls != nil {
			mode = p.Tls.Mode.String()
		}
		if got := fmt.Sprint(p.LoadBalancer.GetSimple(), " ", mode, " ", p.OutlierDetection != nil, " ", p.ProxyProtocol != nil); got != c.want {
			t.Errorf("subset %q, port %d: got %s, want %s", c.subset, c.port, got, c.want)
		}
		tls := rules.TLS(c.subset, c.port)
		if (tls == nil) != (p.Tls == nil) || tls != nil && tls.Mode != p.Tls.Mode {
			t.Errorf("subset %q, port %d: TLS says %v", c.subset, c.port, tls)
		}
	}
}

// Who asks decides which ports of a host there are.
func TestReachedByClients(t *testing.T) {
	entry := func(name, more string) string {
		return "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: " + name + ", namespace: shop}\nspec: {hosts: [e.example.com], " + more + "}\n"
	}
	m := model(t, entry("a", "ports: [{number: 80}]"), entry("b", "exportTo: [.], ports: [{number: 81}]"),
		strings.Replace(service("h", "{port: 82}"), "namespace: shop", "namespace: shop, annotations: {networking.istio.io/exportTo: .}", 1))
	for _, c := range []struct {
		namespace, host string
		want            int
	}{
		{"pay", "e.example.com", 80}, {"shop", "e.example.com", 90}, {"shop", "h.shop.svc.cluster.local", 82}, {"pay", "h.shop.svc.cluster.local", 90},
	} {
		if _, got := m.Reached(topology.Client{Namespace: c.namespace}, "edge/g", topology.Route{Protocol: "http"}, topology.Destination{Host: c.host}, 90); got != c.want {
			t.Errorf("%s from %s: got %d, want %d", c.host, c.namespace, got, c.want)
		}
	}
}

// A wildcard may stand within a label; the longer one is the nearer.
func TestPartialHosts(t *testing.T) {
	docs := []string{
		service("a-v1", "{port: 80}"), service("b", "{port: 80}"),
		routing("wide", "shop", "hosts: ['*.shop.svc.cluster.local'], http: [{"+to("wide")+"}]"),
		routing("v1", "shop", "hosts: ['*-V1.shop.svc.cluster.local'], http: [{"+to("v1")+"}]"),
		rule("r", "shop", "host: '*a-v1.shop.svc.cluster.local', trafficPolicy: {tls: {mode: DISABLE}}"),
		"apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e, namespace: shop}\nspec: {hosts: ['*-e.example.com'], ports: [{number: 80}]}\n",
	}
	m := model(t, docs...)
	c := topology.Client{Namespace: "shop"}
	for host, want := range map[string]string{"a-v1": "v1", "b": "wide"} {
		if got := said(m.Routes(c, host+".shop.svc.cluster.local", 80, topology.Mesh)); got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
	if m.Rules(c, "a-v1.shop.svc.cluster.local") == nil || m.Rules(c, "b.shop.svc.cluster.local") != nil {
		t.Error("the rule is for a-v1 alone")
	}
	if m.HasHost("x-e.example.com") != topology.Yes || m.HasHost("e.example.com") == topology.Yes {
		t.Error("the entry has x-e.example.com and not e.example.com")
	}
}

// Ports at which sidecars listen themselves have no routes.
func TestKept(t *testing.T) {
	m := model(t, service("a", "{name: http, port: 15090}, {name: tcp-x, port: 15001}, {name: http-80, port: 80}"), routing("v", "shop", "hosts: [a], http: [{"+to("b")+"}]"))
	for port, want := range map[int]string{15090: "", 15001: "b", 80: "b"} {
		if got := said(m.Routes(topology.Client{Namespace: "shop"}, "a.shop.svc.cluster.local", port, topology.Mesh)); got != want {
			t.Errorf("%d: got %q, want %q", port, got, want)
		}
	}
}
