package main

import (
	"strings"
	"testing"
)

const (
	labelling = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  gateways: []
  security: {mtls: {exclude: []}}
  namespaces: {shop: {injection: enabled}}
  services:
  - {name: batch, namespace: shop, injection: disabled}
`
	unlabelling = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  gateways: []
  security: {mtls: {exclude: []}}
`
	namespace = `# ours
apiVersion: v1
kind: Namespace
metadata:
  name: shop # the shop
`
	labelled = `# ours
apiVersion: v1
kind: Namespace
metadata:
  annotations:
    mesh.kyma-project.io/set: /metadata/labels/istio-injection
  labels:
    istio-injection: enabled
  name: shop # the shop
`
	batch = `apiVersion: apps/v1
kind: Deployment
metadata: {name: batch, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: batch}
`
	batchOff = `apiVersion: apps/v1
kind: Deployment
metadata: {annotations: {mesh.kyma-project.io/set: /spec/template/metadata/labels/sidecar.istio.io~1inject}, name: batch, namespace: shop}
spec:
  template:
    metadata:
      labels: {sidecar.istio.io/inject: "false", app: batch}
`
)

// Without -i the changed objects are printed whole, and no file changes.
func TestEditsArePrinted(t *testing.T) {
	before := files{"app/mesh.yaml": labelling, "app/all.yaml": namespace + "---\n" + batch}
	enter(t, before)
	got := call("", "render", "app", "--part", "resources")
	if want := "---\n" + labelled + "---\n" + batchOff; got.Code != 0 || !strings.HasSuffix(got.Out, want) || strings.Count(got.Out, "kind: Namespace") != 1 {
		t.Errorf("%+v", got)
	}
	same(t, "files", before, tree(t, "."))
	if got := call("", "render", "app", "--part", "install"); got.Code != 0 || strings.Contains(got.Out, "kind: Namespace") {
		t.Errorf("--part install: %+v", got)
	}
	if got := call("", "render", "app", "--part", "resources", "--only", "shop"); got.Code != 0 || got.Out != batchOff {
		t.Errorf("--only: %+v", got)
	}
	if got := call("", "render", "app/mesh.yaml"); got.Code != 1 || !strings.Contains(got.Err, "KM111") {
		t.Errorf("a file alone: %+v", got)
	}
	for _, flags := range [][]string{{"--output-dir", "out"}, {"-o", "json"}} {
		got := call("", append([]string{"render", "app"}, flags...)...)
		if got.Code != 2 || got.Out != "" || !strings.Contains(got.Err, "app/all.yaml changes as well") {
			t.Errorf("%v: %+v", flags, got)
		}
	}
	same(t, "files", before, tree(t, "."))
}

// With -i the package's files are changed, a second call changes nothing, and a
// word that goes away leaves them as they were.
func TestEditsInPlace(t *testing.T) {
	before := files{"app/mesh.yaml": labelling, "app/all.yaml": namespace + "---\n" + batch}
	enter(t, before)
	after := files{"app/mesh.yaml": labelling, "app/all.yaml": labelled + "---\n" + batchOff}
	for _, want := range []string{"1 files of the package changed\n", "0 files of the package changed\n"} {
		got := call("", "render", "app", "-i", "--part", "resources")
		if got.Code != 0 || got.Err != want || strings.Contains(got.Out, "kind: Namespace") {
			t.Errorf("%+v", got)
		}
		same(t, "files", after, tree(t, "."))
	}
	write(t, files{"app/mesh.yaml": unlabelling})
	before["app/mesh.yaml"] = unlabelling
	if got := call("", "render", "app", "-i"); got.Code != 0 {
		t.Errorf("%+v", got)
	}
	same(t, "files", before, tree(t, "."))
}

// What a person wrote and says something else is named with its line.
func TestEditsByHand(t *testing.T) {
	before := files{"app/mesh.yaml": labelling, "app/all.yaml": batch + "---\n" + strings.Replace(namespace, "name: shop", "labels:\n    istio-injection: disabled\n  name: shop", 1)}
	enter(t, before)
	got := call("", "render", "app", "-i")
	want := `app/mesh.yaml:7:23: error KM112: spec.namespaces.shop.injection: app/all.yaml:14 says istio-injection: disabled; change one`
	if got.Code != 1 || !strings.Contains(got.Err, want) {
		t.Errorf("%+v", got)
	}
	same(t, "files", before, tree(t, "."))
	write(t, files{"app/all.yaml": batch, "app/more.json": `{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}`})
	if got := call("", "render", "app", "-i"); got.Code != 2 || !strings.Contains(got.Err, "app/more.json is JSON") {
		t.Errorf("%+v", got)
	}
}

// A Namespace that was rendered is never removed; only its label goes.
func TestOutputDirKeepsNamespaces(t *testing.T) {
	const file = "out/_cluster/namespace_shop.yaml"
	enter(t, files{"mesh.yaml": strings.Replace(labelling, "  services:\n  - {name: batch, namespace: shop, injection: disabled}\n", "", 1)})
	writes(t, "mesh.yaml")
	if text := tree(t, ".")[file]; !strings.Contains(text, "istio-injection: enabled") {
		t.Fatalf("%s", text)
	}
	write(t, files{"mesh.yaml": unlabelling})
	for _, want := range []string{"out: 2 objects, 1 files written, 0 removed\n", "out: 2 objects, 0 files written, 0 removed\n"} {
		same(t, "stderr", want, writes(t, "mesh.yaml"))
		if text := tree(t, ".")[file]; strings.Contains(text, "istio-injection") || !strings.Contains(text, "name: shop") {
			t.Errorf("%s", text)
		}
	}
}
