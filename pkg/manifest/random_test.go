package manifest

import (
	"math"
	"math/rand/v2"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// oddStrings are those that some YAML reads as something else, or that take
// another form than most.
var oddStrings = []string{
	"", " ", "  x", "x ", "\t", "a\tb", "-", "- a", "---", "...", "?", "? a", ":", ": ", "a:", "a: b", "a:b",
	"#", "a #b", "a#b", "&a", "*", "*.local", "*a", "!a", "|", ">", "%a", "@a", "`a`", "'", `"`, `a"b`, "it's", `\d+`,
	"{", "}", "[a]", "{a: b}", ",", "a,b", "<<", "=", "~", "null", "Null", "NULL", "nUll", "true", "True", "TRUE", "tRUE",
	"false", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N",
	"0", "-0", "+1", "9080", "1.10", "1.", ".5", "-.5", "._5", ".5_0", "0777", "0778", "0o17", "0x10", "0X10", "0x_", "+0x1F", "0b1", "0b2",
	"0xffffffffffffffffffff", "1_000", "1,000", "1e3", "1E-3", "1e999", "1.5e+3", "1e3s", ".inf", "-.INF", ".nan", ".NaN", "inf", "nan",
	"12:30:00", "12:30", "1:60", "190:20:30.15", "8080:80", "2001-01-01", "2001-1-1", "2001-13-45", "2001-12-14t21:59:43.10-05:00",
	"2001-12-14 21:59:43.10 -5", "2001-12-15 2:59:43.10", "20010101", "1.31.1", "10.0.0.1", "10.0.0.0/8", "1.500s", "1h", "5m", "-1s",
	"/api/v1", "^(a|b)$", "$x", "(a)", "~a", ";a", "reviews.shop.svc.cluster.local", "outbound|80||a.b", "100%",
	"a\nb", "a\nb\n", "a\n\nb", "\n", "\na", " a\nb", "a\n b", "a\n\n", "a \nb", "a\n\tb", "\ta\nb", "a\r\nb", "a\rb", "# a\nb", "a: b\nc: d\n",
	"---\na", "a\n---\nb", "é", "日本", "\u00a0", "a\u0085b", "a\u2028b", "a\u2029", "\ufeffa", "a\ufeff", "\U0001f600", "\x00", "\x7f", "\x1b[0m",
	"a very long line that others would fold somewhere after the eightieth column, with spaces all along it and a stop.",
}

// filler makes random messages.
type filler struct{ *rand.Rand }

func (f filler) pick(n int) bool { return f.IntN(n) == 0 }

func (f filler) string() string {
	switch f.IntN(4) {
	case 0:
		return oddStrings[f.IntN(len(oddStrings))]
	case 1:
		var r []rune
		for range f.IntN(6) {
			r = append(r, []rune("aZ09 -._:/#'\"\n\t*&{,é=x%@0")[f.IntN(25)])
		}
		return string(r)
	}
	return []string{"reviews", "v1", "shop.example.com", "http-web"}[f.IntN(4)]
}

func (f filler) message(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	switch m.Descriptor().FullName() {
	case "google.protobuf.Duration", "google.protobuf.Timestamp":
		f.time(m)
		return
	case "google.protobuf.Any":
		if err := m.Interface().(*anypb.Any).MarshalFrom(durationpb.New(1500)); err != nil {
			panic(err)
		}
		return
	case "google.protobuf.FieldMask":
		return
	case "google.protobuf.Value":
		// The first five are scalars, a struct and a list follow.
		n := 4
		if depth > 0 {
			n = fields.Len()
		}
		f.field(m, fields.Get(f.IntN(n)), depth-1)
		return
	}
	for i := range fields.Len() {
		if fd := fields.Get(i); !f.pick(3) && (fd.Message() == nil || depth > 0) {
			f.field(m, fd, depth-1)
		}
	}
}

func (f filler) time(m protoreflect.Message) {
	d := []*durationpb.Duration{
		{}, {Seconds: 1}, {Seconds: 1, Nanos: 500e6}, {Nanos: 1000}, {Nanos: 1}, {Seconds: 36000}, {Seconds: 1e9, Nanos: 999_999_999},
	}[f.IntN(7)]
	sec, nano := d.Seconds, d.Nanos
	if f.pick(3) && m.Descriptor().Name() == "Duration" {
		sec, nano = -sec, -nano
	}
	m.Set(m.Descriptor().Fields().ByNumber(1), protoreflect.ValueOfInt64(sec))
	m.Set(m.Descriptor().Fields().ByNumber(2), protoreflect.ValueOfInt32(nano))
}

func (f filler) field(m protoreflect.Message, fd protoreflect.FieldDescriptor, depth int) {
	switch {
	case fd.IsMap():
		entries := m.Mutable(fd).Map()
		for range f.IntN(4) {
			entries.Set(f.scalar(fd.MapKey(), false).MapKey(), f.single(fd.MapValue(), entries.NewValue, depth))
		}
	case fd.IsList():
		list := m.Mutable(fd).List()
		for range f.IntN(4) {
			list.Append(f.single(fd, list.NewElement, depth))
		}
	default:
		m.Set(fd, f.single(fd, func() protoreflect.Value { return m.NewField(fd) }, depth))
	}
}

func (f filler) single(fd protoreflect.FieldDescriptor, fresh func() protoreflect.Value, depth int) protoreflect.Value {
	if fd.Message() == nil {
		return f.scalar(fd, fd.Parent().FullName() != "google.protobuf.Value")
	}
	v := fresh()
	f.message(v.Message(), depth)
	return v
}

func (f filler) scalar(fd protoreflect.FieldDescriptor, infinite bool) protoreflect.Value {
	n := []int64{0, 1, -1, 8080, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64}[f.IntN(8)]
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(f.pick(2))
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		if fd.Enum().FullName() != "google.protobuf.NullValue" && f.pick(9) {
			return protoreflect.ValueOfEnum(4711)
		}
		return protoreflect.ValueOfEnum(values.Get(f.IntN(values.Len())).Number())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(n)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(n))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(f.float(infinite)))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(f.float(infinite))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(f.string()))
	default:
		return protoreflect.ValueOfString(f.string())
	}
}

func (f filler) float(infinite bool) float64 {
	all := []float64{0, 1, -1, 0.1, 99.9, 1e-6, 9.99e-7, 1e-7, 1e-12, 1e20, 1e21, -3.5e30, 123456789, f.Float64(),
		math.Inf(1), math.Inf(-1), math.NaN()}
	if !infinite {
		all = all[:len(all)-3]
	}
	return all[f.IntN(len(all))]
}

// tree is a random Tree value.
func (f filler) tree(depth int) any {
	switch f.IntN(8) {
	case 0, 1, 2:
		t := Tree{}
		for range f.IntN(4) * min(depth, 1) {
			t[f.string()] = f.tree(depth - 1)
		}
		return t
	case 3:
		list := []any{}
		for range f.IntN(4) * min(depth, 1) {
			list = append(list, f.tree(depth-1))
		}
		return list
	case 4:
		return f.pick(2)
	case 5:
		return f.IntN(1000) - 500
	case 6:
		return f.float(false)
	}
	return f.string()
}
