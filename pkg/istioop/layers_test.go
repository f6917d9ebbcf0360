package istioop

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// installs are all installations that the layers tell apart.
func installs() []mesh.Install {
	var all []mesh.Install
	for _, profile := range slices.Sorted(maps.Keys(profileLayers)) {
		for _, platform := range slices.Sorted(maps.Keys(platformLayers)) {
			all = append(all, mesh.Install{Profile: profile, Platform: platform, Tag: "1.30.2-distroless"})
		}
	}
	return all
}

// stacks are the different stacks of layers of installs.
func stacks() [][]string {
	var all [][]string
	for _, in := range installs() {
		names := layerNames(in)
		if !slices.ContainsFunc(all, func(s []string) bool { return slices.Equal(s, names) }) {
			all = append(all, names)
		}
	}
	return all
}

func TestLayerNames(t *testing.T) {
	got := map[string][]string{}
	for _, in := range installs() {
		got[in.Profile+" "+in.Platform] = layerNames(in)
	}
	want := map[string][]string{
		"default cluster":     {"module", "module-production"},
		"default minikube":    {"module", "module-production", "module-minikube"},
		"evaluation cluster":  {"module", "module-evaluation"},
		"evaluation minikube": {"module", "module-evaluation", "module-minikube"},
		"production cluster":  {"module", "module-production"},
		"production minikube": {"module", "module-production", "module-minikube"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
}

// A misspelt name would be an empty layer, and a file that no table names would
// be edited without any effect.
func TestEveryNameIsALayerAndEveryLayerIsNamed(t *testing.T) {
	named := slices.Concat(stacks()...)
	slices.Sort(named)
	files := slices.Sorted(maps.Keys(layers()))
	if diff := cmp.Diff(files, slices.Compact(named)); diff != "" {
		t.Errorf("files and names (-file +named):\n%s", diff)
	}
}

// A Tree holds what encoding/json would; YAML also has dates, and keys that are
// not strings.
func TestLayersAreTrees(t *testing.T) {
	for name, layer := range layers() {
		eachNode("", layer, func(at string, v any) {
			switch v.(type) {
			case manifest.Tree, []any, string, bool, int, float64, nil:
			default:
				t.Errorf("%s: %s is a %T; a tree holds strings, bools, ints and float64s", name, at, v)
			}
		})
	}
}

func eachNode(at string, v any, visit func(at string, v any)) {
	visit(at, v)
	switch v := v.(type) {
	case manifest.Tree:
		for key, value := range v {
			eachNode(at+"."+key, value, visit)
		}
	case []any:
		for i, item := range v {
			eachNode(fmt.Sprintf("%s[%d]", at, i), item, visit)
		}
	}
}

// Whatever can be taken out of a layer without any stack becoming another is a
// value that the layers below have already, or one that the layers above always
// hide: a reader of the layer would take it for a difference.
func TestLayersStateOnlyWhatDiffers(t *testing.T) {
	for name := range layers() {
		for _, at := range idle(layers(), name) {
			t.Errorf("%s.yaml: %s makes no difference; take it out", name, at)
		}
	}
}

// idle are the places of a layer that change no stack.
func idle(all map[string]manifest.Tree, name string) []string {
	want := mergeStacks(all)
	var found []string
	eachWithout(all[name], func(at string, rest any) {
		without := maps.Clone(all)
		without[name] = rest.(manifest.Tree)
		if reflect.DeepEqual(want, mergeStacks(without)) {
			found = append(found, at)
		}
	})
	slices.Sort(found)
	return found
}

func mergeStacks(all map[string]manifest.Tree) []manifest.Tree {
	var specs []manifest.Tree
	for _, names := range stacks() {
		spec := manifest.Tree{}
		for _, name := range names {
			spec = merge(spec, all[name])
		}
		specs = append(specs, spec)
	}
	return specs
}

// eachWithout yields v once for each key and each item inside it, without that
// key or item.
func eachWithout(v any, yield func(at string, rest any)) {
	switch v := v.(type) {
	case manifest.Tree:
		for key, value := range v {
			rest := maps.Clone(v)
			delete(rest, key)
			yield(key, rest)
			eachWithout(value, func(at string, inner any) {
				rest := maps.Clone(v)
				rest[key] = inner
				yield(key+"."+at, rest)
			})
		}
	case []any:
		for i, item := range v {
			index := fmt.Sprintf("[%d]", i)
			yield(index, slices.Delete(slices.Clone(v), i, i+1))
			eachWithout(item, func(at string, inner any) {
				rest := slices.Clone(v)
				rest[i] = inner
				yield(index+"."+at, rest)
			})
		}
	}
}

// TestLayersStateOnlyWhatDiffers can fail only if idle finds something.
func TestIdleFindsARepetition(t *testing.T) {
	all := maps.Clone(layers())
	all["module-minikube"] = merge(all["module-minikube"], tree(t, `
meshConfig: {trustDomain: cluster.local, enableTracing: true}
components: {pilot: {k8s: {env: [{name: PILOT_HTTP10, value: "1"}, {name: GODEBUG, value: x}]}}}
`))
	want := []string{
		"components.pilot.k8s.env.[0]",
		"meshConfig.trustDomain",
	}
	if diff := cmp.Diff(want, idle(all, "module-minikube")); diff != "" {
		t.Errorf("idle (-want +got):\n%s", diff)
	}
}
