package istioop

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Every layer holds fields that an override may hold, with values that it may
// have: the list of fields knows what Kyma itself shipped.
func TestLayersAreOverrides(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(layers())) {
		for _, d := range faultsOf(t, layers()[name]()) {
			t.Errorf("%s: %v", name, d)
		}
	}
}

func faultsOf(t *testing.T, override manifest.Tree) diag.List {
	t.Helper()
	doc := mesh.Document[spec.KymaMesh]{Value: spec.KymaMesh{Metadata: spec.Metadata{Name: "shop"}, Spec: spec.Spec{Install: spec.Install{Override: override}}}}
	meshes, ds := mesh.Resolve(mesh.Documents{Meshes: []mesh.Document[spec.KymaMesh]{doc}})
	for _, m := range meshes {
		ds = append(ds, Check(m)...)
	}
	return slices.DeleteFunc(ds, func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
}

// An override of an override is explained by the higher one, a number of pods at
// the place where nobody says it by the place where somebody does.
func TestExplainOverrides(t *testing.T) {
	low := tree(t, `{hub: docker.io/low, components: {pilot: {k8s: {hpaSpec: {minReplicas: 3}, env: [{name: A, value: a}]}}}}`)
	high := tree(t, `{hub: docker.io/high, values: {global: {proxy: {}}}, components: {ingressGateways: [{name: istio-ingressgateway, k8s: {service: {ports: [{port: 443, targetPort: 9443}]}}}]}}`)
	docs := mesh.Documents{
		Meshes: []mesh.Document[spec.KymaMesh]{{Value: spec.KymaMesh{
			Metadata: spec.Metadata{Name: "shop"}, Spec: spec.Spec{Install: spec.Install{Override: high}},
		}}},
		Operators: []mesh.Document[mesh.Operator]{{Value: mesh.Operator{Name: "IstioOperator low", Local: true, Spec: low, At: diag.Document(1).Key("spec")}}},
	}
	meshes, ds := mesh.Resolve(docs)
	if ds = append(ds, Check(meshes[0])...); ds.HasErrors() {
		t.Fatal(ds)
	}
	want := map[string]string{
		"hub": "0 spec.install.override.hub",
		"components.pilot.k8s.hpaSpec.minReplicas":                                             "1 spec.components.pilot.k8s.hpaSpec.minReplicas",
		"components.pilot.k8s.env[A].value":                                                    "1 spec.components.pilot.k8s.env[0]",
		"components.pilot.k8s.env[PILOT_HTTP10].value":                                         "base",
		"values.pilot.autoscaleMin":                                                            "1 spec.components.pilot.k8s.hpaSpec.minReplicas",
		"components.ingressGateways[istio-ingressgateway].k8s.service.ports[https].targetPort": "0 spec.install.override.components.ingressGateways[0].k8s.service.ports[0].targetPort",
		"values.global.proxy.logLevel":                                                         "base",
	}
	got := map[string]string{}
	for _, leaf := range Explain(meshes[0]) {
		if _, asked := want[leaf.Path]; asked {
			got[leaf.Path] = leaf.Source.Layer
			if leaf.Source.Layer == "" {
				got[leaf.Path] = fmt.Sprint(leaf.Source.Path.Document(), " ", leaf.Source.Path)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Objects of one rank give the same whichever of them a host gives first.
func TestOrderOfObjects(t *testing.T) {
	render := func(names ...string) any {
		docs := mesh.Documents{Meshes: []mesh.Document[spec.KymaMesh]{{Value: spec.KymaMesh{Metadata: spec.Metadata{Name: "shop"}}}}}
		for i, name := range names {
			o := mesh.Operator{Name: name, Local: true, Spec: tree(t, "components: {ingressGateways: [{name: "+name+"}]}"), At: diag.Document(i + 1)}
			docs.Operators = append(docs.Operators, mesh.Document[mesh.Operator]{Value: o})
		}
		meshes, ds := mesh.Resolve(docs)
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		return Render(meshes[0])[0].Spec
	}
	if diff := cmp.Diff(render("a", "b"), render("b", "a")); diff != "" {
		t.Error(diff)
	}
}

// An override of any shape is refused or merged, and never a panic: it is held
// against words and layers before anybody knows that it can be.
func TestAnyShape(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []any{nil, "a", 1, 0.5, true, manifest.Tree{}, []any{}, []any{nil}, []any{"a"}, manifest.Tree{mesh.ReplaceKey: "replace"}, []any{manifest.Tree{mesh.ReplaceKey: 1}}, []any{manifest.Tree{"name": "a"}, manifest.Tree{"name": "a"}}}
	base := merge(mergedLayers(mesh.Install{Generation: "1.24", Profile: "production", Platform: "minikube"}), manifest.Tree{})
	refused, all := 0, 600
	if testing.Short() {
		all = 100
	}
	for range all {
		over := base
		for range 1 + r.IntN(3) {
			if next, ok := broken(r, over, values[r.IntN(len(values))]).(manifest.Tree); ok {
				over = next
			}
		}
		doc := spec.KymaMesh{Metadata: spec.Metadata{Name: "shop"}, Spec: spec.Spec{Kyma: []string{"1.24", "module"}[r.IntN(2)], Install: spec.Install{Override: over}}}
		meshes, ds := mesh.Resolve(mesh.Documents{Meshes: []mesh.Document[spec.KymaMesh]{{Value: doc}}})
		if ds = append(ds, Check(meshes[0])...); ds.HasErrors() {
			refused++
			continue
		}
		Explain(meshes[0])
	}
	if refused*3 < all || refused == all {
		t.Errorf("%d of %d refused", refused, all)
	}
}

// broken is a tree with another value at a random place.
func broken(r *rand.Rand, v, instead any) any {
	switch v := v.(type) {
	case manifest.Tree:
		keys := slices.Sorted(maps.Keys(v))
		if len(keys) == 0 || r.IntN(8) == 0 && len(keys) < 8 {
			return instead
		}
		out, key := maps.Clone(v), keys[r.IntN(len(keys))]
		out[key] = broken(r, v[key], instead)
		return out
	case []any:
		if len(v) == 0 || r.IntN(6) == 0 {
			return instead
		}
		out, i := slices.Clone(v), r.IntN(len(v))
		out[i] = broken(r, v[i], instead)
		return out
	}
	return instead
}

// A null in an override is not a value: nothing of it reaches the output.
func TestNullsAreGone(t *testing.T) {
	if ds := faultsOf(t, tree(t, `{values: {pilot: null, global: {proxy: {startupProbe: null}}}, components: {pilot: {k8s: {hpaSpec: null}}}}`)); len(ds) > 0 {
		t.Error(ds)
	}
	merged := merge(tree(t, `values: {a: {b: c}}`), tree(t, `values: {a: null, d: {e: null}}`))
	if diff := cmp.Diff(tree(t, `values: {d: {}}`), merged); diff != "" || strings.Contains(fmt.Sprint(merged), "nil") {
		t.Error(diff)
	}
}
