package topology

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// value is the value of a key, through an alias; nil is a mapping without keys.
func value(n *yaml.Node, key string) *yaml.Node {
	n = target(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return target(n.Content[i+1])
		}
	}
	return nil
}

func target(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// elements are the items of a list; a nil is an empty one.
func elements(n *yaml.Node) []*yaml.Node {
	n = target(n)
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

func texts(n *yaml.Node) map[string]string {
	n = target(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	m := make(map[string]string, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		m[n.Content[i].Value] = text(n.Content[i+1])
	}
	return m
}

// text is a scalar as it is written, "" for null and for what is no scalar.
func text(n *yaml.Node) string {
	n = target(n)
	if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return ""
	}
	return n.Value
}

// number is 0 for a name.
func number(n *yaml.Node) int {
	i, _ := strconv.Atoi(text(n))
	return i
}

// truth is true for a bool that says so.
func truth(n *yaml.Node) bool {
	n = target(n)
	return n != nil && n.ShortTag() == "!!bool" && (n.Value == "true" || n.Value == "True" || n.Value == "TRUE")
}

// maxNodes bounds what one object may become through aliases.
const maxNodes = 1 << 20

var errTooLarge = errors.New("too large or too deep")

// plain is a node as encoding/json would hold it. Keys are text whatever YAML
// reads in them, as they are for Kubernetes.
func plain(n *yaml.Node, depth int, left *int) (any, error) {
	n = target(n)
	if *left--; *left < 0 || depth > 200 {
		return nil, errTooLarge
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := plain(n.Content[i+1], depth+1, left)
			if err != nil {
				return nil, err
			}
			if inner, ok := v.(map[string]any); ok && n.Content[i].ShortTag() == "!!merge" {
				for k, v := range inner {
					if _, has := m[k]; !has {
						m[k] = v
					}
				}
				continue
			}
			m[target(n.Content[i]).Value] = v
		}
		return m, nil
	case yaml.SequenceNode:
		all := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, err := plain(item, depth+1, left)
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		return all, nil
	}
	return scalar(n), nil
}

// scalar is a JSON scalar. Dates are text, as JSON has none.
func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool", "!!int":
		var v any
		if n.Decode(&v) == nil {
			return v
		}
	case "!!float":
		var f float64
		if n.Decode(&f) == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	}
	return n.Value
}

// asJSON is a node as JSON.
func asJSON(n *yaml.Node) ([]byte, error) {
	left := maxNodes
	v, err := plain(n, 0, &left)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// listed is an object inside of a List.
type listed struct{ n *yaml.Node }

func (l listed) APIVersion() string { return text(value(l.n, "apiVersion")) }
func (l listed) Kind() string       { return text(value(l.n, "kind")) }
func (l listed) Namespace() string  { return text(value(value(l.n, "metadata"), "namespace")) }
func (l listed) Name() string       { return text(value(value(l.n, "metadata"), "name")) }

func (l listed) Label(key string) (string, bool)      { return l.meta("labels", key) }
func (l listed) Annotation(key string) (string, bool) { return l.meta("annotations", key) }

func (l listed) meta(field, key string) (string, bool) {
	v := value(value(value(l.n, "metadata"), field), key)
	return text(v), v != nil
}

func (l listed) Node() (*yaml.Node, error) { return l.n, nil }
