// Package schema describes the documents for editors, validators and API servers:
// as JSON Schema and as the definition of a custom resource.
//
// Both are read off the types of pkg/spec and Istio's own messages, by the rules
// of internal/strictyaml, so that a new word is described without a line here.
// What a type cannot say lies beside it as data: the sentences of the Go
// comments in words.json, which a test writes, and the values of words that take
// some few, in values.go.
//
// A schema cannot say all that the program checks: that names lead somewhere,
// weights make 100, hosts are served. What it accepts may still be refused, what
// it refuses is refused by the program as well.
package schema

import (
	"encoding/json"
	"reflect"

	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Tree is a schema as encoding/json holds it.
type Tree = map[string]any

// dialect is the version of JSON Schema.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// Kinds are the kinds of documents that there are schemas of.
var Kinds = []string{spec.KindKymaMesh, spec.KindMeshService}

// documents are the types of the kinds.
var documents = map[string]reflect.Type{
	spec.KindKymaMesh:    reflect.TypeFor[spec.KymaMesh](),
	spec.KindMeshService: reflect.TypeFor[spec.MeshService](),
}

// JSON is the JSON Schema, draft 2020-12, of documents of one of Kinds. Empty, it
// is for both: kind says which holds.
func JSON(kind string) ([]byte, error) {
	g := generator{definitions: Tree{}}
	root := Tree{}
	if kind != "" {
		root = g.document(kind)
	} else {
		root["if"] = Tree{"required": []string{"kind"}, "properties": Tree{"kind": Tree{"const": spec.KindMeshService}}}
		for _, kind := range Kinds {
			g.definitions[kind] = g.document(kind)
		}
		root["then"], root["else"] = reference(spec.KindMeshService), reference(spec.KindKymaMesh)
	}
	root["$schema"] = dialect
	root["$defs"] = g.definitions
	text, err := json.MarshalIndent(root, "", " ")
	return append(text, '\n'), err
}

// document is the schema of a whole document.
func (g *generator) document(kind string) Tree {
	s := g.structure(documents[kind])
	properties := s["properties"].(Tree)
	properties["apiVersion"] = Tree{"const": spec.APIVersion}
	properties["kind"] = Tree{"const": kind}
	s["required"] = []string{"apiVersion", "kind", "metadata"}
	s["title"] = kind
	return s
}

const referenceTo = "#/$defs/"

func reference(definition string) Tree { return Tree{"$ref": referenceTo + definition} }
