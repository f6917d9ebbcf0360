package render_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// TestConcurrently renders many documents at once, each by several goroutines,
// and one document built in Go that all of them share. The race detector finds
// what the comparison does not.
func TestConcurrently(t *testing.T) {
	files, err := filepath.Glob("../../testdata/golden/*/*/in.yaml")
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	slices.Sort(files)
	var texts [][]byte
	for i := 0; i < len(files); i += 5 {
		text, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	want := make([]string, len(texts))
	for i, text := range texts {
		want[i] = written(t, text)
	}
	shared := spec.KymaMesh{Metadata: spec.Metadata{Name: "shop"}, Spec: spec.Spec{Domain: "shop.example.com", Services: []spec.Service{{Name: "reviews", Namespace: "shop", Split: map[string]spec.Percent{"v1": 90, "v2": 10}}}}}
	objects, ds := render.Objects(shared)
	if len(objects) < 5 {
		t.Fatal(ds)
	}
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range texts {
				// Each begins elsewhere, so that the same and others meet.
				at := (i + worker*worker) % len(texts)
				if got := written(t, texts[at]); got != want[at] {
					t.Errorf("worker %d: %s differs", worker, files[at*5])
				}
				if again, _ := render.Objects(shared); inYAML(t, again) != inYAML(t, objects) {
					t.Errorf("worker %d: the shared document differs", worker)
				}
			}
		})
	}
	all.Wait()
}

// written is all that rendering a text gives.
func written(t *testing.T, text []byte) string {
	objects, ds := render.YAML("in.yaml", text)
	all := inYAML(t, objects)
	for _, d := range ds {
		all += d.String() + "\n"
	}
	return all
}

func inYAML(t *testing.T, objects []manifest.Object) string {
	var b bytes.Buffer
	if err := manifest.Encode(&b, objects); err != nil {
		t.Error(err)
	}
	return b.String()
}
