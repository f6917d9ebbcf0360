package render_test

import (
	"testing"

	"github.com/kymamesh/kymamesh/pkg/render"
)

// Two packages of one call may each have a mesh of the same name; a value is
// explained by its own.
func TestExplainOfTwoPackages(t *testing.T) {
	doc := func(replicas string) []byte {
		return []byte("apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec: {install: {pilot: {maxReplicas: " + replicas + "}}}\n")
	}
	values, ds := render.Explain("",
		render.Document{File: "a.yaml", Line: 1, Text: doc("20"), Package: "a"},
		render.Document{File: "b.yaml", Line: 1, Text: doc("30"), Package: "b"},
	)
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	var got []string
	for _, v := range values {
		if v.Path == "components.pilot.k8s.hpaSpec.maxReplicas" {
			got = append(got, v.Value+" "+v.Pos.File)
		}
	}
	if len(got) != 2 || got[0] != "20 a.yaml" || got[1] != "30 b.yaml" {
		t.Errorf("got %q; want each mesh's own", got)
	}
}
