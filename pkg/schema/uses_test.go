package schema

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
)

// use is one place of a golden input that writes a word.
type use struct {
	file string
	size int // of the input
	word strictyaml.Word
	// at is the place as diagnostics name it.
	at    string
	value *yaml.Node
	root  *yaml.Node
}

// uses are all places of golden inputs and examples that write words of ours, by
// TYPE.word.
func uses(t *testing.T) map[string][]use {
	t.Helper()
	all := map[string][]use{}
	for _, pattern := range []string{"golden/render/*/in.yaml", "golden/install/*/in.yaml", "golden/defaults/*/in.yaml", "golden/krm/*/in.yaml"} {
		files, err := filepath.Glob("../../testdata/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no input %s: %v", pattern, err)
		}
		for _, file := range files {
			if exit, err := os.ReadFile(filepath.Join(filepath.Dir(file), "want.exit")); err == nil && strings.TrimSpace(string(exit)) != "0" {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
				var root yaml.Node
				if err := d.Decode(&root); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				for _, document := range documentsIn(root.Content[0]) {
					w := walk{use{file: file, size: len(text), root: document}, all}
					w.value(document, documents[child(document, "kind").Value], "")
				}
			}
		}
	}
	return all
}

// documentsIn are the documents of ours in an object: itself, or the items of a
// ResourceList.
func documentsIn(n *yaml.Node) []*yaml.Node {
	var all []*yaml.Node
	kind := child(n, "kind")
	switch {
	case kind == nil:
	case kind.Value == "ResourceList":
		if items := child(n, "items"); items != nil {
			for _, item := range items.Content {
				all = append(all, documentsIn(item)...)
			}
		}
	case documents[kind.Value] != nil:
		all = append(all, n)
	}
	return all
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// walk finds uses in one document.
type walk struct {
	use
	all map[string][]use
}

func (w walk) value(n *yaml.Node, t reflect.Type, at string) {
	if n.Kind == yaml.AliasNode {
		return // used where it is written
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case reflect.PointerTo(t).Implements(protoMessage):
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		for _, word := range strictyaml.Words(t) {
			if v := child(n, word.Name); v != nil {
				u := w.use
				u.word, u.value, u.at = word, v, strings.TrimPrefix(at+"."+word.Name, ".")
				w.all[rowOf(word)] = append(w.all[rowOf(word)], u)
				w.value(v, word.Field.Type, u.at)
			}
		}
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			w.value(item, t.Elem(), at+"[]")
		}
	case t.Kind() == reflect.Slice:
		w.value(n, t.Elem(), at)
	case t.Kind() == reflect.Map && n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			w.value(n.Content[i+1], t.Elem(), at+"."+n.Content[i].Value)
		}
	}
}
