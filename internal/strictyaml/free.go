package strictyaml

import (
	"math"
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// free reads a value whose words somebody else knows, into an any: mappings as
// map[string]any, lists as []any, scalars as string, bool, int or float64. Here
// null is a value, nil: where such a tree lies over another one it deletes.
func (d *decoder) free(n *yaml.Node, at diag.Path, v reflect.Value, depth int) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return
	}
	d.enter(n, at, emptyScalar, depth, func(n *yaml.Node, depth int) {
		var value any
		switch n.Kind {
		case yaml.MappingNode:
			value = readInto[map[string]any](d.mapping, n, at, depth)
		case yaml.SequenceNode:
			value = readInto[[]any](d.list, n, at, depth)
		default:
			value = d.freeScalar(n, at)
		}
		if value != nil {
			v.Set(reflect.ValueOf(value))
		}
	})
}

func readInto[T any](read func(*yaml.Node, diag.Path, reflect.Value, options, int), n *yaml.Node, at diag.Path, depth int) T {
	var value T
	read(n, at, reflect.ValueOf(&value).Elem(), options{}, depth)
	return value
}

// wholeNumber is what every YAML reads as the same whole number.
var wholeNumber = pattern.New(`^(0|-?[1-9][0-9]*)$`)

// freeScalar reads a scalar by how it is written. What YAML readers disagree
// about is left to the rules for text.
func (d *decoder) freeScalar(n *yaml.Node, at diag.Path) any {
	switch {
	case plain(n) && (n.Value == "true" || n.Value == "false"):
		return n.Value == "true"
	case plain(n) && wholeNumber.MatchString(n.Value):
		if i, err := strconv.Atoi(n.Value); err == nil {
			return i
		}
		d.ds.Errorf(diag.CodeValue, at, "%s is out of range; %d to %d", shortened(n.Value), math.MinInt, math.MaxInt)
		return nil
	case plain(n) && wholeOrDecimal.MatchString(n.Value):
		f := read[float64](d, n, at)
		if strconv.FormatFloat(f, 'f', -1, 64) == n.Value {
			return f
		}
		// Somebody on the way would write it shorter.
	}
	return read[string](d, n, at)
}
