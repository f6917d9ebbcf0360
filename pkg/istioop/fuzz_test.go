package istioop

import (
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// FuzzMerge lays any override over any spec: merging leaves both as they are,
// gives the same every time, and what is merged a second time changes nothing
// but lists whose items have no name.
func FuzzMerge(f *testing.F) {
	f.Add(`values: {global: {hub: a, proxy: {image: p}}}`, `values: {global: {proxy: null}}`)
	f.Add(`components: {pilot: {k8s: {env: [{name: A, value: a}]}}}`, `components: {pilot: {k8s: {env: [{name: A, value: b}, {$patch: replace}]}}}`)
	f.Add(`components: {ingressGateways: [{name: a, enabled: true}]}`, `components: {ingressGateways: [{name: b}, {name: a, k8s: {overlays: [{kind: Service, name: a, patches: [{path: x, value: y}]}]}}]}`)
	f.Add(`meshConfig: {extensionProviders: [{name: a}]}`, `meshConfig: {extensionProviders: []}`)
	f.Fuzz(func(t *testing.T, lower, upper string) {
		below, above := fuzzed(lower), fuzzed(upper)
		if below == nil || above == nil {
			return
		}
		got := merge(below, above)
		if !reflect.DeepEqual(below, fuzzed(lower)) || !reflect.DeepEqual(above, fuzzed(upper)) {
			t.Fatal("merging changed what it merged")
		}
		if again := merge(below, above); !reflect.DeepEqual(got, again) {
			t.Fatalf("%v, and then %v", got, again)
		}
		if same := merge(below, manifest.Tree{}); !reflect.DeepEqual(same, below) {
			t.Fatalf("nothing over %v gives %v", below, same)
		}
		for key, value := range above {
			if _, kept := got[key]; kept != (value != nil) {
				t.Fatalf("%s: is there: %t, and %v lies over it", key, kept, value)
			}
		}
	})
}

// fuzzed is what a reader of documents could hand to merge; nil for all else.
func fuzzed(text string) (tree manifest.Tree) {
	defer func() {
		if recover() != nil {
			tree = nil // yaml.v3's own
		}
	}()
	if len(text) > 2000 || yaml.Unmarshal([]byte(text), &tree) != nil || !plainTree(tree) {
		return nil
	}
	return tree
}

// plainTree tells whether a value has nothing in it that a document could not
// have: other keys than text, and NaN, which differs from itself.
func plainTree(v any) bool {
	switch v := v.(type) {
	case manifest.Tree:
		for _, inner := range v {
			if !plainTree(inner) {
				return false
			}
		}
		return true
	case []any:
		for _, inner := range v {
			if !plainTree(inner) {
				return false
			}
		}
		return true
	case nil, string, bool, int:
		return true
	case float64:
		return v == v
	}
	return false
}
