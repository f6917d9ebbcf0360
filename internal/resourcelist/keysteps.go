package resourcelist

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ItemStep is the step of a path of [Keys] into a list: to the first item of which
// all these fields, each with its value, are true. [name=http2] is one. A value
// that is no scalar is given as [ItemText].
func ItemStep(fields ...string) string {
	var parts []string
	for i := 0; i+1 < len(fields); i += 2 {
		parts = append(parts, fields[i]+"="+guard.Replace(fields[i+1]))
	}
	return "[" + strings.Join(parts, "&") + "]"
}

var (
	guard   = strings.NewReplacer("%", "%25", "&", "%26")
	unguard = strings.NewReplacer("%26", "&", "%25", "%")
)

// field is what an item of a list says.
type field struct{ key, value string }

// selected reads a step into a list. No key of an object of Kubernetes or Istio
// looks like one.
func selected(step string) ([]field, bool) {
	if len(step) < 2 || step[0] != '[' || step[len(step)-1] != ']' {
		return nil, false
	}
	var fields []field
	for part := range strings.SplitSeq(step[1:len(step)-1], "&") {
		key, value, ok := strings.Cut(part, "=")
		if !ok || key == "" {
			return nil, false
		}
		fields = append(fields, field{key, unguard.Replace(value)})
	}
	return fields, true
}

// ItemText is a value as [ItemStep] takes it: the same for the same value however
// it is written.
func ItemText(n *yaml.Node) string {
	if n = target(n); n == nil {
		return ""
	}
	switch n.Kind {
	case yaml.MappingNode:
		all := map[string]string{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			all[n.Content[i].Value] = ItemText(n.Content[i+1])
		}
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(all)) {
			parts = append(parts, key+": "+all[key])
		}
		return "{" + strings.Join(parts, "; ") + "}"
	case yaml.SequenceNode:
		var parts []string
		for _, item := range n.Content {
			parts = append(parts, ItemText(item))
		}
		return "[" + strings.Join(parts, "; ") + "]"
	}
	return n.Value
}

// width is how many nodes an entry has.
func width(n *yaml.Node) int {
	if n.Kind == yaml.MappingNode {
		return 2
	}
	return 1
}

// stepIndex is where in the content a step leads, -1 where nowhere.
func stepIndex(n *yaml.Node, step string) int {
	fields, isItem := selected(step)
	switch {
	case n.Kind == yaml.MappingNode && !isItem:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if k := target(n.Content[i]); k.Kind == yaml.ScalarNode && k.Value == step {
				return i
			}
		}
	case n.Kind == yaml.SequenceNode && isItem:
		return slices.IndexFunc(n.Content, func(item *yaml.Node) bool {
			return !slices.ContainsFunc(fields, func(f field) bool {
				v, _ := child(item, f.key)
				return v == nil || ItemText(v) != f.value
			})
		})
	}
	return -1
}

// within is where a step leads, nil where nowhere.
func within(n *yaml.Node, step string) *yaml.Node {
	if n = target(n); n == nil {
		return nil
	}
	if i := stepIndex(n, step); i >= 0 {
		return target(n.Content[i+width(n)-1])
	}
	return nil
}

// isLast tells whether nothing is left at a path without one of its entries, or
// nothing but what names an item.
func isLast(n *yaml.Node, path []string, step string) bool {
	fields, _ := selected(path[len(path)-1])
	for i := 0; i < len(n.Content); i += width(n) {
		named := func(f field) bool { return n.Kind == yaml.MappingNode && n.Content[i].Value == f.key }
		if i != stepIndex(n, step) && !slices.ContainsFunc(fields, named) {
			return false
		}
	}
	return true
}

// IsBare tells whether the value at a path says nothing, or as an item of a list
// nothing but its name.
func IsBare(n *yaml.Node, path []string) bool {
	if n.Kind == yaml.ScalarNode {
		return n.ShortTag() == "!!null"
	}
	return len(path) > 0 && isLast(n, path, "")
}
