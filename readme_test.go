package kymamesh

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// fence is a block of code in a page. The comment in the line before it says
// what it is: <!-- MARK: ARG -->.
type fence struct {
	at, mark, arg, text string
}

var markLine = regexp.MustCompile(`^<!-- ([a-z]+)(?:: (.+))? -->$`)

// pages are the texts that are held against the repository.
func pages(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{"README.md"}, docs...)
}

func readText(t *testing.T, file string) string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// fences are the blocks of a page, in its order.
func fences(t *testing.T, page string) []fence {
	t.Helper()
	var all []fence
	var open *fence
	lines := strings.Split(readText(t, page), "\n")
	for i, line := range lines {
		switch {
		case open != nil && line == "```":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case strings.HasPrefix(line, "```"):
			open = &fence{at: fmt.Sprintf("%s:%d", page, i+1)}
			if m := markLine.FindStringSubmatch(lines[max(i-1, 0)]); m != nil {
				open.mark, open.arg = m[1], m[2]
			}
		}
	}
	if open != nil {
		t.Errorf("%s: the block is not closed", open.at)
	}
	return all
}

// TestPages holds every block of code against what it claims to be. Commands
// are run by TestPageCommands.
func TestPages(t *testing.T) {
	for _, page := range pages(t) {
		for _, f := range fences(t, page) {
			t.Run(f.at, func(t *testing.T) {
				switch f.mark {
				case "file":
					if diff := gocmp.Diff(readText(t, f.arg), f.text); diff != "" {
						t.Errorf("not %s:\n%s", f.arg, diff)
					}
				case "golden", "within":
					if !strings.Contains("\n"+readText(t, f.arg), "\n"+f.text) {
						t.Errorf("not in %s:\n%s", f.arg, f.text)
					}
				case "objects":
					if diff := gocmp.Diff(objectList(readText(t, f.arg)), f.text); diff != "" {
						t.Errorf("not the objects of %s:\n%s", f.arg, diff)
					}
				case "shell", "fails", "finds", "prints":
				default:
					t.Errorf("the line before it has to be a mark such as <!-- file: PATH -->, not %q", f.mark)
				}
			})
		}
	}
}

var (
	kindLine      = regexp.MustCompile(`(?m)^kind: (.+)$`)
	nameLine      = regexp.MustCompile(`(?m)^  name: (.+)$`)
	namespaceLine = regexp.MustCompile(`(?m)^  namespace: (.+)$`)
)

// objectList is KIND NAMESPACE/NAME of every object of a golden file.
func objectList(text string) string {
	var b strings.Builder
	for document := range strings.SplitSeq(text, "\n---\n") {
		var words []string
		for _, re := range []*regexp.Regexp{kindLine, namespaceLine, nameLine} {
			if m := re.FindStringSubmatch(document); m != nil {
				words = append(words, m[1])
			}
		}
		if len(words) == 3 {
			fmt.Fprintf(&b, "%s %s/%s\n", words[0], words[1], words[2])
		}
	}
	return b.String()
}

// table is the rows below a heading line, of which it is the first columns.
func table(t *testing.T, heading string) []string {
	t.Helper()
	_, rest, found := strings.Cut(readText(t, "README.md"), "\n"+heading+"\n")
	if !found {
		t.Fatalf("README.md has no table %s", heading)
	}
	var rows []string
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		rows = append(rows, strings.TrimSpace(line))
	}
	return rows[1:] // the line below the heading
}

// TestCodes writes docs/codes.md.
func TestCodes(t *testing.T) {
	var page strings.Builder
	page.WriteString(`# Codes

Every message has a code, which never changes its meaning. KM0 is about documents, KM1 about the package around them. Those that ` + "`kymamesh check`" + ` finds are in [checks.md](checks.md).

This page is written by a test, from pkg/diag.

| code | what it is about |
|---|---|
`)
	for _, c := range diag.Codes {
		if !slices.ContainsFunc(check.All(), func(of check.Check) bool { return of.Code == c.Code }) {
			fmt.Fprintf(&page, "| %s | %s |\n", c.Code, c.About)
		}
	}
	golden.Assert(t, page.String(), "../docs/codes.md")
}

// TestReadmeWords fails on a row of the README that names no word. That every
// word has a row is demanded of docs/spec.md (pkg/schema).
func TestReadmeWords(t *testing.T) {
	for _, row := range table(t, "| word | values | not written | what it says |") {
		columns := strings.Split(row, " | ")
		if len(columns) != 4 || slices.Contains(columns, "") {
			t.Errorf("a row without its four columns: %s", row)
		}
		path := strings.Trim(columns[0], "|` ")
		if !isWord(reflect.TypeFor[spec.Spec](), strings.Split(path, ".")) {
			t.Errorf("%s is no word of pkg/spec", path)
		}
	}
}

// isWord tells whether a path such as services[].routes leads to a word.
func isWord(in reflect.Type, path []string) bool {
	for in.Kind() == reflect.Slice || in.Kind() == reflect.Map || in.Kind() == reflect.Pointer {
		if in.Kind() == reflect.Map { // NAME
			path = path[1:]
		}
		in = in.Elem()
	}
	if len(path) == 0 {
		return true
	}
	for _, w := range strictyaml.Words(in) {
		if w.Name == strings.TrimSuffix(path[0], "[]") {
			return len(path) == 1 || isWord(w.Field.Type, path[1:])
		}
	}
	return false
}

// TestPageLinks fails on a link to a file that is not there.
func TestPageLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(readText(t, page), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
