package strictyaml

import (
	"math/big"
	"strconv"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// wellKnown reads a message of google.protobuf, which is written as what it
// stands for.
func (d *decoder) wellKnown(n *yaml.Node, at diag.Path, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	switch m.Descriptor().Name() {
	case "Duration":
		d.duration(n, at, m)
	case "DoubleValue", "FloatValue", "Int64Value", "UInt64Value", "Int32Value", "UInt32Value", "BoolValue", "StringValue",
		"Struct", "ListValue":
		d.field(n, at, m, fields.Get(0), false, depth)
	case "Value":
		d.field(n, at, m, fields.ByName(kindOfValue(n)), false, depth)
	default:
		d.unreadable(at)
	}
}

// wholeOrDecimal is a number that every YAML reads as the same number.
var wholeOrDecimal = pattern.New(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// kindOfValue is the field of a google.protobuf.Value that the node fills. What
// YAML readers disagree about is left to the rules for text.
func kindOfValue(n *yaml.Node) protoreflect.Name {
	switch {
	case n.Kind == yaml.MappingNode:
		return "struct_value"
	case n.Kind == yaml.SequenceNode:
		return "list_value"
	case plain(n) && wholeOrDecimal.MatchString(n.Value):
		return "number_value"
	case plain(n) && (n.Value == "true" || n.Value == "false"):
		return "bool_value"
	}
	return "string_value"
}

var (
	durationText = pattern.New(`^([0-9]+(\.[0-9]+)?(h|ms|m|s|us|µs|ns))+$`)
	durationPart = pattern.New(`([0-9.]+)([a-zµ]+)`)
)

// nanoseconds are the units of a duration.
var nanoseconds = map[string]int64{"h": 3600e9, "m": 60e9, "s": 1e9, "ms": 1e6, "us": 1e3, "µs": 1e3, "ns": 1}

// maxSeconds is what google.protobuf.Duration allows.
const maxSeconds = 315_576_000_000

// duration reads 1h, 1m, 1s, 1ms and sums of them. A bare number is refused:
// readers disagree whether it means seconds or nanoseconds.
func (d *decoder) duration(n *yaml.Node, at diag.Path, m protoreflect.Message) {
	if n.Kind != yaml.ScalarNode || !durationText.MatchString(n.Value) || len(n.Value) > 60 {
		d.ds.Errorf(diag.CodeType, at, "write a duration, for example 5s; got %s", shapeOf(n))
		return
	}
	sum := new(big.Rat)
	for _, part := range durationPart.FindAllStringSubmatch(n.Value, -1) {
		amount, _ := new(big.Rat).SetString(part[1])
		sum.Add(sum, amount.Mul(amount, new(big.Rat).SetInt64(nanoseconds[part[2]])))
	}
	if !sum.IsInt() || sum.Cmp(new(big.Rat).SetInt(new(big.Int).Mul(big.NewInt(maxSeconds), big.NewInt(1e9)))) > 0 {
		d.ds.Errorf(diag.CodeValue, at, "%s is no duration; whole nanoseconds, at most %ds", quoted(n.Value), maxSeconds)
		return
	}
	seconds, nanos := new(big.Int).DivMod(sum.Num(), big.NewInt(1e9), new(big.Int))
	fields := m.Descriptor().Fields()
	m.Set(fields.ByName("seconds"), protoreflect.ValueOfInt64(seconds.Int64()))
	m.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(int32(nanos.Int64())))
}

func quoted(s string) string { return strconv.Quote(shortened(s)) }
