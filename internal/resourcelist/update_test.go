package resourcelist

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// updates are objects before and after; same marks those that already say what
// is wanted.
var updates = []struct {
	name, old, want, result string
	same                    bool
	dropped                 []Comment
}{
	{name: "equal, written in another way", same: true,
		old:  "# c\nkind: \"A\"\nspec:\n  b: True # c\n  a: 0x10\n  l: ['x', z]\n  n: ~\n",
		want: "spec: {a: 16, b: true, l: [x, \"z\"], n: null}\nkind: A\n"},
	{name: "equal but for foreign labels and annotations", same: true,
		old:  "kind: A\nmetadata:\n  name: a\n  labels:\n    team: x\n    ours: y\n  annotations:\n    internal.config.kubernetes.io/index: 0\n",
		want: "kind: A\nmetadata:\n  name: a\n  labels:\n    ours: y\n"},
	{name: "equal through aliases", same: true, old: "a: &x [b]\nc: *x\n", want: "a: [b]\nc: [b]\n"},
	{name: "equal, nothing in labels", same: true, old: "metadata:\n  labels:\n  annotations: {}\n", want: "metadata: {}\n"},
	{name: "a value", old: "# c1\nspec:\n  # c2\n  a: 1 # c3\n  b: 'x'\n", want: "spec: {a: 2, b: x}\n",
		result: "# c1\nspec:\n  # c2\n  a: 2 # c3\n  b: 'x'\n"},
	{name: "keys added and gone", old: "spec:\n  # gone\n  x: 1 # too\n  b: 2\n  # foot\n", want: "spec:\n  a: 1\n  b: 2\n",
		result: "spec:\n  b: 2\n  # foot\n\n  a: 1\n", dropped: []Comment{{3, "# gone"}, {3, "# too"}}},
	{name: "labels", old: "metadata:\n  labels:\n    team: x # theirs\n    ours: y # ours\n", want: "metadata:\n  labels:\n    ours: z\n    new: n\n",
		result: "metadata:\n  labels:\n    team: x # theirs\n    ours: z # ours\n    new: n\n"},
	{name: "labels in a template are not metadata", old: "spec:\n  metadata:\n    labels:\n      team: x\n", want: "spec:\n  metadata:\n    labels: {a: b}\n",
		result: "spec:\n  metadata:\n    labels:\n      a: b\n"},
	{name: "a dry run that nobody asked for", old: "metadata:\n  annotations:\n    istio.io/dry-run: \"true\"\n    a: b\n", want: "metadata:\n  annotations:\n    c: d\n",
		result: "metadata:\n  annotations:\n    a: b\n    c: d\n"},
	{name: "other metadata", old: "metadata:\n  name: a\n  finalizers: [x]\n", want: "metadata:\n  name: a\n", result: "metadata:\n  name: a\n"},
	{name: "list by value", old: "l:\n# one\n- a # 1\n# two\n- b # 2\n- c\n", want: "l: [c, d, a]\n",
		result: "l:\n- c\n- d\n# one\n- a # 1\n", dropped: []Comment{{5, "# two"}, {5, "# 2"}}},
	{name: "list by name", old: "l:\n# one\n- name: x\n  v: 1 # v\n- name: y\n", want: "l:\n- {name: y}\n- {name: x, v: 2}\n",
		result: "l:\n- name: y\n# one\n- name: x\n  v: 2 # v\n"},
	{name: "value before name", old: "l:\n- name: x\n  v: 1 # v1\n- name: x\n  v: 2 # v2\n", want: "l:\n- {name: x, v: 2}\n- {name: x, v: 3}\n",
		result: "l:\n- name: x\n  v: 2 # v2\n- name: x\n  v: 3 # v1\n"},
	{name: "one by value, one new of its name", old: "l:\n- name: x # c\n", want: "l: [{name: x}, {name: x, v: 3}]\n", result: "l:\n- name: x # c\n- {name: x, v: 3}\n"},
	{name: "equal items, keys in another order", same: true, old: "l: [{a: 1, b: 2}, {c: 3}]\n", want: "l: [{b: 2, a: 1}, {c: 3}]\n"},
	{name: "one item twice", old: "l: [a]\n", want: "l: [a, a]\n", result: "l: [a, a]\n"},
	{name: "only the order", old: "l: [a, b]\n", want: "l: [b, a]\n", result: "l: [b, a]\n"},
	{name: "an item more than wanted", old: "l: [a, b]\n", want: "l: [a]\n", result: "l: [a]\n"},
	{name: "empty filled", old: "a: {}\nb: []\n", want: "a:\n  x: y\nb:\n- z\n", result: "a:\n  x: y\nb:\n- z\n"},
	{name: "another kind", old: "a: x # behind\nb:\n  # in\n  c: d\n", want: "a:\n  y: z\nb: e\n",
		result: "a:\n  # behind\n  y: z\nb: e\n", dropped: []Comment{{4, "# in"}}},
	{name: "text and number", old: "a: 1\nb: \"2\"\n", want: "a: \"1\"\nb: 2\n", result: "a: \"1\"\nb: 2\n"},
	{name: "text that YAML 1.1 reads otherwise", old: "a: yes\nb: STRICT\n", want: "a: \"yes\"\nb: \"STRICT\"\n", result: "a: \"yes\"\nb: STRICT\n"},
	{name: "key twice", old: "a: 1\na: 2\n", want: "a: 1\n", result: "a: 1\n"},
	{name: "through an alias", old: "a: &x {b: c}\nd: *x\n", want: "a: {b: c}\nd: {b: e}\n", result: "a: {b: c}\nd: {b: e}\n"},
	{name: "an alias of itself", old: "a: &x\n  # c\n  b: *x\n", want: "a: b\n", result: "a: b\n", dropped: []Comment{{3, "# c"}}},
	{name: "literal", old: "a: |\n  x\n", want: "a: \"x\\ny\\n\"\n", result: "a: \"x\\ny\\n\"\n"},
}

func TestUpdate(t *testing.T) {
	for _, c := range updates {
		t.Run(c.name, func(t *testing.T) {
			old, want := tree(t, c.old), tree(t, c.want)
			changed, dropped := Update(old, want)
			if changed == c.same {
				t.Errorf("changed = %v", changed)
			}
			if diff := cmp.Diff(c.dropped, dropped); diff != "" {
				t.Error(diff)
			}
			if c.same {
				if !sameTree(old, tree(t, c.old)) {
					t.Error("what did not change is not as it was")
				}
				return
			}
			got, err := encode(old, layout{step: 2})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.result, got); diff != "" {
				t.Error(diff)
			}
			if !sameTree(want, tree(t, c.want)) {
				t.Error("what was wanted has changed")
			}
			if again, _ := Update(tree(t, got), want); again {
				t.Error("a second time there is something to change")
			}
		})
	}
}

// TestUpdateDeep: nesting that no object has ends in a replaced value, not in
// an exhausted stack.
func TestUpdateDeep(t *testing.T) {
	deep := func(s string) *yaml.Node { return tree(t, strings.Repeat("[", 3000)+s+strings.Repeat("]", 3000)) }
	old := deep("a")
	if changed, _ := Update(old, deep("b")); !changed || !sameTree(old, deep("b")) {
		t.Error("the old value is not the wanted one")
	}
	if changed, _ := Update(old, deep("b")); !changed {
		t.Error("there is no bound: a value that deep was looked at")
	}
}

func FuzzUpdate(f *testing.F) {
	for _, c := range updates {
		f.Add(c.old, c.want)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		old, errA := parseOne(a)
		want, errB := parseOne(b)
		if errA != nil || errB != nil || aliased(want) || twiceWritten(want) {
			return
		}
		before := clone(old)
		if changed, dropped := Update(old, want); !changed {
			if len(dropped) > 0 || !sameTree(old, before) {
				t.Fatalf("unchanged, and yet something went: %v", dropped)
			}
			return
		}
		if changed, _ := Update(old, want); changed {
			t.Fatal("a second time there is something to change")
		}
		prune(old, want)
		if fingerprint(old) != fingerprint(want) {
			t.Fatalf("%s\nbecame %s\nwant %s", a, fingerprint(old), fingerprint(want))
		}
	})
}

// prune takes from old the labels and annotations that want does not have.
func prune(old, want *yaml.Node) {
	have, _ := child(old, "metadata")
	wanted, _ := child(want, "metadata")
	for _, m := range []struct {
		old, want *yaml.Node
		fields    []string
	}{{have, wanted, []string{"labels", "annotations"}}} {
		for _, field := range m.fields {
			h, _ := child(m.old, field)
			w, _ := child(m.want, field)
			switch {
			case h == nil:
			case w == nil:
				without(m.old, func(k string) bool { return k == field })
			case h.Kind == yaml.MappingNode && w.Kind == yaml.MappingNode:
				without(h, func(k string) bool { v, _ := child(w, k); return v == nil })
			}
		}
	}
}

func without(m *yaml.Node, gone func(string) bool) {
	var kept []*yaml.Node
	for i := 0; i+1 < len(m.Content); i += 2 {
		if !gone(m.Content[i].Value) {
			kept = append(kept, m.Content[i], m.Content[i+1])
		}
	}
	m.Content = kept
}

// twiceWritten says whether want is nothing that we would want: keys that are no
// scalars or stand there twice.
func twiceWritten(n *yaml.Node) bool {
	seen := map[string]bool{}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if c.Kind != yaml.ScalarNode || seen[c.Value] {
				return true
			}
			seen[c.Value] = true
		}
		if twiceWritten(c) {
			return true
		}
	}
	return false
}

// fingerprint is what a node says, whatever the order of its keys.
func fingerprint(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return canonical(n)
	}
	parts := make([]string, 0, len(n.Content))
	for i, c := range n.Content {
		f := fingerprint(c)
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			parts[len(parts)-1] += ":" + f
			continue
		}
		parts = append(parts, f)
	}
	if n.Kind == yaml.MappingNode {
		slices.Sort(parts)
		return n.ShortTag() + "{" + strings.Join(parts, ",") + "}"
	}
	return n.ShortTag() + "[" + strings.Join(parts, ",") + "]"
}
