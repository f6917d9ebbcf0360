package resourcelist

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// slot is a place of the identity that the reader stands at.
type slot int

const (
	noSlot slot = iota
	apiVersionSlot
	kindSlot
	metadataSlot
	nameSlot
	namespaceSlot
)

// slots is a set of them.
type slots uint8

// key notes which key is being read, and when one that belongs to the identity
// was there before: then nobody can say which of them counts.
func (r *reader) key(text string, l line) bool {
	r.slot = noSlot
	name, simple := keyName(text)
	switch depth := len(r.frames) - 1; {
	case !simple && depth <= 2:
		return false
	case depth == 1:
		if r.metaFrom > 0 && r.metaTo == 0 {
			r.metaTo = l.start
		}
		r.slot = rootSlot(name)
		r.inMeta = r.slot == metadataSlot
	case depth == 2 && r.inMeta && !r.top().seq:
		r.slot = metaSlot(name)
	default:
		if text[0] == '"' && !knownEscapes(text) {
			r.doubt = true
		}
	}
	if r.slot != noSlot {
		if r.seen&(1<<r.slot) != 0 {
			r.doubt = true
		}
		r.seen |= 1 << r.slot
	}
	return true
}

// keyName is the key that a text says; not simple where only a parser can tell.
// Spaces in front of the colon belong to a key in quotes only.
func keyName(text string) (name string, simple bool) {
	if text[0] != '"' && text[0] != '\'' {
		return strings.TrimRight(text, " "), true
	}
	_, simple = quotedEnd(text, 0, len(text))
	return text[1 : len(text)-1], simple
}

func rootSlot(key string) slot {
	switch key {
	case "apiVersion":
		return apiVersionSlot
	case "kind":
		return kindSlot
	case "metadata":
		return metadataSlot
	}
	return noSlot
}

func metaSlot(key string) slot {
	switch key {
	case "name":
		return nameSlot
	case "namespace":
		return namespaceSlot
	}
	return noSlot
}

// assign takes the value of the key being read into the identity.
func (r *reader) assign(value string) {
	switch r.slot {
	case apiVersionSlot:
		r.apiVersion = value
	case kindSlot:
		r.kind = value
	case nameSlot:
		r.name = value
	case namespaceSlot:
		r.namespace = value
	}
}

// flowMetadata reads metadata that is written as {name: a, namespace: b} on one
// line: names that no YAML takes for anything else, and nothing beside them. It is
// how people write our own documents.
func (r *reader) flowMetadata(i int, l line) bool {
	if r.src[i] != '{' {
		return false
	}
	end := simpleFlowEnd(r.src, i, l.end, 0)
	if end < 0 {
		return false
	}
	said := [2]string{}
	for pair := range strings.SplitSeq(r.src[i+1:end-1], ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), ": ")
		at := slices.Index([]string{"name", "namespace"}, key)
		if value = strings.TrimSpace(value); at < 0 || said[at] != "" || !plainName(value) {
			return false
		}
		said[at] = value
	}
	r.name, r.namespace, r.slot = said[0], said[1], noSlot
	r.metaFrom, r.metaTo = i, end
	return true
}

// plainName is a name of several lower-case letters and digits that begins with a
// letter, less the words that some YAML reads as something else.
func plainName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return len(s) > 1 && !slices.Contains([]string{"null", "true", "false", "yes", "no", "on", "off"}, s)
}

// identify reads the identity from a parsed item. An item that is no mapping
// has none.
func (f *found) identify(n *yaml.Node) error {
	f.apiVersion, f.kind, f.namespace, f.name = "", "", "", ""
	var err error
	get := func(m *yaml.Node, key string) *yaml.Node {
		v, twice := child(m, key)
		if twice && err == nil {
			err = fmt.Errorf("%s is written twice; write it once", key)
		}
		return v
	}
	f.apiVersion = text(get(n, "apiVersion"))
	f.kind = text(get(n, "kind"))
	meta := get(n, "metadata")
	f.namespace = text(get(meta, "namespace"))
	f.name = text(get(meta, "name"))
	return err
}

// child finds the value of a key, through an alias, and whether there is
// another one.
func child(m *yaml.Node, key string) (value *yaml.Node, twice bool) {
	if m = target(m); m == nil || m.Kind != yaml.MappingNode {
		return nil, false
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if k := target(m.Content[i]); k.Kind == yaml.ScalarNode && k.Value == key {
			if value != nil {
				return value, true
			}
			value = target(m.Content[i+1])
		}
	}
	return value, false
}

func target(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// text is a scalar as it is written, "" for null and for what is no scalar.
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return ""
	}
	return n.Value
}
