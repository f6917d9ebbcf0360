package conformance

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shop is the package that nearly all tests use; it holds foreignInShop
// resources beside the KymaMesh.
const (
	shop          = "testdata/shop"
	foreignInShop = 5
)

// document is the shop's KymaMesh with words replaced: old, new, old, new ...
func document(t *testing.T, replaced ...string) string {
	t.Helper()
	text := read(t, shop+"/kymamesh.yaml")
	for i := 0; i < len(replaced); i += 2 {
		if !strings.Contains(text, replaced[i]) {
			t.Fatalf("the shop's KymaMesh lacks %q", replaced[i])
		}
		text = strings.ReplaceAll(text, replaced[i], replaced[i+1])
	}
	return text
}

// Faults for document: two errors at once, and one warning.
var (
	twoErrors  = []string{"domain:", "domian:", "v2: 10}", "v2: 20}"}
	oneWarning = []string{"  domain: shop.example.com\n", ""}
)

// What is said about them.
var errorTexts = []string{
	`error KM003: spec.domian: no such word; did you mean "domain"?` + "\n",
	"error KM015: spec.services[0].split: 90 + 20 = 110; the sum must be 100\n",
}

const (
	warningText   = "warning KM023: spec.services[0].expose[0].hosts[0]: host reviews becomes reviews.local.kyma.dev; write spec.domain\n"
	uncheckedText = "KymaMesh shop: info KM101: selectors could not be checked here; a generator does not see the package\n"
)

// withFunction says in a document how the client is to start the function.
func withFunction(document, how string) string {
	const mark = `    config.kubernetes.io/local-config: "true"` + "\n"
	return strings.Replace(document, mark, mark+"    config.kubernetes.io/function: '"+how+"'\n", 1)
}

// shopWith copies the shop to a new folder, which is called shop and has no
// neighbours, and adds files, by their names. A file with no text is left out.
func shopWith(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.CopyFS(dir, os.DirFS(shop)); err != nil {
		t.Fatal(err)
	}
	write(t, dir, files)
	return dir
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if text == "" {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tree is a folder: its files with their texts. Hidden files and links are no
// part of it.
type tree map[string]string

func treeOf(t *testing.T, dir string) tree {
	t.Helper()
	files := tree{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".") && path != dir && e.IsDir() {
			return fs.SkipDir
		}
		if e.Type().IsRegular() {
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			files[filepath.ToSlash(name)] = read(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// objects are the resources in the YAML files of the tree.
func (f tree) objects(t *testing.T) []object {
	t.Helper()
	var all []object
	for name, text := range f {
		if strings.HasSuffix(name, ".yaml") {
			all = append(all, parse(t, text)...)
		}
	}
	return all
}

// without are the files whose names do not begin so.
func (f tree) without(prefix string) tree {
	part := tree{}
	for name, text := range f {
		if !strings.HasPrefix(name, prefix) {
			part[name] = text
		}
	}
	return part
}

// unchanged checks that a folder is what it was.
func unchanged(t *testing.T, dir string, before tree) {
	t.Helper()
	if diff := cmp.Diff(before, treeOf(t, dir)); diff != "" {
		t.Fatalf("the package was changed (-before +after):\n%s", diff)
	}
}

// link puts a link to the function into a folder, under the name that documents
// use for it.
func link(t *testing.T, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(function(), name); err != nil {
		t.Fatal(err)
	}
}

// chmod makes a file executable.
func chmod(t *testing.T, file string) {
	t.Helper()
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}
}
