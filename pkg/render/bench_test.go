package render_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// canaries is a document with n services, each with a canary in the mesh and at
// the gateway.
func canaries(n int) []byte {
	var b strings.Builder
	b.WriteString("apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec:\n  domain: shop.example.com\n  services:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - name: s%d\n    namespace: n%d\n    split: {v1: 90, v2: 10}\n    expose: s%d\n", i, i%100, i)
	}
	return []byte(b.String())
}

func benchmark(b *testing.B, services int) {
	src := canaries(services)
	b.ReportAllocs()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		objects, ds := render.YAML("in.yaml", src)
		if len(ds) > 0 || len(objects) < 3*services {
			b.Fatal(len(objects), ds)
		}
		if err := manifest.Encode(io.Discard, objects); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*services), "µs/service")
}

// The time grows with the services and not faster: compare µs/service.
func BenchmarkRender1(b *testing.B)      { benchmark(b, 1) }
func BenchmarkRender1000(b *testing.B)   { benchmark(b, 1000) }
func BenchmarkRender10000(b *testing.B)  { benchmark(b, 10000) }
func BenchmarkRender100000(b *testing.B) { benchmark(b, 100000) }

// BenchmarkLibrary compares all of a rendering with writing what it gives.
func BenchmarkLibrary(b *testing.B) {
	src := canaries(1000)
	objects, ds := render.YAML("in.yaml", src)
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			if err := manifest.Encode(io.Discard, objects); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			objects, _ := render.YAML("in.yaml", src)
			if err := manifest.Encode(io.Discard, objects); err != nil {
				b.Fatal(err)
			}
		}
	})
}
