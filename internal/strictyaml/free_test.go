package strictyaml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

type free struct {
	Tree map[string]any `yaml:"tree"`
}

func readFree(text string) (map[string]any, []string) {
	source, ds := Parse("f", 1, []byte(text), diag.Path{})
	var f free
	ds = append(ds, Decode(source.Root, diag.Path{}, &f)...)
	var got []string
	for _, d := range ds.Locate(source.Pos) {
		got = append(got, d.String())
	}
	return f.Tree, got
}

func TestFree(t *testing.T) {
	got, ds := readFree(`
tree:
  text: a
  quoted: "1.10"
  block: |
    b
  bool: true
  whole: -12
  zero: 0
  decimal: 0.5
  none: null
  tilde: ~
  list: [1, null, {a: b}, []]
  alias: &x {c: d}
  again: *x
  empty: {}
`)
	inner := map[string]any{"c": "d"}
	want := map[string]any{
		"text": "a", "quoted": "1.10", "block": "b\n", "bool": true, "whole": -12, "zero": 0, "decimal": 0.5, "none": nil, "tilde": nil,
		"list": []any{1, nil, map[string]any{"a": "b"}, []any{}}, "alias": inner, "again": inner, "empty": map[string]any{},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(ds) > 0 {
		t.Error(ds, diff)
	}
}

// What two YAML readers would read in two ways is refused here as well.
func TestFreeFaults(t *testing.T) {
	for text, want := range map[string]string{
		"tree:":                           `f:1:1: error KM006: tree: empty; write {} or remove the line`,
		"tree: []":                        `f:1:1: error KM005: tree: want a mapping, got a list`,
		"tree: {a: 1.10}":                 `f:1:8: error KM007: tree.a: 1.10 is a number in YAML; write "1.10"`,
		"tree: {a: 1e3}":                  `f:1:8: error KM007: tree.a: 1e3 is a number in YAML; write "1e3"`,
		"tree: {a: 0777}":                 `f:1:8: error KM007: tree.a: 0777 is a number in YAML; write "0777"`,
		"tree: {a: [yes]}":                `f:1:12: error KM007: tree.a[0]: yes is a bool in YAML; write "yes"`,
		"tree: {a: True}":                 `f:1:8: error KM007: tree.a: True is a bool in YAML; write "True"`,
		"tree: {a: 2024-01-01}":           `f:1:8: error KM007: tree.a: 2024-01-01 is a date in YAML; write "2024-01-01"`,
		"tree: {80: a}":                   `f:1:8: error KM007: tree.80: 80 is a number in YAML; write "80"`,
		"tree: {a: b, a: c}":              `f:1:8: error KM004: tree.a: written twice; keep one`,
		"tree: {<<: {a: b}}":              `f:1:8: error KM003: tree["<<"]: merge keys are not read; write the words out`,
		"tree: {a: !mine b}":              `f:1:8: error KM005: tree.a: want text, got a value tagged !mine`,
		"tree: {a: 99999999999999999999}": `f:1:8: error KM012: tree.a: 99999999999999999999 is out of range; -9223372036854775808 to 9223372036854775807`,
	} {
		if _, got := readFree(text); len(got) != 1 || got[0] != want {
			t.Errorf("%s:\ngot  %v\nwant %s", text, got, want)
		}
	}
	deep := "tree: " + strings.Repeat("{a: ", 200) + "b" + strings.Repeat("}", 200)
	if _, got := readFree(deep); len(got) != 1 || !strings.Contains(got[0], "KM002") {
		t.Errorf("deep: %v", got)
	}
}
