package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// An override may have 5,000 values, and not one more.
func TestOverrideAtItsLimit(t *testing.T) {
	for extra, refused := range []bool{false, true} {
		var text strings.Builder
		text.WriteString("apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec:\n  install:\n    override:\n      values:\n        pilot:\n          env:\n")
		const around = 4 // override, values, pilot, env
		for i := range 5000 - around + extra {
			fmt.Fprintf(&text, "            A%d: b\n", i)
		}
		_, ds := render.YAML("in.yaml", []byte(text.String()))
		if ds.HasErrors() != refused || refused && (len(ds) != 1 || ds[0].Code != diag.CodeLimit) {
			t.Errorf("%d values: %.300v", 5000+extra, ds)
		}
	}
}
