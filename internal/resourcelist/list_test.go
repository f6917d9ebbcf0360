package resourcelist

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const rl = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"

// listCases are lists with the items that they hold, as kind/namespace/name.
// anew marks those that cannot be split by lines: they keep their content only.
// parsed tells how many items the reader was not sure of.
var listCases = []struct {
	name, src string
	items     []string
	anew      bool
	parsed    int
}{
	{name: "one", src: rl + "items:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: n\n    namespace: ns\n", items: []string{"A/ns/n"}},
	{name: "two, indented, comments between", items: []string{"A//a", "B//b"},
		src: rl + "items:\n  # head of a\n  - kind: A # line\n    metadata:\n      name: a\n      # foot\n\n# before b\n  - kind: B\n    metadata: # m\n      name: \"b\"\n# end\n"},
	{name: "a key that would end a document", src: rl + "items:\n- ... : a\n- kind: A\n  --- : b\n", items: []string{"//", "A//"}, parsed: 2},
	{name: "text that would end a document", src: rl + "items:\n- kind: A\n  a: \"b\n  ... c\"\n", items: []string{"A//"}, parsed: 1},
	{name: "no items", src: rl},
	{name: "items null", src: rl + "items: null # c\nresults: []\n"},
	{name: "items tilde", src: rl + "items: ~\n"},
	{name: "items nothing", src: rl + "items: # none\n\nresults:\n- message: m\n"},
	{name: "items empty", src: rl + "items: []\nresults: null\n"},
	{name: "items empty, at the end without line break", src: rl + "items: []"},
	{name: "functionConfig first", src: rl + "functionConfig:\n  apiVersion: x/v1\n  kind: C\n  metadata: {name: c}\nitems:\n- kind: A\n", items: []string{"A//"}},
	{name: "functionConfig last, items at column 2", src: rl + "items:\n  - kind: A\nfunctionConfig:\n    kind: C\n    metadata:\n        name: c\n", items: []string{"A//"}},
	{name: "functionConfig null", src: rl + "functionConfig: null\nitems:\n- kind: A\n", items: []string{"A//"}},
	{name: "functionConfig flow", src: rl + "functionConfig: {kind: C, metadata: {name: c}}\nitems:\n- kind: A\n", items: []string{"A//"}},
	{name: "functionConfig with an anchor", src: rl + "functionConfig: &x\n  kind: C\nitems:\n- kind: A\n", items: []string{"A//"}},
	{name: "functionConfig an alias", src: rl + "x: &x {kind: C}\nfunctionConfig: *x\nitems:\n- kind: A\n", items: []string{"A//"}, anew: true},
	{name: "results before", src: rl + "results:\n  - message: m\nitems:\n- kind: A\n", items: []string{"A//"}},
	{name: "results at column 0, last", src: rl + "items:\n- kind: A\nresults:\n- message: m\n", items: []string{"A//"}},
	{name: "results flow", src: rl + "results: [{message: m}]\nitems:\n- kind: A\n", items: []string{"A//"}},
	{name: "results before nothing", src: rl + "results:\n- message: m\n"},
	{name: "unknown field", src: rl + "x:\n  items:\n  - kind: B\nitems:\n- kind: A\n", items: []string{"A//"}},
	{name: "quoted keys", src: "\"apiVersion\": config.kubernetes.io/v1\n'kind': ResourceList\n\"items\":\n- \"kind\": \"A\"\n  'metadata':\n    \"name\": 'a'\n", items: []string{"A//a"}},
	{name: "marker and directive", src: "# license\n%YAML 1.1\n---\n" + rl + "items:\n- kind: A\n...\n", items: []string{"A//"}},
	{name: "marker with comment", src: "--- # c\n" + rl + "items:\n- kind: A\n---\n", items: []string{"A//"}},
	{name: "literal that looks like items", items: []string{"A//a", "B//b"},
		src: rl + "items:\n- kind: A\n  data:\n    x: |\n      - apiVersion: v1\n        kind: X\n      items:\n      - y\n\n    z: >-\n\n      - kind: Z\n       # no comment\n  metadata:\n    name: a\n- kind: B\n  metadata:\n    name: b\n"},
	{name: "literal with indicators", items: []string{"A//a", "B//b"},
		src: rl + "items:\n- kind: A\n  a: |2-\n        deeper\n    - kind: X\n  b: >+1 # c\n   x\n\n  metadata:\n    name: a\n- kind: B\n  metadata:\n    name: b\n"},
	{name: "literal in a list in a list", src: rl + "items:\n- kind: A\n  l:\n  - - |\n     - kind: X\n    - >\n     y\n  - z\n- kind: B\n", items: []string{"A//", "B//"}},
	{name: "empty literals", src: rl + "items:\n- kind: A\n  a: |\n  b: >\n\n\n- kind: B\n  a: |\n", items: []string{"A//", "B//"}},
	{name: "literal at the end without line break", src: rl + "items:\n- kind: A\n  a: |\n    x", items: []string{"A//"}, anew: true},
	{name: "plain at the end without line break", src: rl + "items:\n- kind: A\n  a: x", items: []string{"A//"}},
	{name: "double quotes low", items: []string{"A//a", "B//b"},
		src: rl + "items:\n  - kind: A\n    metadata:\n      annotations:\n        x: \"one\n\n- kind: X\nitems:\n   \\\" - b: c\"\n      name: a\n  - kind: B\n    metadata:\n      name: b\n"},
	{name: "single quotes low", items: []string{"A//a", "B//b"},
		src: rl + "items:\n- kind: A\n  x: 'it''s\n- kind: X # no comment\n  metadata:'\n  metadata:\n    name: a\n- kind: B\n  metadata:\n    name: b\n"},
	{name: "quotes low in the functionConfig", src: rl + "functionConfig:\n  kind: C\n  x: \"a\nitems:\n- kind: X\n  \"\nitems:\n- kind: A\n", items: []string{"A//"}},
	{name: "quotes low behind a tag", src: rl + "functionConfig:\n  a: !x \"foo\nitems:\n- kind: A\nresults: \"\n", anew: true},
	{name: "plain over lines", items: []string{"A//", "B//"},
		src: rl + "items:\n- kind: A\n  a: one\n    - two\n    \"three\n\n   four # end\n  b:\n    five\n   six\n  c:\n  - seven\n   eight\n- kind: B\n"},
	{name: "flow over lines", items: []string{"A//a", "B//b"}, parsed: 1,
		src: rl + "items:\n- kind: A\n  a: [x, # ]\nkind: X,\n  'y]',\n \"z]\"]\n  metadata:\n    name: a\n- kind: B\n  metadata:\n    name: b\n"},
	{name: "flow simple", src: rl + "items:\n- kind: A\n  a: {}\n  b: [ ]\n  c: [\"x y\", --z, a.b/c]\n  d: {e: f, g: {h: [1, 'i']}}\n", items: []string{"A//"}},
	{name: "flow odd", src: rl + "items:\n- kind: A\n  a: [a b, c: d]\n  b: {x}\n", items: []string{"A//"}, parsed: 1},
	{name: "flow metadata", src: rl + "items:\n- kind: A\n  metadata: {name: a, namespace: b}\n", items: []string{"A/b/a"}, parsed: 1},
	{name: "flow items", src: rl + "items: [{kind: A}, {kind: B}]\n", items: []string{"A//", "B//"}, anew: true},
	{name: "flow item", src: rl + "items:\n- {kind: A, metadata: {name: a}}\n- kind: B\n", items: []string{"A//a", "B//"}, parsed: 1},
	{name: "json", src: `{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[{"kind":"A","metadata":{"name":"a"},"x":["y",1]},{"kind":"B"}]}`, items: []string{"A//a", "B//"}, anew: true},
	{name: "json over lines with tabs", src: "{\n\t\"apiVersion\": \"config.kubernetes.io/v1\",\n\t\"kind\": \"ResourceList\",\n\t\"items\": [\n\t\t{\"kind\": \"A\"}\n\t]\n}\n", items: []string{"A//"}, anew: true},
	{name: "explicit keys", src: rl + "items:\n- ? kind\n  : A\n- kind: B\n", items: []string{"A//", "B//"}, parsed: 1},
	{name: "explicit key items", src: rl + "? items\n: - kind: A\n", items: []string{"A//"}, anew: true},
	{name: "complex key", src: rl + "items:\n- kind: A\n  [a, b]: c\n- kind: B\n", items: []string{"A//", "B//"}, parsed: 1},
	{name: "anchor inside", src: rl + "items:\n- kind: A\n  a: &x {b: c}\n  d: *x\n- kind: B\n", items: []string{"A//", "B//"}, parsed: 1},
	{name: "anchor across", src: rl + "items:\n- kind: A\n  a: &x\n    b: c\n- kind: B\n  a: *x\n", items: []string{"A//", "B//"}, anew: true},
	{name: "anchor as item", src: rl + "items:\n- &x\n  kind: A\n- &y {kind: B}\n", items: []string{"A//", "B//"}, parsed: 2},
	{name: "alias as item", src: rl + "items:\n- &x\n  kind: A\n- *x\n", items: []string{"A//", "A//"}, anew: true},
	{name: "tags", src: rl + "items:\n- kind: !!str A\n  a: !x |\n    - b\n- !!map\n  kind: B\n", items: []string{"A//", "B//"}, parsed: 2},
	{name: "tag directive", src: "%TAG !e! tag:e,2000:\n---\n" + rl + "items:\n- kind: !e!x A\n", items: []string{"A//"}, anew: true},
	{name: "no objects", src: rl + "items:\n- null\n- text\n-\n- 5\n- [a]\n- |\n  text\n- kind: A\n", items: []string{"//", "//", "//", "//", "//", "//", "A//"}, parsed: 6},
	{name: "literals as items", src: rl + "items:\n- |1\n   x\n- >\n y\n", items: []string{"//", "//"}, parsed: 2},
	{name: "no metadata, null names", src: rl + "items:\n- kind: A\n  metadata:\n- kind: B\n  metadata:\n    name: null\n    namespace: ~\n- kind: C\n  metadata:\n    name:\n", items: []string{"A//", "B//", "C//"}, parsed: 1},
	{name: "metadata a list", src: rl + "items:\n- kind: A\n  metadata:\n  - name: x\n", items: []string{"A//"}},
	{name: "names over lines", src: rl + "items:\n- kind: A\n  metadata:\n    name:\n      a\n    namespace: b\n     c\n- kind: |-\n    B\n", items: []string{"A/b c/a", "B//"}, parsed: 2},
	{name: "name over lines", src: rl + "items:\n- kind: A\n  metadata:\n    name: a\n     b\n", items: []string{"A//a b"}, parsed: 1},
	{name: "comment at a quote", src: rl + "items:\n- kind: A\n  a: \"b\"#c\n", items: []string{"A//"}, parsed: 1},
	{name: "numbers as names", src: rl + "items:\n- kind: A\n  metadata:\n    name: 0777\n    namespace: 1.10\n", items: []string{"A/1.10/0777"}},
	{name: "keys with spaces", src: rl + "items:\n- 'kind ': X\n  kind : A\n  metadata :\n    name : a\n    \" namespace\": x\n", items: []string{"A//a"}},
	{name: "escaped key", src: rl + "items:\n- \"k\\x69nd\": A\n", items: []string{"A//"}, parsed: 1},
	{name: "dash alone", src: rl + "items:\n-\n    kind: A\n    metadata:\n      name: a\n- # c\n  kind: B\n-   kind: C\n    x: y\n", items: []string{"A//a", "B//", "C//"}, parsed: 2},
	{name: "list in a list", src: rl + "items:\n- kind: List\n  items:\n  - kind: X\n    metadata:\n      name: x\n- kind: B\n", items: []string{"List//", "B//"}},
	{name: "lists below their key", src: rl + "items:\n- kind: A\n  l:\n  - a: b\n    c:\n    - d\n  -\n    e: f\n  - - g\n    - h: i\n      j: k\n  m: n\n", items: []string{"A//"}},
	{name: "values not there", src: rl + "items:\n- kind: A\n  a:\n  b:\n    c:\n  l:\n  -\n  - x\n  d: e\n", items: []string{"A//"}},
	{name: "comments anywhere", src: rl + "items: # c\n# c\n    # c\n- kind: A\n# c\n  a: b\n       # c\n  c:\n# c\n    d: e # c\n    # c\n# c\n- kind: B\n# c\n", items: []string{"A//", "B//"}},
	{name: "windows", src: strings.ReplaceAll(rl+"items:\n- kind: A\n  a: |\n    x\n\n    y\n  b: \"c\n    d\"\n  e: f\n    g\n- kind: B\n", "\n", "\r\n"), items: []string{"A//", "B//"}},
	{name: "byte order mark", src: "\uFEFF" + rl + "items:\n-  kind:  A\n", items: []string{"A//"}},
	{name: "line separator", src: rl + "items:\n- kind: A\n  a: \"x\u2028y\"\n- kind: B # c\u0085  c: d\n", items: []string{"A//", "B//"}, anew: true},
	{name: "line separator in a literal", src: rl + "items:\n- kind: A\n  a: |\n    x\u2028    y\n    z\n", items: []string{"A//"}, anew: true},
	{name: "behind its marker", src: "# c\n--- {apiVersion: config.kubernetes.io/v1, kind: ResourceList, items: [{kind: A}]}\n", items: []string{"A//"}, anew: true},
	{name: "other alphabets", src: rl + "items:\n- kind: A\n  ключ: значение – “x”\n  e: \"é\u00a0\"\n", items: []string{"A//"}},
	{name: "tab behind a value", src: rl + "items:\n- kind: A\t# c\n- kind: B\n", items: []string{"A//", "B//"}, parsed: 1},
	{name: "colons and hashes in values", src: rl + "items:\n- kind: A\n  image: a.b/c:1#d\n  url: http://x:80/#y\n  t: 10:30\n  a::b: c\n  x y: z\n", items: []string{"A//"}},
	{name: "v1alpha1", src: "kind: ResourceList\napiVersion: config.kubernetes.io/v1alpha1\nitems:\n- kind: A\n", items: []string{"A//"}},
}

func identities(l *List) []string {
	var ids []string
	for _, it := range l.Items() {
		ids = append(ids, it.Kind()+"/"+it.Namespace()+"/"+it.Name())
	}
	return ids
}

func TestParse(t *testing.T) {
	for _, c := range listCases {
		t.Run(c.name, func(t *testing.T) {
			l, err := Parse([]byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.items, identities(l)); diff != "" {
				t.Error(diff)
			}
			src := strings.TrimPrefix(c.src, "\uFEFF")
			if same := string(l.Bytes()) == src; same == c.anew {
				t.Errorf("bytes kept: %v\n%s", same, l.Bytes())
			}
			parsed := 0
			for _, it := range l.Items() {
				if it.parsed != nil {
					parsed++
				}
			}
			if parsed != c.parsed && !c.anew {
				t.Errorf("%d items were parsed; want %d", parsed, c.parsed)
			}
			if agrees(t, []byte(c.src)) == nil {
				t.Error("not read")
			}
			edited(t, []byte(c.src))
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"empty", "", "the input is empty; a function reads a ResourceList"},
		{"comments", "# c\n---\n", "the input is empty; a function reads a ResourceList"},
		{"braces", "{}", "the input is without kind; want kind: ResourceList"},
		{"a list", "- a\n", "the input is no object; want a ResourceList"},
		{"another kind", "apiVersion: v1\nkind: List\nitems: []\n", "the input is kind: List; want kind: ResourceList"},
		{"another version", "apiVersion: config.kubernetes.io/v2\nkind: ResourceList\n", "the ResourceList has apiVersion: config.kubernetes.io/v2; want config.kubernetes.io/v1"},
		{"two", rl + "---\n" + rl, "the input holds 2 documents; a ResourceList is one"},
		{"two in flow form", "--- {a: b}\n--- {a: b}\n", "the input holds 2 documents; a ResourceList is one"},
		{"UTF-16", "\xff\xfea\x00", "line 1: the text is UTF-16; save it as UTF-8"},
		{"UTF-16 without a mark", "\x00a\x00p", "line 1: the text is UTF-16; save it as UTF-8"},
		{"NUL", rl + "items:\n- kind: A\x00\n", "line 4: the text holds a NUL byte; YAML is plain UTF-8 text"},
		{"latin", rl + "items:\n- kind: \xe9\n", "line 4: the text is not UTF-8; save it as UTF-8"},
		{"control character", rl + "items:\n- kind: \x01\n", "yaml: control characters are not allowed"},
		{"quote left open", rl + "items:\n- kind: \"A\n- kind: B\n", "yaml: line 4: found unexpected end of stream"},
		{"flow left open", rl + "items:\n- kind: A\n  a: [b\n", "yaml: line 4: did not find expected ',' or ']'"},
		{"marker in quotes", rl + "items:\n- kind: \"A\n---\n\"\n", "the input holds 2 documents; a ResourceList is one"},
		{"item cut off", rl + "items:\n- kind: A\n  metadata:\n    na\n  x: y\n  la", "yaml: line 8: could not find expected ':'"},
		{"indented wrong", rl + "items:\n- kind: A\n   b: c\n", "yaml: line 5: mapping values are not allowed in this context"},
		{"item indented less", rl + "items:\n  - kind: A\n - kind: B\n", "yaml: line 4: did not find expected key"},
		{"dash without a list", rl + "items:\n- kind: A\n  a: b\n  - c\n", "yaml: line 3: did not find expected key"},
		{"long key", rl + "items:\n- kind: A\n  " + strings.Repeat("k", 1100) + ": v\n", "yaml: line 5: could not find expected ':'"},
		{"long key in flow form", rl + "items:\n- kind: A\n  a: {" + strings.Repeat("k", 1100) + ": v}\n", "yaml: line 4: did not find expected ',' or '}'"},
		{"tab in front of a literal", rl + "items:\n- kind: A\n  a: |\n   \tx\n", "yaml: line 5: found a tab character where an indentation space is expected"},
		{"plain goes on behind a comment", rl + "items:\n- kind: A\n  a: b # c\n    d\n", "yaml: line 3: did not find expected key"},
		{"key twice", rl + "items:\n- kind: A\nitems:\n- kind: B\n", "items is written twice; a ResourceList has one list of items"},
		{"kind twice", rl + "items:\n- kind: A\n- kind: A\n  kind: B\n", "items[1], line 5: kind is written twice; write it once"},
		{"name twice in the config", rl + "functionConfig:\n  metadata:\n    name: a\n    name: b\n", "functionConfig, line 4: name is written twice; write it once"},
		{"kind of the list twice", rl + "kind: ResourceList\n", "kind is written twice; write it once"},
		{"results twice", rl + "results: []\nresults: []\n", "results is written twice; write it once"},
		{"items a mapping", rl + "items:\n  a: b\n", "items is no list; write a list of objects"},
		{"results a mapping", rl + "results:\n  a: b\n", "results is no list; write a list, or leave it out"},
		{"config a list", rl + "functionConfig: [a]\n", "functionConfig is no object; write one with apiVersion, kind and metadata"},
		{"alias bomb", rl + bomb(), "aliases or nesting blow the input up beyond ten times its size or 1000 levels; write it without"},
		{"alias of itself", rl + "items: &a\n- *a\n", "aliases or nesting blow the input up beyond ten times its size or 1000 levels; write it without"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.src))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func bomb() string {
	var b strings.Builder
	b.WriteString("items:\n- &a0 {kind: A}\n")
	for i := range 12 {
		fmt.Fprintf(&b, "- &a%d [%s]\n", i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), ", "))
	}
	return b.String()
}

const itemSource = rl + `items:
  # about a
  - apiVersion: v1
    kind: A
    metadata:
      name: a
      labels: # l
        x: "y"
        x: twice
        # c
        "on": 5 # five
        none:
      annotations:
        config.kubernetes.io/index: 0
        other: 'it''s'
    spec:
      - |
        - text
    # foot

  - kind: B
    metadata:
      annotations:
        text: "
      labels:
        x: no"
      labels:
        x: y
        z: [1]
  - kind: C
    metadata:
      name: c
    spec:
      labels:
        x: y
functionConfig:
  # about c
  kind: C
  metadata:
    labels:
      x: y
`

func TestItem(t *testing.T) {
	l, err := Parse([]byte(itemSource))
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := l.Items()[0], l.Items()[1], l.FunctionConfig()
	const want = "apiVersion: v1\nkind: A\nmetadata:\n  name: a\n  labels: # l\n    x: \"y\"\n    x: twice\n    # c\n    \"on\": 5 # five\n    none:\n  annotations:\n" +
		"    config.kubernetes.io/index: 0\n    other: 'it''s'\nspec:\n  - |\n    - text\n# foot\n\n"
	if diff := cmp.Diff(want, string(a.Bytes())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("# about c\nkind: C\nmetadata:\n  labels:\n    x: y\n", string(c.Bytes())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{5, 23, 39}, []int{a.Line(), b.Line(), c.Line()}); diff != "" {
		t.Error(diff)
	}
}

func TestItemMetadata(t *testing.T) {
	l, err := Parse([]byte(itemSource))
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := l.Items()[0], l.Items()[1], l.FunctionConfig()
	for _, q := range []struct {
		get   func(string) (string, bool)
		key   string
		value string
		has   bool
	}{
		{a.Label, "x", "y", true},
		{a.Label, "on", "5", true},
		{a.Label, "none", "", true},
		{a.Label, "other", "", false},
		{a.Annotation, "x", "", false},
		{a.Annotation, "config.kubernetes.io/index", "0", true},
		{a.Annotation, "other", "it's", true},
		{b.Label, "x", "y", true},
		{b.Label, "z", "", false},
		{l.Items()[2].Label, "x", "", false},
		{c.Label, "x", "y", true},
	} {
		if v, has := q.get(q.key); v != q.value || has != q.has {
			t.Errorf("%s = %q, %v; want %q, %v", q.key, v, has, q.value, q.has)
		}
	}
}

// TestItemQuotesAtColumnZero: a line inside of quotes may look like a document
// marker once the item is moved to the left.
func TestItemQuotesAtColumnZero(t *testing.T) {
	l := agrees(t, []byte(rl+"items:\n  - kind: A\n    x: \"a\n    --- b\n   %c\"\n"))
	if l == nil {
		t.Fatal("not read")
	}
}

// TestParseJSON: what is written anew is block form all the way, and an item
// knows the line that it had.
func TestParseJSON(t *testing.T) {
	l, err := Parse([]byte("{\"apiVersion\": \"config.kubernetes.io/v1\", \"kind\": \"ResourceList\",\n\"items\": [\n{\"kind\": \"A\"},\n{\"kind\": \"B\", \"l\": [{\"x\": 1}]}]}"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "apiVersion: \"config.kubernetes.io/v1\"\nkind: \"ResourceList\"\nitems:\n- \"kind\": \"A\"\n- \"kind\": \"B\"\n  \"l\":\n  - \"x\": 1\n"
	if diff := cmp.Diff(want, string(l.Bytes())); diff != "" {
		t.Error(diff)
	}
	if a, b := l.Items()[0].Line(), l.Items()[1].Line(); a != 3 || b != 4 {
		t.Errorf("the items stand at %d and %d; want 3 and 4", a, b)
	}
}

func TestOdd(t *testing.T) {
	for _, s := range []string{"\x01", "\x7f", "a\rb", "a\r", "\u0085", "\u009f", "\u2028", "\u2029", "\uFEFF", "\uFFFE", "\uFFFF"} {
		if !odd(s) {
			t.Errorf("%q is not odd", s)
		}
	}
	if s := "a\tb\r\n\u00a0\u00e9\u2030\uFFFD\U0001F600"; odd(s) {
		t.Errorf("%q is odd", s)
	}
}

func TestRecovered(t *testing.T) {
	err := func() (err error) {
		defer recovered(&err)
		panic("at the disco")
	}()
	if err == nil || err.Error() != "yaml: at the disco" {
		t.Errorf("a panic became %v", err)
	}
}

// Metadata in one line is read without a parser, where it cannot be misread.
func TestFlowMetadata(t *testing.T) {
	for meta, want := range map[string]string{
		"{name: shop}":                          "shop  false",
		"{ name: shop , namespace: a-1 } # x":   "shop a-1 false",
		"{namespace: istio-system, name: shop}": "shop istio-system false",
		"{name: shop, name: shop}":              "twice",
		"{name: yes}":                           "yes  true",
		"{name: 12}":                            "12  true",
		"{name: a}":                             "a  true",
		"{name: shop, labels: {a: b}}":          "shop  true",
		"{name: shop, generateName: x-}":        "shop  true",
		"{name: \"shop\"}":                      "shop  true",
		"{}":                                    "  true",
		"{name: shop,\n  namespace: pay}":       "shop pay true",
	} {
		l, err := ParseStream([]byte("apiVersion: a/v1\nkind: K\nmetadata: " + meta + "\nspec: {a: b}\n"))
		got := "twice"
		if err == nil {
			it := l.Items()[0]
			if _, has := it.Label("a"); has != strings.Contains(meta, "labels") {
				t.Errorf("%s: a label: %t", meta, has)
			}
			got = fmt.Sprintf("%s %s %t", it.Name(), it.Namespace(), it.parsed != nil)
		}
		if got != want {
			t.Errorf("%s: %q, %v, want %q", meta, got, err, want)
		}
	}
}
