package strictyaml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

type document struct {
	Text   string           `yaml:"text"`
	Bare   string           `yaml:"bare" mesh:"bare"`
	Switch *bool            `yaml:"switch"`
	Number int              `yaml:"number"`
	Share  float64          `yaml:"share"`
	Many   []string         `yaml:"many" mesh:"one"`
	Short  []short          `yaml:"short" mesh:"one"`
	Ports  map[int]string   `yaml:"ports"`
	Parts  map[string]short `yaml:"parts"`
	Base   `yaml:",inline"`
}

type Base struct {
	Name string `yaml:"name"`
}

func (Base) Later() []string                  { return []string{"tomorrow"} }
func (document) Elsewhere() map[string]string { return map[string]string{"moved": "write it there"} }

type short struct {
	Hosts []string `yaml:"hosts" mesh:"one"`
}

func (s *short) SetText(text string) { s.Hosts = []string{text} }

func decode(text string) (document, []string) {
	source, ds := Parse("f", 1, []byte(text), diag.Path{})
	var d document
	if source.Root != nil {
		ds = append(ds, Decode(source.Root, diag.Path{}, &d)...)
	}
	var got []string
	for _, x := range ds.Locate(source.Pos) {
		got = append(got, x.String())
	}
	return d, got
}

func TestDecode(t *testing.T) {
	got, ds := decode(`
text: "1.10"
bare: 1.10
switch: false
number: 80
share: 99.5
many: one
short: [a, {hosts: [b, c]}]
ports: {80: http, "443": https}
parts: {a: &x {hosts: d}, b: *x}
name: me
`)
	no := false
	want := document{
		Text: "1.10", Bare: "1.10", Switch: &no, Number: 80, Share: 99.5, Many: []string{"one"},
		Short: []short{{[]string{"a"}}, {[]string{"b", "c"}}},
		Ports: map[int]string{80: "http", 443: "https"},
		Parts: map[string]short{"a": {[]string{"d"}}, "b": {[]string{"d"}}},
		Base:  Base{Name: "me"},
	}
	if d := cmp.Diff(want, got); d != "" || ds != nil {
		t.Errorf("%v\n%s", ds, d)
	}
}

// An empty list is none on purpose, which is not the same as not written.
func TestEmptyIsNotAbsent(t *testing.T) {
	got, ds := decode("many: []\nports: {}\n")
	if ds != nil || got.Many == nil || got.Ports == nil || got.Short != nil {
		t.Errorf("%v: %+v", ds, got)
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"nmae: x":                   `f:1:1: error KM003: nmae: no such word; did you mean "name"?`,
		"tomorrow: x":               `f:1:1: error KM008: tomorrow: not rendered yet by this version of kymamesh`,
		"moved: x":                  `f:1:1: error KM017: moved: write it there`,
		"name: a\n\nname: b":        `f:1:1: error KM004: name: written twice; keep one`,
		"text: 0x10":                `f:1:1: error KM007: text: 0x10 is a number in YAML; write "0x10"`,
		"text: 0777":                `f:1:1: error KM007: text: 0777 is a number in YAML; write "0777"`,
		"text: 1_000":               `f:1:1: error KM007: text: 1_000 is a number in YAML; write "1_000"`,
		"text: 190:20:30":           `f:1:1: error KM007: text: 190:20:30 is a number in YAML; write "190:20:30"`,
		"text: 2001-12-14":          `f:1:1: error KM007: text: 2001-12-14 is a date in YAML; write "2001-12-14"`,
		"text: n":                   `f:1:1: error KM007: text: n is a bool in YAML; write "n"`,
		"text: Off":                 `f:1:1: error KM007: text: Off is a bool in YAML; write "Off"`,
		"text: true":                `f:1:1: error KM007: text: true is a bool in YAML; write "true"`,
		"text: .inf":                `f:1:1: error KM007: text: .inf is a number in YAML; write ".inf"`,
		"text: ~":                   `f:1:1: error KM006: text: empty; write a value or remove the line`,
		"text: !mine a":             `f:1:1: error KM005: text: want text, got a value tagged !mine`,
		"many: [a, ]\nmany2: x":     `f:2:1: error KM003: many2: no such word; did you mean "many"?`,
		"many: [~]":                 `f:1:8: error KM006: many[0]: empty; write a value or remove the line`,
		"switch: \"true\"":          `f:1:1: error KM005: switch: want true or false, got "true"`,
		"switch: 1":                 `f:1:1: error KM005: switch: want true or false, got "1"`,
		"number: 1e3":               `f:1:1: error KM005: number: want a number such as 8080, got "1e3"`,
		"number: +5":                `f:1:1: error KM005: number: want a number such as 8080, got "+5"`,
		"number: {}":                `f:1:1: error KM005: number: want a number, got a mapping`,
		"share: 1e1":                `f:1:1: error KM005: share: want a number such as 12.5, got "1e1"`,
		"short: {host: a}":          `f:1:9: error KM003: short[0].host: no such word; did you mean "hosts"?`,
		"short: 5":                  `f:1:8: error KM007: short[0]: 5 is a number in YAML; write "5"`,
		"ports: {a: b}":             `f:1:9: error KM005: ports.a: want a number such as 8080, got "a"`,
		"ports: {80: a, \"80\": b}": `f:1:9: error KM004: ports.80: written twice; keep one`,
		"ports: [1]":                `f:1:1: error KM005: ports: want a mapping, got a list`,
		"- a":                       `f:1:1: error KM005: want a mapping, got a list`,
		"text: [":                   `f:1:1: error KM001: not YAML: did not find expected node content`,
		"text: a\x00":               `f:1:1: error KM001: the text holds a NUL byte; YAML is plain UTF-8 text`,
		"\xff\xfet\x00":             `f:1:1: error KM001: the text is UTF-16; save it as UTF-8`,
		"text: \xe4":                `f:1:1: error KM001: the text is not UTF-8; save it as UTF-8`,
	} {
		if _, got := decode(text); len(got) != 1 || got[0] != want {
			t.Errorf("%q:\ngot  %v\nwant %s", text, got, want)
		}
	}
}

// Text that no YAML takes for anything else stays text.
func TestPlainText(t *testing.T) {
	for _, text := range []string{"1.31.1", "10.0.0.1", "v1", "yesterday", "0xg", "a:b", "1-2", "e5", "nan", "0.6.1", "12:3x"} {
		if got, ds := decode("text: " + text); ds != nil || got.Text != text {
			t.Errorf("%s: %v, %q", text, ds, got.Text)
		}
	}
}

func TestLimits(t *testing.T) {
	bomb := "parts:\n  a: &a {hosts: &h [" + strings.Repeat("x, ", 200) + "x]}\n"
	for i := range 100 {
		bomb += "  b" + strings.Repeat("b", i) + ": {hosts: *h}\n"
	}
	_, ds := decode(bomb)
	if len(ds) != 1 || !strings.Contains(ds[0], "KM002") {
		t.Errorf("a bomb: %v", ds)
	}
	source, list := Parse("f", 1, make([]byte, MaxBytes+1), diag.Path{})
	if source.Root != nil || len(list) != 1 || list[0].Code != diag.CodeLimit {
		t.Errorf("a large document: %v", list)
	}
}

func TestPos(t *testing.T) {
	source, _ := Parse("f", 10, []byte("a: &a\n  b: 1\nc: *a\nd: {e: [x, y]}\none: z\n"), diag.Path{})
	for _, c := range []struct {
		path      diag.Path
		line, col int
	}{
		{diag.Root("a").Key("b"), 11, 3},
		{diag.Root("c").Key("b"), 11, 3},
		{diag.Root("d").Key("e").Index(1), 13, 12},
		{diag.Root("d").Key("missing").Key("more"), 13, 1},
		{diag.Root("d").Key("e").Index(7), 13, 5},
		{diag.Root("one").Index(0), 14, 6},
		{diag.Root("missing"), 10, 1},
	} {
		want := diag.Pos{File: "f", Line: c.line, Col: c.col}
		if got := source.Pos(c.path); got != want {
			t.Errorf("%s: got %v, want %v", c.path, got, want)
		}
	}
	source.NoLines = true
	if got := source.Pos(diag.Root("a")); got != (diag.Pos{File: "f"}) {
		t.Errorf("without lines: %v", got)
	}
}

// FuzzDecode: no panic, and a fault is never placed outside the text.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"text: a", "parts: {x: &x {hosts: d}, y: *x}", "? a\n: b", "<<: {a: b}", "many: [a,", "&a [*a]", "a: !!int b", "\ufefftext: a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		source, ds := Parse("f", 1, text, diag.Path{})
		if source.Root != nil {
			var d document
			ds = append(ds, Decode(source.Root, diag.Path{}, &d)...)
		}
		lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + 2
		for _, d := range ds.Locate(source.Pos) {
			if d.Pos.Line > lines || d.Pos.Line < 1 || d.Message == "" {
				t.Errorf("%v in %d lines", d, lines)
			}
		}
	})
}
