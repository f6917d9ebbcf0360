package schema

import (
	"math"
	"strings"

	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/mesh/fields"
)

// overridden begins the names of definitions of what lies in install.override. It is
// merged over an IstioOperator, so that null may stand for any value, and deletes.
const overridden = "override."

// replaceMark is the key of an item that makes a list replace the one below it.
const replaceMark = "$patch"

// override is the schema of a partial spec of an IstioOperator, by the list of fields
// that the program checks it with.
func (g *generator) override() Tree {
	over := generator{definitions: g.definitions, over: true}
	s := over.held("IstioOperatorSpec")
	spec := g.definitions[overridden+"IstioOperatorSpec"].(Tree)
	spec["type"] = "object" // which is the word itself, and no value to delete
	spec["description"] = "Istio's IstioOperatorSpec, https://istio.io/latest/docs/reference/config/istio.operator.v1alpha1/"
	return s
}

// held is the schema of what a field of an IstioOperator holds, in the words of
// package fields.
func (g *generator) held(holds string) Tree {
	if item, ok := strings.CutPrefix(holds, "list of "); ok {
		return Tree{"type": orNull("array"), "items": g.item(item)}
	}
	if value, ok := strings.CutPrefix(holds, "map of "); ok {
		return Tree{"type": orNull("object"), "additionalProperties": g.held(value)}
	}
	if list, ok := strings.CutPrefix(holds, "one of "); ok {
		values := []any{nil}
		for value := range strings.SplitSeq(list, ", ") {
			values = append(values, value)
		}
		return Tree{"type": orNull("string"), "enum": values}
	}
	if _, ok := fields.Types()[holds]; ok {
		return g.heldStruct(holds)
	}
	if strings.HasPrefix(holds, "Istio ") {
		holds = "version"
	}
	if holds == "MeshConfig" {
		return g.message((&meshconfig.MeshConfig{}).ProtoReflect().Descriptor(), nil)
	}
	name := overridden + holds
	if _, known := g.definitions[name]; !known {
		g.definitions[name] = heldScalars[holds]
	}
	return reference(name)
}

// item is the schema of an item of a list. Any list of structs may hold the mark.
func (g *generator) item(holds string) Tree {
	s := g.held(holds)
	if _, isStruct := fields.Types()[holds]; isStruct {
		g.marked(s)
	}
	return s
}

// marked lets the mark stand in what s refers to, when it is an item of a list.
func (g *generator) marked(s Tree) {
	name, _ := s["$ref"].(string)
	definition, _ := g.definitions[strings.TrimPrefix(name, referenceTo)].(Tree)
	if properties, ok := definition["properties"].(Tree); ok {
		properties[replaceMark] = Tree{"const": "replace", "description": "Alone in an item: the list replaces the one that it is merged with."}
	}
}

func (g *generator) heldStruct(holds string) Tree {
	name := overridden + holds
	if _, known := g.definitions[name]; !known {
		properties := Tree{}
		g.definitions[name] = Tree{"type": orNull("object"), "properties": properties, "additionalProperties": false}
		for field, inner := range fields.Types()[holds] {
			properties[field] = g.held(inner)
		}
	}
	return reference(name)
}

// heldScalars are what a field holds that is no struct.
var heldScalars = map[string]Tree{
	"anything":      {},
	"bool":          {"type": orNull("boolean")},
	"int32":         {"type": orNull("integer"), "minimum": math.MinInt32, "maximum": math.MaxInt32},
	"int32 or text": {"type": []string{"integer", "string", "null"}},
	"int64":         {"type": orNull("integer")},
	"mapping":       {"type": orNull("object"), "additionalProperties": Tree{}},
	"number":        {"type": orNull("number")},
	"quantity":      {"type": []string{"number", "string", "null"}},
	"text":          {"type": orNull("string")},
	"uint32":        {"type": orNull("integer"), "minimum": 0, "maximum": math.MaxUint32},
	"version":       {"type": orNull("string"), "pattern": `^1\.[2-9][0-9]$`, "description": "The minor version of an earlier Istio whose behaviour is kept."},
}

func orNull(kind string) []string { return []string{kind, "null"} }

// nullable lets null stand beside what s takes. What is referred to does so itself.
func nullable(s Tree) Tree {
	switch kind := s["type"].(type) {
	case string:
		s["type"] = orNull(kind)
	case []string:
		s["type"] = append(kind[:len(kind):len(kind)], "null")
	}
	if values, ok := s["enum"].([]any); ok {
		s["enum"] = append([]any{nil}, values...)
	}
	if branches, ok := s["anyOf"].([]any); ok {
		s["anyOf"] = append(branches, Tree{"type": "null"})
	}
	return s
}
