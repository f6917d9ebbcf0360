package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// shim is a docker that runs the function's binary without any container, for
// machines that have none: it shows what clients ask for, and not whether the
// image can do it.
const shim = `case $1 in
version) echo 28.0.0 ;;
run)
	for word in "$@"; do [ "$word" != --help ] || exec "$FUNCTION" --help; done
	exec "$FUNCTION" ;;
esac
`

// container is an image with a docker that runs it.
type container struct {
	image string
	env   []string
	log   string // a file with a line for each call of docker
}

// containers gives the image of the present source with podman as docker, or the
// shim where podman is known to be missing.
func containers(t *testing.T) container {
	t.Helper()
	image, docker := "localhost/kymamesh-krm:shim", shim
	if slices.Contains(without(), "podman") {
		t.Log("*** WITHOUT podman: the binary runs in no container; only what clients ask for is tested")
	} else {
		loaded, err := loadImage()
		if err != nil {
			t.Fatalf("podman runs no container: %v; install podman and runc, source test/podman/environment where limits are not podman's to change, or write KYMAMESH_WITHOUT=podman", err)
		}
		image, docker = loaded, "exec '"+filepath.Join(root, "test/podman/docker")+"' \"$@\"\n"
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	write(t, dir, map[string]string{"docker": "#!/bin/sh\necho \"docker $*\" >>'" + log + "'\n" + docker})
	chmod(t, filepath.Join(dir, "docker"))
	return container{image, []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "FUNCTION=" + function()}, log}
}

// loadImage packs the function's binary as make image does and loads it under a
// name of this run's own. Whether podman works is tried with the binary, before
// there is an image that could be broken.
var loadImage = sync.OnceValues(func() (string, error) {
	if out, err := exec.Command(filepath.Join(root, "test/podman/usable"), function()).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	_, run, _ := strings.Cut(filepath.Base(built), "conformance-")
	file := filepath.Join(built, "image.tar")
	pack := exec.Command("go", "run", ".", "-binary", function(), "-tag", "kymamesh-krm:conformance-"+run, "-o", file)
	pack.Dir = filepath.Join(root, "test/tools/image")
	if out, err := pack.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	out, err := exec.Command(filepath.Join(root, "test/podman/load"), file).Output()
	loaded = strings.TrimSpace(string(out))
	return loaded, err
})

// loaded is the image to remove at the end.
var loaded string

func removeImage() {
	if loaded == "" {
		return
	}
	if out, err := exec.Command("podman", "rmi", "--force", loaded).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "podman rmi %s: %v\n%s", loaded, err, out)
	}
}

// called checks that docker was called once to run the image, and how: a
// function gets no network and no rights.
func (c container) called(t *testing.T, words ...string) {
	t.Helper()
	var runs []string
	for line := range strings.Lines(read(t, c.log)) {
		if strings.HasPrefix(line, "docker run ") {
			runs = append(runs, line)
		}
	}
	if len(runs) != 1 {
		t.Fatalf("docker was called to run %d times: %q", len(runs), runs)
	}
	for _, word := range append(words, " --rm ", " "+c.image) {
		if !strings.Contains(runs[0], word) {
			t.Errorf("%q lacks %q", runs[0], word)
		}
	}
}

// isolation is what clients demand of docker.
var isolation = []string{" -i ", "--network none", "--user nobody", "--security-opt=no-new-privileges"}

// C17.
func TestKustomizeContainer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		position string
		stderr   []string
	}{{"generators", []string{uncheckedText}}, {"transformers", nil}} {
		t.Run(test.position, func(t *testing.T) {
			c := containers(t)
			dir := shopWith(t, map[string]string{
				"kymamesh.yaml":      withFunction(document(t), "container: {image: "+c.image+"}"),
				"kustomization.yaml": layer(test.position),
			})
			o := command{env: c.env}.run(t, kustomize(t), "build", "--enable-alpha-plugins", dir)
			o.expect(t, 0, test.stderr...)
			whole(t, o, document(t))
			c.called(t, isolation...)
		})
	}
	t.Run("errors", func(t *testing.T) {
		c := containers(t)
		dir := shopWith(t, map[string]string{
			"kymamesh.yaml":      withFunction(document(t, twoErrors...), "container: {image: "+c.image+"}"),
			"kustomization.yaml": layer("generators"),
		})
		o := command{env: c.env}.run(t, kustomize(t), "build", "--enable-alpha-plugins", dir)
		o.expect(t, 1, errorTexts...)
		o.silent(t)
	})
}

// D15.
func TestKptContainer(t *testing.T) {
	t.Parallel()
	t.Run("eval", func(t *testing.T) {
		c := containers(t)
		dir := shopWith(t, nil)
		before := treeOf(t, dir)
		o := command{env: c.env}.run(t, kpt(t), "fn", "eval", dir, "--image", c.image)
		o.expect(t, 0, "[PASS]")
		o.silent(t)
		rendersBeside(t, dir, before, library(t, document(t)))
		c.called(t, isolation...)
	})
	t.Run("render", func(t *testing.T) {
		c := containers(t)
		dir := shopWith(t, map[string]string{"Kptfile": kptfile("mutators", "{image: '"+c.image+"', configPath: kymamesh.yaml}")})
		before := treeOf(t, dir)
		o := command{env: c.env}.run(t, kpt(t), "fn", "render", dir)
		o.expect(t, 0, "[PASS]")
		o.silent(t)
		rendersBeside(t, dir, before, library(t, document(t)))
		c.called(t, isolation...)
	})
	t.Run("doc", func(t *testing.T) {
		c := containers(t)
		o := command{env: c.env}.run(t, kpt(t), "fn", "doc", "--image", c.image)
		o.expect(t, 0)
		if !strings.HasPrefix(o.stdout, "kymamesh-krm renders KymaMesh documents into Istio resources.\n") {
			t.Errorf("no help on stdout:\n%s", o.stdout)
		}
		c.called(t, " --help")
	})
}
