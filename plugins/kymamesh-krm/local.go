package main

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
)

// markLocal keeps hosts from sending our documents to a cluster, which does not
// know them.
func (c *call) markLocal(a *actions, item *resourcelist.Item) {
	if _, ok := item.Annotation(localConfig); ok {
		return
	}
	n, err := item.Node()
	if err != nil {
		return // it was rendered from, so it can be read
	}
	if marked, ok := marked(string(item.Bytes()), n); ok {
		a.replace = append(a.replace, replacement{item: item, text: marked})
		return
	}
	metadata := child(n, "metadata")
	if metadata == nil || metadata.Kind != yaml.MappingNode {
		return
	}
	annotations := child(metadata, "annotations")
	switch {
	case annotations == nil:
		annotations = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		metadata.Content = append(metadata.Content, text("annotations"), annotations)
	case annotations.Kind == yaml.AliasNode: // what it stands for is also something else
		*annotations = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: slices.Clone(annotations.Alias.Content)}
	}
	annotations.Content = append(annotations.Content, text(localConfig), quoted("true"))
	a.replace = append(a.replace, replacement{item: item, node: n})
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func quoted(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
}

// marked puts the annotation into the text of a document and leaves the rest of
// it as its author wrote it. It gives up on what is not written in one of the
// two usual ways; n is the parsed text.
func marked(text string, n *yaml.Node) (string, bool) {
	const entry = localConfig + `: "true"`
	key, into := find(n, "metadata")
	line, flow := entry, entry
	if k, annotations := find(into, "annotations"); annotations != nil {
		key, into = k, annotations
	} else {
		line, flow = "annotations:\n  "+entry, "annotations: {"+entry+"}"
	}
	if into == nil || into.Kind != yaml.MappingNode || len(into.Content) == 0 {
		return "", false
	}
	first := into.Content[0]
	lines := strings.SplitAfter(text, "\n")
	if into.Style&yaml.FlowStyle != 0 {
		at := []rune(lines[first.Line-1])
		lines[first.Line-1] = string(at[:first.Column-1]) + flow + ", " + string(at[first.Column-1:])
	} else {
		// Right below the key, above what may be the comment of the first entry.
		indent := strings.Repeat(" ", first.Column-1)
		lines[key.Line-1] += indent + strings.ReplaceAll(line, "\n", "\n"+indent) + "\n"
	}
	out := strings.Join(lines, "")
	return out, saysLocal(out)
}

// saysLocal tells whether the text has the annotation now: the place may have
// been another one than it looked like.
func saysLocal(text string) bool {
	var doc struct {
		Metadata struct {
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"metadata"`
	}
	return yaml.Unmarshal([]byte(text), &doc) == nil && doc.Metadata.Annotations[localConfig] == "true"
}

// find is the key and the value of an entry of a mapping.
func find(n *yaml.Node, name string) (key, value *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}
