package strictyaml

import (
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// message fills one of Istio's own messages, as protojson would read it but
// strictly: a field has one name, a value one form, and what is wrong is said at
// its place instead of in one sentence about the whole.
//
// A zero that protobuf cannot tell from nothing is read and not kept: Istio
// would not see it either.
func (d *decoder) message(n *yaml.Node, at diag.Path, m protoreflect.Message, o options, depth int) {
	md := m.Descriptor()
	if md.FullName().Parent() == "google.protobuf" {
		d.wellKnown(n, at, m, depth)
		return
	}
	if exact := shortForm(md); exact != nil && n.Kind == yaml.ScalarNode {
		d.field(n, at, m, exact, false, depth)
		return
	}
	if n.Kind != yaml.MappingNode {
		d.shape(n, at, "a mapping")
		return
	}
	chosen := map[protoreflect.Name]string{} // the key that decided a oneof
	for key, value := range d.entries(n, at) {
		fd := md.Fields().ByJSONName(key)
		if fd == nil {
			d.unknownField(md, key, at.Key(key))
			continue
		}
		if oneof := fd.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() {
			if first, twice := chosen[oneof.Name()]; twice {
				d.ds.Errorf(diag.CodeExclusive, at.Key(key), "%s and %s exclude each other", first, key)
				continue
			}
			chosen[oneof.Name()] = key
		}
		d.field(value, at.Key(key), m, fd, o.single(key), depth+1)
	}
}

// shortForm is the field for which plain text stands: a StringMatch written as
// text is an exact one.
func shortForm(md protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	fd := md.Fields().ByName("exact")
	if fd == nil || fd.Kind() != protoreflect.StringKind || fd.ContainingOneof() == nil {
		return nil
	}
	return fd
}

func (d *decoder) unknownField(md protoreflect.MessageDescriptor, key string, at diag.Path) {
	var names []string
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		if key == string(fd.Name()) { // snake_case, as in the .proto file
			d.ds.Errorf(diag.CodeUnknownWord, at, "no such word; did you mean %q?", fd.JSONName())
			return
		}
		names = append(names, fd.JSONName())
	}
	if like, ok := diag.Nearest(key, names); ok {
		d.ds.Errorf(diag.CodeUnknownWord, at, "no such word; did you mean %q?", like)
		return
	}
	d.ds.Errorf(diag.CodeUnknownWord, at, "no such word; there are %s", strings.Join(names, ", "))
}

// field reads the value of one field into m. single says that one item may stand
// without its list.
func (d *decoder) field(n *yaml.Node, at diag.Path, m protoreflect.Message, fd protoreflect.FieldDescriptor, single bool, depth int) {
	d.enter(n, at, emptyField(fd), depth, func(n *yaml.Node, depth int) {
		switch {
		case fd.IsMap():
			d.protoMap(n, at, m.Mutable(fd).Map(), fd, depth)
		case fd.IsList():
			d.protoList(n, at, m.Mutable(fd).List(), fd, single, depth)
		case fd.Message() != nil:
			d.message(n, at, m.Mutable(fd).Message(), options{}, depth)
		default:
			if v, ok := d.protoScalar(n, at, fd); ok {
				m.Set(fd, v)
			}
		}
	})
}

func emptyField(fd protoreflect.FieldDescriptor) string {
	switch {
	case fd.IsList():
		return emptyList
	case fd.IsMap():
		return emptyMapping
	}
	return emptyItem(fd)
}

func emptyItem(fd protoreflect.FieldDescriptor) string {
	if fd.Message() == nil {
		return emptyScalar
	}
	return emptyMessage(fd.Message())
}

func emptyMessage(md protoreflect.MessageDescriptor) string {
	if md.FullName().Parent() == "google.protobuf" {
		return emptyScalar
	}
	return emptyMapping
}

func (d *decoder) protoMap(n *yaml.Node, at diag.Path, m protoreflect.Map, fd protoreflect.FieldDescriptor, depth int) {
	if n.Kind != yaml.MappingNode {
		d.shape(n, at, "a mapping")
		return
	}
	for key, value := range d.entries(n, at) {
		k, ok := d.protoScalar(keyNode(n, key, fd.MapKey()), at.Key(key), fd.MapKey())
		d.item(value, at.Key(key), m.NewValue, fd.MapValue(), depth, func(v protoreflect.Value) {
			if ok {
				m.Set(k.MapKey(), v)
			}
		})
	}
}

// keyNode is the node of a key. A number may stand in quotes, since JSON has no
// other keys.
func keyNode(n *yaml.Node, key string, fd protoreflect.FieldDescriptor) *yaml.Node {
	if fd.Kind() != protoreflect.StringKind {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: key}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := follow(n.Content[i]); k.Value == key {
			return k
		}
	}
	return n
}

func (d *decoder) protoList(n *yaml.Node, at diag.Path, list protoreflect.List, fd protoreflect.FieldDescriptor, single bool, depth int) {
	items := n.Content
	if n.Kind != yaml.SequenceNode {
		if !single {
			d.shape(n, at, "a list")
			return
		}
		items = []*yaml.Node{n}
	}
	for i, item := range items {
		d.item(item, at.Index(i), list.NewElement, fd, depth, list.Append)
	}
}

// item reads one item of a list or one value of a map and hands it to keep.
func (d *decoder) item(n *yaml.Node, at diag.Path, fresh func() protoreflect.Value, fd protoreflect.FieldDescriptor, depth int, keep func(protoreflect.Value)) {
	d.enter(n, at, emptyItem(fd), depth+1, func(n *yaml.Node, depth int) {
		if fd.Message() == nil {
			if v, ok := d.protoScalar(n, at, fd); ok {
				keep(v)
			}
			return
		}
		v := fresh()
		d.message(n, at, v.Message(), options{}, depth)
		keep(v)
	})
}
