package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// The names that clients have had for a ResourceList come back as they came.
func TestListVersions(t *testing.T) {
	in := readCase(t, "item-only", "in.yaml")
	want := called(in).Stdout
	for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
		rename := func(list string) string {
			return strings.Replace(list, "apiVersion: config.kubernetes.io/v1\n", "apiVersion: config.kubernetes.io/"+version+"\n", 1)
		}
		if d := cmp.Diff(output{Stdout: rename(want)}, called(rename(in))); d != "" {
			t.Errorf("%s: %s", version, d)
		}
	}
	got := called(strings.Replace(in, "config.kubernetes.io/v1\n", "config.kubernetes.io/v2\n", 1))
	if want := (output{Exit: 1, Stderr: "error: stdin: the ResourceList has apiVersion: config.kubernetes.io/v2; want config.kubernetes.io/v1\n"}); got != want {
		t.Errorf("v2: %+v", got)
	}
}

// A list in JSON gives the same objects and results as the same list in YAML.
func TestJSON(t *testing.T) {
	for _, name := range []string{"first-run", "prior-results", "foreign-object"} {
		in := readCase(t, name, "in.yaml")
		json, err := yaml.YAMLToJSON([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		want, got := called(in), called(string(json))
		if got.Exit != want.Exit || got.Stderr != want.Stderr {
			t.Fatalf("%s: exit %d: %s", name, got.Exit, got.Stderr)
		}
		if d := cmp.Diff(parsed(t, want.Stdout), parsed(t, got.Stdout)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if again := called(got.Stdout); again.Stdout != got.Stdout {
			t.Errorf("%s: run on its own output: %s", name, cmp.Diff(got.Stdout, again.Stdout))
		}
	}
}

func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Without a list there is nothing on stdout, and exit 0 would have kpt delete
// the package.
func TestNoList(t *testing.T) {
	whole := readCase(t, "first-run", "in.yaml")
	for in, want := range map[string]string{
		"":                         "the input is empty; a function reads a ResourceList",
		"# nothing\n---\n":         "the input is empty; a function reads a ResourceList",
		"{}":                       "the input is without kind; want kind: ResourceList",
		"[]":                       "the input is no object; want a ResourceList",
		"\tkind: ResourceList":     "yaml: found character that cannot start any token",
		"not YAML: [":              "yaml: line 1: did not find expected node content",
		"\xff\xfek\x00":            "line 1: the text is UTF-16; save it as UTF-8",
		"kind: Deployment\n":       "the input is kind: Deployment; want kind: ResourceList",
		whole + "---\n" + whole:    "the input holds 2 documents; a ResourceList is one",
		whole + "items: []\n":      "items is written twice; a ResourceList has one list of items",
		whole[:len(whole)/2] + `"`: "yaml: line",
	} {
		got := called(in)
		if got.Exit != 1 || got.Stdout != "" || !strings.HasPrefix(got.Stderr, "error: stdin: "+want) || !strings.HasSuffix(got.Stderr, "\n") {
			t.Errorf("%q: exit %d, stdout %q, stderr %q; want %q", in, got.Exit, got.Stdout, got.Stderr, want)
		}
	}
}

// A list that ends too early must never come out as if that were all: what is
// left is still a list at some places, but then nothing is lost of it.
func TestTruncated(t *testing.T) {
	in := readCase(t, "weird-items", "in.yaml")
	for end := range in {
		got := called(in[:end])
		switch kept := entries(in[:end]); {
		case got.Exit == 1 && got.Stderr != "":
		case got.Exit == 0 && len(entries(got.Stdout)) >= len(kept) && len(kept) > 0:
		case got.Exit == 0 && strings.HasPrefix(got.Stdout, strings.TrimRight(in[:end], "\n")):
		default:
			t.Errorf("cut at byte %d: exit %d, stdout %q, stderr %q", end, got.Exit, got.Stdout, got.Stderr)
		}
	}
}

type brokenPipe struct{ room int }

func (w *brokenPipe) Write(p []byte) (int, error) {
	n := min(len(p), w.room)
	w.room -= n
	if n < len(p) {
		return n, errors.New("no space left on device")
	}
	return n, nil
}

func TestStdoutFails(t *testing.T) {
	in := readCase(t, "item-only", "in.yaml")
	for name, args := range map[string][]string{"list": nil, "help": {"--help"}, "version": {"--version"}} {
		for _, room := range []int{0, 10} {
			var stderr strings.Builder
			exit := run(args, host{stdin: strings.NewReader(in), stdout: &brokenPipe{room}, stderr: &stderr})
			if exit != 1 || stderr.String() != "error: stdout: no space left on device\n" {
				t.Errorf("%s, %d bytes of room: exit %d, %q", name, room, exit, stderr.String())
			}
		}
	}
}

func TestStdinFails(t *testing.T) {
	in := io.MultiReader(strings.NewReader("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n"), broken{})
	want := output{Exit: 1, Stderr: "error: stdin: connection reset\n"}
	if got := calledWith(in, nil); got != want {
		t.Errorf("%+v", got)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// kpt shows a function's documentation by calling it with --help and no input.
func TestHelpAndVersion(t *testing.T) {
	for arg, want := range map[string]string{
		"--help": help, "-h": help, "help": help,
		"--version": "kymamesh-krm dev\n", "version": "kymamesh-krm dev\n",
	} {
		if got := calledWith(broken{}, nil, arg); got != (output{Stdout: want}) {
			t.Errorf("%s: %+v", arg, got)
		}
	}
	if !strings.Contains(help, "kustomize build --enable-alpha-plugins") || !strings.HasSuffix(help, "\n") {
		t.Error("the help does not show how kustomize calls it")
	}
}

// Options may stand in the exec line of a Kptfile or of the annotation
// config.kubernetes.io/function.
func TestOptionWords(t *testing.T) {
	in := readCase(t, "config-null", "in.yaml")
	all := called(in)
	resources, install := called(in, "part=resources"), called(in, "--part=install")
	for name, got := range map[string]output{"all": all, "resources": resources, "install": install} {
		hasInstall, hasResources := strings.Contains(got.Stdout, "kind: IstioOperator"), strings.Contains(got.Stdout, "kind: PeerAuthentication")
		if got.Exit != 0 || hasInstall != (name != "resources") || hasResources != (name != "install") {
			t.Errorf("%s: exit %d, IstioOperator %v, PeerAuthentication %v", name, got.Exit, hasInstall, hasResources)
		}
	}
	if got := called(in, "part=all"); got != all {
		t.Errorf("part=all is not the default: %s", cmp.Diff(all, got))
	}
	if got := called(resources.Stdout, "part=install"); got != install {
		t.Errorf("what belongs to another part is not taken out again: %s", cmp.Diff(install, got))
	}
	for _, c := range []struct{ word, want string }{
		{"prat=all", `no option "prat=all"; there is part=all, install or resources, and check=documents, package or only`},
		{"--verbose", `no option "--verbose"; there is part=all, install or resources, and check=documents, package or only`},
		{"check=some", `check=some: no check "some"; there is documents, package and only`},
		{"part=some", `part=some: no part "some"; there is all, install and resources`},
	} {
		if got := called(in, c.word); got != (output{Exit: 1, Stderr: "error: " + c.want + "\n"}) {
			t.Errorf("%s: %+v", c.word, got)
		}
	}
}
