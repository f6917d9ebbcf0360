package pattern

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A pattern that cannot be compiled would be found by the first user whose document
// asks it.
func TestEveryPatternOfTheModuleCompiles(t *testing.T) {
	compiled := 0
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isNew(call.Fun) {
				return true
			}
			text, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s: a pattern that is not written out is compiled by no test", path)
				return true
			}
			pattern, err := strconv.Unquote(text.Value)
			if err == nil {
				_, err = regexp.Compile(pattern)
			}
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
			compiled++
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if compiled < 20 {
		t.Errorf("only %d patterns found; the test looks in the wrong place", compiled)
	}
}

func isNew(f ast.Expr) bool {
	selector, ok := f.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "New" {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	return ok && from.Name == "pattern"
}

func TestMethodsAreThoseOfRegexp(t *testing.T) {
	const text, s = `([a-z]+)([0-9]*)`, "-ab1 c22"
	p, re := New(text), regexp.MustCompile(text)
	if got, want := p.FindString(s), re.FindString(s); got != want {
		t.Errorf("FindString: %q, want %q", got, want)
	}
	if got, want := strings.Join(p.FindStringSubmatch(s), "|"), strings.Join(re.FindStringSubmatch(s), "|"); got != want {
		t.Errorf("FindStringSubmatch: %q, want %q", got, want)
	}
	if got := p.FindAllStringSubmatch(s, -1); len(got) != 2 || got[1][2] != "22" {
		t.Errorf("FindAllStringSubmatch: %q", got)
	}
	if !p.MatchString(s) || New(`^x`).MatchString(s) {
		t.Error("MatchString")
	}
}
