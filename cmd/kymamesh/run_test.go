package main

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// result is what one call leaves.
type result struct {
	Code     int
	Out, Err string
}

// call runs the program in the current directory, without a terminal.
func call(stdin string, args ...string) result {
	var out, err bytes.Buffer
	code := run(args, streams{in: strings.NewReader(stdin), out: &out, err: &err})
	return result{code, out.String(), err.String()}
}

// rendered runs the program and wants it to succeed and to say nothing on
// stderr.
func rendered(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	got := call(stdin, args...)
	if got.Code != 0 || got.Err != "" {
		t.Fatalf("%q: exit %d, stderr:\n%s", args, got.Code, got.Err)
	}
	return got.Out
}

// files are a directory's, by paths with slashes.
type files map[string]string

// enter makes a directory of the files the current one, so that diagnostics
// name no place of the machine.
func enter(t *testing.T, all files) {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, all)
}

func write(t *testing.T, all files) {
	t.Helper()
	for path, text := range all {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tree reads a directory back; an empty folder is there too, with a slash.
func tree(t *testing.T, dir string) files {
	t.Helper()
	all := files{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if !e.IsDir() {
			text, err := os.ReadFile(path)
			all[name] = string(text)
			return err
		}
		below, err := os.ReadDir(path)
		if len(below) == 0 {
			all[name+"/"] = ""
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func names(all files) []string { return slices.Sorted(maps.Keys(all)) }

// objects names what a stream holds, KIND NAMESPACE/NAME in its order.
func objects(t *testing.T, stream string) []string {
	t.Helper()
	list, err := resourcelist.ParseStream([]byte(stream))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, item := range list.Items() {
		all = append(all, item.Kind()+" "+item.Namespace()+"/"+item.Name())
	}
	return all
}

// library is what the library renders of the documents.
func library(t *testing.T, stream string) []manifest.Object {
	t.Helper()
	all, ds := render.YAML("in.yaml", []byte(stream))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	return all
}

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

const header = "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\n"

// canary is a document that renders every kind.
const canary = header + `spec:
  domain: shop.example.com
  services:
  - name: reviews
    namespace: shop
    split: {v1: 90, v2: 10}
`

// The same mesh, with a service each of two teams.
const (
	platform = header + "spec: {domain: shop.example.com}\n"
	reviews  = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: MeshService
metadata: {name: reviews, namespace: shop}
spec: {split: {v1: 90, v2: 10}}
`
	payments = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: MeshService
metadata: {name: payments, namespace: pay}
spec: {split: {v1: 90, v2: 10}}
`
)

var (
	ofInstall  = []string{"IstioOperator istio-system/default-operator"}
	ofPlatform = []string{
		"PeerAuthentication istio-system/default",
		"DestinationRule istio-system/api-server",
		"Gateway kyma-system/kyma-gateway",
	}
	ofCanary = []string{
		"IstioOperator istio-system/default-operator",
		"PeerAuthentication istio-system/default",
		"DestinationRule istio-system/api-server",
		"DestinationRule shop/reviews",
		"Gateway kyma-system/kyma-gateway",
		"VirtualService shop/reviews",
	}
	ofReviews  = []string{"DestinationRule shop/reviews", "VirtualService shop/reviews"}
	ofPayments = []string{"DestinationRule pay/payments", "VirtualService pay/payments"}
)
