package resourcelist

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func tree(t *testing.T, s string) *yaml.Node {
	t.Helper()
	n, err := parseOne(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const crlf = "apiVersion: config.kubernetes.io/v1\r\nkind: ResourceList\r\n"

// edits are lists before and after something was done to them: remove and
// replace name items by their kind, the rest is added.
var edits = []struct {
	name, src, want  string
	remove           string
	replace, with    string
	add, add2        string
	results, result2 string
}{
	{name: "remove one with its comments", remove: "A",
		src:  rl + "items:\n# a\n- kind: A\n  # foot\n\n# b\n- kind: B\n# end\n",
		want: rl + "items:\n# b\n- kind: B\n# end\n"},
	{name: "remove all", remove: "AB",
		src:  rl + "items: # i\n- kind: A\n- kind: B\n# end\nfunctionConfig: {}\n",
		want: rl + "items: [] # i\n# end\nfunctionConfig: {}\n"},
	{name: "remove all, add one", remove: "A", add: "kind: N\n",
		src:  rl + "items:\n  - kind: A\n",
		want: rl + "items:\n  - kind: N\n"},
	{name: "replace compact", replace: "A", with: "kind: N\nl: [{m: n}]\nd:\n    e:\n    - f\n",
		src:  rl + "items:\n# c\n- kind: A\n  metadata:\n    name: a\n  x:\n  - y\n- kind: B\n",
		want: rl + "items:\n# c\n- kind: N\n  l: [{m: n}]\n  d:\n    e:\n    - f\n- kind: B\n"},
	{name: "replace wide", replace: "A", with: "# c\nkind: N\nd:\n    e:\n    - f\n",
		src:  rl + "items:\n  - kind: A\n    metadata:\n      name: a\n    x:\n      - y\n",
		want: rl + "items:\n  # c\n  - kind: N\n    d:\n      e:\n        - f\n"},
	{name: "replace, indented by 4", replace: "A", with: "kind: N\nd:\n  e:\n  - f\n",
		src:  rl + "items:\n- kind: A\n  metadata:\n      name: a\n- kind: B\n",
		want: rl + "items:\n- kind: N\n  d:\n      e:\n        - f\n- kind: B\n"},
	{name: "replace in windows", replace: "A", with: "kind: N\na: |\n  b\n",
		src: crlf + "items:\r\n- kind: A\r\n", want: crlf + "items:\r\n- kind: N\r\n  a: |\r\n    b\r\n"},
	{name: "add", add: "---\n# new\n\nkind: N\na: |\n  x\n\n  y\n",
		src:  rl + "items:\n  - kind: A\n    # foot\n  # end\nresults: []\n",
		want: rl + "items:\n  - kind: A\n    # foot\n  # new\n  - kind: N\n    a: |\n      x\n\n      y\n  # end\nresults: []\n"},
	{name: "add to an empty list", add: "kind: N", add2: "kind: O\nl:\n- p\n",
		src: rl + "items: [] # i\nresults: []\n", want: rl + "items: # i\n- kind: N\n- kind: O\n  l:\n  - p\nresults: []\n"},
	{name: "add to null", add: "kind: N\n...\n", src: rl + "items: null\n", want: rl + "items:\n- kind: N\n"},
	{name: "add where items is absent", add: "kind: N\n", src: rl, want: rl + "items:\n- kind: N\n"},
	{name: "add before an end", add: "kind: N\n", src: "---\n" + rl + "...\n", want: "---\n" + rl + "items:\n- kind: N\n...\n"},
	{name: "add where items is absent, and results", add: "kind: N\n", results: "- message: r\n",
		src: rl + "results:\n- message: m", want: rl + "results:\n- message: m\n- message: r\nitems:\n- kind: N\n"},
	{name: "add behind a text without a last line break", add: "{kind: N}",
		src: rl + "items:\n  - kind: A", want: rl + "items:\n  - kind: A\n  - kind: N\n"},
	{name: "add a literal without a last line break", add: "kind: N\na: |\n  x",
		src: rl + "items:\n- kind: A\n", want: rl + "items:\n- kind: A\n- kind: N\n  a: |-\n    x\n"},
	{name: "add in windows", add: "kind: N\na: b\n",
		src: crlf + "items:\r\n- kind: A\r\n", want: crlf + "items:\r\n- kind: A\r\n- kind: N\r\n  a: b\r\n"},
	{name: "results kept", results: "- message: one\n  severity: info\n", result2: "[{message: two}]",
		src:  rl + "results: # r\n  # first\n  - message: m\n# end\nitems: []\n",
		want: rl + "results: # r\n  # first\n  - message: m\n  - message: one\n    severity: info\n  - {message: two}\n# end\nitems: []\n"},
	{name: "results where there are none", results: "- message: m\n", result2: "- message: n\n",
		src: rl + "items:\n- kind: A", want: rl + "items:\n- kind: A\nresults:\n- message: m\n- message: n\n"},
	{name: "results empty", results: "- message: m\n", add: "kind: N\n",
		src: rl + "items: []\nresults: []\n", want: rl + "items:\n- kind: N\nresults:\n- message: m\n"},
	{name: "results in flow form", results: "- message: m\n", result2: "- message: n\n",
		src: rl + "results: [{message: l}]\nitems: []\n", want: rl + "results:\n- {message: l}\n- message: m\n- message: n\nitems: []\n"},
	{name: "no results", results: "[]", src: rl, want: rl},
}

// replace does it twice: what an item looked like must not get lost by it.
func replace(t *testing.T, l *List, it *Item, with string) {
	t.Helper()
	bare := tree(t, with)
	bare.Content[0].HeadComment = ""
	for _, n := range []*yaml.Node{bare, tree(t, with)} {
		if err := l.Replace(it, n); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEdit(t *testing.T) {
	for _, c := range edits {
		t.Run(c.name, func(t *testing.T) {
			l, err := Parse([]byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range l.Items() {
				if it.Kind() == c.replace {
					replace(t, l, it, c.with)
					if it.Kind() != "N" {
						t.Errorf("the replaced item is %s", it.Kind())
					}
				}
				if c.remove != "" && it.Kind() >= c.remove[:1] && it.Kind() <= c.remove[len(c.remove)-1:] {
					l.Remove(it)
				}
			}
			for _, doc := range []string{c.add, c.add2} {
				if doc == "" {
					continue
				}
				it, err := l.Append([]byte(doc))
				if err != nil {
					t.Fatal(err)
				}
				if all := l.Items(); all[len(all)-1] != it || it.Kind() == "" || it.Line() != 0 {
					t.Errorf("the added item %s is not the last", it.Kind())
				}
			}
			for _, results := range []string{c.results, c.result2} {
				if results == "" {
					continue
				}
				if err := l.AppendResults(tree(t, results)); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(c.want, string(l.Bytes())); diff != "" {
				t.Error(diff)
			}
			if agrees(t, l.Bytes()) == nil {
				t.Error("what was written cannot be read")
			}
		})
	}
}

func TestEditStream(t *testing.T) {
	const src = "# license\nkind: A\n---\n# b\n\nkind: B\nl:\n  - m\n---\n{\"kind\": \"C\"}"
	l, err := ParseStream([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	all := l.Items()
	l.Remove(all[0])
	for _, it := range all[1:] {
		n, err := it.Node()
		if err != nil {
			t.Fatal(err)
		}
		n.Content = append(n.Content, tree(t, "x"), tree(t, "[y]"))
		if it.Kind() == "C" {
			n.Style = 0
		}
		if err := l.Replace(it, n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Append([]byte("kind: N")); err != nil {
		t.Fatal(err)
	}
	const want = "---\n# b\nkind: B\nl:\n  - m\nx: [y]\n---\n\"kind\": \"C\"\nx: [y]\n---\nkind: N\n"
	if diff := cmp.Diff(want, string(l.Bytes())); diff != "" {
		t.Error(diff)
	}
}

func TestEditRefuses(t *testing.T) {
	l, err := Parse([]byte(rl + "functionConfig: {kind: C}\nitems:\n- kind: A\n"))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := ParseStream(nil)
	if err != nil {
		t.Fatal(err)
	}
	first := l.Items()[0]
	_, two := l.Append([]byte("kind: A\n---\nkind: B\n"))
	_, none := l.Append(nil)
	_, text := l.Append([]byte("text"))
	_, list := l.Append([]byte("- kind: A\n"))
	_, broken := l.Append([]byte("kind: \"N"))
	for _, c := range []struct {
		err  error
		want string
	}{
		{two, "2 documents to append; append one at a time"},
		{none, "0 documents to append; append one at a time"},
		{text, "what is appended is no object; write one with apiVersion, kind and metadata"},
		{list, "what is appended is no object; write one with apiVersion, kind and metadata"},
		{broken, "line 1: not YAML: found unexpected end of stream"},
		{l.Replace(l.FunctionConfig(), tree(t, "kind: C")), "the functionConfig is the client's; it cannot be replaced"},
		{l.Replace(first, tree(t, "kind: A\nkind: B\n")), "kind is written twice; write it once"},
		{l.AppendResults(tree(t, "a: b")), "results are a list"},
		{stream.AppendResults(tree(t, "- a")), "a stream of documents has no results; write them to another place"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("%v; want %s", c.err, c.want)
		}
	}
	if want := rl + "functionConfig: {kind: C}\nitems:\n- kind: A\n"; string(l.Bytes()) != want {
		t.Errorf("a refused edit changed the list:\n%s", l.Bytes())
	}
}

// TestNodeComments: yaml.v3 keeps comments that stand apart with the document,
// which nobody hands on.
func TestNodeComments(t *testing.T) {
	l, err := ParseStream([]byte("# before\n\nkind: A\n\n# behind\n"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := l.Items()[0].Node()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Replace(l.Items()[0], n); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("# before\nkind: A\n# behind\n", string(l.Bytes())); diff != "" {
		t.Error(diff)
	}
}
