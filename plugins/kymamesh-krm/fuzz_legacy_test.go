package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// FuzzLegacy calls the function as kustomize calls an exec plugin, with any
// configuration, any words and any resources: it never panics, loses no document
// of somebody else, and says why when it fails.
func FuzzLegacy(f *testing.F) {
	text, err := os.ReadFile("../../testdata/golden/krm/origin-annotation/in.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small, "", "-")
	f.Add(small, stream, "part=install\x00--part=resources")
	f.Add(small+"---\n"+small, stream, "part=none")
	f.Add("apiVersion: v1\nkind: ConfigMap\ndata: {part: all}\n", small, "a=b")
	f.Add(string(text), "", "=\x00-")
	f.Add("", "{", "--help")
	f.Fuzz(func(t *testing.T, config, stdin, words string) {
		got := plugin(stdin, config, strings.Split(words, "\x00")...)
		switch {
		case got.Exit == 1:
			if got.Stderr == "" || got.Stdout != "" {
				t.Errorf("exit 1: %+v", got)
			}
		case got.Exit != 0:
			t.Errorf("%+v", got)
		default:
			keepsDocuments(t, stdin, got.Stdout)
		}
	})
}

// keepsDocuments checks that what is not ours is in the output in its order.
func keepsDocuments(t *testing.T, in, out string) {
	t.Helper()
	before, err := streamed(in)
	if err != nil {
		return
	}
	after, err := streamed(out)
	if err != nil {
		t.Fatalf("stdout cannot be read: %v\n%s", err, out)
	}
	for _, doc := range before {
		if group, _, _ := strings.Cut(fmt.Sprint(field(doc, "apiVersion")), "/"); doc == nil || group == "mesh.kyma-project.io" || rendersKind(doc) {
			continue
		}
		want := fmt.Sprintf("%#v", doc)
		for len(after) > 0 && fmt.Sprintf("%#v", after[0]) != want {
			after = after[1:]
		}
		if len(after) == 0 {
			t.Fatalf("a document is lost: %v\n%s", doc, out)
		}
		after = after[1:]
	}
}

func streamed(text string) (docs []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml.v3 panics: %v", p)
		}
	}()
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var doc any
		switch err := d.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, err
		}
		docs = append(docs, doc)
	}
}
