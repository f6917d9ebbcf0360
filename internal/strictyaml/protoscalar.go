package strictyaml

import (
	"math"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// protoScalar reads a scalar of a message by the rules that hold for our own
// words.
func (d *decoder) protoScalar(n *yaml.Node, at diag.Path, fd protoreflect.FieldDescriptor) (protoreflect.Value, bool) {
	before := len(d.ds)
	var v protoreflect.Value
	switch fd.Kind() {
	case protoreflect.StringKind:
		v = protoreflect.ValueOfString(read[string](d, n, at))
	case protoreflect.BoolKind:
		v = protoreflect.ValueOfBool(read[bool](d, n, at))
	case protoreflect.DoubleKind:
		v = protoreflect.ValueOfFloat64(read[float64](d, n, at))
	case protoreflect.FloatKind:
		v = protoreflect.ValueOfFloat32(float32(read[float64](d, n, at)))
	case protoreflect.EnumKind:
		v = d.enum(n, at, fd.Enum())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		v = protoreflect.ValueOfInt32(int32(d.integer(n, at, math.MinInt32, math.MaxInt32)))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		v = protoreflect.ValueOfUint32(uint32(d.integer(n, at, 0, math.MaxUint32)))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		v = protoreflect.ValueOfInt64(int64(d.integer(n, at, math.MinInt64, math.MaxInt64)))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		v = protoreflect.ValueOfUint64(uint64(d.integer(n, at, 0, math.MaxInt64)))
	default:
		d.unreadable(at)
	}
	return v, len(d.ds) == before
}

// unreadable reports a field whose type no word needs.
func (d *decoder) unreadable(at diag.Path) {
	d.ds.Errorf(diag.CodeNotYet, at, "not rendered yet by this version of kymamesh")
}

// read reads a scalar of a Go type.
func read[T any](d *decoder, n *yaml.Node, at diag.Path) T {
	var v T
	d.scalar(n, at, reflect.ValueOf(&v).Elem(), options{zero: true})
	return v
}

func (d *decoder) integer(n *yaml.Node, at diag.Path, least, most int) int {
	before := len(d.ds)
	i := read[int](d, n, at)
	if len(d.ds) == before && (i < least || i > most) {
		d.ds.Errorf(diag.CodeValue, at, "%d is out of range; %d to %d", i, least, most)
	}
	return i
}

func (d *decoder) enum(n *yaml.Node, at diag.Path, ed protoreflect.EnumDescriptor) protoreflect.Value {
	before := len(d.ds)
	name := read[string](d, n, at)
	if len(d.ds) > before {
		return protoreflect.Value{}
	}
	if v := ed.Values().ByName(protoreflect.Name(name)); v != nil {
		return protoreflect.ValueOfEnum(v.Number())
	}
	var names []string
	for i := range ed.Values().Len() {
		names = append(names, string(ed.Values().Get(i).Name()))
	}
	message := "no value " + quoted(name) + "; there are " + strings.Join(names, ", ")
	if like, ok := diag.Nearest(name, names); ok {
		message += ". Did you mean " + like + "?"
	}
	d.ds.Errorf(diag.CodeValue, at, "%s", message)
	return protoreflect.Value{}
}
