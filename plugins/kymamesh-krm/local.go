package main

import (
	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
)

// markLocal keeps hosts from sending our documents to a cluster, which does not
// know them.
func (c *call) markLocal(a *actions, item *resourcelist.Item) {
	if _, ok := item.Annotation(localConfig); ok {
		return
	}
	keys, err := item.Keys()
	if err == nil {
		err = keys.Set([]string{"metadata", "annotations", localConfig}, quoted("true"))
	}
	if err != nil {
		return // it was rendered from, so it can be read
	}
	a.replace = append(a.replace, replacement{item: item, text: keys.Text()})
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func quoted(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
}
