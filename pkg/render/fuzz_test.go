package render_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// FuzzYAML: whatever comes in, rendering does not panic, gives objects or
// errors and never both, the same twice; what is rendered is YAML with one
// document an object; and every diagnostic stands inside the input.
func FuzzYAML(f *testing.F) {
	seeds, err := filepath.Glob("../../testdata/golden/*/*/in.yaml")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no golden input to start from: %v", err)
	}
	for _, name := range seeds {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		objects, ds := render.YAML("in.yaml", src)
		if ds.HasErrors() == (len(objects) > 0) {
			t.Fatalf("%d objects beside %v", len(objects), ds)
		}
		lines := bytes.Count(src, []byte("\n")) + bytes.Count(src, []byte("\r")) + 1
		for _, d := range ds {
			if d.Pos.Line > lines || d.Pos.Line < 0 || d.Message == "" || d.Code == "" {
				t.Errorf("%v: the input has %d lines", d, lines)
			}
		}
		var out, again bytes.Buffer
		if err := manifest.Encode(&out, objects); err != nil {
			t.Fatalf("accepted, and cannot be written: %v", err)
		}
		objects, _ = render.YAML("in.yaml", src)
		if err := manifest.Encode(&again, objects); err != nil || out.String() != again.String() {
			t.Fatalf("rendered twice, two results: %v", err)
		}
		readBack(t, out.String(), len(objects))
	})
}

func readBack(t *testing.T, text string, want int) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	for i := range want {
		var o struct {
			APIVersion, Kind string `yaml:",omitempty"`
			Metadata         struct{ Name, Namespace string }
		}
		if err := d.Decode(&o); err != nil || o.Metadata.Name == "" || o.Metadata.Namespace == "" && o.Kind != "Namespace" {
			t.Fatalf("object %d of %d: %v, %+v", i, want, err, o)
		}
	}
}
