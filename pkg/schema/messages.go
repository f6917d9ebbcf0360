package schema

import (
	"math"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// message refers to the definition of one of Istio's messages. Lists in ones may
// be a single item, which makes it another definition.
func (g *generator) message(md protoreflect.MessageDescriptor, ones []string) Tree {
	if md.FullName().Parent() == "google.protobuf" {
		return g.wellKnown(md)
	}
	name := string(md.FullName())
	if g.over {
		name = overridden + name
	}
	if ones != nil {
		name += "." + strings.Join(ones, ".")
	}
	if _, known := g.definitions[name]; !known {
		g.definitions[name] = Tree{} // for a message that holds itself
		s := g.fields(md, ones)
		if g.over {
			s = nullable(s)
		}
		g.definitions[name] = s
	}
	if isStringMatch(md) {
		return Tree{"anyOf": []any{Tree{"type": "string"}, reference(name)}}
	}
	return reference(name)
}

// isStringMatch tells whether text stands for a message's field exact.
func isStringMatch(md protoreflect.MessageDescriptor) bool {
	fd := md.Fields().ByName("exact")
	return fd != nil && fd.Kind() == protoreflect.StringKind && fd.ContainingOneof() != nil
}

func (g *generator) fields(md protoreflect.MessageDescriptor, ones []string) Tree {
	properties := Tree{}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		s := g.field(fd, slices.Contains(ones, fd.JSONName()))
		if options, ok := fd.Options().(*descriptorpb.FieldOptions); ok && options.GetDeprecated() {
			s["deprecated"] = true
		}
		if g.over {
			s = nullable(s)
			if items, ok := s["items"].(Tree); ok {
				g.marked(items)
			}
		}
		properties[fd.JSONName()] = s
	}
	s := Tree{"type": "object", "properties": properties, "additionalProperties": false, "description": "Istio's " + Reference(md)}
	if excluding := exclusions(md); excluding != nil && !g.over { // where null may be one of two
		s["allOf"] = excluding
	}
	return s
}

// exclusions says of every two fields of a oneof that they exclude each other.
func exclusions(md protoreflect.MessageDescriptor) []any {
	var all []any
	for i := range md.Oneofs().Len() {
		oneof := md.Oneofs().Get(i)
		if oneof.IsSynthetic() {
			continue
		}
		for j := range oneof.Fields().Len() {
			for k := range j {
				pair := []string{oneof.Fields().Get(k).JSONName(), oneof.Fields().Get(j).JSONName()}
				all = append(all, Tree{"not": Tree{"required": pair}})
			}
		}
	}
	return all
}

func (g *generator) field(fd protoreflect.FieldDescriptor, one bool) Tree {
	switch {
	case fd.IsMap():
		value := g.scalarOrMessage(fd.MapValue())
		if g.over {
			value = nullable(value)
		}
		s := Tree{"type": "object", "additionalProperties": value}
		if fd.MapKey().Kind() != protoreflect.StringKind {
			s["propertyNames"] = Tree{"pattern": wholeNumber}
		}
		return s
	case fd.IsList():
		return list(g.scalarOrMessage(fd), one)
	}
	return g.scalarOrMessage(fd)
}

func (g *generator) scalarOrMessage(fd protoreflect.FieldDescriptor) Tree {
	if fd.Message() != nil {
		return g.message(fd.Message(), nil)
	}
	switch fd.Kind() {
	case protoreflect.StringKind:
		return Tree{"type": "string"}
	case protoreflect.BoolKind:
		return Tree{"type": "boolean"}
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		return Tree{"type": "number"}
	case protoreflect.EnumKind:
		var names []any
		for i := range fd.Enum().Values().Len() {
			names = append(names, string(fd.Enum().Values().Get(i).Name()))
		}
		return Tree{"type": "string", "enum": names}
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return Tree{"type": "integer", "minimum": math.MinInt32, "maximum": math.MaxInt32}
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return Tree{"type": "integer", "minimum": 0, "maximum": math.MaxUint32}
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return Tree{"type": "integer"}
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return Tree{"type": "integer", "minimum": 0}
	}
	return nothing()
}

// nothing is the schema of a field whose type the program does not read.
func nothing() Tree { return Tree{"not": Tree{}} }

// duration is what strictyaml reads as a google.protobuf.Duration.
const duration = `^([0-9]+(\.[0-9]+)?(h|ms|m|s|us|µs|ns))+$`

// wellKnown is a message of google.protobuf, which is written as what it stands
// for.
func (g *generator) wellKnown(md protoreflect.MessageDescriptor) Tree {
	switch md.Name() {
	case "Duration":
		return Tree{"type": "string", "pattern": duration}
	case "Struct":
		return Tree{"type": "object", "additionalProperties": anything()}
	case "ListValue":
		return Tree{"type": "array", "items": anything()}
	case "Value":
		return anything()
	case "DoubleValue", "FloatValue", "Int64Value", "UInt64Value", "Int32Value", "UInt32Value", "BoolValue", "StringValue":
		return g.scalarOrMessage(md.Fields().Get(0))
	}
	return nothing()
}

// Reference is a message's name, and where Istio describes it.
func Reference(md protoreflect.MessageDescriptor) string {
	options := md.ParentFile().Options().(*descriptorpb.FileOptions)
	name, _ := strings.CutPrefix(string(md.FullName()), string(md.ParentFile().Package())+".")
	return name + ", https://pkg.go.dev/" + options.GetGoPackage() + "#" + strings.ReplaceAll(name, ".", "_")
}
