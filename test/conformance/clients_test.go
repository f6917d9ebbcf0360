package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// built is the folder of the programs under test.
var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "kymamesh-conformance-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		built = dir
		if err := build("./plugins/kymamesh-krm"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		for _, client := range without() {
			fmt.Fprintf(os.Stderr, "*** WITHOUT %s: it is not tested with\n", client)
		}
		code := m.Run()
		removeImage()
		return code
	}())
}

// build makes a program from the present source, static as it is released.
func build(folder string) error {
	c := exec.Command("go", "build", "-trimpath", "-o", built+"/", folder)
	c.Dir = root
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", folder, err, out)
	}
	return nil
}

// watch reads the folders that programs are made from. go test takes a result from
// its cache when nothing has changed that a test itself has read; what go build
// reads is none of that, and neither is what TestMain does.
var watch = sync.OnceValue(func() error {
	var errs []error
	for _, folder := range []string{"cmd", "examples", "internal", "pkg", "plugins", "test/podman", "test/tools"} {
		errs = append(errs, filepath.WalkDir(filepath.Join(root, folder), func(_ string, _ fs.DirEntry, err error) error { return err }))
	}
	return errors.Join(errs...)
})

// root is the repository's root.
var root = func() string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return dir
}()

func function() string { return filepath.Join(built, "kymamesh-krm") }

var buildCommandLine = sync.OnceValue(func() error { return build("./cmd/kymamesh") })

func commandLine(t *testing.T) string {
	t.Helper()
	if err := buildCommandLine(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(built, "kymamesh")
}

func without() []string {
	return strings.FieldsFunc(os.Getenv("KYMAMESH_WITHOUT"), func(r rune) bool { return r == ',' })
}

// skipWithout skips the test when the machine is known not to have the client.
func skipWithout(t *testing.T, client string) {
	t.Helper()
	if slices.Contains(without(), client) {
		t.Skipf("*** NOT RUN: KYMAMESH_WITHOUT names %s", client)
	}
}

func kustomize(t *testing.T) string { t.Helper(); return client(t, "kustomize", kustomizePath) }
func kpt(t *testing.T) string       { t.Helper(); return client(t, "kpt", kptPath) }

func client(t *testing.T, name string, path func() (string, error)) string {
	t.Helper()
	skipWithout(t, name)
	program, err := path()
	if err != nil {
		t.Fatalf("%s is missing: %v; run make bin/%s, name its folder in KYMAMESH_BIN, or write KYMAMESH_WITHOUT=%s", name, err, name, name)
	}
	return program
}

var (
	kustomizePath = sync.OnceValues(func() (string, error) { return tool("kustomize") })
	kptPath       = sync.OnceValues(func() (string, error) { return tool("kpt") })
)

// tool is the path of a client. In the repository's own folder it is made when
// it is not there: from a fresh clone, go test is enough.
func tool(name string) (string, error) {
	dir := os.Getenv("KYMAMESH_BIN")
	if dir != "" {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return "", err
		}
		return exec.LookPath(filepath.Join(dir, name))
	}
	program := filepath.Join(root, "bin", name)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fmt.Fprintf(os.Stderr, "building %s from test/tools; this takes minutes the first time ...\n", name)
	c := exec.Command("make", "bin/"+name)
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return program, nil
}

// kubectl is the machine's own: none can be built without half of Kubernetes.
func kubectl(t *testing.T) string {
	t.Helper()
	skipWithout(t, "kubectl")
	program, err := exec.LookPath("kubectl")
	if err != nil {
		t.Fatal("no kubectl in PATH; install it, or set KYMAMESH_WITHOUT=kubectl")
	}
	return program
}
