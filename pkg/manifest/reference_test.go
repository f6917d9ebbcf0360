package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// reference is the encoder that is right because others wrote it: protojson
// says what a message holds, yaml.v3 how it is written. Only the zeros and the
// strings of [misread], which have tests of their own, are ours.
func reference(t testing.TB, o Object) []byte {
	t.Helper()
	n := plainNode(referenceTree(t, o))
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	enc.CompactSeqIndent()
	if err := enc.Encode(n); err != nil {
		t.Fatal(err)
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func referenceTree(t testing.TB, o Object) map[string]any {
	t.Helper()
	meta := map[string]any{"name": o.Name}
	if o.Namespace != "" {
		meta["namespace"] = o.Namespace
	}
	if o.Owner != "" {
		meta["labels"] = map[string]any{OwnerLabel: o.Owner}
	}
	annotations := map[string]any{}
	if o.Source != "" {
		annotations[SourceAnnotation] = o.Source
	}
	if o.Root != "" {
		annotations[NamespaceAnnotation] = o.Root
	}
	if len(annotations) > 0 {
		meta["annotations"] = annotations
	}
	spec := o.Spec
	if m, ok := o.Spec.(proto.Message); ok {
		data, err := protojson.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		spec = fromJSON(t, data)
		if name := m.ProtoReflect().Descriptor().FullName(); name == "google.protobuf.Int64Value" || name == "google.protobuf.UInt64Value" {
			spec = asNumber(spec)
		}
		showZeros(spec, m.ProtoReflect().Descriptor(), o.Kind.Shown)
	}
	return map[string]any{
		"apiVersion": o.APIVersion(), "kind": o.Kind.Name, "metadata": meta, "spec": spec,
	}
}

func fromJSON(t testing.TB, data []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// showZeros adds to the JSON of a message the fields of shown that it lacks.
func showZeros(v any, md protoreflect.MessageDescriptor, shown []protoreflect.FullName) {
	tree, ok := v.(map[string]any)
	if !ok || md.FullName().Parent() == "google.protobuf" {
		return
	}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		key := fd.JSONName()
		if _, there := tree[key]; !there && slices.Contains(shown, fd.FullName()) {
			tree[key] = zero(fd)
		}
		if value, there := tree[key]; there && is64(fd) {
			tree[key] = asNumber(value)
		}
		switch held := tree[key].(type) {
		case map[string]any:
			if !fd.IsMap() && fd.Message() != nil {
				showZeros(held, fd.Message(), shown)
			}
			if fd.IsMap() && fd.MapValue().Message() != nil {
				for _, item := range held {
					showZeros(item, fd.MapValue().Message(), shown)
				}
			}
		case []any:
			if fd.Message() != nil {
				for _, item := range held {
					showZeros(item, fd.Message(), shown)
				}
			}
		}
	}
}

// is64 tells whether protojson writes the field's numbers as text.
func is64(fd protoreflect.FieldDescriptor) bool {
	if fd.IsMap() {
		fd = fd.MapValue()
	}
	switch fd.Kind() {
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return true
	case protoreflect.MessageKind:
		return fd.Message().FullName() == "google.protobuf.Int64Value" || fd.Message().FullName() == "google.protobuf.UInt64Value"
	}
	return false
}

// asNumber is the number that text stands for, also in a list or mapping.
func asNumber(v any) any {
	switch v := v.(type) {
	case string:
		return json.Number(v)
	case []any:
		for i := range v {
			v[i] = asNumber(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = asNumber(v[k])
		}
	}
	return v
}

func zero(fd protoreflect.FieldDescriptor) any {
	switch {
	case fd.IsMap():
		return map[string]any{}
	case fd.IsList():
		return []any{}
	}
	switch fd.Kind() {
	case protoreflect.EnumKind:
		return string(fd.Enum().Values().ByNumber(0).Name())
	case protoreflect.BoolKind:
		return false
	case protoreflect.StringKind, protoreflect.BytesKind:
		return ""
	}
	return json.Number("0")
}

// plainNode is a tree as nodes with keys in byte order; yaml.v3 would sort the
// keys of a map its own way, 9 before 10.
func plainNode(v any) *yaml.Node {
	switch v := v.(type) {
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			n.Content = append(n.Content, plainNode(k), plainNode(v[k]))
		}
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			n.Content = append(n.Content, plainNode(item))
		}
		return n
	case string:
		if misread(v) {
			return &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Value: v}
		}
		n := &yaml.Node{}
		if err := n.Encode(v); err != nil {
			panic(err)
		}
		return n
	case float64:
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Value: string(data)}
	case int:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.Itoa(v)}
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: "null"}
	default: // json.Number, bool
		return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(v)}
	}
}
