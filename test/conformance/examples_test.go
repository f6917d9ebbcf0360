package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const examples = "../../examples"

// inPath is a PATH in which the function is found, as the examples want it.
func inPath() string { return "PATH=" + built + ":" + os.Getenv("PATH") }

// exampleMesh is the mesh that the examples of all clients render.
func exampleMesh(t *testing.T) set {
	t.Helper()
	return library(t, read(t, examples+"/kpt/kymamesh.yaml"))
}

// The folders of examples/kustomize, called as their comments say.
func TestExamplesKustomize(t *testing.T) {
	t.Parallel()
	all := exampleMesh(t)
	for name, test := range map[string]struct {
		flags   []string
		foreign int // resources of the bookshop
		want    set
		stderr  string
	}{
		"mesh":        {nil, 0, all, ""},
		"overlay":     {nil, 11, all, ""},
		"transformer": {nil, 11, all, ""},
		"apply":       {nil, 11, all.pick(resource), ""},
		"exec":        {[]string{"--enable-exec"}, 11, all, ""},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"build", "--enable-alpha-plugins", filepath.Join(examples, "kustomize", name)}, test.flags...)
			o := command{env: []string{pluginHome(t), inPath()}}.run(t, kustomize(t), args...)
			o.expect(t, 0)
			objects := clean(t, o)
			if n := foreign(objects); n != test.foreign {
				t.Errorf("%d resources of the bookshop, want %d", n, test.foreign)
			}
			same(t, test.want, rendered(t, objects))
		})
	}
	t.Run("container", func(t *testing.T) {
		c := containers(t)
		dir := filepath.Join(t.TempDir(), "kustomize")
		if err := os.CopyFS(dir, os.DirFS(examples+"/kustomize")); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "container/kymamesh.yaml")
		text := read(t, file)
		const image = "localhost/kymamesh-krm:dev"
		if !strings.Contains(text, image) {
			t.Fatalf("%s lacks %s", file, image)
		}
		write(t, filepath.Dir(file), map[string]string{"kymamesh.yaml": strings.Replace(text, image, c.image, 1)})
		o := command{env: c.env}.run(t, kustomize(t), "build", "--enable-alpha-plugins", filepath.Dir(file))
		o.expect(t, 0)
		same(t, all, rendered(t, clean(t, o)))
	})
}

func TestExamplesKpt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "bookshop")
	if err := os.CopyFS(dir, os.DirFS(examples+"/kpt")); err != nil {
		t.Fatal(err)
	}
	before := treeOf(t, dir)
	render := func() {
		o := command{env: []string{inPath()}}.run(t, kpt(t), "fn", "render", "--allow-exec", dir)
		o.silent(t)
		o.expect(t, 0, "[PASS]", "Successfully executed 2 function(s) in 1 package(s).")
	}
	render()
	rendersBeside(t, dir, before, exampleMesh(t))
	once := treeOf(t, dir)
	render()
	unchanged(t, dir, once)
}

func TestExamplesGo(t *testing.T) {
	t.Parallel()
	o := command{dir: root}.run(t, "go", "run", "./examples/golang", "examples/kpt/kymamesh.yaml")
	o.expect(t, 0)
	same(t, exampleMesh(t), rendered(t, parse(t, o.stdout)))

	o = command{dir: root}.run(t, "go", "run", "./examples/golang")
	o.expect(t, 0)
	same(t, library(t, read(t, examples+"/quickstart/kymamesh.yaml")), rendered(t, parse(t, o.stdout)))
}
