package main

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
)

const shop = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  domain: shop.example.com
  services:
  - {name: reviews, namespace: shop, split: {v1: 90, v2: 10}}
`

// ended is all that a call gives.
type ended struct {
	Exit        int
	Out, Errors string
}

// inFolder calls the program in a folder that holds these files.
func inFolder(t *testing.T, files map[string]string) (call func(args ...string) ended) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		put(t, name, text)
	}
	return func(args ...string) ended {
		var out, errs bytes.Buffer
		exit := run(args, streams{in: strings.NewReader(shop), out: &out, err: &errs})
		return ended{exit, out.String(), errs.String()}
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestIgnore(t *testing.T) {
	for name, c := range map[string]struct {
		files   []string
		ignores map[string]string
		want    []string
	}{
		"a name at any depth": {
			files: []string{"x.yaml", "a/x.yaml", "y.yaml"}, ignores: map[string]string{".krmignore": "x.yaml\n"},
			want: []string{"y.yaml"},
		},
		"a path at any depth": {
			files: []string{"b/x.yaml", "a/b/x.yaml", "x.yaml"}, ignores: map[string]string{".krmignore": "b/x.yaml\n"},
			want: []string{"x.yaml"},
		},
		"from the top": {
			files: []string{"x.yaml", "a/x.yaml"}, ignores: map[string]string{".krmignore": "/x.yaml\n"},
			want: []string{"a/x.yaml"},
		},
		"a slash is for folders": {
			files: []string{"x.yaml/y.yaml", "a/x.yaml"}, ignores: map[string]string{".krmignore": "x.yaml/\n"},
			want: []string{"a/x.yaml"},
		},
		"signs stay within a name": {
			files: []string{"ab.yaml", "a/b.yaml", "c1.yaml", "cx.yaml"}, ignores: map[string]string{".krmignore": "/a*.yaml\nc[0-9].*\n"},
			want: []string{"a/b.yaml", "cx.yaml"},
		},
		"brought back": {
			files: []string{"a.yaml", "b.yaml"}, ignores: map[string]string{".krmignore": "!a.yaml\n*.yaml\n"},
			want: []string{"a.yaml"},
		},
		"comments, spaces, CRLF, nothing": {
			files: []string{"a.yaml", "b.yaml", "# a.yaml"}, ignores: map[string]string{".krmignore": "# a.yaml\r\n\r\n  b.yaml  \r\n/\r\n!\r\n!/\r\n[\r\n"},
			want: []string{"# a.yaml", "a.yaml"},
		},
		"two files": {
			files:   []string{"a/x.yaml", "b/x.yaml", "b/y.yaml", "a/y.yaml"},
			ignores: map[string]string{".krmignore": "/b/x.yaml\n", "a/.krmignore": "!x.yaml\ny.yaml\n"},
			want:    []string{"a/x.yaml", "b/y.yaml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFolder(t, c.ignores)
			for _, file := range c.files {
				put(t, file, "")
			}
			in := &input{text: map[string][]byte{}, streams: map[string]*resourcelist.List{}, names: map[string]string{}, packaged: map[string]bool{}}
			err := in.addDir(".")
			if d := cmp.Diff(c.want, slices.Sorted(maps.Keys(in.text))); d != "" || err != nil {
				t.Error(err, d)
			}
		})
	}
}

// A pipe in a package is never waited for.
func TestPipeInPackage(t *testing.T) {
	call := inFolder(t, map[string]string{"p/m.yaml": shop})
	if err := syscall.Mkfifo("p/pipe.yaml", 0o644); err != nil {
		t.Fatal(err)
	}
	if got := call("render", "p"); got.Exit != 0 {
		t.Errorf("%+v", got)
	}
}

// Checks are about what is selected: the IstioOperator of somebody who installs
// Istio himself is none of --part resources.
func TestChecksFollowPart(t *testing.T) {
	call := inFolder(t, map[string]string{
		"p/m.yaml":  shop,
		"p/io.yaml": "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: default-operator, namespace: istio-system}\n",
	})
	if got := call("render", "p", "--part", "resources"); got.Exit != 0 {
		t.Errorf("%+v", got)
	}
	if got := call("render", "p", "--part", "install"); got.Exit != exitFaults || !strings.Contains(got.Errors, "KM017") {
		t.Errorf("%+v", got)
	}
}

func TestEmptyFlags(t *testing.T) {
	call := inFolder(t, map[string]string{"m.yaml": shop})
	for _, flag := range []string{"--only", "--output-dir"} {
		want := ended{exitUsage, "", "kymamesh: render: " + flag + " is empty; write "}
		got := call("render", "m.yaml", flag, "")
		got.Errors = got.Errors[:min(len(got.Errors), len(want.Errors))]
		if got != want {
			t.Errorf("%s: %+v", flag, got)
		}
	}
}

// contents are every file of a folder with its text.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return all
}

func fileNames(files map[string]string) []string {
	var all []string
	for name := range files {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
