package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// FuzzWhole gives the model packages that nobody would write: whatever they say,
// it answers, twice the same, and every finding lies in the package.
func FuzzWhole(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*/package.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		list, err := resourcelist.ParseStream(src)
		if err != nil {
			return
		}
		first, again := check.Whole(topology.New(nil, list.Items(), 0)), check.Whole(topology.New(nil, list.Items(), 0))
		if len(first) != len(again) {
			t.Fatalf("%d findings, then %d", len(first), len(again))
		}
		for i, d := range first {
			if d != again[i] {
				t.Errorf("%s, then %s", d, again[i])
			}
			if d.Path.Document() >= len(list.Items()) || d.Message == "" {
				t.Errorf("about nothing: %s", d)
			}
		}
	})
}
