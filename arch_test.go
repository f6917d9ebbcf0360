package kymamesh

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kymamesh/kymamesh"

// goPackage is what the test reads of `go list`.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// room is what a package may not know. A name that ends in / means everything
// below it, a * stands for one folder. "outside" are modules other than ours.
type room struct {
	pkg     string
	never   []string
	outside []string // the only modules of others that it may import; nil: any
}

// kindRule is the rule of every folder that renders one kind.
var kindRule = room{
	never:   []string{"pkg/render", "pkg/check", "pkg/topology", "internal/", "plugins/", "cmd/"},
	outside: []string{"istio.io/api", "google.golang.org/protobuf"},
}

// rooms are the rows of the architecture: arrows point one way.
var rooms = []room{
	{"pkg/diag", []string{"pkg/", "internal/", "cmd/", "plugins/"}, []string{}},
	{"internal/parallel", []string{"pkg/", "internal/", "cmd/", "plugins/"}, []string{}},
	{"internal/strictyaml", []string{"pkg/spec", "pkg/mesh", "pkg/manifest", "pkg/render", "pkg/check", "pkg/topology", "internal/resourcelist"}, []string{"go.yaml.in/yaml", "google.golang.org/protobuf"}},
	// Istio's own messages are words of the document, so its types are the
	// vocabulary's too.
	{"pkg/spec", []string{"pkg/", "internal/", "cmd/", "plugins/"}, []string{"istio.io/api", "google.golang.org/protobuf"}},
	{"pkg/mesh", []string{"pkg/manifest", "pkg/render", "pkg/check", "pkg/topology", "internal/resourcelist", "cmd/", "plugins/"}, []string{"go.yaml.in/yaml", "istio.io/api", "google.golang.org/protobuf"}},
	{"pkg/mesh/fields", []string{"pkg/", "internal/", "cmd/", "plugins/"}, []string{"go.yaml.in/yaml"}},
	{"pkg/manifest", []string{"pkg/spec", "pkg/mesh", "pkg/render", "pkg/check", "pkg/topology", "internal/strictyaml", "internal/resourcelist", "cmd/", "plugins/"}, []string{"google.golang.org/protobuf", "go.yaml.in/yaml"}},
	{"pkg/topology", []string{"pkg/spec", "pkg/mesh", "pkg/check", "pkg/render", "internal/", "cmd/", "plugins/"}, []string{"istio.io/api", "google.golang.org/protobuf", "go.yaml.in/yaml"}},
	{"pkg/check", []string{"pkg/spec", "pkg/mesh", "pkg/render", "internal/", "cmd/", "plugins/"}, []string{"istio.io/api", "google.golang.org/protobuf"}},
	{"pkg/trace", []string{"pkg/spec", "pkg/mesh", "pkg/manifest", "pkg/check", "pkg/render", "internal/", "cmd/", "plugins/"}, []string{"istio.io/api", "google.golang.org/protobuf"}},
	{"pkg/matrix", []string{"pkg/spec", "pkg/mesh", "pkg/manifest", "pkg/check", "pkg/trace", "pkg/render", "internal/", "cmd/", "plugins/"}, []string{"istio.io/api"}},
	{"pkg/edit", []string{"pkg/spec", "pkg/mesh", "pkg/check", "pkg/render", "cmd/", "plugins/"}, []string{"go.yaml.in/yaml"}},
	{"pkg/render", []string{"cmd/", "plugins/"}, []string{"go.yaml.in/yaml", "istio.io/api", "google.golang.org/protobuf"}},
	{"pkg/schema", []string{"pkg/mesh", "pkg/manifest", "pkg/render", "pkg/check", "pkg/topology", "internal/resourcelist", "cmd/", "plugins/"}, []string{"istio.io/api", "google.golang.org/protobuf"}},
	{"internal/resourcelist", []string{"pkg/spec", "pkg/mesh", "pkg/manifest", "pkg/render", "pkg/check", "pkg/topology", "cmd/", "plugins/"}, []string{"go.yaml.in/yaml"}},
	{"plugins/kymamesh-krm", []string{"pkg/mesh", "cmd/"}, []string{"go.yaml.in/yaml"}},
	{"cmd/kymamesh", []string{"pkg/mesh", "plugins/"}, nil},
}

func TestArrowsPointOneWay(t *testing.T) {
	all := goList(t, "./...")
	kinds := kindFolders(t)
	for i := range kinds {
		r := kindRule
		r.pkg = kinds[i]
		for _, other := range kinds {
			if other != r.pkg {
				r.never = append(slices.Clip(r.never), other)
			}
		}
		rooms = append(rooms, r)
	}
	for _, r := range rooms {
		if !isKind(kinds, r.pkg) && r.pkg != "pkg/render" {
			r.never = append(slices.Clip(r.never), kinds...)
		}
		p, ok := all[module+"/"+r.pkg]
		if !ok {
			t.Errorf("%s: no such package; the rule says nothing", r.pkg)
			continue
		}
		for _, imported := range p.Imports {
			r.check(t, all, imported)
		}
	}
}

func isKind(kinds []string, pkg string) bool { return slices.Contains(kinds, pkg) }

func (r room) check(t *testing.T, all map[string]goPackage, imported string) {
	t.Helper()
	if own, ok := strings.CutPrefix(imported, module+"/"); ok {
		for _, never := range r.never {
			if own == never || strings.HasSuffix(never, "/") && strings.HasPrefix(own, never) {
				t.Errorf("%s imports %s and must never", r.pkg, own)
			}
		}
		return
	}
	if all[imported].Standard || r.outside == nil {
		return
	}
	if !slices.ContainsFunc(r.outside, func(m string) bool { return strings.HasPrefix(imported, m) }) {
		t.Errorf("%s imports %s; of others it may import %v", r.pkg, imported, r.outside)
	}
}

// The library reads nothing but its arguments.
func TestLibraryIsPure(t *testing.T) {
	all := goList(t, "./...")
	for name, p := range all {
		own, ok := strings.CutPrefix(name, module+"/")
		if !ok || !strings.HasPrefix(own, "pkg/") && !strings.HasPrefix(own, "internal/") {
			continue
		}
		for _, never := range []string{"os", "os/exec", "net/http", "flag", "math/rand", "math/rand/v2", "crypto/rand", "hash/maphash", "syscall", "unsafe", "log", "log/slog", "time", "context", "path/filepath"} {
			if slices.Contains(p.Imports, never) {
				t.Errorf("%s imports %s; a rendering depends on the documents alone", own, never)
			}
		}
	}
}

// What is not linked cannot be called: nothing of the network and no other program
// in the library and the function, which may parse addresses and no more.
func TestNothingToCall(t *testing.T) {
	none := []string{"net", "net/http", "crypto/tls", "os/exec", "os/user", "os/signal", "plugin", "runtime/cgo"}
	for pattern, never := range map[string][]string{
		"./pkg/...":              none,
		"./internal/...":         none,
		"./plugins/kymamesh-krm": none,
		// The flags of the command line know addresses; net is theirs.
		"./cmd/kymamesh": none[1:],
	} {
		all := goList(t, pattern)
		if len(all) < 50 {
			t.Fatalf("%s: only %d packages; go list gave something else", pattern, len(all))
		}
		for _, path := range never {
			if _, linked := all[path]; linked {
				t.Errorf("%s links %s", pattern, path)
			}
		}
	}
}

// Importing the library pulls in neither kyaml nor Kubernetes.
func TestRenderIsLight(t *testing.T) {
	all := goList(t, "./pkg/render")
	p := all[module+"/pkg/render"]
	if len(p.Deps) < 50 {
		t.Fatalf("only %d dependencies; go list gave something else", len(p.Deps))
	}
	for _, dep := range p.Deps {
		for _, never := range []string{"sigs.k8s.io/", "k8s.io/", "istio.io/istio", "istio.io/client-go", "github.com/spf13/"} {
			if strings.HasPrefix(dep, never) {
				t.Errorf("pkg/render pulls in %s", dep)
			}
		}
	}
}

// A kind is one folder and one row: a folder under pkg/ that exports Kind has to
// be in the table of pkg/render.
func TestEveryKindHasARow(t *testing.T) {
	table, err := os.ReadFile("pkg/render/kinds.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := kindFolders(t)
	if len(kinds) == 0 {
		t.Fatal("no folder exports Kind")
	}
	for _, folder := range kinds {
		name := path.Base(folder)
		if row := "{&" + name + ".Kind, " + name + ".Render}"; !strings.Contains(string(table), row) {
			t.Errorf("%s exports Kind; pkg/render/kinds.go lacks the row %s", folder, row)
		}
	}
}

// kindFolders are the folders under pkg/ that export Kind.
func kindFolders(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("pkg/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.ToSlash(filepath.Dir(f))
		if strings.Contains(string(src), "\nvar Kind = manifest.Kind{") && !slices.Contains(kinds, folder) {
			kinds = append(kinds, folder)
		}
	}
	return kinds
}

func goList(t *testing.T, pattern string) map[string]goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", pattern)
	list.Env = append(os.Environ(), "CGO_ENABLED=0") // as the programs are built
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]goPackage{}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
	return all
}
