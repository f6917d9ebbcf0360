package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// object is a resource as JSON has it, so that it does not matter which YAML
// writer it went through.
type object map[string]any

func (o object) metadata() map[string]any {
	metadata, _ := o["metadata"].(map[string]any)
	return metadata
}

func (o object) annotations() map[string]any {
	annotations, _ := o.metadata()["annotations"].(map[string]any)
	return annotations
}

func (o object) kind() string { kind, _ := o["kind"].(string); return kind }

func (o object) id() string {
	return fmt.Sprint(o["apiVersion"], " ", o["kind"], " ", o.metadata()["namespace"], "/", o.metadata()["name"])
}

// ours tells whether the function rendered the object.
func (o object) ours() bool {
	labels, _ := o.metadata()["labels"].(map[string]any)
	return labels[manifest.OwnerLabel] != nil && o.annotations()[manifest.SourceAnnotation] != nil
}

// parse reads a stream of documents.
func parse(t *testing.T, stream string) []object {
	t.Helper()
	var all []object
	for d := yaml.NewDecoder(strings.NewReader(stream)); ; {
		var value any
		err := d.Decode(&value)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, stream)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var o object
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
}

// set is a set of resources by identity.
type set map[string]object

// rendered are the objects that the function made, without what a client writes
// down about places. One that is there twice fails the test.
func rendered(t *testing.T, objects []object) set {
	t.Helper()
	s := set{}
	for _, o := range objects {
		if !o.ours() {
			continue
		}
		for key := range o.annotations() {
			if place(key) {
				delete(o.annotations(), key)
			}
		}
		if s[o.id()] != nil {
			t.Errorf("%s is there twice", o.id())
		}
		s[o.id()] = o
	}
	return s
}

// place tells whether an annotation is a client's note about where an item lies.
func place(annotation string) bool {
	return strings.HasPrefix(annotation, "internal.config.kubernetes.io/") ||
		annotation == "config.kubernetes.io/path" || annotation == "config.kubernetes.io/index"
}

// foreign counts the objects that the function did not make.
func foreign(objects []object) int {
	n := 0
	for _, o := range objects {
		if !o.ours() {
			n++
		}
	}
	return n
}

// library is what the Go library renders. It is written as JSON, so that our
// YAML writer is no part of the truth.
func library(t *testing.T, document string) set {
	t.Helper()
	objects, ds := render.YAML("kymamesh.yaml", []byte(document))
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	var out bytes.Buffer
	if err := manifest.EncodeJSON(&out, objects); err != nil {
		t.Fatal(err)
	}
	var list struct{ Items []object }
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	return rendered(t, list.Items)
}

// same checks that both are the same objects, and that there are any.
func same(t *testing.T, want, got set) {
	t.Helper()
	if len(want) == 0 {
		t.Fatal("nothing to compare with")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%d objects, want %d (-want +got):\n%s", len(got), len(want), diff)
	}
}

// pick are the objects of a set that match.
func (s set) pick(match func(object) bool) set {
	picked := set{}
	for id, o := range s {
		if match(o) {
			picked[id] = o
		}
	}
	return picked
}

func installation(o object) bool { return o.kind() == "IstioOperator" }
func resource(o object) bool     { return !installation(o) }

// read is the text of a file.
func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
