package manifest

import (
	"cmp"
	"encoding/base64"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// message writes what protojson would, with the keys sorted, the zeros of
// Kind.Shown added and whole numbers as numbers, but without the way over JSON text and a tree of maps.
func (w *writer) message(m protoreflect.Message) {
	if w.err != nil {
		return
	}
	p := planOf(m.Descriptor())
	if p.known != nil {
		p.known(w, m)
		return
	}
	shown := w.shown[p.name]
	w.enter()
	w.to.openMapping()
	for i := range p.fields {
		f := &p.fields[i]
		switch {
		case m.Has(f.desc):
			w.to.key(f.key)
			w.field(f, m.Get(f.desc))
		case len(shown) > 0 && slices.Contains(shown, f.desc.Name()) && !f.desc.HasPresence() && !w.moot(f.desc, m):
			w.to.key(f.key)
			w.field(f, m.Get(f.desc))
		}
	}
	w.leave()
}

// moot tells whether a sibling of the field is set that makes it mean nothing.
func (w *writer) moot(fd protoreflect.FieldDescriptor, m protoreflect.Message) bool {
	name, ok := w.kind.Moot[fd.FullName()]
	if !ok {
		return false
	}
	sibling := fd.ContainingMessage().Fields().ByName(name)
	return sibling != nil && m.Has(sibling)
}

func (w *writer) field(f *field, v protoreflect.Value) {
	switch {
	case f.desc.IsMap():
		w.entries(f, v.Map())
	case f.desc.IsList():
		w.to.openSequence()
		for i, list := 0, v.List(); i < list.Len(); i++ {
			w.single(f.desc, list.Get(i))
		}
		w.to.close()
	default:
		w.single(f.desc, v)
	}
}

func (w *writer) entries(f *field, m protoreflect.Map) {
	type entry struct {
		key   string
		value protoreflect.Value
	}
	all := make([]entry, 0, m.Len())
	m.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		all = append(all, entry{k.String(), v})
		return true
	})
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	w.to.openMapping()
	for _, e := range all {
		w.key(f.key, e.key)
		w.single(f.desc.MapValue(), e.value)
	}
	w.to.close()
}

func (w *writer) single(fd protoreflect.FieldDescriptor, v protoreflect.Value) {
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		w.message(v.Message())
	case protoreflect.StringKind:
		w.text(fd.JSONName(), v.String())
	case protoreflect.BoolKind:
		w.to.literal(strconv.FormatBool(v.Bool()))
	case protoreflect.EnumKind:
		w.enum(fd, v.Enum())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		w.to.literal(strconv.FormatInt(v.Int(), 10))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		w.to.literal(strconv.FormatUint(v.Uint(), 10))
	// protojson writes 64 bits as text, which the resource definitions of Istio
	// refuse: they want an integer. Both are read back the same.
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		w.to.literal(strconv.FormatInt(v.Int(), 10))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		w.to.literal(strconv.FormatUint(v.Uint(), 10))
	case protoreflect.FloatKind:
		w.float(v.Float(), 32)
	case protoreflect.DoubleKind:
		w.float(v.Float(), 64)
	case protoreflect.BytesKind:
		w.to.text(base64.StdEncoding.EncodeToString(v.Bytes()))
	}
}

func (w *writer) enum(fd protoreflect.FieldDescriptor, n protoreflect.EnumNumber) {
	if fd.Enum().FullName() == "google.protobuf.NullValue" {
		w.to.literal("null")
		return
	}
	if v := fd.Enum().Values().ByNumber(n); v != nil {
		w.to.text(string(v.Name()))
		return
	}
	w.to.literal(strconv.Itoa(int(n)))
}

// float writes the three values JSON has no number for as the text that
// protojson reads back.
func (w *writer) float(f float64, bits int) {
	switch {
	case math.IsNaN(f):
		w.to.text("NaN")
	case math.IsInf(f, 1):
		w.to.text("Infinity")
	case math.IsInf(f, -1):
		w.to.text("-Infinity")
	default:
		w.to.literal(number(f, bits))
	}
}

// finite is for the places that have no text for NaN and the infinities: there
// text would read back as text.
func (w *writer) finite(where string, f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.fail("%s is %v; want a finite number", where, f)
		return
	}
	w.to.literal(number(f, 64))
}

// number is f as JSON writes it: without an exponent between 1e-6 and 1e21, and
// e-7 rather than e-07 beyond.
func number(f float64, bits int) string {
	a := math.Abs(f)
	small := a < 1e-6
	if bits == 32 { // the float32 nearest to 1e-6 lies below it
		small = float32(a) < 1e-6
	}
	if a == 0 || !small && a < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, bits)
	}
	s := strconv.FormatFloat(f, 'e', -1, bits)
	if n := len(s); n >= 4 && s[n-4:n-1] == "e-0" {
		s = s[:n-2] + s[n-1:]
	}
	return s
}
