package kymamesh

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// neverCalled are functions that would make the output of a program depend on more
// than its input, by package; nil is all of a package.
var neverCalled = map[string][]string{
	"os":           {"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Hostname", "UserHomeDir", "UserCacheDir", "UserConfigDir", "Getuid", "TempDir", "CreateTemp", "MkdirTemp"},
	"syscall":      {"Getenv", "Environ", "Gettimeofday", "Getrandom", "Getuid"},
	"time":         nil,
	"math/rand":    nil,
	"math/rand/v2": nil,
	"crypto/rand":  nil,
	"hash/maphash": nil,
	"os/user":      nil,
}

// TestNothingButTheInput looks at the sources of the library and of both programs:
// no test that runs them can know which variable they would ask for.
func TestNothingButTheInput(t *testing.T) {
	files := 0
	for _, folder := range []string{"cmd", "plugins", "pkg", "internal"} {
		err := filepath.WalkDir(folder, func(name string, e fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			files++
			source, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				return err
			}
			for _, asked := range surroundingsOf(source) {
				t.Errorf("%s uses %s; what is written depends on the input alone", name, asked)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 200 {
		t.Errorf("only %d files", files)
	}
}

// surroundingsOf are the uses of neverCalled in a file.
func surroundingsOf(file *ast.File) []string {
	var all []string
	names := map[string]string{} // of packages, as the file calls them
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		functions, listed := neverCalled[imported]
		if !listed {
			continue
		}
		name := strings.TrimSuffix(imported, "/v2")
		name = name[strings.LastIndex(name, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if names[name] = imported; functions == nil || name == "." {
			all = append(all, imported)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if isOfRuntime(n) {
			return false
		}
		if s, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := s.X.(*ast.Ident); ok && slices.Contains(neverCalled[names[of.Name]], s.Sel.Name) {
				all = append(all, names[of.Name]+"."+s.Sel.Name)
			}
		}
		return true
	})
	return all
}

// isOfRuntime is true where a variable is asked for that Go's runtime reads anyway: it
// changes how much memory and how many processors are used, and no output.
func isOfRuntime(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	name, ok := call.Args[0].(*ast.BasicLit)
	return ok && slices.Contains([]string{`"GOGC"`, `"GOMEMLIMIT"`, `"GOMAXPROCS"`, `"GODEBUG"`, `"GOTRACEBACK"`}, name.Value)
}

// TestSurroundingsOf: the reader above finds what it has to find.
func TestSurroundingsOf(t *testing.T) {
	const source = `package x
import ("os"; clock "time"; "io"; "syscall")
var _ = os.Getenv("HOME")
var _ = os.Getenv("GOGC")
var f = os.LookupEnv
var _ = clock.Now
var _, _ = io.EOF, os.Args
var _ = syscall.Environ()
`
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"time", "os.Getenv", "os.LookupEnv", "syscall.Environ"}
	if got := surroundingsOf(file); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
