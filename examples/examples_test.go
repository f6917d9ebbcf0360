// Package examples holds no code; its test keeps the examples together.
package examples

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func rendered(t *testing.T, file string) string {
	t.Helper()
	objects, ds := render.YAML(file, []byte(read(t, file)))
	if len(ds) > 0 {
		t.Errorf("there is something to say about an example:\n%v", ds)
	}
	var out bytes.Buffer
	if err := manifest.Encode(&out, objects); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The examples of all hosts are one mesh, so that they can be compared.
func TestEveryHostHasTheSameMesh(t *testing.T) {
	want := rendered(t, "kpt/kymamesh.yaml")
	documents, err := filepath.Glob("kustomize/*/kymamesh.yaml")
	if err != nil || len(documents) < 5 {
		t.Fatalf("only %v: %v", documents, err)
	}
	for _, file := range documents {
		if diff := cmp.Diff(want, rendered(t, file)); diff != "" {
			t.Errorf("%s:\n%s", file, diff)
		}
	}
}

func TestKptHasTheApplicationOfKustomize(t *testing.T) {
	for _, name := range []string{"namespace.yaml", "front.yaml", "catalog.yaml", "reviews.yaml"} {
		if diff := cmp.Diff(read(t, "kustomize/base/"+name), read(t, "kpt/app/"+name)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// The configuration leaves no name without the prefix that names an object of
// the kustomization.
func TestReferences(t *testing.T) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "kustomize/references")
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for word := range strings.FieldsSeq(string(text)) {
		got[word]++
	}
	for word, want := range map[string]int{
		"blue-reviews": 8, "blue-public": 3, "blue-public-certs": 2,
		"reviews": 1, // the label of the Service's pods
		"public":  0, "public-certs": 0, "reviews.example.com": 2,
	} {
		if got[word] != want {
			t.Errorf("%s stands at %d places, not %d:\n%s", word, got[word], want, text)
		}
	}
}

// TestKptCase is the package as a case of kpt's catalog: its script gives the
// difference that is written down, and once more nothing.
func TestKptCase(t *testing.T) {
	path := os.Getenv("PATH")
	for _, dir := range []string{clientFolder(t), buildFunction(t)} {
		path = dir + string(os.PathListSeparator) + path
	}
	t.Setenv("PATH", path)
	needKpt(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("kpt")); err != nil {
		t.Fatal(err)
	}
	commit := func() {
		run(t, dir, "git", "add", "--all")
		run(t, dir, "git", "-c", "user.name=none", "-c", "user.email=none", "commit", "--quiet", "--allow-empty", "--message=state")
	}
	run(t, dir, "git", "init", "--quiet")
	commit()
	run(t, dir, "sh", ".expected/exec.sh")
	commit()
	got := run(t, dir, "git", "-c", "core.abbrev=7", "diff", "HEAD~1", "HEAD")
	const patch = "kpt/.expected/diff.patch"
	if golden.FlagUpdate() {
		if err := os.WriteFile(patch, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t, patch), got); diff != "" {
		t.Errorf("not what %s says; go test ./examples -update writes it:\n%s", patch, diff)
	}
	run(t, dir, "sh", ".expected/exec.sh")
	if changed := run(t, dir, "git", "status", "--porcelain"); changed != "" {
		t.Errorf("the second run changes:\n%s", changed)
	}
}

// clientFolder is where make puts kpt.
func clientFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("KYMAMESH_BIN")
	if dir == "" {
		dir = "../bin"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// needKpt skips where there is no kpt. make test knows before whether there is
// one, so there only KYMAMESH_WITHOUT skips.
func needKpt(t *testing.T) {
	t.Helper()
	without := slices.Contains(strings.Split(os.Getenv("KYMAMESH_WITHOUT"), ","), "kpt")
	_, err := exec.LookPath("kpt")
	switch {
	case err == nil && !without:
	case !without && os.Getenv("KYMAMESH_BIN") != "":
		t.Fatal("no kpt; make tools builds it, KYMAMESH_WITHOUT=kpt does without")
	default:
		t.Skip("*** NOT RUN: no kpt on this machine; run make test")
	}
}

func buildFunction(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run(t, ".", "go", "build", "-o", filepath.Join(dir, "kymamesh-krm"), "../plugins/kymamesh-krm")
	return dir
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String()
}
