package istioop

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Leaf is one value of an IstioOperator's spec, and who says it.
type Leaf struct {
	// Path is the value's place, with the name of a list's item for its index:
	// components.ingressGateways[istio-ingressgateway].k8s.hpaSpec.minReplicas.
	Path  string
	Value any
	// Source is the place of the document or the layer of defaults.
	Source mesh.Source
	// Since is the minor version of Istio 1 that brought the value, where the mesh's
	// is older and the value left out; else 0.
	Since int
}

// Explain says of every value of the mesh's IstioOperator where it comes from, in
// the order of the paths, also of those that are left out for an older Istio.
func Explain(m *mesh.Mesh) []Leaf {
	in := m.Install
	overrides := readOverrides(in)
	spec := complete(in, overrides)
	said := leavesOf(words(overrides.replicas(in)))
	names := layerNames(in)
	layered := make([]map[string]any, len(names))
	for i, name := range names {
		layered[i] = leavesOf(layers()[name]())
	}
	var all []Leaf
	values := leavesOf(spec)
	left := forgetYoung(spec, in.IstioMinor)
	for _, path := range slices.Sorted(maps.Keys(values)) {
		leaf := Leaf{Path: path, Value: values[path]}
		for prefix := range prefixes(path) {
			leaf.Since = max(leaf.Since, left[prefix])
		}
		if at, ok := overrides.source(path); ok {
			leaf.Source.Path = at
		} else if _, ok := said[path]; ok {
			leaf.Source = m.Source(wordAt(in, path)...)
		} else {
			leaf.Source.Layer = layerOf(path, names, layered)
		}
		all = append(all, leaf)
	}
	return all
}

// layerOf is the highest layer that says the value at a path or, for one whose
// form follows the version of Istio, the value beside it.
func layerOf(path string, names []string, layered []map[string]any) string {
	for i := len(names) - 1; i >= 0; i-- {
		if _, ok := layered[i][path]; ok {
			return label(names[i])
		}
	}
	parent := path[:strings.LastIndexByte(path, '.')+1]
	for i := len(names) - 1; i >= 0; i-- {
		for p := range layered[i] {
			if strings.HasPrefix(p, parent) {
				return label(names[i])
			}
		}
	}
	return ""
}

// label is a layer as a person knows it; pkg/mesh calls its layers so, too.
func label(name string) string {
	switch {
	case name == "base":
		return name
	case name == "minikube":
		return "platform " + name
	}
	return "generation " + strings.ReplaceAll(name, "-", " ")
}

// leavesOf are the values of a tree by path.
func leavesOf(t manifest.Tree) map[string]any {
	leaves := map[string]any{}
	addLeaves(leaves, "", t)
	return leaves
}

func addLeaves(leaves map[string]any, at string, v any) {
	switch v := v.(type) {
	case manifest.Tree:
		for key, value := range v {
			addLeaves(leaves, strings.TrimPrefix(at+"."+key, "."), value)
		}
		if len(v) > 0 {
			return
		}
	case []any:
		for i, item := range v {
			addLeaves(leaves, fmt.Sprintf("%s[%s]", at, itemName(i, item)), item)
		}
		if len(v) > 0 {
			return
		}
	}
	leaves[at] = v
}

// itemName is what names an item of a list, so that one item less does not shift
// the others.
func itemName(i int, item any) string {
	m, _ := item.(manifest.Tree)
	if kind := text(m, "kind"); kind != "" && text(m, "name") != "" { // an overlay
		return kind + " " + text(m, "name")
	}
	if metric := metricName(m); metric != "" && text(m, "type") != "" {
		return metric
	}
	for _, field := range []string{"name", "path"} {
		if name := text(m, field); name != "" {
			return name
		}
	}
	return fmt.Sprint(i)
}

// wordRule says which word of the document a value of the layer words renders.
type wordRule struct {
	path *regexp.Regexp
	word string // with $1 and so on for what the pattern found
}

// component is what a place in the IstioOperator begins with, gateway what it is
// called in the values.
const (
	componentAt = `^components\.(pilot|ingressGateway|egressGateway|cni)`
	gatewayAt   = `^values\.gateways\.istio-(ingress|egress)gateway`
)

// wordRules are compiled when something is explained, which rendering never does.
var wordRules = sync.OnceValue(func() []wordRule {
	return []wordRule{
		{regexp.MustCompile(`^tag$`), "install istioVersion"},
		{regexp.MustCompile(`^(hub|revision)$`), "install $1"},
		{regexp.MustCompile(componentAt + `\.enabled$`), "install $1 enabled"},
		{regexp.MustCompile(componentAt + `\.k8s\.hpaSpec\.(\w+)$`), "install $1 $2"},
		{regexp.MustCompile(componentAt + `\.k8s\.replicaCount$`), "install $1 maxReplicas"},
		{regexp.MustCompile(componentAt + `\.k8s\.resources\.(\w+)\.(\w+)$`), "install $1 resources $2 $3"},
		{regexp.MustCompile(componentAt + `\.k8s\.env\[(.+)\]\.\w+$`), "install $1 env $2"},
		{regexp.MustCompile(componentAt + `\.k8s\.service\.ports\[(.+)\]\.\w+$`), "install $1 ports $2"},
		{regexp.MustCompile(componentAt + `\.k8s\.service\.externalTrafficPolicy$`), "install $1 externalTrafficPolicy"},
		{regexp.MustCompile(componentAt + `\.k8s\.serviceAnnotations\.(.+)$`), "install $1 annotations $2"},
		{regexp.MustCompile(componentAt + `\.k8s\.overlays\[\w+ istio-sidecar-injector.*\.timeoutSeconds`), "install webhook timeoutSeconds"},
		{regexp.MustCompile(componentAt + `\.k8s\.overlays\[\w+ istio-sidecar-injector`), "install webhook namespaceSelector"},
		{regexp.MustCompile(componentAt + `\.name$`), "install $1"},
		{regexp.MustCompile(`^values\.pilot\.autoscaleMin$`), "install pilot minReplicas"},
		{regexp.MustCompile(`^values\.pilot\.autoscale(Max|Enabled)$`), "install pilot maxReplicas"},
		{regexp.MustCompile(gatewayAt + `\.autoscaleMin$`), "install ${1}Gateway minReplicas"},
		{regexp.MustCompile(gatewayAt + `\.autoscale(Max|Enabled)$`), "install ${1}Gateway maxReplicas"},
		{regexp.MustCompile(gatewayAt + `\.type$`), "install ${1}Gateway type"},
		{regexp.MustCompile(`^values\.pilot\.env\.(.+)$`), "install pilot env $1"},
		{regexp.MustCompile(`^values\.global\.proxy\.resources\.(\w+)\.(\w+)$`), "proxy resources $1 $2"},
		{regexp.MustCompile(`^values\.global\.proxy\.tracer$`), "install istioVersion"},
		{regexp.MustCompile(`^meshConfig\.extensionProviders\[([^]]+)\]`), "extensionProviders $1"},
		{regexp.MustCompile(`^meshConfig\.enablePrometheusMerge$`), "telemetry metrics prometheusMerge"},
		{regexp.MustCompile(`^meshConfig\.meshMTLS\.minProtocolVersion$`), "security mtls minProtocolVersion"},
		{regexp.MustCompile(`^meshConfig\.defaultConfig\.tracing\.sampling$`), "telemetry tracing sampling"},
		{regexp.MustCompile(`^meshConfig\.defaultConfig\.tracing\.customTags\.`), "telemetry tracing customTags"},
		{regexp.MustCompile(`^meshConfig\.(enableTracing$|defaultConfig\.tracing\.)`), "telemetry tracing"},
		{regexp.MustCompile(`^meshConfig\.accessLog\w+$`), "telemetry accessLogging"},
		{regexp.MustCompile(`^meshConfig\.defaultConfig\.proxyMetadata\.ISTIO_META_DNS_CAPTURE$`), "proxy enableDNSProxying"},
		{regexp.MustCompile(`^meshConfig\.defaultConfig\.(\w+)`), "proxy config $1"},
		{regexp.MustCompile(`^values\.sidecarInjectorWebhook\.enableNamespacesByDefault$`), "injection"},
		{regexp.MustCompile(`^meshConfig\.outboundTrafficPolicy\.mode$`), "egress outboundTrafficPolicy"},
	}
})

// wordAt is the word that a value of the layer words renders, step by step.
func wordAt(in mesh.Install, path string) []string {
	if in.Proxy.NativeSidecar != nil && (strings.Contains(path, "env["+nativeSidecars+"]") || strings.HasSuffix(path, "env."+nativeSidecars)) {
		return []string{"proxy", "nativeSidecar"}
	}
	path = strings.NewReplacer(
		"ingressGateways[istio-ingressgateway]", "ingressGateway",
		"egressGateways[istio-egressgateway]", "egressGateway",
	).Replace(path)
	for _, rule := range wordRules() {
		if m := rule.path.FindStringSubmatchIndex(path); m != nil {
			return strings.Fields(string(rule.path.ExpandString(nil, rule.word, path, m)))
		}
	}
	return nil
}
