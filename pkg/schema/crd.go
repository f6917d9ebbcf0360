package schema

import (
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/spec"
)

// CustomResourceDefinition is the definition of one of Kinds as a custom
// resource, for clusters in which the documents are kept as objects. Nothing of
// ours reads them there.
//
// Its schema is a structural one, which cannot say that a word takes a list or a
// single item: such a word takes anything, and what does not fit is found by
// the program. It has no defaults, which would be written into the documents.
func CustomResourceDefinition(kind string) Tree {
	g := generator{definitions: Tree{}}
	document := g.document(kind)
	properties := document["properties"].(Tree)
	properties["apiVersion"], properties["kind"] = Tree{"type": "string"}, Tree{"type": "string"}
	properties["metadata"] = Tree{"type": "object"}
	version := strings.TrimPrefix(spec.APIVersion, spec.Group+"/")
	singular := strings.ToLower(kind)
	plural := singular + "s"
	if strings.HasSuffix(singular, "sh") {
		plural = singular + "es"
	}
	return Tree{
		"apiVersion": "apiextensions.k8s.io/v1",
		"kind":       "CustomResourceDefinition",
		"metadata":   Tree{"name": plural + "." + spec.Group},
		"spec": Tree{
			"group": spec.Group,
			"names": Tree{"kind": kind, "listKind": kind + "List", "plural": plural, "singular": singular},
			"scope": "Namespaced",
			"versions": []any{Tree{
				"name": version, "served": true, "storage": true,
				"schema": Tree{"openAPIV3Schema": g.structural(document, nil)},
			}},
		},
	}
}

// structural is a schema as a resource definition takes it: without references,
// and every value with one type. within are the definitions that it lies in.
func (g *generator) structural(s Tree, within []string) Tree {
	if name, ok := s["$ref"].(string); ok {
		return g.inlined(strings.TrimPrefix(name, "#/$defs/"), s, within)
	}
	if _, single := s["type"].(string); !single {
		return described(Tree{"x-kubernetes-preserve-unknown-fields": true}, s)
	}
	out := described(Tree{}, s)
	for key, value := range s {
		switch key {
		case "type", "pattern", "minimum", "maximum", "required", "enum", "allOf":
			out[key] = value
		case "not":
			out[key] = Tree{"enum": []any{value.(Tree)["const"]}}
		case "items":
			out[key] = g.structural(value.(Tree), within)
		case "additionalProperties":
			if of, ok := value.(Tree); ok {
				out[key] = g.structural(of, within)
			}
		case "properties":
			inner := Tree{}
			for name, property := range value.(Tree) {
				inner[name] = g.structural(property.(Tree), within)
			}
			out[key] = inner
		}
	}
	return out
}

// inlined is the definition that s refers to. One that holds itself takes
// anything there.
func (g *generator) inlined(name string, s Tree, within []string) Tree {
	if slices.Contains(within, name) {
		return described(Tree{"type": "object", "x-kubernetes-preserve-unknown-fields": true}, s)
	}
	out := g.structural(g.definitions[name].(Tree), append(within[:len(within):len(within)], name))
	return described(out, s)
}

// described takes over what is said of s.
func described(out, s Tree) Tree {
	text, _ := s["description"].(string)
	if s["deprecated"] == true {
		text = strings.TrimSpace("Deprecated. " + text)
	}
	if text != "" {
		out["description"] = text
	}
	return out
}
