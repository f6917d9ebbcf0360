package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/mesh/fields"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// TestOverride writes each field of an IstioOperator once, at the first place where
// its type is found: a value of its type, a list of a number, and null; and a name that
// is none. The schema refuses nothing that the program takes, and sees names and
// types that are wrong.
func TestOverride(t *testing.T) {
	written := 0
	seen := map[string]bool{"IstioOperatorSpec": true}
	type at struct {
		holds string
		wrap  func(any) any
	}
	for queue := []at{{"IstioOperatorSpec", func(v any) any { return v }}}; len(queue) > 0; queue = queue[1:] {
		place := queue[0]
		types, nothing := fields.Types()[place.holds], map[string]any{}
		for _, field := range slices.Sorted(maps.Keys(types)) {
			holds, wrap := types[field], place.wrap
			one := func(v any) any { return wrap(map[string]any{field: v}) }
			judgeOverride(t, one(sample(holds)), false)
			judgeOverride(t, one([]any{7}), false)
			nothing[field] = nil
			written++
			inner := strings.TrimPrefix(strings.TrimPrefix(holds, "list of "), "map of ")
			if fields.Types()[inner] == nil || seen[inner] {
				continue
			}
			seen[inner] = true
			queue = append(queue, at{inner, func(v any) any {
				switch {
				case strings.HasPrefix(holds, "list of "):
					v = []any{v}
				case strings.HasPrefix(holds, "map of "):
					v = map[string]any{"a": v}
				}
				return one(v)
			}})
		}
		judgeOverride(t, place.wrap(nothing), false)
		judgeOverride(t, place.wrap(map[string]any{"noSuchWord": nil}), true)
	}
	if written < 700 {
		t.Errorf("only %d fields", written)
	}
}

// sample is a value that a field holds, in the words of package fields.
func sample(holds string) any {
	if item, ok := strings.CutPrefix(holds, "list of "); ok {
		return []any{sample(item)}
	}
	if value, ok := strings.CutPrefix(holds, "map of "); ok {
		return map[string]any{"a": sample(value), "b": nil}
	}
	if values, ok := strings.CutPrefix(holds, "one of "); ok {
		return strings.Split(values, ", ")[0]
	}
	if v, ok := map[string]any{"bool": true, "int32": -7, "int64": 1 << 40, "uint32": 1 << 31, "int32 or text": "25%", "number": 0.5, "quantity": 2, "text": "a"}[holds]; ok {
		return v
	}
	if strings.HasPrefix(holds, "Istio ") {
		return "1.30"
	}
	return map[string]any{}
}

func judgeOverride(t *testing.T, override any, wrong bool) {
	t.Helper()
	document := map[string]any{"apiVersion": spec.APIVersion, "kind": spec.KindKymaMesh, "metadata": map[string]any{"name": "shop"},
		"spec": map[string]any{"install": map[string]any{"istioVersion": "1.31.1", "override": override}}}
	text, err := yaml.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := documents(text)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := read(nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	_, ds := render.YAML("in.yaml", text)
	refused := validate(asJSON)
	if refused != nil && !ds.HasErrors() {
		t.Errorf("the program takes it, and the schema says: %v\n%s", refused, text)
	}
	if wrong && refused == nil {
		t.Errorf("the schema takes a word that there is not:\n%s", text)
	}
	for _, d := range ds {
		if refused == nil && (d.Code == diag.CodeUnknownWord || d.Code == diag.CodeType) {
			t.Errorf("the schema takes it, and the program says: %s\n%s", d, text)
		}
	}
}

// An item {$patch: replace} may stand in every list of things that have names.
func TestOverrideMarks(t *testing.T) {
	for _, override := range []string{
		"{components: {ingressGateways: [{$patch: replace}, {name: istio-ingressgateway, enabled: true}]}}",
		"{components: {pilot: {k8s: {env: [{$patch: replace}], hpaSpec: {metrics: [{$patch: replace}]}, overlays: [{$patch: replace}]}}}}",
		"{components: {pilot: {k8s: {overlays: [{kind: Deployment, name: istiod, patches: [{$patch: replace}]}]}}}}",
		"{components: {egressGateways: [{name: istio-egressgateway, k8s: {service: {ports: [{$patch: replace}]}}}]}}",
		"{values: {gateways: {istio-egressgateway: {secretVolumes: [{$patch: replace}]}}}}",
		"{meshConfig: {extensionProviders: [{$patch: replace}, {name: kyma-traces, zipkin: {service: a.b.svc.cluster.local, port: 9411}}, {name: stdout-json, envoyFileAccessLog: {path: /dev/stdout}}]}}",
		"{meshConfig: {accessLogFile: null, defaultConfig: {tracing: null, proxyMetadata: {A: null}}}}",
	} {
		var v any
		if err := yaml.Unmarshal([]byte(override), &v); err != nil {
			t.Fatal(err)
		}
		judgeOverride(t, v, false)
		if err := validate(map[string]any{"apiVersion": spec.APIVersion, "kind": spec.KindKymaMesh, "metadata": map[string]any{"name": "shop"},
			"spec": map[string]any{"install": map[string]any{"override": v}}}); err != nil {
			t.Errorf("%s: %v", override, fmt.Sprint(err))
		}
	}
}
