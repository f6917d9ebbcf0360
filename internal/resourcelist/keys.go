package resourcelist

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Keys is the text of an item of somebody else's in which single keys are set
// and removed. All other bytes stay as their author wrote them; only what is
// written in no usual way (an alias, a complex key) is written anew as a whole.
type Keys struct {
	text  string
	root  *yaml.Node
	lines int // of Item.Bytes in front of text
	lay   layout
}

// Keys opens an item for [Keys.Set] and [Keys.Remove]. The item is changed by
// handing [Keys.Text] to [List.ReplaceText].
func (it *Item) Keys() (*Keys, error) {
	k := &Keys{text: string(it.Bytes()), lay: it.layout()}
	if it.form == document && it.contentEnd > 0 {
		k.lines = strings.Count(k.text[:it.content], "\n")
		k.text = k.text[it.content:it.contentEnd]
	}
	k.text = strings.ReplaceAll(k.text, "\r\n", "\n")
	var err error
	k.root, err = parseOne(k.text)
	return k, err
}

// Text is the item with all changes.
func (k *Keys) Text() string { return k.text }

// Root is the item as it says now. It must not be changed.
func (k *Keys) Root() *yaml.Node { return k.root }

// Get is the value at a path, nil where there is none. Aliases are followed.
func (k *Keys) Get(path []string) *yaml.Node {
	n := k.root
	for _, key := range path {
		n, _ = child(n, key)
	}
	return n
}

// Line is the line of a node of the item, counted as [Item.Node] does.
func (k *Keys) Line(n *yaml.Node) int { return n.Line + k.lines }

// Set gives the key at the end of path a value, and makes the mappings on the
// way that are not there. What stands on the way and is no mapping is an error.
func (k *Keys) Set(path []string, value *yaml.Node) error {
	want, err := k.tree()
	if err != nil {
		return err
	}
	if err := put(want, path, value); err != nil {
		return err
	}
	return k.become(want, func() string { return k.withKey(path, value) })
}

// Remove takes the key at the end of path out, and with it the mappings around
// it that would be left empty. Where there is no such key nothing happens.
func (k *Keys) Remove(path []string) error {
	for len(path) > 1 {
		if m := k.Get(path[:len(path)-1]); m == nil || len(m.Content) != 2 {
			break
		}
		if k.Get(path) == nil {
			return nil
		}
		path = path[:len(path)-1]
	}
	if k.Get(path) == nil {
		return nil
	}
	want, err := k.tree()
	if err != nil {
		return err
	}
	m := want
	for _, key := range path[:len(path)-1] {
		m, _ = child(m, key)
	}
	i := keyIndex(m, path[len(path)-1])
	m.Content = slices.Delete(m.Content, i, i+2)
	return k.become(want, func() string { return k.withoutKey(path) })
}

// tree is a copy of the item that may be changed: what an alias stands for is
// also something else.
func (k *Keys) tree() (*yaml.Node, error) {
	if aliased(k.root) {
		return expand(k.root, false)
	}
	return clone(k.root), nil
}

// become takes the text that a change by hand gives, if it says what is wanted:
// the place may have been another one than it looked like. Else the item is
// written anew.
func (k *Keys) become(want *yaml.Node, changed func() string) error {
	if text := changed(); text != "" {
		if got, err := parseOne(text); err == nil {
			if flat, err := expand(got, false); err == nil && sameTree(flat, want) {
				k.text, k.root = text, got
				return nil
			}
		}
	}
	text, err := encode(want, k.lay)
	if err != nil {
		return err
	}
	k.text = text
	k.root, err = parseOne(text)
	return err
}

var errNoMapping = errors.New("is no mapping; a key cannot be set in it")

func put(n *yaml.Node, path []string, value *yaml.Node) error {
	for i, key := range path {
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
			*n = *nested(path[i:], value)
			return nil
		}
		if n.Kind != yaml.MappingNode {
			return errors.New(strings.Join(path[:i], ".") + " " + errNoMapping.Error())
		}
		at := keyIndex(n, key)
		switch {
		case at < 0 && i+1 < len(path):
			n.Content = append([]*yaml.Node{scalar(key), nested(path[i+1:], value)}, n.Content...)
			return nil
		case at < 0:
			n.Content = append([]*yaml.Node{scalar(key), clone(value)}, n.Content...)
			return nil
		}
		n = n.Content[at+1]
	}
	c := clone(value)
	c.HeadComment, c.LineComment, c.FootComment = n.HeadComment, n.LineComment, n.FootComment
	*n = *c
	return nil
}

// nested is a mapping that holds the value at the end of path.
func nested(path []string, value *yaml.Node) *yaml.Node {
	n := clone(value)
	for _, key := range slices.Backward(path) {
		n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{scalar(key), n}}
	}
	return n
}

func scalar(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func keyIndex(m *yaml.Node, key string) int {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if k := m.Content[i]; k.Kind == yaml.ScalarNode && k.Value == key {
			return i
		}
	}
	return -1
}

// withKey is the text with the key, "" where it cannot be put into the text.
func (k *Keys) withKey(path []string, value *yaml.Node) string {
	var key *yaml.Node
	n := k.root
	for i, name := range path {
		if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
			return k.filled(key, n, nested(path[i:], value))
		}
		at := keyIndex(n, name)
		if at < 0 {
			return k.inserted(key, n, nested(path[i:], value))
		}
		key, n = n.Content[at], n.Content[at+1]
	}
	return k.replaced(n, value)
}

// inserted puts an entry into a mapping: right below the key of a block
// mapping, above what may be the comment of its first entry.
func (k *Keys) inserted(key, m, entry *yaml.Node) string {
	first := m.Content[0]
	if m.Style&yaml.FlowStyle != 0 {
		flow, ok := k.flow(entry, first.Style&yaml.DoubleQuotedStyle != 0)
		if !ok {
			return ""
		}
		return k.spliced(first.Line, first.Column, 0, flow+", ")
	}
	if key == nil {
		return ""
	}
	return k.below(key, first.Column-1, entry)
}

// filled puts an entry at a key whose mapping is empty or not there.
func (k *Keys) filled(key, n, entry *yaml.Node) string {
	if key == nil {
		return ""
	}
	if n.Kind == yaml.MappingNode {
		flow, ok := k.flow(entry, key.Style&yaml.DoubleQuotedStyle != 0)
		if !ok {
			return ""
		}
		return k.spliced(n.Line, n.Column, len("{"), "{"+flow)
	}
	if n.Value != "" {
		return "" // null, or ~
	}
	return k.below(key, key.Column-1+max(k.lay.step, 2), entry)
}

func (k *Keys) below(key *yaml.Node, indent int, entry *yaml.Node) string {
	text, err := encodeAs(entry, k.lay)
	if err != nil {
		return ""
	}
	lines := strings.SplitAfter(k.text, "\n")
	lines[key.Line-1] = strings.TrimSuffix(lines[key.Line-1], "\n") + "\n" + indented(text, indent)
	return strings.Join(lines, "")
}

// flow is an entry as it stands in a flow mapping; in JSON everything has
// quotes.
func (k *Keys) flow(entry *yaml.Node, quotes bool) (string, bool) {
	c := clone(entry)
	var style func(*yaml.Node)
	style = func(n *yaml.Node) {
		switch {
		case n.Kind != yaml.ScalarNode:
			n.Style = yaml.FlowStyle
		case n.ShortTag() == "!!str" && (quotes || n.Style != 0):
			n.Style = yaml.DoubleQuotedStyle
		}
		for _, c := range n.Content {
			style(c)
		}
	}
	style(c)
	text, err := encodeAs(c, layout{step: 2})
	text = strings.TrimSuffix(text, "\n")
	if err != nil || strings.Contains(text, "\n") {
		return "", false
	}
	return strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"), true
}

// spliced puts a text in the place of the next cut characters; yaml.v3 counts
// columns in characters.
func (k *Keys) spliced(line, column, cut int, text string) string {
	lines := strings.SplitAfter(k.text, "\n")
	at := []rune(lines[line-1])
	if column-1+cut > len(at) {
		return ""
	}
	lines[line-1] = string(at[:column-1]) + text + string(at[column-1+cut:])
	return strings.Join(lines, "")
}

// replaced puts a scalar in the place of another one in the same line.
func (k *Keys) replaced(n, value *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode {
		return ""
	}
	text, err := encodeAs(value, layout{step: 2})
	text = strings.TrimSuffix(text, "\n")
	if err != nil || strings.Contains(text, "\n") {
		return ""
	}
	length := len([]rune(n.Value))
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		length += 2 // with an escape in it the result is not what is wanted
	}
	return k.spliced(n.Line, n.Column, length, text)
}

// withoutKey is the text without the key, "" where it cannot be cut out.
func (k *Keys) withoutKey(path []string) string {
	m := k.root
	for _, name := range path[:len(path)-1] {
		i := keyIndex(m, name)
		if i < 0 {
			return ""
		}
		m = m.Content[i+1]
	}
	i := keyIndex(m, path[len(path)-1])
	if i < 0 {
		return ""
	}
	key := m.Content[i]
	lines := strings.SplitAfter(k.text, "\n")
	if m.Style&yaml.FlowStyle != 0 {
		if i+2 >= len(m.Content) || m.Content[i+2].Line != key.Line {
			return ""
		}
		return k.spliced(key.Line, key.Column, m.Content[i+2].Column-key.Column, "")
	}
	end := key.Line
	for end < len(lines) && deeper(lines[end], key.Column-1) {
		end++
	}
	for end > key.Line && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	return strings.Join(slices.Delete(lines, key.Line-1, end), "")
}

// deeper tells whether a line belongs to a key that is indented so.
func deeper(line string, indent int) bool {
	rest := strings.TrimLeft(line, " ")
	return strings.TrimSpace(rest) == "" || len(line)-len(rest) > indent
}
