package topology_test

import (
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

func sidecarOf(name, namespace, spec string) string {
	return "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nspec: {" + spec + "}\n"
}

// What a client's proxy knows, and what keeps the rest from it.
func TestHides(t *testing.T) {
	a := service("a", "{port: 80}")
	entry := func(more string) string {
		return "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e, namespace: out}\nspec: {hosts: [example.com]" + more + "}\n"
	}
	const inside, outside = "a.shop.svc.cluster.local", "example.com"
	pay := topology.Client{Namespace: "pay", Labels: map[string]string{"app": "x"}}
	for name, c := range map[string]struct {
		docs   []string
		client topology.Client
		host   string
		port   int
		want   string
	}{
		"all, where nobody says more":       {[]string{a}, pay, inside, 80, ""},
		"a host that nobody has":            {nil, pay, inside, 80, ""},
		"an entry for its namespace":        {[]string{entry(", exportTo: [.]")}, pay, outside, 80, "ServiceEntry spec.exportTo"},
		"an entry for another":              {[]string{entry(", exportTo: [pay]")}, pay, outside, 80, ""},
		"a port of the entry that is seen":  {[]string{entry(", ports: [{number: 80}]"), strings.Replace(entry(", ports: [{number: 81}], exportTo: [.]"), "name: e", "name: f", 1)}, pay, outside, 80, ""},
		"a port of the other":               {[]string{entry(", ports: [{number: 80}]"), strings.Replace(entry(", ports: [{number: 81}], exportTo: [.]"), "name: e", "name: f", 1)}, pay, outside, 81, "ServiceEntry spec.exportTo"},
		"a Service for its namespace":       {[]string{strings.Replace(a, "namespace: shop", "namespace: shop, annotations: {networking.istio.io/exportTo: '., front'}", 1)}, pay, inside, 80, `Service metadata.annotations["networking.istio.io/exportTo"]`},
		"a Service for others, too":         {[]string{strings.Replace(a, "namespace: shop", "namespace: shop, annotations: {networking.istio.io/exportTo: '., pay'}", 1)}, pay, inside, 80, ""},
		"as the installation says":          {[]string{a, strings.Replace(install(""), "values", "meshConfig: {defaultServiceExportTo: [.]}, values", 1)}, pay, inside, 80, `Service metadata.annotations["networking.istio.io/exportTo"]`},
		"a Sidecar that shows it":           {[]string{a, sidecarOf("s", "pay", "egress: [{hosts: ['shop/*']}]")}, pay, inside, 80, ""},
		"that shows the own namespace":      {[]string{a, sidecarOf("s", "pay", "egress: [{hosts: [./*]}]")}, pay, inside, 80, "Sidecar spec.egress"},
		"that shows it by name":             {[]string{a, sidecarOf("s", "pay", "egress: [{hosts: ['*/"+inside+"']}]")}, pay, inside, 80, ""},
		"that shows another":                {[]string{a, sidecarOf("s", "pay", "egress: [{hosts: ['*/b.shop.svc.cluster.local']}]")}, pay, inside, 80, "Sidecar spec.egress"},
		"that shows nothing":                {[]string{a, sidecarOf("s", "pay", "egress: [{hosts: [~/*]}]")}, pay, inside, 80, "Sidecar spec.egress"},
		"that leaves it out":                {[]string{a, sidecarOf("s", "pay", "egress: [{hosts: ['*/*', '~shop/*']}]")}, pay, inside, 80, "Sidecar spec.egress"},
		"that says nothing of it":           {[]string{a, sidecarOf("s", "pay", "outboundTrafficPolicy: {mode: REGISTRY_ONLY}")}, pay, inside, 80, ""},
		"on another port":                   {[]string{a, sidecarOf("s", "pay", "egress: [{port: {number: 80}, hosts: [./*]}, {hosts: ['*/*']}]")}, pay, inside, 80, "Sidecar spec.egress"},
		"on this port":                      {[]string{a, sidecarOf("s", "pay", "egress: [{port: {number: 80}, hosts: ['*/*']}, {hosts: [./*]}]")}, pay, inside, 80, ""},
		"for other pods":                    {[]string{a, sidecarOf("s", "pay", "workloadSelector: {labels: {app: y}}, egress: [{hosts: [./*]}]")}, pay, inside, 80, ""},
		"for these pods before all":         {[]string{a, sidecarOf("a", "pay", "egress: [{hosts: [./*]}]"), sidecarOf("s", "pay", "workloadSelector: {labels: {app: x}}, egress: [{hosts: ['*/*']}]")}, pay, inside, 80, ""},
		"the mesh's":                        {[]string{a, sidecarOf("s", "istio-system", "egress: [{hosts: [./*]}]")}, pay, inside, 80, "Sidecar spec.egress"},
		"the namespace's before the mesh's": {[]string{a, sidecarOf("s", "istio-system", "egress: [{hosts: [./*]}]"), sidecarOf("t", "pay", "egress: [{hosts: ['*/*']}]")}, pay, inside, 80, ""},
		"none for a gateway":                {[]string{a, sidecarOf("s", "pay", "egress: [{hosts: [./*]}]")}, topology.Client{Namespace: "pay", Gateway: true}, inside, 80, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if hidden := model(t, c.docs...).Hides(c.client, c.host, c.port); hidden != nil {
				got = hidden.Kind + " " + hidden.At().String()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What a proxy knows only because its routes lead there.
func TestLedTo(t *testing.T) {
	own := sidecarOf("s", "pay", "egress: [{hosts: [./*]}]")
	shown := routing("v", "pay", "hosts: [b], http: [{route: [{destination: {host: a.shop.svc.cluster.local, port: {number: 80}}}]}]")
	for name, c := range map[string]struct {
		docs []string
		port int
		want bool
	}{
		"shown":        {[]string{own, shown}, 80, true},
		"another port": {[]string{own, shown}, 81, false},
		"every port":   {[]string{own, strings.Replace(shown, ", port: {number: 80}", "", 1)}, 81, true},
		"hidden":       {[]string{own, strings.Replace(shown, "namespace: pay", "namespace: shop", 1)}, 80, false},
		"not exported": {[]string{strings.Replace(strings.Replace(shown, "namespace: pay", "namespace: shop", 1), "hosts:", "exportTo: [.], hosts:", 1)}, 80, false},
		"no Sidecar":   {[]string{shown}, 80, true},
	} {
		if got := model(t, c.docs...).LedTo(topology.Client{Namespace: "pay"}, "a.shop.svc.cluster.local", c.port); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// Routes that a Sidecar does not show do not hold.
func TestHiddenRoutes(t *testing.T) {
	docs := []string{routing("v", "shop", "hosts: [a], http: [{"+to("b")+"}]"), sidecarOf("s", "pay", "egress: [{hosts: [./*]}]")}
	for client, want := range map[string]string{"shop": "b", "pay": ""} {
		if got := said(model(t, docs...).Routes(topology.Client{Namespace: client}, "a.shop.svc.cluster.local", 80, topology.Mesh)); got != want {
			t.Errorf("%s: %s", client, got)
		}
	}
}

// What a client does that chooses the pod itself, or whose rule does not count.
func TestMeetMore(t *testing.T) {
	const strict, off = "mtls: {mode: STRICT}", "mtls: {mode: DISABLE}"
	in := namespace("istio-injection: enabled")
	headless := strings.Replace(service("a", "{port: 80}"), "spec: {", "spec: {clusterIP: None, ", 1)
	one := workload("app: a", "", "")
	bare := strings.Replace(workload("app: a, sidecar.istio.io/inject: 'false'", "", ""), "name: a,", "name: b,", 1)
	own := peer("own", "shop", "selector: {matchLabels: {app: a}}, "+strict)
	tls := rule("a", "shop", "host: a, trafficPolicy: {tls: {mode: SIMPLE, credentialName: c}}")
	for name, c := range map[string]struct {
		docs    []string
		gateway bool
		want    topology.Outcome
	}{
		"a namespace that switches mTLS off, and pods that want it": {[]string{service("a", "{port: 80}"), one, own, peer("default", "shop", off)}, false, topology.Refused},
		"pods that clients choose":                                  {[]string{headless, one, peer("default", "istio-system", strict)}, false, topology.MTLS},
		"one of which has no sidecar":                               {[]string{headless, one, bare, peer("default", "istio-system", strict)}, false, topology.Refused},
		"or that take plain text only":                              {[]string{headless, one, peer("default", "shop", strict), peer("own", "shop", "selector: {matchLabels: {app: a}}, "+off)}, false, topology.Refused},
		"chosen by a rule": {[]string{service("a", "{port: 80}"), rule("a", "shop", "host: a, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}"), one, bare,
			peer("default", "istio-system", "mtls: {mode: PERMISSIVE}")}, false, topology.Plaintext},
		"a credential that a sidecar does not read": {[]string{service("a", "{port: 80}"), one, tls, peer("default", "istio-system", "mtls: {mode: PERMISSIVE}")}, false, topology.Plaintext},
		"and a gateway does":                        {[]string{service("a", "{port: 80}"), one, tls, peer("default", "istio-system", "mtls: {mode: PERMISSIVE}")}, true, topology.OwnTLS},
	} {
		t.Run(name, func(t *testing.T) {
			m := model(t, append(c.docs, in)...)
			s, _ := m.Service("shop", "a")
			v := m.Meet(topology.Client{Namespace: "shop", Sidecar: topology.Yes, Gateway: c.gateway}, s, s.Ports()[0], "", m.AllWorkloads()[0])
			if v.Outcome != c.want {
				t.Errorf("got %d (%s), want %d", v.Outcome, v.Why, c.want)
			}
		})
	}
}

// A copy is no share of the requests.
func TestIdle(t *testing.T) {
	m := model(t, routing("v", "shop", "hosts: [a], http: [{route: [{destination: {host: b}}], mirror: {host: c}}, {route: [{destination: {host: b}}, {destination: {host: c}, weight: 1}], mirror: {host: d}}]"))
	got := ""
	for _, r := range topology.RoutesOf(m.VirtualServices()[0]) {
		for _, d := range r.Destinations {
			if r.Idle(d) {
				got += d.Written + " "
			} else {
				got += "- "
			}
		}
	}
	if want := "- - b - - "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
