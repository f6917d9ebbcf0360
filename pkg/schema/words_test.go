package schema

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
)

// TestWords holds words.json against the comments of pkg/spec. With -update it
// writes the file.
func TestWords(t *testing.T) {
	var got bytes.Buffer
	e := json.NewEncoder(&got)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(specComments(t)); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, got.String(), "../words.json")
}

// specComments are the comments of the types of pkg/spec and of their fields, as
// one line each.
func specComments(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../spec/*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	p, err := doc.NewFromFiles(set, files, "spec")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, typ := range p.Types {
		say(all, typ.Name, typ.Doc)
		structure, ok := typ.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range structure.Fields.List {
			for _, name := range field.Names {
				say(all, typ.Name+"."+name.Name, field.Doc.Text())
			}
		}
	}
	return all
}

func say(all map[string]string, of, text string) {
	if text := strings.Join(strings.Fields(text), " "); text != "" {
		all[of] = text
	}
}

// TestRowsNameWords fails on a row of values and optionals that names no word.
func TestRowsNameWords(t *testing.T) {
	words := map[string]bool{}
	for _, w := range allWords() {
		words[rowOf(w)] = true
	}
	for row := range values {
		if !words[row] {
			t.Errorf("values has %s, which is no word", row)
		}
	}
	for _, row := range optionals {
		if !words[row] {
			t.Errorf("optionals has %s, which is no word", row)
		}
	}
}

// TestEveryWordHasText fails on a word that nothing is said of but its default:
// its row of docs/spec.md would be empty.
func TestEveryWordHasText(t *testing.T) {
	for _, w := range allWords() {
		if text := sentence(w); text == "" || text == w.Field.Name {
			t.Errorf("pkg/spec says nothing of %s", rowOf(w))
		}
	}
}

// allWords are the words of all types that documents hold.
func allWords() []strictyaml.Word {
	var all []strictyaml.Word
	for _, t := range Types() {
		all = append(all, strictyaml.Words(t)...)
	}
	return all
}
