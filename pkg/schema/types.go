package schema

import (
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
)

// generator collects the definitions that schemas refer to.
type generator struct {
	definitions Tree
	// over says that it is about what lies in install.override.
	over bool
}

var (
	textSetter   = reflect.TypeFor[strictyaml.TextSetter]()
	numberSetter = reflect.TypeFor[strictyaml.NumberSetter]()
	protoMessage = reflect.TypeFor[proto.Message]()
)

// structure is the schema of a struct without its short form.
func (g *generator) structure(t reflect.Type) Tree {
	properties := Tree{}
	var required []string
	for _, w := range strictyaml.Words(t) {
		properties[w.Name] = g.word(w)
		if isRequired(w) {
			required = append(required, w.Name)
		}
	}
	s := Tree{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		s["required"] = required
	}
	if text := typeText(t); text != "" {
		s["description"] = text
	}
	return s
}

// word is the schema of one word, with what is known of it beside its type.
func (g *generator) word(w strictyaml.Word) Tree {
	s := g.value(w.Field.Type, w)
	if v := valuesOf(w); v != nil {
		s = withValues(s, v)
	}
	if w.Field.Type.Kind() == reflect.Int {
		s["not"] = Tree{"const": 0} // which is not told from nothing
	}
	if text := Text(w); text != "" {
		s["description"] = text
	}
	if value, ok := defaultValue(w); ok {
		s["default"] = value
	}
	if strings.Contains(Text(w), "Deprecated:") {
		s["deprecated"] = true
	}
	return s
}

// value is the schema of a value of type t at the word.
func (g *generator) value(t reflect.Type, w strictyaml.Word) Tree {
	switch {
	case t.Implements(protoMessage):
		return g.message(reflect.Zero(t).Interface().(proto.Message).ProtoReflect().Descriptor(), w.Ones)
	case t.Kind() == reflect.Pointer:
		return g.value(t.Elem(), w)
	}
	switch t.Kind() {
	case reflect.Struct:
		return g.object(t)
	case reflect.Slice:
		item := g.value(t.Elem(), strictyaml.Word{Ones: w.Ones})
		return list(item, w.One)
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return g.override()
		}
		s := Tree{"type": "object", "additionalProperties": g.value(t.Elem(), strictyaml.Word{One: w.One})}
		if t.Key().Kind() == reflect.Int {
			s["propertyNames"] = Tree{"pattern": wholeNumber}
		}
		return s
	case reflect.String:
		if w.Bare {
			return Tree{"type": []string{"string", "number"}}
		}
		return Tree{"type": "string"}
	case reflect.Bool:
		return Tree{"type": "boolean"}
	case reflect.Int:
		return Tree{"type": "integer"}
	case reflect.Float64:
		return Tree{"type": "number"}
	}
	return nothing()
}

// anything is whatever a word takes that leaves its value to somebody else, but
// for null.
func anything() Tree {
	return Tree{"type": []string{"array", "boolean", "number", "object", "string"}}
}

const wholeNumber = `^(0|-?[1-9][0-9]*)$`

// list is a list of items; where one is true an item may stand without it.
func list(item Tree, one bool) Tree {
	s := Tree{"type": "array", "items": item}
	if one {
		return Tree{"anyOf": []any{item, s}}
	}
	return s
}

// object refers to the definition of a struct, with its short form.
func (g *generator) object(t reflect.Type) Tree {
	name := t.Name()
	if _, known := g.definitions[name]; !known {
		g.definitions[name] = Tree{} // for a type that holds itself
		g.definitions[name] = g.structure(t)
	}
	short := ""
	switch {
	case reflect.PointerTo(t).Implements(textSetter):
		short = "string"
	case reflect.PointerTo(t).Implements(numberSetter):
		short = "integer"
	default:
		return reference(name)
	}
	return Tree{"anyOf": []any{Tree{"type": short}, reference(name)}}
}

// withValues lets a scalar be one of the values only, also in a list or mapping.
func withValues(s Tree, values []any) Tree {
	switch {
	case s["items"] != nil:
		s["items"] = withValues(s["items"].(Tree), values)
	case s["type"] == "object":
		s["additionalProperties"] = withValues(s["additionalProperties"].(Tree), values)
	case s["anyOf"] != nil:
		for i, branch := range s["anyOf"].([]any) {
			s["anyOf"].([]any)[i] = withValues(branch.(Tree), values)
		}
	default:
		s["enum"] = values
	}
	return s
}

// Types are the struct types of both kinds of documents, each before those that
// its words hold.
func Types() []reflect.Type {
	var all []reflect.Type
	for _, kind := range Kinds {
		all = addTypes(all, documents[kind])
	}
	return all
}

func addTypes(all []reflect.Type, t reflect.Type) []reflect.Type {
	t = Held(t)
	if t.Kind() != reflect.Struct || t.Implements(protoMessage) || reflect.PointerTo(t).Implements(protoMessage) || slices.Contains(all, t) {
		return all
	}
	all = append(all, t)
	for _, w := range strictyaml.Words(t) {
		all = addTypes(all, w.Field.Type)
	}
	return all
}

// Held is the type of single values below pointers, lists and mappings.
func Held(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}
