package resourcelist

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// whole parses src with yaml.v3 alone and gives its documents that are not null.
func whole(src []byte) ([]*yaml.Node, error) {
	docs, err := parse(strings.TrimPrefix(string(src), "\uFEFF"))
	if err != nil {
		return nil, err
	}
	var roots []*yaml.Node
	for _, d := range docs {
		if len(d.Content) == 1 && d.Content[0].ShortTag() != "!!null" {
			roots = append(roots, d.Content[0])
		}
	}
	return roots, nil
}

// sameItem checks an item against the node that yaml.v3 makes of it.
func sameItem(t *testing.T, it *Item, n *yaml.Node) {
	t.Helper()
	flat, err := expand(n, false)
	if err != nil {
		return
	}
	got, err := it.Node()
	if err != nil {
		t.Fatalf("item at line %d: %v\n%s", it.Line(), err, it.Bytes())
	}
	if got, err = expand(got, false); err != nil || !sameTree(got, flat) {
		t.Fatalf("item at line %d reads as another one (%v):\n%s", it.Line(), err, it.Bytes())
	}
	var f found
	if err := f.identify(n); err != nil {
		t.Fatalf("item at line %d: %v", it.Line(), err)
	}
	if it.APIVersion() != f.apiVersion || it.Kind() != f.kind || it.Namespace() != f.namespace || it.Name() != f.name {
		t.Fatalf("item at line %d is %q %q %q %q; want %q %q %q %q", it.Line(),
			it.APIVersion(), it.Kind(), it.Namespace(), it.Name(), f.apiVersion, f.kind, f.namespace, f.name)
	}
	sameMetadata(t, it, n)
}

func sameMetadata(t *testing.T, it *Item, n *yaml.Node) {
	t.Helper()
	for field, get := range map[string]func(string) (string, bool){"labels": it.Label, "annotations": it.Annotation} {
		meta, _ := child(n, "metadata")
		m, _ := child(meta, field)
		if m = target(m); m == nil || m.Kind != yaml.MappingNode {
			continue
		}
		for i := 0; i < len(m.Content); i += 2 {
			k := m.Content[i]
			if k.Kind != yaml.ScalarNode {
				continue
			}
			v, _ := child(m, k.Value)
			got, ok := get(k.Value)
			if want := v.Kind == yaml.ScalarNode; ok != want || got != text(v) {
				t.Fatalf("%s[%q] = %q, %v; want %q, %v", field, k.Value, got, ok, text(v), want)
			}
		}
	}
}

// agrees checks what Parse says of src against yaml.v3, and gives the list.
func agrees(t *testing.T, src []byte) *List {
	t.Helper()
	l, err := Parse(src)
	if err != nil {
		return nil
	}
	roots, err := whole(src)
	if err != nil || len(roots) != 1 {
		t.Fatalf("Parse takes what yaml.v3 does not: %d documents, %v", len(roots), err)
	}
	nodes, err := itemsOf(roots[0])
	if err != nil || len(nodes) != len(l.Items()) {
		t.Fatalf("%d items; want %d (%v)", len(l.Items()), len(nodes), err)
	}
	for i, it := range l.Items() {
		sameItem(t, it, target(nodes[i]))
	}
	config, _ := child(roots[0], "functionConfig")
	if absent := config == nil || config.ShortTag() == "!!null"; absent != (l.FunctionConfig() == nil) {
		t.Fatalf("functionConfig absent = %v; want %v", !absent, absent)
	} else if !absent {
		sameItem(t, l.FunctionConfig(), config)
	}
	again, err := whole(l.Bytes())
	if err != nil || len(again) != 1 || !sameFlat(again[0], roots[0]) {
		t.Fatalf("the unchanged list reads as another one (%v):\n%s", err, l.Bytes())
	}
	return l
}

func sameFlat(a, b *yaml.Node) bool {
	a, errA := expand(a, false)
	b, errB := expand(b, false)
	return errA != nil || errB != nil || sameTree(a, b)
}

const addition = "# head\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: added}\ndata:\n  a: |2\n     x\n\n    - items:\n  b: \"x\n\n    y\"\n"

// edited takes every second item out, puts each third one in anew, adds one and
// a result, and checks that just that happened.
func edited(t *testing.T, src []byte) {
	t.Helper()
	l, err := Parse(src)
	if err != nil {
		return
	}
	var want []*yaml.Node
	for i, it := range l.Items() {
		n, err := it.Node()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case i%2 == 1:
			l.Remove(it)
			continue
		case i%3 == 0 && n.Kind == yaml.MappingNode && l.Replace(it, n) != nil:
			return // cannot be written: allowed, and nothing was lost
		}
		want = append(want, n)
	}
	before := 0
	if l.results != nil {
		before = len(l.results.Content)
	}
	if _, err := l.Append([]byte(addition)); err != nil {
		t.Fatal(err)
	}
	n, err := parseOne(addition)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, n)
	result, err := parseOne("- message: one\n- message: two\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AppendResults(result); err != nil {
		return // prior results that cannot be written anew
	}
	holds(t, l, want, before+2)
}

// holds checks that what l writes has just these items, and so many results.
func holds(t *testing.T, l *List, want []*yaml.Node, results int) {
	t.Helper()
	again := agrees(t, l.Bytes())
	if again == nil {
		_, err := Parse(l.Bytes())
		t.Fatalf("the edited list cannot be read: %v\n%s", err, l.Bytes())
	}
	if len(again.Items()) != len(want) {
		t.Fatalf("%d items; want %d\n%s", len(again.Items()), len(want), l.Bytes())
	}
	for i, it := range again.Items() {
		if n, err := it.Node(); err != nil || !sameFlat(n, want[i]) {
			t.Fatalf("items[%d] became another one (%v):\n%s", i, err, l.Bytes())
		}
	}
	if got := len(again.results.Content); got != results {
		t.Fatalf("%d results; want %d\n%s", got, results, l.Bytes())
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range listCases {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		agrees(t, src)
		edited(t, src)
	})
}

func FuzzStream(f *testing.F) {
	for _, c := range listCases {
		f.Add([]byte(c.src))
	}
	for _, c := range streamCases {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		l, err := ParseStream(src)
		if err != nil {
			return
		}
		roots, err := whole(src)
		if err != nil {
			t.Fatalf("ParseStream takes what yaml.v3 does not: %v", err)
		}
		items := l.Items()
		if len(items) != len(roots) {
			t.Fatalf("%d items; want %d", len(items), len(roots))
		}
		for i, it := range items {
			sameItem(t, it, roots[i])
		}
		streamEdited(t, l, roots)
	})
}

// streamEdited adds a document to a stream and takes the first one out.
func streamEdited(t *testing.T, l *List, roots []*yaml.Node) {
	t.Helper()
	if _, err := l.Append([]byte(addition)); err != nil {
		t.Fatal(err)
	}
	n, err := parseOne(addition)
	if err != nil {
		t.Fatal(err)
	}
	want := append(roots, n)
	if it := l.Items()[0]; it.Kind() != "" && len(l.Items()) == len(want) {
		l.Remove(it)
		want = want[1:]
	}
	got, err := whole(l.Bytes())
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d documents (%v); want %d\n%s", len(got), err, len(want), l.Bytes())
	}
	for i := range got {
		if !sameFlat(got[i], want[i]) {
			t.Fatalf("document %d became another one:\n%s", i, l.Bytes())
		}
	}
}
