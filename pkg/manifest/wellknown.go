package manifest

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// wellKnown is how a type of google.protobuf is written that JSON has a form
// for, or nil. google.protobuf.Empty has none: it is {} by itself.
func wellKnown(name protoreflect.FullName) func(*writer, protoreflect.Message) {
	if name.Parent() != "google.protobuf" {
		return nil
	}
	switch name.Name() {
	case "Duration":
		return (*writer).duration
	case "Value":
		return (*writer).value
	case "Struct", "ListValue", "DoubleValue", "FloatValue", "Int64Value", "UInt64Value",
		"Int32Value", "UInt32Value", "BoolValue", "StringValue", "BytesValue":
		return (*writer).onlyField
	case "Any", "Timestamp", "FieldMask":
		return (*writer).byProtojson
	}
	return nil
}

// onlyField writes a wrapper, a Struct or a ListValue as what it holds; the
// zero too, since a wrapper is there in order to tell 0 from nothing.
func (w *writer) onlyField(m protoreflect.Message) {
	p := planOf(m.Descriptor())
	w.enter()
	w.field(&p.fields[0], m.Get(p.fields[0].desc))
	w.depth--
}

// value writes a google.protobuf.Value. One that holds nothing is not null but
// a mistake.
func (w *writer) value(m protoreflect.Message) {
	fd := m.WhichOneof(m.Descriptor().Oneofs().Get(0))
	switch {
	case fd == nil:
		w.fail("a google.protobuf.Value holds nothing; want one of its kinds, for nothing null_value")
	case fd.Kind() == protoreflect.DoubleKind:
		w.finite(string(fd.FullName()), m.Get(fd).Float())
	default:
		w.single(fd, m.Get(fd))
	}
}

// maxDuration is what google.protobuf.Duration allows, in seconds.
const maxDuration = 315_576_000_000

func (w *writer) duration(m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	sec, nano := m.Get(fields.ByNumber(1)).Int(), m.Get(fields.ByNumber(2)).Int()
	sign := ""
	if sec < 0 || nano < 0 {
		sign, sec, nano = "-", -sec, -nano
	}
	if sec < 0 || nano < 0 || sec > maxDuration || nano > 999_999_999 {
		w.fail("a duration of %v is no duration; want seconds and nanoseconds of one sign, at most %d and 999999999", m.Interface(), maxDuration)
		return
	}
	// Groups of three digits, as every protobuf library prints them.
	s := fmt.Sprintf("%s%d.%09d", sign, sec, nano)
	s = strings.TrimSuffix(s, "000")
	s = strings.TrimSuffix(s, "000")
	w.to.text(strings.TrimSuffix(s, ".000") + "s")
}

// byProtojson leaves types that hardly occur in a mesh to protojson. Its 64-bit
// numbers are text, so that no digit is lost on the way.
func (w *writer) byProtojson(m protoreflect.Message) {
	name := string(m.Descriptor().FullName())
	data, err := protojson.Marshal(m.Interface())
	if err != nil {
		w.fail("%s: %w", name, err)
		return
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		w.fail("%s: %w", name, err)
		return
	}
	w.tree(name, v)
}
