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

// Get is the value at a path, nil where there is none. Aliases are followed. A
// step into a list is one of [ItemStep].
func (k *Keys) Get(path []string) *yaml.Node {
	n := k.root
	for _, step := range path {
		n = within(n, step)
	}
	return n
}

// Line is the line of a node of the item, counted as [Item.Node] does.
func (k *Keys) Line(n *yaml.Node) int { return n.Line + k.lines }

// Set gives the key at the end of path a value, and makes the mappings, lists and
// items on the way that are not there. What stands on the way and is something
// else is an error.
func (k *Keys) Set(path []string, value *yaml.Node) error {
	want, err := k.tree()
	if err != nil {
		return err
	}
	if err := put(want, path, value); err != nil {
		return err
	}
	return k.become(want, func() []string { return k.withKey(path, value) })
}

// Remove takes the key or item at the end of path out, and with it what is around
// it and would be left empty, or an item that would be left with nothing but what
// names it. It stops at what keep says is to stay, also when it is empty. Where
// there is no such key nothing happens.
func (k *Keys) Remove(path []string, keep func(path []string) bool) error {
	if k.Get(path) == nil {
		return nil
	}
	for len(path) > 1 {
		around := path[:len(path)-1]
		if keep != nil && keep(around) || !isLast(k.Get(around), around, path[len(path)-1]) {
			break
		}
		path = around
	}
	want, err := k.tree()
	if err != nil {
		return err
	}
	from := want
	for _, step := range path[:len(path)-1] {
		from = within(from, step)
	}
	i := stepIndex(from, path[len(path)-1])
	from.Content = slices.Delete(from.Content, i, i+width(from))
	if len(from.Content) == 0 && from.Style&yaml.FlowStyle == 0 {
		*from = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"} // a block has no other form of nothing
	}
	return k.become(want, func() []string { return k.withoutKey(path) })
}

// tree is a copy of the item that may be changed: what an alias stands for is
// also something else.
func (k *Keys) tree() (*yaml.Node, error) {
	if aliased(k.root) {
		return expand(k.root, false)
	}
	return clone(k.root), nil
}

// become takes the first of the texts that a change by hand gives, if it says what
// is wanted: the place may have been another one than it looked like. Else the item
// is written anew.
func (k *Keys) become(want *yaml.Node, changed func() []string) error {
	for _, text := range changed() {
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

func put(n *yaml.Node, path []string, value *yaml.Node) error {
	around := yaml.DocumentNode
	for i, step := range path {
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
			*n = *nested(path[i:], value)
			return nil
		}
		if _, isItem := selected(step); isItem != (n.Kind == yaml.SequenceNode) || n.Kind == yaml.ScalarNode {
			return misplaced(path[:i], isItem)
		}
		at := stepIndex(n, step)
		if at < 0 {
			into := nested(path[i:], value)
			n.Content = slices.Insert(n.Content, newPlace(n, around), into.Content...)
			return nil
		}
		around, n = n.Kind, n.Content[at+width(n)-1]
	}
	c := clone(value)
	c.HeadComment, c.LineComment, c.FootComment = n.HeadComment, n.LineComment, n.FootComment
	*n = *c
	return nil
}

// newPlace is where a new entry goes: behind the others in a list and at the root,
// behind the first one in an item of a list, which shares a line with the dash,
// and else in front.
func newPlace(n *yaml.Node, around yaml.Kind) int {
	switch {
	case n.Kind == yaml.SequenceNode, around == yaml.DocumentNode && n.Style&yaml.FlowStyle == 0:
		return len(n.Content)
	case around == yaml.SequenceNode && n.Style&yaml.FlowStyle == 0:
		return min(2, len(n.Content))
	}
	return 0
}

func misplaced(path []string, isItem bool) error {
	if isItem {
		return errors.New(strings.Join(path, ".") + " is no list; an item cannot be put into it")
	}
	return errors.New(strings.Join(path, ".") + " is no mapping; a key cannot be set in it")
}

// nested is what holds the value at the end of path.
func nested(path []string, value *yaml.Node) *yaml.Node {
	n := clone(value)
	for i, step := range slices.Backward(path) {
		fields, isItem := selected(step)
		if !isItem {
			n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{scalar(step), n}}
			continue
		}
		if i+1 < len(path) {
			for _, f := range slices.Backward(fields) {
				n.Content = slices.Insert(n.Content, 0, scalar(f.key), scalar(f.value))
			}
		}
		n = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{n}}
	}
	return n
}

func scalar(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }
