package schema

import (
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// place is one place of a document that a golden input writes.
type place struct {
	file string
	// document is the number of the document in the stream, steps the way to the
	// place in it: positions in Content.
	document int
	steps    []int
}

// slip is what is put to a place instead of what stands there.
type slip struct {
	name string
	make func(*yaml.Node)
}

var slips = []slip{
	{"null", scalar("!!null", "null")},
	{"text", scalar("!!str", "nonsense")},
	{"a number", scalar("!!int", "7")},
	{"a decimal", scalar("!!float", "0.25")},
	{"a bool", scalar("!!bool", "true")},
	{"a list", func(n *yaml.Node) { *n = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"} }},
	{"a list of a list", func(n *yaml.Node) {
		*n = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{{Kind: yaml.SequenceNode, Tag: "!!seq"}}}
	}},
	{"a mapping", func(n *yaml.Node) { *n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }},
	{"a word more", func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "noSuchWord"}, &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"})
		}
	}},
	{"no list around the first item", func(n *yaml.Node) {
		if n.Kind == yaml.SequenceNode && len(n.Content) > 0 {
			*n = *n.Content[0]
		}
	}},
}

func scalar(tag, value string) func(*yaml.Node) {
	return func(n *yaml.Node) { *n = yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value} }
}

// TestSlips makes each slip at each place that golden inputs write, and holds the
// schema against the program: what the schema refuses is an error of the program,
// and it refuses words that are not there and values of a wrong type.
func TestSlips(t *testing.T) {
	all := places(t)
	if len(all) < 300 {
		t.Fatalf("only %d places; the inputs were not read", len(all))
	}
	for _, word := range sortedKeys(all) {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			for _, s := range slips {
				s.judge(t, all[word])
			}
			if last := all[word].steps; len(last) > 0 {
				without(t, all[word])
			}
		})
	}
}

func sortedKeys(all map[string]place) []string {
	var keys []string
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// places are the places of the golden inputs by their words, each in the shortest
// input that writes it.
func places(t *testing.T) map[string]place {
	all, size := map[string]place{}, map[string]int{}
	for _, file := range inputs(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		nodes, err := documents(text)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range nodes {
			kind := wordAt(n, "kind")
			if !render.IsDocument(wordAt(n, "apiVersion")) {
				continue
			}
			eachPlace(n, kind, nil, func(word string, steps []int) {
				if had, ok := size[word]; !ok || len(text) < had {
					all[word], size[word] = place{file, i, steps}, len(text)
				}
			})
		}
	}
	return all
}

func wordAt(n *yaml.Node, key string) string {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1].Value
			}
		}
	}
	return ""
}

func eachPlace(n *yaml.Node, word string, steps []int, visit func(string, []int)) {
	if n.Kind == yaml.AliasNode {
		return // written elsewhere
	}
	visit(word, slices.Clone(steps))
	for i, inner := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			eachPlace(inner, word+"[]", append(steps, i), visit)
		case n.Kind == yaml.MappingNode && i%2 == 1:
			eachPlace(inner, word+"."+n.Content[i-1].Value, append(steps, i), visit)
		}
	}
}

// changed is the stream of the place with a change at it, and the document.
func (p place) changed(t *testing.T, change func(parent *yaml.Node, n *yaml.Node)) (text []byte, document any) {
	t.Helper()
	src, err := os.ReadFile(p.file)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := documents(src)
	if err != nil {
		t.Fatal(err)
	}
	var parent *yaml.Node
	n := nodes[p.document]
	for _, step := range p.steps {
		parent, n = n, n.Content[step]
	}
	change(parent, n)
	var texts []string
	for _, n := range nodes {
		text, err := yaml.Marshal(n)
		if err != nil {
			t.Skip("an alias has lost its anchor")
		}
		texts = append(texts, string(text))
	}
	again, err := documents([]byte(texts[p.document]))
	if err != nil {
		t.Skip("an alias has lost its anchor")
	}
	if document, err = read(again[0]); err != nil {
		t.Fatal(err)
	}
	return []byte(strings.Join(texts, "---\n")), document
}

func (s slip) judge(t *testing.T, p place) {
	t.Helper()
	text, document := p.changed(t, func(_, n *yaml.Node) { s.make(n) })
	agree(t, s.name, text, document)
}

// without leaves the word out.
func without(t *testing.T, p place) {
	t.Helper()
	text, document := p.changed(t, func(parent, n *yaml.Node) {
		i := slices.Index(parent.Content, n)
		if parent.Kind == yaml.MappingNode {
			parent.Content = slices.Delete(parent.Content, i-1, i+1)
		}
	})
	agree(t, "nothing", text, document)
}

// agree fails where the schema refuses what the program takes, or takes what is
// plainly of another shape.
func agree(t *testing.T, name string, text []byte, document any) {
	t.Helper()
	apiVersion, _ := field(document, "apiVersion").(string)
	if !render.IsDocument(apiVersion) {
		return // no document of ours any more
	}
	refused := validate(document)
	_, ds := render.YAML("in.yaml", text)
	if refused != nil && !ds.HasErrors() {
		t.Errorf("%s: the program takes it, and the schema says: %v\n%s", name, refused, text)
	}
	for _, d := range ds {
		// withoutHeaders has the type of headers and takes one value.
		path := d.Path.String()
		known := strings.Contains(path, ".withoutHeaders.")
		if refused == nil && !known && (d.Code == diag.CodeUnknownWord || d.Code == diag.CodeType) {
			t.Errorf("%s: the schema takes it, and the program says: %s\n%s", name, d, text)
		}
	}
}
