package topology_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// model is that of a package by hand.
func model(t *testing.T, docs ...string) *topology.Model {
	t.Helper()
	list, err := resourcelist.ParseStream([]byte(strings.Join(docs, "---\n")))
	if err != nil {
		t.Fatal(err)
	}
	return topology.New(nil, list.Items(), 0)
}

func workload(labels, annotations, spec string) string {
	return fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}\nspec: {template: {metadata: {labels: {%s}, annotations: {%s}}, spec: {%s}}}\n", labels, annotations, spec)
}

func namespace(labels string) string {
	return "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {" + labels + "}}\n"
}

func install(values string) string {
	return "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: a}\nspec: {values: {" + values + "}}\n"
}

func service(name, ports string) string {
	return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + ", namespace: shop}\nspec: {selector: {app: " + name + "}, ports: [" + ports + "]}\n"
}

func rule(name, namespace, spec string) string {
	return "apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nspec: {" + spec + "}\n"
}

func peer(name, namespace, spec string) string {
	return "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nspec: {" + spec + "}\n"
}

// What decides is the chart of istiod: its webhooks, and then the injector.
func TestInjection(t *testing.T) {
	const (
		enabled, disabled  = "istio-injection: enabled", "istio-injection: disabled"
		yes, no, rev, auto = "sidecar.istio.io/inject: 'true'", "sidecar.istio.io/inject: 'false'", "istio.io/rev: canary", "sidecarInjectorWebhook: {enableNamespacesByDefault: true}"
	)
	for name, c := range map[string]struct {
		docs []string
		want topology.Answer
	}{
		"nobody says the namespace":             {[]string{workload("", "", "")}, topology.NotKnown},
		"the pod refuses anywhere":              {[]string{workload(no, "", "")}, topology.No},
		"the pod asks anywhere":                 {[]string{workload(yes, "", "")}, topology.Yes},
		"a namespace that is enabled":           {[]string{namespace(enabled), workload("", "", "")}, topology.Yes},
		"but not for a pod that refuses":        {[]string{namespace(enabled), workload(no, "", "")}, topology.No},
		"nor by the older annotation":           {[]string{namespace(enabled), workload("", no, "")}, topology.No},
		"the label wins over the annotation":    {[]string{namespace(enabled), workload(yes, no, "")}, topology.Yes},
		"nor on the network of the node":        {[]string{namespace(enabled), workload(yes, "", "hostNetwork: true")}, topology.No},
		"a namespace that is disabled":          {[]string{namespace(disabled), workload("", "", "")}, topology.No},
		"also for a pod that asks":              {[]string{namespace(disabled), workload(yes, "", "")}, topology.No},
		"and for a revision":                    {[]string{namespace(disabled + ", " + rev), workload("", "", "")}, topology.No},
		"a namespace with a revision":           {[]string{namespace(rev), workload("", "", "")}, topology.Yes},
		"a namespace with another value":        {[]string{namespace("istio-injection: 'true'"), workload("", "", "")}, topology.No},
		"no label, and nobody knows the rest":   {[]string{namespace(""), workload("", "", "")}, topology.NotKnown},
		"no label, and the pod asks":            {[]string{namespace(""), workload(yes, "", "")}, topology.Yes},
		"no label, and the pod's revision":      {[]string{namespace(""), workload(rev, "", "")}, topology.Yes},
		"no label, and only the annotation":     {[]string{namespace(""), install(""), workload("", yes, "")}, topology.No},
		"no label, by the installation":         {[]string{namespace(""), install(auto), workload("", "", "")}, topology.Yes},
		"no label, not by the installation":     {[]string{namespace(""), install(""), workload("", "", "")}, topology.No},
		"an installation that waits to be told": {[]string{namespace(enabled), install("global: {proxy: {autoInject: disabled}}"), workload("", "", "")}, topology.No},
		"and is told":                           {[]string{namespace(enabled), install("global: {proxy: {autoInject: disabled}}"), workload(yes, "", "")}, topology.Yes},
		"kube-system": {[]string{strings.ReplaceAll(namespace(enabled), "shop", "kube-system"),
			strings.ReplaceAll(workload(yes, "", ""), "shop", "kube-system")}, topology.No},
		"a pod that has a proxy":           {[]string{namespace(disabled), workload("", "", "containers: [{name: a}, {name: istio-proxy, image: x}]")}, topology.Yes},
		"a proxy that waits for its image": {[]string{namespace(disabled), workload("", "", "containers: [{name: istio-proxy, image: auto}]")}, topology.No},
	} {
		t.Run(name, func(t *testing.T) {
			m := model(t, c.docs...)
			if in := m.Injection(m.AllWorkloads()[0]); in.Sidecar != c.want || in.Why == "" {
				t.Errorf("got %d (%s), want %d", in.Sidecar, in.Why, c.want)
			}
		})
	}
}

// Whoever speaks, and whatever the server takes.
func TestMeet(t *testing.T) {
	const in, out = "istio-injection: enabled", "istio-injection: disabled"
	tls := func(mode string) string {
		if mode == "" {
			return ""
		}
		return rule("a", "shop", "host: a, trafficPolicy: {tls: {mode: "+mode+"}}")
	}
	for _, c := range []struct {
		client topology.Answer
		tls    string
		server string // label of its namespace
		mode   string
		want   topology.Outcome
	}{
		{topology.Yes, "", in, "STRICT", topology.MTLS},
		{topology.Yes, "", in, "PERMISSIVE", topology.MTLS},
		{topology.Yes, "", in, "DISABLE", topology.Plaintext},
		{topology.Yes, "", in, "", topology.Unknown},
		{topology.Yes, "", out, "STRICT", topology.Plaintext},
		{topology.Yes, "DISABLE", in, "STRICT", topology.Refused},
		{topology.Yes, "DISABLE", in, "PERMISSIVE", topology.Plaintext},
		{topology.Yes, "DISABLE", out, "STRICT", topology.Plaintext},
		{topology.Yes, "ISTIO_MUTUAL", in, "STRICT", topology.MTLS},
		{topology.Yes, "ISTIO_MUTUAL", in, "DISABLE", topology.Refused},
		{topology.Yes, "ISTIO_MUTUAL", out, "STRICT", topology.Refused},
		{topology.Yes, "SIMPLE", in, "STRICT", topology.Refused},
		{topology.Yes, "SIMPLE", in, "PERMISSIVE", topology.OwnTLS},
		{topology.Yes, "SIMPLE", out, "STRICT", topology.OwnTLS},
		{topology.No, "", in, "STRICT", topology.Refused},
		{topology.No, "ISTIO_MUTUAL", in, "PERMISSIVE", topology.Plaintext},
		{topology.No, "", out, "STRICT", topology.Plaintext},
		{topology.NotKnown, "", in, "STRICT", topology.Unknown},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			docs := []string{namespace(c.server), service("a", "{port: 80, targetPort: 8080}"), workload("app: a", "", "")}
			if c.tls != "" {
				docs = append(docs, tls(c.tls))
			}
			if c.mode != "" {
				docs = append(docs, peer("default", "istio-system", "mtls: {mode: "+c.mode+"}"))
			}
			m := model(t, docs...)
			s, _ := m.Service("shop", "a")
			v := m.Meet(topology.Client{Namespace: "shop", Sidecar: c.client}, s, s.Ports()[0], "", m.AllWorkloads()[0])
			if v.Outcome != c.want {
				t.Errorf("got %d (%s), want %d", v.Outcome, v.Why, c.want)
			}
		})
	}
}

// The narrower word holds; a port's holds at the workload's port.
func TestServerMode(t *testing.T) {
	mesh, ns := peer("default", "istio-system", "mtls: {mode: STRICT}"), peer("default", "shop", "mtls: {mode: PERMISSIVE}")
	own := peer("own", "shop", "selector: {matchLabels: {app: a}}, mtls: {mode: UNSET}, portLevelMtls: {8080: {mode: DISABLE}, 9090: {mode: UNSET}}")
	for _, c := range []struct {
		docs []string
		port int
		want topology.Mode
	}{
		{nil, 80, topology.UnknownMode},
		{[]string{mesh}, 80, topology.Strict},
		{[]string{peer("default", "istio-system", "")}, 80, topology.Permissive},
		{[]string{mesh, ns}, 80, topology.Permissive},
		{[]string{mesh, own}, 80, topology.Strict},
		{[]string{mesh, ns, own}, 8080, topology.Disable},
		{[]string{mesh, ns, own}, 9090, topology.Permissive},
		{[]string{mesh, peer("other", "shop", "selector: {matchLabels: {app: b}}, mtls: {mode: DISABLE}")}, 80, topology.Strict},
		// A selector in the root namespace finds nobody.
		{[]string{mesh, peer("all", "istio-system", "selector: {matchLabels: {app: a}}, mtls: {mode: DISABLE}")}, 80, topology.Strict},
	} {
		m := model(t, append([]string{workload("app: a", "", "")}, c.docs...)...)
		if got := m.ServerMode(m.AllWorkloads()[0], c.port); got.Mode != c.want {
			t.Errorf("%v, port %d: got %q, want %q", c.docs, c.port, got.Mode, c.want)
		}
	}
}

// Where a client finds the DestinationRule of shop/a.
func TestRules(t *testing.T) {
	host := "host: a.shop.svc.cluster.local"
	mine, theirs, root := rule("mine", "pay", host), rule("theirs", "shop", "host: a"), rule("root", "istio-system", "host: '*.local'")
	for _, c := range []struct {
		docs   []string
		client string
		want   string
	}{
		{[]string{mine, theirs, root}, "pay", "mine"},
		{[]string{mine, theirs, root}, "front", "theirs"},
		{[]string{mine, root}, "front", "root"},
		{[]string{mine, theirs, root}, "istio-system", "theirs"},
		{[]string{rule("near", "shop", "host: '*.shop.svc.cluster.local'"), rule("far", "shop", "host: '*'")}, "shop", "near"},
		{[]string{rule("own", "shop", "host: a, exportTo: [.]")}, "shop", "own"},
		{[]string{rule("own", "shop", "host: a, exportTo: [.]"), root}, "pay", "root"},
		{[]string{rule("entry", "egress", "host: a.shop.svc.cluster.local"), "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a, namespace: egress}\nspec: {hosts: [a.shop.svc.cluster.local]}\n"}, "pay", "entry"},
		{[]string{rule("some", "shop", "host: a, exportTo: [pay]"), root}, "pay", "some"},
		{[]string{rule("some", "shop", "host: a, exportTo: [pay]"), root}, "front", "root"},
		{[]string{rule("all", "shop", "host: a, exportTo: ['*']"), root}, "front", "all"},
		{[]string{rule("pods", "shop", "host: a, workloadSelector: {matchLabels: {x: y}}")}, "shop", ""},
	} {
		got := ""
		for _, r := range model(t, c.docs...).Rules(topology.Client{Namespace: c.client}, "a.shop.svc.cluster.local") {
			got += r.Name
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.client, got, c.want)
		}
	}
}

// Which tls block holds, and where it stands.
func TestTLS(t *testing.T) {
	rules := model(t,
		rule("a", "shop", "host: a, trafficPolicy: {tls: {mode: SIMPLE}, portLevelSettings: [{port: {number: 81}, tls: {mode: DISABLE}}, {port: {number: 82}}]}, "+
			"subsets: [{name: v1}, {name: v2, trafficPolicy: {tls: {mode: MUTUAL}}}]"),
		rule("b", "shop", "host: a, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: v3, trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]}}]"),
	).Rules(topology.Client{Namespace: "shop"}, "a.shop.svc.cluster.local")
	for _, c := range []struct {
		subset string
		port   int
		want   string
	}{
		{"", 80, "SIMPLE spec.trafficPolicy.tls.mode"},
		{"", 81, "DISABLE spec.trafficPolicy.portLevelSettings[0].tls.mode"},
		{"", 82, ""},
		{"v1", 80, "SIMPLE spec.trafficPolicy.tls.mode"},
		{"v2", 80, "MUTUAL spec.subsets[1].trafficPolicy.tls.mode"},
		{"v3", 80, "ISTIO_MUTUAL spec.subsets[0].trafficPolicy.portLevelSettings[0].tls.mode"},
		{"v3", 83, "SIMPLE spec.trafficPolicy.tls.mode"},
	} {
		got := ""
		if tls := rules.TLS(c.subset, c.port); tls != nil {
			got = tls.Mode.String() + " " + tls.At().String()
		}
		if got != c.want {
			t.Errorf("subset %q, port %d: got %q, want %q", c.subset, c.port, got, c.want)
		}
	}
}

func TestRoutes(t *testing.T) {
	vs := func(name, spec string) string {
		return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + ", namespace: shop}\nspec: {" + spec + "}\n"
	}
	m := model(t,
		vs("a", "hosts: [a], http: [{match: [{uri: {prefix: /x}}], route: [{destination: {host: b, subset: v1}, weight: 9}, {destination: {host: c.pay.svc.cluster.local}}], mirror: {host: d}}, {route: [{destination: {host: a, port: {number: 81}}}]}]"),
		vs("second", "hosts: [a], http: [{route: [{destination: {host: x}}]}]"),
		vs("wide", "hosts: ['*.example.com'], gateways: [edge/public, own], tcp: [{route: [{destination: {host: t}}]}]"),
	)
	if n := len(m.Bounds()); n != 3 {
		t.Errorf("%d hosts on their sides", n)
	}
	say := func(side topology.Side, host string) string {
		var all []string
		for _, r := range m.Routes(topology.Client{}, host, 0, side) {
			text := fmt.Sprintf("%s[%d] %t:", r.Protocol, r.Index, r.CatchAll)
			for _, d := range r.Destinations {
				text += fmt.Sprintf(" %s|%s|%d w%d m%t idle%t", d.Host, d.Subset, d.Port, d.Weight, d.Mirror, r.Idle(d))
			}
			all = append(all, text)
		}
		return strings.Join(all, "; ")
	}
	for _, c := range []struct {
		side       topology.Side
		host, want string
	}{
		{topology.Mesh, "a.shop.svc.cluster.local", "http[0] false: b.shop.svc.cluster.local|v1|0 w9 mfalse idlefalse c.pay.svc.cluster.local||0 w0 mfalse idletrue d.shop.svc.cluster.local||0 w0 mtrue idlefalse; " +
			"http[1] true: a.shop.svc.cluster.local||81 w0 mfalse idlefalse"},
		{"edge/public", "shop.example.com", "tcp[0] true: t.shop.svc.cluster.local||0 w0 mfalse idlefalse"},
		{"shop/own", "*.example.com", "tcp[0] true: t.shop.svc.cluster.local||0 w0 mfalse idlefalse"},
		{topology.Mesh, "shop.example.com", ""},
	} {
		if d := cmp.Diff(c.want, say(c.side, c.host)); d != "" {
			t.Errorf("%s %s:\n%s", c.side, c.host, d)
		}
	}
}

// A gateway takes what its Gateways say, whatever the mesh's mode is.
func TestGateway(t *testing.T) {
	for spec, want := range map[string]bool{
		"containers: [{name: istio-proxy, image: x}]":              true,
		"containers: [{name: istio-proxy, image: x}, {name: app}]": false,
		"containers: [{name: app}]":                                false,
	} {
		if got := model(t, workload("", "", spec)).AllWorkloads()[0].Gateway(); got != want {
			t.Errorf("%s: %t", spec, got)
		}
	}
	waits := workload("app: a", "inject.istio.io/templates: 'x, gateway'", "containers: [{name: istio-proxy, image: auto}]")
	m := model(t, namespace("istio-injection: enabled"), service("a", "{port: 80}"), waits, peer("default", "istio-system", "mtls: {mode: STRICT}"))
	s, _ := m.Service("shop", "a")
	if v := m.Meet(topology.Client{Sidecar: topology.No}, s, s.Ports()[0], "", m.AllWorkloads()[0]); v.Outcome != topology.Unknown || v.Why == "" {
		t.Errorf("%+v", v)
	}
}

func TestVersion(t *testing.T) {
	for image, want := range map[string]string{
		"docker.io/istio/proxyv2:1.31.1": "1.31.1", "proxyv2:1.31.1-distroless": "1.31.1", "localhost:5000/istio/proxyv2": "", "localhost:5000/proxyv2:1.2.3-debug@sha256:ab": "1.2.3", "auto": "",
	} {
		if got := topology.Version(image); got != want {
			t.Errorf("%s: got %q, want %q", image, got, want)
		}
	}
}

// Where a kind keeps its pods, and what is read of them.
func TestWorkloads(t *testing.T) {
	m := model(t, "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a, namespace: shop, labels: {own: x}}\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {app: a}}, spec: {hostNetwork: true, serviceAccountName: b, "+
		"initContainers: [{name: i}], containers: [{name: c, image: d, ports: [{name: http, containerPort: 80}], args: [-x]}]}}}}}\n",
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, labels: {app: p}}\n",
		"apiVersion: example.com/v1\nkind: Deployment\nmetadata: {name: not, namespace: shop}\n")
	all := m.Workloads("shop")
	if len(all) != 2 {
		t.Fatal(len(all), "workloads")
	}
	w, pod := all[0], all[1]
	http, _ := w.NamedPort("http")
	got := fmt.Sprintln(w, w.Labels, w.OwnLabels, w.HostNetwork, w.ServiceAccount, http, w.PodAt("spec"), w.ContainerAt(w.Containers[1]), w.SaidAt(w.Containers[0], w.Containers[0].Says[0]))
	want := "CronJob shop/a map[app:a] map[own:x] true b 80 spec.jobTemplate.spec.template.spec spec.jobTemplate.spec.template.spec.initContainers[0] spec.jobTemplate.spec.template.spec.containers[0].args[0]\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got, want := fmt.Sprintln(pod, pod.Labels, pod.OwnLabels == nil, pod.ServiceAccount, pod.PodAt("spec")), "Pod shop/p map[app:p] true default spec\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Who may use which host of a server.
func TestAdmitting(t *testing.T) {
	m := model(t, "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: edge}\nspec: {servers: [{hosts: [a.example.com]}, {hosts: [./b.example.com]}, {hosts: [pay/c.example.com]}, {hosts: ['*/*.example.org']}]}\n")
	g, ok := m.Gateway("edge", "g")
	if !ok {
		t.Fatal("no Gateway")
	}
	for _, c := range []struct {
		namespace, host string
		want            []int
	}{
		{"shop", "a.example.com", []int{0}}, {"shop", "b.example.com", nil}, {"edge", "b.example.com", []int{1}},
		{"pay", "c.example.com", []int{2}}, {"shop", "c.example.com", nil}, {"shop", "x.example.org", []int{3}}, {"shop", "*.a.example.org", []int{3}},
		{"shop", "*.org", []int{3}}, {"shop", "example.org", nil}, {"shop", "*.example.com", []int{0}}, {"shop", "*.net", nil},
	} {
		if d := cmp.Diff(c.want, topology.Admitting(g, c.namespace, c.host)); d != "" {
			t.Errorf("%s %s: %s", c.namespace, c.host, d)
		}
	}
}

// Any condition leaves something for the routes behind it.
func TestCatchAll(t *testing.T) {
	all := func(protocol, match string) bool {
		m := model(t, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: shop}\nspec: {hosts: [a], "+protocol+": [{match: ["+match+"], route: [{destination: {host: a}}]}]}\n")
		return topology.RoutesOf(m.VirtualServices()[0])[0].CatchAll
	}
	for _, match := range []string{"", "{}", "{uri: {prefix: /}}", "{name: x}", "{uri: {exact: /a}}, {}", "{uri: {regex: '.*'}}"} {
		if !all("http", match) {
			t.Errorf("%s takes every request", match)
		}
	}
	for _, match := range []string{
		"{uri: {prefix: /a}}", "{uri: {exact: /}}", "{uri: {regex: '/.*'}}", "{scheme: {exact: http}}", "{method: {exact: GET}}", "{authority: {exact: a}}", "{port: 80}",
		"{gateways: [mesh]}", "{headers: {a: {exact: b}}}", "{queryParams: {a: {exact: b}}}", "{withoutHeaders: {a: {exact: b}}}", "{sourceLabels: {a: b}}", "{sourceNamespace: a}",
		"{uri: {prefix: /}, method: {exact: GET}}",
	} {
		if all("http", match) {
			t.Errorf("%s takes every request", match)
		}
	}
	for _, protocol := range []string{"tcp", "tls"} {
		if !all(protocol, "") || all(protocol, "{port: 80}") {
			t.Error(protocol)
		}
	}
}

func TestPoliciesOf(t *testing.T) {
	m := model(t, workload("app: a, tier: x", "", ""),
		peer("mesh", "istio-system", ""), peer("ns", "shop", ""), peer("other", "pay", ""), peer("root", "istio-system", "selector: {matchLabels: {app: a}}"),
		peer("own", "shop", "selector: {matchLabels: {app: a, tier: x}}"), peer("none", "shop", "selector: {matchLabels: {app: a, tier: y}}"),
		"apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: all, namespace: istio-system}\nspec: {selector: {matchLabels: {app: a}}}\n",
		"apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: waypoint, namespace: shop}\nspec: {targetRefs: [{kind: Service, name: a}]}\n",
		"apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: side, namespace: shop}\nspec: {workloadSelector: {labels: {tier: x}}}\n")
	var got []string
	for _, p := range m.PoliciesOf(m.AllWorkloads()[0]) {
		got = append(got, p.String())
	}
	want := []string{"PeerAuthentication istio-system/mesh", "PeerAuthentication shop/ns", "PeerAuthentication shop/own", "AuthorizationPolicy istio-system/all", "Sidecar shop/side"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// What is not said is not known.
func TestHasHost(t *testing.T) {
	entry := "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: e, namespace: shop}\nspec: {hosts: [api.example.com, '*.example.org'], ports: [{number: 443, name: tls, protocol: TLS}]}\n"
	m := model(t, service("a", "{port: 80}"), entry)
	for host, want := range map[string]topology.Answer{
		"a.shop.svc.cluster.local": topology.Yes, "b.shop.svc.cluster.local": topology.No, "a.pay.svc.cluster.local": topology.NotKnown,
		"api.example.com": topology.Yes, "x.example.org": topology.Yes, "example.net": topology.NotKnown,
	} {
		if got := m.HasHost(host); got != want {
			t.Errorf("%s: got %d, want %d", host, got, want)
		}
	}
	m = model(t, service("a", "{port: 80}"), "apiVersion: v1\nkind: Service\nmetadata: {name: b}\n")
	if got := m.HasHost("b.shop.svc.cluster.local"); got != topology.NotKnown {
		t.Errorf("a Service that may live there: %d", got)
	}
}

// A hostile item is unreadable, and no more.
func TestUnreadable(t *testing.T) {
	vs := "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: %s, namespace: shop}\nspec: %s\n"
	bomb := "{a: &a [x, x, x, x, x, x, x, x, x, x], b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a], c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b], " +
		"d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c], e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d], f: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e, *e, *e]}"
	m := model(t, fmt.Sprintf(vs, "a", "{hosts: {}}"), fmt.Sprintf(vs, "b", "{hosts: [x], words: {of: another version}}"), fmt.Sprintf(vs, "c", bomb), fmt.Sprintf(vs, "d", "[&a [*a]]"))
	m.Read()
	var got []string
	for _, u := range m.Unreadable() {
		got = append(got, u.Name)
	}
	if d := cmp.Diff([]string{"a", "c", "d"}, got); d != "" || len(m.VirtualServices()) != 1 {
		t.Error(d)
	}
}

// What is rendered is known beside the package: labels of namespaces, and hosts
// outside. Nobody has to live in a namespace that is rendered.
func TestRendered(t *testing.T) {
	list, err := resourcelist.ParseStream([]byte(workload("", "", "") + "---\n" + service("a", "{port: 80}")))
	if err != nil {
		t.Fatal(err)
	}
	m := topology.New([]manifest.Object{
		{Kind: &manifest.Kind{Name: "Namespace"}, Version: "v1", Name: "shop", Labels: map[string]string{"istio-injection": "enabled"}},
		{Kind: &manifest.Kind{Name: "Namespace"}, Version: "v1", Name: "later", Labels: map[string]string{"istio.io/rev": "a"}},
		{
			Kind: &manifest.Kind{Name: "ServiceEntry", Group: "networking.istio.io"}, Version: "v1", Namespace: "shop", Name: "b",
			Spec: &networking.ServiceEntry{Hosts: []string{"b.shop.svc.cluster.local"}, ExportTo: []string{"."}},
		},
	}, list.Items(), 1)
	if in := m.Injection(m.Workloads("shop")[0]); in.Sidecar != topology.Yes {
		t.Errorf("a rendered label: %v, %s", in.Sidecar, in.Why)
	}
	if got, want := m.Namespaces(), []string{"shop"}; !slices.Equal(got, want) {
		t.Errorf("namespaces %q; want %q", got, want)
	}
	if n, ok := m.Namespace("shop"); !ok || n.ByHand(topology.NamespaceLabel) != "" {
		t.Error("a rendered label is not a person's")
	}
	for host, want := range map[string]topology.Answer{"b.shop.svc.cluster.local": topology.Yes, "c.shop.svc.cluster.local": topology.No} {
		if got := m.HasHost(host); got != want {
			t.Errorf("%s: %v; want %v", host, got, want)
		}
	}
}

func TestByHand(t *testing.T) {
	set := func(more string) string {
		return strings.Replace(namespace("istio-injection: disabled"), "name: shop,", "name: shop, "+more, 1)
	}
	for doc, want := range map[string]string{
		namespace("istio-injection: disabled"): "disabled",
		namespace(""):                          "",
		set("annotations: {mesh.kyma-project.io/set: /metadata/labels/istio-injection},"): "",
		set("annotations: {mesh.kyma-project.io/set: /metadata/labels/istio.io~1rev},"):   "disabled",
	} {
		n, ok := model(t, doc).Namespace("shop")
		if got := n.ByHand(topology.NamespaceLabel); !ok || got != want {
			t.Errorf("%s: %q; want %q", doc, got, want)
		}
	}
}

// Of an earlier run's objects the marks tell whose they are, also of kinds that
// are not Istio's.
func TestEarlierRun(t *testing.T) {
	ours := "labels: {mesh.kyma-project.io/owner: other}, annotations: {mesh.kyma-project.io/source: KymaMesh/-/other, mesh.kyma-project.io/namespace: istio-system}"
	m := model(t,
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, "+ours+"}\n",
		"apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a, namespace: shop, "+ours+"}\n",
	)
	if len(m.Namespaces()) != 0 {
		t.Errorf("somebody lives in %q", m.Namespaces())
	}
	if got, want := m.Moved(), []topology.Moved{{Kind: "Certificate", Name: "a", From: "istio-system", To: "shop"}}; !slices.Equal(got, want) {
		t.Errorf("moved %v; want %v", got, want)
	}
}

func TestWideTelemetries(t *testing.T) {
	telemetry := func(name, spec string) string {
		return "apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {name: " + name + ", namespace: shop}\nspec: {" + spec + "}\n"
	}
	m := model(t,
		telemetry("selected", "selector: {matchLabels: {app: a}}"), telemetry("attached", "targetRefs: [{kind: Service, name: a}]"),
		telemetry("of-one", "targetRef: {kind: Service, name: a}"), telemetry("wide", "tracing: [{}]"),
	)
	var names []string
	for _, o := range m.WideTelemetries("shop") {
		names = append(names, o.Name)
	}
	if want := []string{"wide"}; !slices.Equal(names, want) || m.WideTelemetries("pay") != nil {
		t.Errorf("%q; want %q", names, want)
	}
}

func TestPodTemplate(t *testing.T) {
	for of, want := range map[[2]string]string{
		{"v1", "Pod"}: "yes", {"apps/v1", "Deployment"}: "spec template yes", {"apps/v1beta1", "Deployment"}: "spec template yes",
		{"batch/v1", "CronJob"}: "spec jobTemplate spec template yes", {"example.com/v1", "Deployment"}: "no", {"v1", "Service"}: "no",
	} {
		path, ok := topology.PodTemplate(of[0], of[1])
		if got := strings.Join(append(slices.Clone(path), map[bool]string{true: "yes", false: "no"}[ok]), " "); got != want {
			t.Errorf("%s: %s; want %s", of, got, want)
		}
	}
}
