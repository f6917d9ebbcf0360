package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/render"
)

const golden = "../../testdata/golden/examples/quickstart/want.yaml"

// The document in Go and the document in YAML are one mesh.
func TestBothWaysGiveTheQuickstart(t *testing.T) {
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"../quickstart/kymamesh.yaml"}} {
		var stdout, stderr bytes.Buffer
		if err := run(args, &stdout, &stderr); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, &stderr)
		}
		if diff := cmp.Diff(string(want), stdout.String()); diff != "" {
			t.Errorf("%v:\n%s", args, diff)
		}
	}
}

func TestInstallIsApart(t *testing.T) {
	objects, ds := render.Objects(shop)
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	m, err := encode(objects)
	if err != nil {
		t.Fatal(err)
	}
	const kind = "kind: IstioOperator\n"
	if n := strings.Count(string(m.install), "\nkind: "); n != 1 || !strings.Contains(string(m.install), kind) {
		t.Errorf("install holds %d objects, not the IstioOperator alone:\n%s", n, m.install)
	}
	if len(m.resources) == 0 || strings.Contains(string(m.resources), kind) {
		t.Errorf("resources are empty or hold the IstioOperator:\n%s", m.resources)
	}
}

func TestFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kymamesh.yaml")
	const text = "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec: {domian: x}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args           []string
		err, diagnosed string
	}{
		{[]string{file}, "nothing is rendered", `4:8: error KM003: spec.domian: no such word; did you mean "domain"?`},
		{[]string{"a", "b"}, "want one file, or none", ""},
		{[]string{file + ".none"}, "no such file", ""},
	} {
		var stdout, stderr bytes.Buffer
		err := run(test.args, &stdout, &stderr)
		if err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%v: %v, not %s", test.args, err, test.err)
		}
		if stdout.Len() > 0 || !strings.Contains(stderr.String(), test.diagnosed) {
			t.Errorf("%v: stdout %q, stderr %q", test.args, &stdout, &stderr)
		}
	}
}
