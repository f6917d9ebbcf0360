package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
)

// The annotation is put in, and what an author wrote around it stays.
func TestMarked(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"block": {
			"kind: KymaMesh # ours\n\nmetadata:   # who\n  # the name\n  name:   shop\n\nspec: {}\n",
			"kind: KymaMesh # ours\n\nmetadata:   # who\n  annotations:\n    config.kubernetes.io/local-config: \"true\"\n  # the name\n  name:   shop\n\nspec: {}\n",
		},
		"block with annotations": {
			"metadata:\n    name: shop\n    annotations:\n        # mine\n        a: b\n",
			"metadata:\n    name: shop\n    annotations:\n        config.kubernetes.io/local-config: \"true\"\n        # mine\n        a: b\n",
		},
		"flow": {
			"metadata: {name: shop} # c\nspec: {}\n",
			"metadata: {annotations: {config.kubernetes.io/local-config: \"true\"}, name: shop} # c\nspec: {}\n",
		},
		"flow behind a wide character": {
			"metadata: {\"é\": x, annotations: {a: b}}\n",
			"metadata: {\"é\": x, annotations: {config.kubernetes.io/local-config: \"true\", a: b}}\n",
		},
		"flow inside block": {
			"metadata:\n  name: shop\n  annotations: {a: b}\n",
			"metadata:\n  name: shop\n  annotations: {config.kubernetes.io/local-config: \"true\", a: b}\n",
		},
		"empty annotations":        {"metadata:\n  name: shop\n  annotations: {}\n", ""},
		"annotations are an alias": {"a: &a {b: c}\nmetadata:\n  name: shop\n  annotations: *a\n", ""},
		"no metadata":              {"kind: KymaMesh\n", ""},
		"metadata is text":         {"metadata: x\n", ""},
		"another place":            {"metadata: !x\n  ? name\n  : shop\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			stream, err := resourcelist.ParseStream([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			n, err := stream.Items()[0].Node()
			if err != nil {
				t.Fatal(err)
			}
			got, ok := marked(c.in, n)
			if ok != (c.want != "") {
				t.Fatalf("marked: %v\n%s", ok, got)
			}
			if d := cmp.Diff(c.want, got); ok && d != "" {
				t.Error(d)
			}
		})
	}
}
