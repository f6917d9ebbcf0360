package resourcelist

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// streamCases are streams with the documents they hold, each as
// line:kind/namespace/name.
var streamCases = []struct {
	name, src string
	items     []string
	anew      bool
}{
	{name: "empty"},
	{name: "comments", src: "# a\n---\n# b\n---\n"},
	{name: "one", src: "apiVersion: v1\nkind: A\nmetadata:\n  name: a\n  namespace: b\n", items: []string{"1:A/b/a"}},
	{name: "three", src: "# license\nkind: A\n---\nkind: B\n--- # c\n\n# c\nkind: C\n---\n", items: []string{"1:A//", "3:B//", "5:C//"}},
	{name: "empty ones between", src: "---\n---\nkind: A\n---\n# none\n---\nkind: B\n", items: []string{"2:A//", "6:B//"}},
	{name: "preamble", src: "# license\n%YAML 1.1\n---\nkind: A\n...\n%YAML 1.1\n---\nkind: B\n...\n", items: []string{"1:A//", "6:B//"}},
	{name: "json", src: "{\"kind\": \"A\",\n \"metadata\": {\"name\": \"a\"}}\n", items: []string{"1:A//a"}},
	{name: "json and more", src: "{\"kind\": \"A\"}\n---\nkind: B\n--- {kind: C}\n", items: []string{"1:A//", "2:B//", "4:C//"}},
	{name: "behind its marker", src: "# c\n--- {kind: A}\n--- !!map\nkind: B\n", items: []string{"1:A//", "3:B//"}},
	{name: "marker in a literal", src: "kind: A\na: |\n  ---\n  kind: X\n---\nkind: B\n", items: []string{"1:A//", "5:B//"}},
	{name: "no objects", src: "text\n---\n- a\n---\n|\n  x\n", items: nil, anew: false},
	{name: "lists at column 0", src: "kind: A\nl:\n- a: b\n- c\nm:\n- - d\n---\nkind: B", items: []string{"1:A//", "7:B//"}},
	{name: "indented", src: "  kind: A\n  metadata:\n    name: a\n", items: []string{"1:A//a"}},
	{name: "literal without a last line break", src: "kind: A\n---\nkind: B\na: |\n  x", items: []string{"1:A//", "2:B//"}},
	{name: "windows", src: "kind: A\r\n---\r\nkind: B\r\n", items: []string{"1:A//", "2:B//"}},
	{name: "line separator", src: "# c\nkind: A # a\u2028---\nkind: B\nx: \"a\u0085b\"\n", items: []string{"2:A//", "4:B//"}, anew: true},
}

func TestParseStream(t *testing.T) {
	for _, c := range streamCases {
		t.Run(c.name, func(t *testing.T) {
			l, err := ParseStream([]byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, id := range identities(l) {
				if id != "//" {
					got = append(got, strings.Join([]string{itoa(l.Items()[i].Line()), id}, ":"))
				}
			}
			if diff := cmp.Diff(c.items, got); diff != "" {
				t.Error(diff)
			}
			if same := string(l.Bytes()) == c.src; same == c.anew {
				t.Errorf("bytes kept: %v\n%s", same, l.Bytes())
			}
			if l.FunctionConfig() != nil {
				t.Error("a stream has a functionConfig")
			}
		})
	}
}

func itoa(n int) string { return string(rune('0' + n)) }

func TestParseStreamRefuses(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"quote left open", "kind: A\n---\nkind: \"B\n---\nkind: C\n", "line 3: not YAML: found unexpected end of stream"},
		{"first", "kind: [A\n", "line 1: not YAML: did not find expected ',' or ']'"},
		{"name twice", "kind: A\n---\nkind: B\nmetadata:\n  name: a\n  name: b\n", "line 2: name is written twice; write it once"},
		{"behind an end", "kind: A\n...\nkind: B\n", "line 3: a document behind \"...\" begins without \"---\"; write it"},
		{"text behind an end", "kind: A\n... kind: B\n", "line 2: not YAML: mapping values are not allowed in this context"},
		{"end of nothing", "...", "yaml: did not find expected node content"},
		{"unknown directive", "%x\n---\n", "line 1: not YAML: found unknown directive name"},
		{"directive inside", "kind: A\n%YAML 1.1\n---\nkind: B\n", "line 2: not YAML: did not find expected <document start>"},
		{"UTF-16", "\xfe\xff\x00a", "line 1: the text is UTF-16; save it as UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseStream([]byte(c.src))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
