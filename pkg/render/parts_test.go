package render_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// manyWords has enough services, and objects, for several parts of everything that
// is done in parts.
func manyWords(n int) []byte {
	var b strings.Builder
	b.WriteString(shop + "  security: {allow: []}\n  services:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {name: s%05d, namespace: n%d, split: {v1: 90, v2: 10}, versions: {v1: {}, v2: {}, v3: {}}, expose: [{hosts: h%[1]d}, {hosts: d%[1]d, delegate: {name: theirs, namespace: other}}]}\n", i, i%7)
	}
	return []byte(b.String())
}

// What is done beside each other is put together in one order, and what is said
// once is said once, at the first place.
func TestPartsAreOneWhole(t *testing.T) {
	const services = 2000
	src := manyWords(services)
	type result struct {
		text string
		ds   diag.List
	}
	rendered := func(processors int) result {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		objects, ds := render.YAML("in.yaml", src)
		var b bytes.Buffer
		if err := manifest.Encode(&b, objects); err != nil {
			t.Fatal(err)
		}
		var each []string
		for _, o := range objects {
			text, err := manifest.AppendYAML(nil, o)
			if err != nil {
				t.Fatal(err)
			}
			each = append(each, string(text))
		}
		if b.String() != strings.Join(each, "---\n") {
			t.Error("together the objects are written in another way than one by one")
		}
		return result{b.String(), ds}
	}
	one, four := rendered(1), rendered(4)
	if one.text != four.text || !slices.Equal(one.ds, four.ds) {
		t.Error("four processors give something else than one")
	}
	if n := strings.Count(one.text, "\nkind: VirtualService\n"); n != 3*services {
		t.Errorf("%d VirtualServices", n)
	}
	unused, theirs := 0, 0
	for _, d := range one.ds {
		switch {
		case strings.Contains(d.Message, "version v3 gets no traffic"):
			unused++
		case strings.Contains(d.Message, "other/theirs is not checked"):
			theirs++
			if at := d.Path.String(); at != "spec.services[0].expose[1].delegate" {
				t.Errorf("said at %s", at)
			}
		}
	}
	if unused != services || theirs != 1 {
		t.Errorf("%d versions and %d VirtualServices of others: %v", unused, theirs, one.ds[:2])
	}
}

// Documents of a call are read in parts as well.
func TestDocumentsAreOneWhole(t *testing.T) {
	docs := []render.Document{{File: "mesh", Line: 1, Text: []byte(shop)}}
	for i := range 300 {
		text := fmt.Sprintf("apiVersion: mesh.kyma-project.io/v1alpha1\nkind: MeshService\nmetadata: {name: s%03d, namespace: shop}\nspec:\n  split: {v1: 90, v2: 10}\n", i)
		if i%50 == 49 {
			text += "  tiemout: 1s\n"
		}
		docs = append(docs, render.Document{File: fmt.Sprintf("s%03d", i), Line: 1, Text: []byte(text)})
	}
	_, ds := render.Documents(docs...)
	var got []string
	for _, d := range ds {
		got = append(got, d.String())
	}
	var want []string
	for i := 49; i < 300; i += 50 {
		want = append(want, fmt.Sprintf("s%03d:6:3: error KM003: spec.tiemout: no such word; did you mean \"timeout\"?", i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %s", strings.Join(got, "\n"))
	}
	for i := 1; i < len(docs); i++ {
		docs[i].Text = bytes.ReplaceAll(docs[i].Text, []byte("  tiemout: 1s\n"), nil)
	}
	docs[250].Text = append(docs[250].Text, "  versions: {v1: {}, v2: {}, v3: {}}\n"...)
	objects, ds := render.Documents(docs...)
	if len(ds) != 1 || ds[0].Pos != (diag.Pos{File: "s249", Line: 6, Col: 30}) {
		t.Errorf("a place in a document whose tree is gone: %v", ds)
	}
	if last := objects[len(objects)-1]; last.Source != "MeshService/shop/s299" {
		t.Errorf("the last object is of %s", last.Source)
	}
}
