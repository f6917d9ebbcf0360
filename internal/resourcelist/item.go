package resourcelist

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
)

// form is where an item stands.
type form int

const (
	entry    form = iota // in the list items, behind a dash
	document             // in a stream, alone between its "---"
	value                // below a key of the list: functionConfig
)

// Item is one object of the input. What it says about itself costs nothing; a
// tree of it is made by [Item.Node] when somebody wants one.
type Item struct {
	found
	form form
	head string // an entry: the comments in front of its dash
	text string // from its dash, its first line or its "---" on
	meta string // the lines below metadata:, "" when only a parser can read them
	dash int    // an entry: the column of its dash
	line int

	content, contentEnd int // a document: where a block mapping stands in text; 0, 0 when none does

	from, to int // head and text in the list's text
	changed  bool
	removed  bool
	added    bool

	parsed *yaml.Node // of an item that had to be parsed, its metadata, or all of it when it is anew; never handed out
	anew   bool       // its text cannot be taken out of its place as it is
}

// APIVersion tells the item's group and version, "" when it has none.
func (it *Item) APIVersion() string { return it.apiVersion }

// Kind tells the item's kind, "" for what is no object.
func (it *Item) Kind() string { return it.kind }

// Namespace is the written namespace: "" is for the host to interpret.
func (it *Item) Namespace() string { return it.namespace }

// Name is metadata.name, as it is written also where YAML reads a number.
func (it *Item) Name() string { return it.name }

// Line is the line of the input, from 1, at which [Item.Bytes] begins: a decoder
// of those bytes adds Line()-1 to its lines. An item that had to be written anew
// has other lines inside.
func (it *Item) Line() int { return it.line }

// Label finds a label without parsing the item where its metadata is written
// plainly. A value that is no scalar is not there.
func (it *Item) Label(key string) (string, bool) { return it.metadata("labels", key) }

// Annotation finds an annotation, as [Item.Label] does a label. An integer is
// given as it is written.
func (it *Item) Annotation(key string) (string, bool) { return it.metadata("annotations", key) }

func (it *Item) metadata(field, key string) (string, bool) {
	if it.parsed == nil {
		if v, has, sure := scanMetadata(it.meta, field, key); sure {
			return v, has
		}
		n, err := it.Node()
		if err != nil {
			return "", false
		}
		it.parsed = onlyMetadata(n)
	}
	meta, _ := child(it.parsed, "metadata")
	m, _ := child(meta, field)
	v, _ := child(m, key)
	if v == nil || v.Kind != yaml.ScalarNode {
		return "", false
	}
	return text(v), true
}

// scanMetadata looks for metadata.FIELD.KEY in the lines below metadata:. It is
// sure only where every line of the field is one key with a scalar in one line.
func scanMetadata(meta, field, key string) (val string, has, sure bool) {
	if meta == "" {
		return "", false, false
	}
	if meta[0] == '{' {
		return "", false, true // see flowMetadata
	}
	outer, inner, in := -1, -1, false
	for pos := 0; pos < len(meta); {
		l := lineAt(meta, pos, len(meta))
		pos = l.next
		if l.blank() || l.comment(meta) {
			continue
		}
		if outer < 0 {
			outer = l.indent()
		}
		if l.indent() <= outer {
			k, v, ok := plainPair(meta[l.text:l.end])
			if in = ok && k == field; in && v != "" || (!ok && !l.dash(meta)) {
				return "", false, false
			}
			continue
		}
		if !in {
			continue
		}
		if inner < 0 {
			inner = l.indent()
		}
		k, v, ok := plainPair(meta[l.text:l.end])
		if !ok || l.indent() != inner || l.dash(meta) {
			return "", false, false
		}
		if k == key && !has {
			if val, ok = simpleScalar(v); !ok {
				return "", false, false
			}
			has = true
		}
	}
	return val, has, true
}

// plainPair takes "key: value" apart, the key plain or simply quoted, the value
// as it is written and without its comment.
func plainPair(s string) (key, val string, ok bool) {
	colon := -1
	if s[0] == '"' || s[0] == '\'' {
		end, simple := quotedEnd(s, 0, len(s))
		if !simple || end == len(s) || s[end] != ':' {
			return "", "", false
		}
		key, colon = s[1:end-1], end
	} else if plainStart(s, 0, len(s)) {
		end, stop := plainEnd(s, 0, len(s))
		if stop != stopKey {
			return "", "", false
		}
		key, colon = strings.TrimRight(s[:end], " "), end
	}
	if colon < 0 {
		return "", "", false
	}
	val = strings.TrimLeft(s[colon+1:], " ")
	if strings.HasPrefix(val, "#") {
		val = ""
	}
	return key, val, true
}

// simpleScalar reads a scalar of one line that may have a comment behind it.
func simpleScalar(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	if s[0] == '"' || s[0] == '\'' {
		end, simple := quotedEnd(s, 0, len(s))
		if !simple {
			return "", false
		}
		return s[1 : end-1], true
	}
	if !plainStart(s, 0, len(s)) {
		return "", false
	}
	end, _ := plainEnd(s, 0, len(s))
	return plainValue(s[:end]), true
}

// Bytes is the item as the text of a document of its own, for a decoder: its
// lines are those of the input, moved to column 0.
func (it *Item) Bytes() []byte {
	switch {
	case it.anew:
		s, err := encode(it.parsed, it.layout())
		if err != nil {
			return nil // not reached: settle tried it
		}
		return []byte(s)
	case it.form == document:
		return []byte(it.text)
	case it.form == entry:
		return dedent(it.text, it.column, it.column)
	}
	return dedent(it.text, 0, it.column)
}

// Node parses the item. Every call gives a tree of its own, to be changed and
// handed to [List.Replace]; line 1 of it is the first line of [Item.Bytes].
func (it *Item) Node() (*yaml.Node, error) { return parseOne(string(it.Bytes())) }

func (f *found) layout() layout { return layout{step: f.step, inset: f.seqInset} }

// dedent moves the lines of text left by col columns, the first one by first
// bytes, whatever they are. Inside of quotes a line may be indented less; it
// must not become a document marker by moving to column 0.
func dedent(text string, first, col int) []byte {
	out := make([]byte, 0, len(text))
	for pos, start := 0, true; pos < len(text); start = false {
		l := lineAt(text, pos, len(text))
		pos = l.next
		cut := min(l.start+col, l.text)
		if start && first > 0 {
			cut = min(l.start+first, l.end)
		} else if cut > l.start && cut < l.end && isMarker(text[cut:]) {
			cut--
		}
		out = append(out, text[cut:l.next]...)
	}
	return out
}

// settle parses an item that the reader was not sure of: tree is its parsed
// form, moved says that its column too is only a guess.
func (it *Item) settle(tree *yaml.Node, moved bool) error {
	if err := it.identify(tree); err != nil {
		return &Error{it.line, err.Error()}
	}
	it.parsed = onlyMetadata(tree)
	if !moved {
		return nil
	}
	if n, err := it.Node(); err == nil && sameTree(n, tree) {
		return nil
	}
	it.parsed, it.anew = tree, true
	if tree.ShortTag() == "!!null" {
		it.parsed = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"} // "" would be no document at all
	}
	_, err := encode(it.parsed, it.layout())
	return err
}

// onlyMetadata is what is asked of an object later. The rest of a tree is many
// times its text, and items are kept.
func onlyMetadata(n *yaml.Node) *yaml.Node {
	only := &yaml.Node{Kind: yaml.MappingNode}
	if n.Kind != yaml.MappingNode {
		return only
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if target(n.Content[i]).Value == "metadata" {
			only.Content = append(only.Content, n.Content[i], n.Content[i+1])
		}
	}
	return only
}

// single parses text, which begins with a dash and has to be a list of one entry.
func single(text string) (*yaml.Node, error) {
	root, err := parseOne(text)
	if err != nil {
		return nil, err
	}
	if root.Kind != yaml.SequenceNode || root.Style&yaml.FlowStyle != 0 || len(root.Content) != 1 {
		return nil, errors.New("not one entry of a list")
	}
	return root.Content[0], nil
}
