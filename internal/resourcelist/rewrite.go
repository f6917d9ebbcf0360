package resourcelist

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"
)

// rewrite parses a list that cannot be split by lines, and writes it anew in
// block form; that can be split.
func rewrite(text string) (*List, error) {
	docs, err := parse(text)
	if err != nil {
		return nil, err
	}
	docs = slices.DeleteFunc(docs, func(d *yaml.Node) bool {
		return len(d.Content) == 0 || d.Content[0].ShortTag() == "!!null"
	})
	switch len(docs) {
	case 0:
		return nil, errEmpty
	case 1:
	default:
		return nil, tooMany(len(docs))
	}
	root := docs[0].Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("the input is no object; want a ResourceList")
	}
	if err := (&List{}).check(root); err != nil {
		return nil, err
	}
	items, err := itemsOf(root)
	if err != nil {
		return nil, err
	}
	if len(items) > MaxItems {
		return nil, errItems
	}
	block, err := blockForm(root)
	if err != nil {
		return nil, err
	}
	again, err := encode(block, layout{step: 2})
	if err != nil {
		return nil, err
	}
	l, err := split(again, documents(again)[0])
	if errors.Is(err, errUnsure) || err == nil && !l.holds(block, items) {
		err = errors.New("the ResourceList cannot be told apart into items; write it in block form")
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// itemsOf gives the items of a parsed list, with the lines they had.
func itemsOf(root *yaml.Node) ([]*yaml.Node, error) {
	items, _ := child(root, "items")
	if items == nil || items.ShortTag() == "!!null" {
		return nil, nil
	}
	if items.Kind != yaml.SequenceNode {
		return nil, errors.New("items is no list; write a list of objects")
	}
	return items.Content, nil
}

// holds says whether the list has the items of its parsed form, and gives them
// the lines that they had in the input.
func (l *List) holds(root *yaml.Node, before []*yaml.Node) bool {
	items, err := itemsOf(root)
	if err != nil || len(items) != len(l.items) || len(items) != len(before) {
		return false
	}
	for i, it := range l.items {
		n, err := it.Node()
		if err != nil || !sameTree(n, items[i]) {
			return false
		}
		it.line = target(before[i]).Line
	}
	return true
}

// blockForm copies a parsed list so that written out it has block form down to
// its items: all of it where it was JSON, and else what a person wrote in flow
// form inside of an item stays.
func blockForm(root *yaml.Node) (*yaml.Node, error) {
	c, err := expand(root, false)
	if err != nil {
		return nil, err
	}
	if c.Style&yaml.FlowStyle != 0 {
		unflow(c)
	}
	c.Style, c.Tag = 0, "!!map"
	for i := 0; i+1 < len(c.Content); i += 2 {
		key, val := c.Content[i], c.Content[i+1]
		switch key.Style = 0; key.Value {
		case "items", "results":
			val.Style = 0
			for _, it := range val.Content {
				it.Style &^= yaml.FlowStyle
			}
		case "functionConfig":
			val.Style &^= yaml.FlowStyle
		}
	}
	return c, nil
}

func unflow(n *yaml.Node) {
	n.Style &^= yaml.FlowStyle
	for _, c := range n.Content {
		unflow(c)
	}
}
