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
		return g.inlined(strings.TrimPrefix(name, referenceTo), s, within)
	}
	kind, isNullable, single := singleType(s)
	if !single {
		return described(Tree{"x-kubernetes-preserve-unknown-fields": true}, s)
	}
	out := described(Tree{"type": kind}, s)
	if isNullable {
		out["nullable"] = true
	}
	for key, value := range s {
		switch key {
		case "pattern", "minimum", "maximum", "required", "allOf":
			out[key] = value
		case "enum":
			if !isNullable { // it would have to name null, which no list of texts can
				out[key] = value
			}
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

// singleType is the one type that a schema knows beside null.
func singleType(s Tree) (kind string, isNullable, single bool) {
	switch kinds := s["type"].(type) {
	case string:
		return kinds, false, true
	case []string:
		if len(kinds) == 2 && kinds[1] == "null" {
			return kinds[0], true, true
		}
	}
	return "", false, false
}

// mostOverridden is how deep the fields of an IstioOperator are told in a definition,
// which repeats them at each place: with all of them it would be larger than what a
// cluster stores.
const mostOverridden = 4

// inlined is the definition that s refers to. One that holds itself, and one deep in
// install.override, takes anything there.
func (g *generator) inlined(name string, s Tree, within []string) Tree {
	_, isNullable, _ := singleType(g.definitions[name].(Tree))
	isOverridden := func(name string) bool { return strings.HasPrefix(name, overridden) }
	outer := slices.IndexFunc(within, isOverridden)
	if slices.Contains(within, name) || outer >= 0 && len(within)-outer >= mostOverridden && g.definitions[name].(Tree)["properties"] != nil {
		any := Tree{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
		if isNullable {
			any["nullable"] = true
		}
		return described(any, s)
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
