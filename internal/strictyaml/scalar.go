package strictyaml

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

func (d *decoder) scalar(n *yaml.Node, at diag.Path, v reflect.Value, o options) {
	if n.Kind != yaml.ScalarNode {
		d.shape(n, at, wanted(v.Kind()))
		return
	}
	switch v.Kind() {
	case reflect.String:
		d.text(n, at, v, o)
	case reflect.Bool:
		b, err := strconv.ParseBool(n.Value)
		if err != nil || !plain(n) || len(n.Value) < len("true") {
			d.ds.Errorf(diag.CodeType, at, "want true or false, got %q", shortened(n.Value))
			return
		}
		v.SetBool(b)
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if err != nil || !plain(n) || strconv.Itoa(i) != n.Value {
			d.ds.Errorf(diag.CodeType, at, "want a number such as 8080, got %q", shortened(n.Value))
			return
		}
		if i == 0 && !o.zero {
			// It would be taken for not written.
			d.ds.Errorf(diag.CodeValue, at, "0 says nothing here; leave it out, or write a number above 0")
			return
		}
		v.SetInt(int64(i))
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || !plain(n) || !decimal.MatchString(n.Value) {
			d.ds.Errorf(diag.CodeType, at, "want a number such as 12.5, got %q", shortened(n.Value))
			return
		}
		v.SetFloat(f)
	}
}

var decimal = pattern.New(`^-?[0-9]+(\.[0-9]+)?$`)

func wanted(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Float64:
		return "a number"
	default:
		return "text"
	}
}

// plain tells whether the scalar stands without quotes and without a tag, so
// that YAML is free to give it a type.
func plain(n *yaml.Node) bool {
	return n.Style&^yaml.FlowStyle == 0
}

// text refuses a plain scalar that a YAML reader may take for something else
// than text. kustomize rewrites 1.10 to 1.1 and 0777 to 511 on its way to a
// function, kpt does not: the same document would give two meshes.
func (d *decoder) text(n *yaml.Node, at diag.Path, v reflect.Value, o options) {
	if plain(n) && !(o.bare && decimal.MatchString(n.Value)) {
		if as := otherwise(n); as != "" {
			d.ds.Errorf(diag.CodeNotText, at, "%s is %s in YAML; write %q", shortened(n.Value), as, n.Value)
			return
		}
	}
	if tag := n.ShortTag(); !plain(n) && tag != "!!str" {
		d.ds.Errorf(diag.CodeType, at, "want text, got a value tagged %s", tag)
		return
	}
	v.SetString(n.Value)
}

// What YAML 1.1 reads as something else than text and YAML 1.2 does not. The
// Kubernetes world reads with both.
var (
	oldBools  = []string{"y", "n", "yes", "no", "on", "off"}
	oldNumber = pattern.New(`^[-+]?(0[0-7_]+|0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[0-9][0-9_]*)$`)
)

// otherwise says what a plain scalar is when it is not text in every YAML.
func otherwise(n *yaml.Node) string {
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "a bool"
	case "!!timestamp":
		return "a date"
	case "!!str":
	default:
		return "no text"
	}
	switch {
	case len(n.Value) <= len("off") && slices.Contains(oldBools, strings.ToLower(n.Value)):
		return "a bool"
	case strings.IndexByte("+-0123456789", firstByte(n.Value)) >= 0 && oldNumber.MatchString(n.Value):
		return "a number"
	}
	return ""
}

// firstByte is NUL, which is in no set of characters we ask for, for the empty
// text.
func firstByte(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}
