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
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// installs are all installations that the layers tell apart.
func installs() []mesh.Install {
	var all []mesh.Install
	for _, generation := range []string{"0.6", "1.24", "2.18", "module"} {
		for _, profile := range []string{"default", "evaluation", "production"} {
			// What is no profile of the generation, or only another name, is resolved
			// before it comes here.
			if (generation == "0.6" && profile != "default") || (profile == "default" && generation > "2") {
				continue
			}
			for _, platform := range []string{"cluster", "minikube", "k3d", "gardener", "gke"} {
				all = append(all, resolved(generation, profile, platform))
			}
		}
	}
	return all
}

// resolved is the installation of a document that says no more than this.
func resolved(generation, profile, platform string) mesh.Install {
	doc := spec.KymaMesh{
		Metadata: spec.Metadata{Name: "shop"},
		Spec:     spec.Spec{Kyma: generation, Profile: profile, Platform: platform},
	}
	meshes, ds := mesh.Resolve(mesh.Documents{Meshes: []mesh.Document[spec.KymaMesh]{{Value: doc}}})
	if ds.HasErrors() {
		panic(ds[0].String())
	}
	return meshes[0].Install
}

func titleOf(in mesh.Install) string {
	return in.Generation + " " + in.Profile + " " + in.Platform
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
	want := map[string][]string{
		"0.6 default cluster":        {"base", "0.6"},
		"0.6 default minikube":       {"base", "0.6", "minikube"},
		"1.24 default gke":           {"base", "1.24"},
		"1.24 production minikube":   {"base", "1.24", "1.24-production", "minikube", "1.24-production-minikube"},
		"2.18 production k3d":        {"base", "2.18", "2.18-production", "2.18-k3d"},
		"module production cluster":  {"base", "module", "module-production"},
		"module evaluation minikube": {"base", "module", "module-evaluation", "minikube", "module-minikube"},
	}
	for _, in := range installs() {
		if names, listed := want[titleOf(in)]; listed {
			if diff := cmp.Diff(names, layerNames(in)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", titleOf(in), diff)
			}
			delete(want, titleOf(in))
		}
	}
	if len(want) > 0 {
		t.Errorf("no such installations: %v", want)
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

// allLayers are the layers as they are read.
func allLayers() map[string]manifest.Tree {
	all := map[string]manifest.Tree{}
	for name, read := range layers() {
		all[name] = read()
	}
	return all
}

// A Tree holds what encoding/json would; YAML also has dates, and keys that are
// not strings.
func TestLayersAreTrees(t *testing.T) {
	for name, layer := range allLayers() {
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
	if testing.Short() {
		t.Skip("merges every stack without every value")
	}
	all := allLayers()
	for name := range all {
		for _, at := range idle(all, name) {
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
	all := allLayers()
	all["1.24"] = merge(all["1.24"], tree(t, `
meshConfig: {trustDomain: cluster.local, accessLogEncoding: JSON}
values: {global: {proxy: {logLevel: warning, privileged: true}}}
`))
	want := []string{
		"meshConfig.trustDomain",
		"values.global.proxy.logLevel",
	}
	if diff := cmp.Diff(want, idle(all, "1.24")); diff != "" {
		t.Errorf("idle (-want +got):\n%s", diff)
	}
}
