package topology_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// operator is an IstioOperator with a spec.
func operator(spec string) string {
	return "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: i, namespace: istio-system}\nspec: {" + spec + "}\n"
}

// What an IstioOperator says, each word alone and with a second one that says nothing.
func TestInstall(t *testing.T) {
	const dns = "meshConfig: {defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: '%s', %s: '%s'}}}"
	for spec, c := range map[string]struct {
		want string
		is   func(*topology.Install) any
	}{
		"meshConfig: {rootNamespace: root}": {"root", func(in *topology.Install) any { return in.RootNamespace }},
		"revision: canary":                  {"canary", func(in *topology.Install) any { return in.Revision }},
		"tag: 1.24.0":                       {"1.24.0", func(in *topology.Install) any { return in.Tag }},
		"values: {global: {tag: 1.25.0}}":   {"1.25.0", func(in *topology.Install) any { return in.Tag }},
		"values: {sidecarInjectorWebhook: {enableNamespacesByDefault: true}}":                                                      {"true", func(in *topology.Install) any { return in.InjectsByDefault }},
		"values: {global: {proxy: {autoInject: disabled}}}":                                                                        {"true", func(in *topology.Install) any { return in.OnlyWhenAsked }},
		"meshConfig: {enableAutoMtls: false}":                                                                                      {"true", func(in *topology.Install) any { return in.NoAutoMTLS }},
		"meshConfig: {enableAutoMtls: true}":                                                                                       {"false", func(in *topology.Install) any { return in.NoAutoMTLS }},
		"meshConfig: {defaultVirtualServiceExportTo: [a]}":                                                                         {"[a]", func(in *topology.Install) any { return in.VirtualServicesTo }},
		"meshConfig: {defaultDestinationRuleExportTo: [b]}":                                                                        {"[b]", func(in *topology.Install) any { return in.RulesTo }},
		"meshConfig: {defaultServiceExportTo: [c, d]}":                                                                             {"[c d]", func(in *topology.Install) any { return in.ServicesTo }},
		"meshConfig: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}":                                                               {"true", func(in *topology.Install) any { return in.RegistryOnly }},
		"meshConfig: {outboundTrafficPolicy: {mode: ALLOW_ANY}}":                                                                   {"false", func(in *topology.Install) any { return in.RegistryOnly }},
		"meshConfig: {trustDomain: a, trustDomainAliases: [b]}":                                                                    {"[a b]", func(in *topology.Install) any { return in.TrustDomains }},
		fmt.Sprintf(dns, "true", "ISTIO_META_DNS_AUTO_ALLOCATE", "true"):                                                           {"true", func(in *topology.Install) any { return in.AllocatesAddresses }},
		fmt.Sprintf(dns, "true", "PILOT_ENABLE_IP_AUTOALLOCATE", "true"):                                                           {"true", func(in *topology.Install) any { return in.AllocatesAddresses }},
		fmt.Sprintf(dns, "true", "ISTIO_META_DNS_AUTO_ALLOCATE", "false"):                                                          {"false", func(in *topology.Install) any { return in.AllocatesAddresses }},
		fmt.Sprintf(dns, "false", "ISTIO_META_DNS_AUTO_ALLOCATE", "true"):                                                          {"false", func(in *topology.Install) any { return in.AllocatesAddresses }},
		"meshConfig: {defaultProviders: {accessLogging: [x]}}":                                                                     {"true", func(in *topology.Install) any { return in.LogsByDefault }},
		"meshConfig: {defaultProviders: {tracing: [x]}}":                                                                           {"false", func(in *topology.Install) any { return in.LogsByDefault }},
		"values: {pilot: {env: {BLOCKED_CIDRS_IN_JWKS_URIS: 10.0.0.0/8}}}":                                                         {"true", func(in *topology.Install) any { return in.BlocksKeys }},
		"components: {pilot: {k8s: {env: [{name: BLOCKED_CIDRS_IN_JWKS_URIS, value: x}]}}}":                                        {"true", func(in *topology.Install) any { return in.BlocksKeys }},
		"components: {pilot: {k8s: {env: [{name: BLOCKED_CIDRS_IN_JWKS_URIS, valueFrom: {configMapKeyRef: {name: a, key: b}}}]}}}": {"true", func(in *topology.Install) any { return in.BlocksKeys }},
		"components: {pilot: {k8s: {env: [{name: BLOCKED_CIDRS_IN_JWKS_URIS}, {name: X, value: y}]}}}":                             {"false", func(in *topology.Install) any { return in.BlocksKeys }},
	} {
		plain := fmt.Sprint(c.is(model(t).Install()))
		for _, docs := range [][]string{
			{operator(spec)},
			{operator(spec), strings.Replace(operator("profile: x"), "name: i", "name: j", 1)},
			{operator("profile: x"), strings.Replace(operator(spec), "name: i", "name: j", 1)},
			{strings.Replace(operator(""), "spec: {}", "", 1), strings.Replace(operator(spec), "name: i", "name: j", 1)},
		} {
			in := model(t, docs...).Install()
			if got := fmt.Sprint(c.is(in)); got != c.want || !in.Known {
				t.Errorf("%s: got %s, want %s; without it %s", spec, got, c.want, plain)
			}
		}
	}
}

func TestMinor(t *testing.T) {
	for tag, want := range map[string]int{"1.24.0": 24, "1.9.1-distroless": 9, "1.24": -1, "2.24.0": -1, "1.x.0": -1, "latest": -1} {
		in := model(t, operator("tag: '"+tag+"'")).Install()
		minor, known := in.Minor()
		if !known {
			minor = -1
		}
		if minor != want {
			t.Errorf("%s: %d, want %d", tag, minor, want)
		}
	}
}

// Gateways that an installation makes, and the ports of their pods.
func TestInstalledGateways(t *testing.T) {
	m := model(t, operator("components: {ingressGateways: [{name: a, enabled: true, namespace: edge, label: {app: a}}, {name: off}, {name: b, enabled: true, k8s: {service: {ports: [{port: 80, targetPort: 8081}, {port: 443}]}}}, text], egressGateways: [{name: c, enabled: true}]}"),
		gatewayOf("none", "shop", "{port: {number: 80}}"))
	var got []string
	for _, g := range m.Install().Gateways {
		got = append(got, fmt.Sprint(g.Namespace, "/", g.Name, " ", g.Labels["app"], " ", g.Labels["istio"], " ", g.Ports, " ", g.Target(80), " ", g.Target(443), " ", g.Target(9)))
	}
	if want := "edge/a a ingressgateway [] 8080 8443 9|istio-system/b istio-ingressgateway ingressgateway [80 443] 8081 443 9|istio-system/c istio-egressgateway egressgateway [] 8080 8443 9"; strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
}

// The ports of a Gateway's pods: of the installation, of the Service in front of the
// package's pods, else of Istio's chart.
func TestPortsOfGateways(t *testing.T) {
	gateway := "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\nspec: {selector: {app: a}}\n"
	other := "apiVersion: v1\nkind: Service\nmetadata: {name: other, namespace: shop}\nspec: {selector: {app: b}, ports: [{port: 80, targetPort: 1}, {port: 7}]}\n"
	open := "apiVersion: v1\nkind: Service\nmetadata: {name: all, namespace: shop}\nspec: {ports: [{port: 80, targetPort: 2}, {port: 6}]}\n"
	for name, c := range map[string]struct {
		docs   []string
		want   string
		target int
	}{
		"nobody knows":               {nil, "[] false", 8080},
		"the package's pods":         {[]string{workload("app: a", "", ""), other, open, service("a", "{port: 80, targetPort: 8082}, {port: 90, targetPort: x}")}, "[80 90 8082] true", 8082},
		"pods without a Service":     {[]string{workload("app: a", "", ""), other}, "[] false", 8080},
		"a Service without the port": {[]string{workload("app: a", "", ""), service("a", "{port: 81}")}, "[81] true", 8080},
		"installed, ports unwritten": {[]string{operator("components: {ingressGateways: [{name: a, enabled: true, label: {app: a}}]}")}, "[80 443 15021] true", 8080},
		"installed, ports written":   {[]string{operator("components: {ingressGateways: [{name: a, enabled: true, label: {app: a}, k8s: {service: {ports: [{port: 80, targetPort: 8083}]}}}]}")}, "[80] true", 8083},
		"another one is installed":   {[]string{operator("components: {ingressGateways: [{name: a, enabled: true, label: {app: b}}]}")}, "[] false", 8080},
	} {
		m := model(t, append(c.docs, gateway)...)
		g, _ := m.Gateway("shop", "g")
		ports, known := m.OpenPorts(g)
		if got := fmt.Sprint(ports, known); got != c.want || m.TargetPort(g, 80) != c.target {
			t.Errorf("%s: %s, target %d; want %s, %d", name, got, m.TargetPort(g, 80), c.want, c.target)
		}
	}
}

func TestRouteList(t *testing.T) {
	const simple, passthrough, auto = networking.ServerTLSSettings_SIMPLE, networking.ServerTLSSettings_PASSTHROUGH, networking.ServerTLSSettings_AUTO_PASSTHROUGH
	for _, c := range []struct {
		protocol string
		tls      *networking.ServerTLSSettings
		want     string
	}{
		{"HTTP", nil, "http"}, {"http2", nil, "http"}, {"GRPC", &networking.ServerTLSSettings{HttpsRedirect: true}, "http"},
		{"HTTPS", &networking.ServerTLSSettings{Mode: simple}, "http"}, {"HTTPS", &networking.ServerTLSSettings{Mode: passthrough}, "tls"},
		{"TLS", &networking.ServerTLSSettings{Mode: simple}, "tcp"}, {"TLS", &networking.ServerTLSSettings{Mode: passthrough}, "tls"}, {"TLS", &networking.ServerTLSSettings{Mode: auto}, "tls"},
		{"TCP", nil, "tcp"}, {"MONGO", nil, "tcp"}, {"TCP", &networking.ServerTLSSettings{Mode: passthrough}, "tcp"}, {"TLS", nil, "tcp"}, {"HTTPS", nil, "http"},
	} {
		if got := topology.RouteList(&networking.Server{Port: &networking.Port{Protocol: c.protocol}, Tls: c.tls}); got != c.want {
			t.Errorf("%s %v: got %s, want %s", c.protocol, c.tls, got, c.want)
		}
	}
}

func TestFullHost(t *testing.T) {
	for written, want := range map[string]string{
		"": "", "a": "a.shop.svc.cluster.local", "a.b": "a.b", "*": "*", "10.1.2.3": "10.1.2.3", "::1": "::1",
	} {
		if got := topology.FullHost(written, "shop"); got != want {
			t.Errorf("%q: got %q, want %q", written, got, want)
		}
	}
	for host, want := range map[string]string{
		"a.shop.svc.cluster.local": "shop/a", "a.svc.cluster.local": "", "a.b.c.svc.cluster.local": "", "*.shop.svc.cluster.local": "", "a.*.svc.cluster.local": "", "a.shop": "",
	} {
		namespace, name, ok := topology.SplitHost(host)
		if got := strings.Trim(namespace+"/"+name, "/"); got != want || ok != (want != "") {
			t.Errorf("%q: got %q", host, got)
		}
	}
	for pair, want := range map[string]bool{
		"a.b a.b": true, "a.b c.b": false, "*.b a.b": true, "a.b *.b": true, "*.b *.a.b": true, "*.a.b *.b": true, "*.a *.b": false, "*.b b": false, "* a": true, "*-b.c a-b.c": true, "*a.b a.b": true, "*.c a.b": false, "a.b *.c": false,
	} {
		a, b, _ := strings.Cut(pair, " ")
		if got := topology.HostMatches(a, b); got != want {
			t.Errorf("%s: %t", pair, got)
		}
	}
}

func TestShareClients(t *testing.T) {
	for _, c := range []struct {
		a, b []string
		want bool
	}{
		{nil, []string{"x"}, true}, {[]string{"x"}, nil, true}, {[]string{"*"}, []string{"x"}, true}, {[]string{"x"}, []string{"*"}, true},
		{[]string{"."}, []string{"."}, false}, {[]string{"."}, []string{"one"}, true}, {[]string{"two"}, []string{"."}, true}, {[]string{"x", "y"}, []string{"y"}, true}, {[]string{"x"}, []string{"y"}, false},
	} {
		if got := topology.ShareClients(c.a, "one", c.b, "two"); got != c.want {
			t.Errorf("%v, %v: %t", c.a, c.b, got)
		}
	}
}

// Whether a proxy passes on what it does not know.
func TestLetsOut(t *testing.T) {
	only, any := operator("meshConfig: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}"), operator("profile: x")
	for name, c := range map[string]struct {
		docs []string
		want topology.Answer
	}{
		"nobody says":                    {nil, topology.NotKnown},
		"the installation":               {[]string{any}, topology.Yes},
		"the installation says no":       {[]string{only}, topology.No},
		"a Sidecar before it":            {[]string{only, sidecarOf("s", "shop", "outboundTrafficPolicy: {mode: ALLOW_ANY}")}, topology.Yes},
		"a Sidecar says no":              {[]string{any, sidecarOf("s", "shop", "outboundTrafficPolicy: {mode: REGISTRY_ONLY}")}, topology.No},
		"a Sidecar that does not say it": {[]string{only, sidecarOf("s", "shop", "egress: [{hosts: [./*]}]")}, topology.No},
	} {
		if got := model(t, c.docs...).LetsOut(topology.Client{Namespace: "shop"}); got != c.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestIsCertificate(t *testing.T) {
	for keys, want := range map[string]bool{"tls.crt tls.key": true, "cert key": true, "cert key cacert": true, "tls.crt": false, "tls.key": false, "cert": false, "key": false, "tls.crt key": false, "": false} {
		if got := topology.IsCertificate(strings.Fields(keys)); got != want {
			t.Errorf("%s: %t", keys, got)
		}
	}
	m := model(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: a}\ndata: {x: ''}\n", "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: b}\ndata: {y: ''}\nstringData: {y: '', b: ''}\n")
	if keys, ok := m.SecretKeys("b", "s"); !ok || !slices.Equal(keys, []string{"b", "y"}) {
		t.Error(keys)
	}
	if _, ok := m.SecretKeys("c", "s"); ok {
		t.Error("no such Secret")
	}
}

// What YAML may hold of an object, as Istio reads it.
func TestTrees(t *testing.T) {
	m := model(t, "apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nmetadata: {name: e, namespace: shop}\nspec:\n  base: &b {a: 1, b: x}\n  merged: {<<: *b, b: y}\n  alias: *b\n  list: [1, true, null, 1.5, .inf, .nan, 2026-01-02, ~, text]\n  1: one\n")
	spec := m.Of("networking.istio.io/EnvoyFilter")[0].Spec()
	if got, want := fmt.Sprint(spec), "map[1:one alias:map[a:1 b:x] base:map[a:1 b:x] list:[1 true <nil> 1.5 .inf .nan 2026-01-02 <nil> text] merged:map[a:1 b:y]]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	deep := strings.Repeat("{a: ", 300) + "1" + strings.Repeat("}", 300)
	if got := model(t, "apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nmetadata: {name: e, namespace: shop}\nspec: "+deep+"\n").Of("networking.istio.io/EnvoyFilter")[0].Spec(); got != nil {
		t.Error("too deep, and read")
	}
}

// Which kinds a package holds.
func TestHas(t *testing.T) {
	m := model(t, service("a", "{port: 80}"), workload("app: a", "", ""), namespace("a: b"), rule("r", "shop", "host: a"))
	for kind, want := range map[string]bool{
		"Service": true, "Namespace": true, "Secret": false, "apps/Deployment": true, "Pod": false, "networking.istio.io/DestinationRule": true, "networking.istio.io/Gateway": false,
	} {
		if got := m.Has(kind); got != want {
			t.Errorf("%s: %t", kind, got)
		}
	}
	if !m.HasIstio() || model(t, service("a", "{port: 80}"), "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n").HasIstio() {
		t.Error("Istio's are those of Istio's groups")
	}
	if empty := model(t); empty.Has("Service") || empty.Has("Namespace") || empty.Has("Secret") || empty.HasIstio() || empty.Renders() {
		t.Error("an empty package holds nothing")
	}
}
