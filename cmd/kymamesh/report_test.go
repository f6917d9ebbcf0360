package main

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

const wrong = header + `spec:
  domian: shop.example.com
  services:
  - name: reviews
    namespace: shop
    split: {v1: 90, v2: 5}
`

const (
	wrongDomain = `wrong.yaml:5:3: error KM003: spec.domian: no such word; did you mean "domain"?` + "\n"
	wrongSplit  = "wrong.yaml:9:5: error KM015: spec.services[0].split: 90 + 5 = 95; the sum must be 100\n"
)

func TestFaults(t *testing.T) {
	const notYAML, utf16 = "- a\nb: c\n", "\xff\xfea\x00:\x00"
	enter(t, files{"mesh.yaml": canary, "wrong.yaml": wrong, "none.yaml": "kind: ConfigMap\napiVersion: v1\n", "empty.yaml": "",
		"utf16.yaml": utf16, "late.yaml": "a: 1\n---\n" + wrong, "list.yaml": notYAML})
	late := strings.NewReplacer("wrong.yaml:5:", "late.yaml:7:", "wrong.yaml:9:", "late.yaml:11:").Replace(wrongDomain + wrongSplit)
	const none = "error KM009: no KymaMesh in this call; give it with the package, or with -f\n"
	for _, c := range []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"every fault", "", []string{"wrong.yaml"}, wrongDomain + wrongSplit},
		{"lines of the file, not of the document", "", []string{"late.yaml"}, late},
		{"the shortest path", "", []string{".//wrong.yaml"}, wrongDomain + wrongSplit},
		{"as json", "", []string{"wrong.yaml", "-o", "json"}, wrongDomain + wrongSplit},
		{"a part without faults", "", []string{"wrong.yaml", "--part", "install"}, wrongDomain + wrongSplit},
		{"stdin", wrong, []string{"-"}, strings.ReplaceAll(wrongDomain+wrongSplit, "wrong.yaml", "<stdin>")},
		{"no document", "", []string{"none.yaml"}, none},
		{"empty file", "", []string{"empty.yaml"}, none},
		{"empty stdin", "", []string{"-"}, none},
		{"utf-16", "", []string{"mesh.yaml", "utf16.yaml"}, unread(t, "utf16.yaml", utf16)},
		{"no yaml, in every file", "", []string{"list.yaml", "mesh.yaml", "utf16.yaml"},
			unread(t, "list.yaml", notYAML) + unread(t, "utf16.yaml", utf16)},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, "result", result{Code: 1, Err: c.want}, call(c.stdin, append([]string{"render"}, c.args...)...))
		})
	}
}

// unread is what the library says of a text that is no YAML.
func unread(t *testing.T, file, text string) string {
	t.Helper()
	_, ds := render.Split(file, []byte(text))
	if len(ds) != 1 || ds[0].Code != diag.CodeSyntax || ds[0].Pos.File != file {
		t.Fatal(ds)
	}
	return ds[0].String() + "\n"
}

// onTerminal is stderr as a person sees it.
func onTerminal(t *testing.T, stdin string, paths ...string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	run(append([]string{"render", "-"}, paths...), streams{in: strings.NewReader(stdin), out: &out, err: &stderr, terminal: true})
	if out.Len() > 0 {
		t.Errorf("stdout has %s", out.String())
	}
	return stderr.String()
}

func TestSourceOnATerminal(t *testing.T) {
	const crlf = "\r\n"
	const noText = "a: \xff\x1b[2J\u009b2J\x7f\n"
	const said = `<stdin>:5:3: error KM003: spec.domian: no such word; did you mean "domain"?` + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"caret", header + "spec:\n  domian: a\n", said + "      domian: a\n      ^\n"},
		{"crlf", strings.ReplaceAll(header+"spec:\n  domian: a\n", "\n", crlf), said + "      domian: a\n      ^\n"},
		{"last line without a break", header + "spec:\n  domian: a", said + "      domian: a\n      ^\n"},
		{"tab", header + "spec: {\tx: 1}\n",
			wordless("x", 4, 9) + "    spec: {\tx: 1}\n           \t^\n"},
		{"multi-byte", header + "spec: {\"äöü€\": 1, x: 1}\n",
			wordless("äöü€", 4, 8) + "    spec: {\"äöü€\": 1, x: 1}\n           ^\n" +
				wordless("x", 4, 19) + "    spec: {\"äöü€\": 1, x: 1}\n                      ^\n"},
		{"byte order mark", "\uFEFF" + "spec: {x: 1}\n" + header,
			wordless("x", 1, 8) + "    spec: {x: 1}\n           ^\n"},
		{"text that turns around", header + "spec: {x: \"\u202eab\"}\n",
			wordless("x", 4, 8) + "    spec: {x: \"?ab\"}\n           ^\n"},
		{"no place", "", "error KM009: no KymaMesh in this call; give it with the package, or with -f\n"},
		{"not text", noText, unread(t, "<stdin>", noText) + "    a: ??[2J?2J?\n    ^\n"},
	} {
		t.Run(c.name, func(t *testing.T) { same(t, "stderr", c.want, onTerminal(t, c.text)) })
	}
}

func TestSourceOfStdinNamedTwice(t *testing.T) {
	same(t, "stderr", onTerminal(t, wrong), onTerminal(t, wrong, "-"))
}

// wordless is what is said of an unknown word of spec.
func wordless(word string, line, col int) string {
	var words []string
	for field := range reflect.TypeFor[spec.Spec]().Fields() {
		words = append(words, field.Tag.Get("yaml"))
	}
	d := diag.Diagnostic{
		Code: diag.CodeUnknownWord, Path: diag.Root("spec").Key(word), Pos: diag.Pos{File: "<stdin>", Line: line, Col: col},
		Message: "no such word; there are " + strings.Join(words, ", "),
	}
	return d.String() + "\n"
}

// A file that changed while it was read, or a line break that only YAML knows,
// may put a place outside of the text.
func TestSourceOutsideOfTheText(t *testing.T) {
	for _, c := range []struct {
		line, col int
		want      string
	}{
		{1, 1, "    ab\n    ^\n"},
		{1, 9, "    ab\n      ^\n"},
		{2, 1, ""},
		{3, 1, ""},
		{0, 0, ""},
	} {
		var b bytes.Buffer
		showSource(&b, diag.Pos{Line: c.line, Col: c.col}, []byte("ab\n"))
		same(t, "source", c.want, b.String())
	}
}
