package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

func TestFileName(t *testing.T) {
	got, err := fileName("VirtualService", "", "reviews")
	if got != "_cluster/virtualservice_reviews.yaml" || err != nil {
		t.Error(got, err)
	}
	for _, bad := range [][2]string{{"..", "a"}, {".", "a"}, {"a/../..", "a"}, {"a", "../../b"}, {"a", "/b"}, {`a\b`, "c"}, {"/a", "b"}} {
		if got, err := fileName("Gateway", bad[0], bad[1]); err == nil {
			t.Errorf("%q: %s", bad, got)
		}
	}
}

const reviewsFile = "out/shop/virtualservice_reviews.yaml"

// What cannot be written keeps everything from being written.
func TestOutputDirAllOrNothing(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func() error
		want    int
	}{
		"a file of somebody": {func() error { return os.WriteFile(reviewsFile, []byte("kind: A\n"), 0o644) }, exitFaults},
		"an empty file":      {func() error { return os.WriteFile(reviewsFile, nil, 0o644) }, exitFaults},
		"a folder":           {func() error { return os.Mkdir(reviewsFile, 0o755) }, exitFaults},
		"a link":             {func() error { return os.Symlink("../../there/x", reviewsFile) }, exitFaults},
		"a file as namespace": {func() error {
			return os.WriteFile("out/kyma-system", nil, 0o644)
		}, exitUsage},
		"a link out of the folder": {func() error { return os.Symlink("../there", "out/kyma-system") }, exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			call := inFolder(t, map[string]string{"m.yaml": shop, "there/keep": ""})
			for _, err := range []error{os.MkdirAll("out/shop", 0o755), c.prepare()} {
				if err != nil {
					t.Fatal(err)
				}
			}
			before := list(t)
			got := call("render", "m.yaml", "--output-dir", "out")
			if got.Exit != c.want || got.Out != "" || !strings.Contains(got.Errors, "out") {
				t.Errorf("%+v", got)
			}
			if d := cmp.Diff(before, list(t)); d != "" {
				t.Error(d)
			}
		})
	}
}

// list is everything below the working folder, folders too.
func list(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.Walk(".", func(path string, info os.FileInfo, err error) error {
		if err == nil {
			all = append(all, path+" "+info.Mode().String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A folder that was made for nothing goes again.
func TestOutputDirUndone(t *testing.T) {
	call := inFolder(t, map[string]string{"m.yaml": strings.ReplaceAll(shop, "reviews", strings.Repeat("r", 63)), "taken": ""})
	before := list(t)
	if got := call("render", "m.yaml", "--output-dir", "taken/out"); got.Exit != exitUsage {
		t.Errorf("%+v", got)
	}
	c := changes{write: []newFile{{"a/b.yaml", 0o644, []byte("b\n")}, {"c/" + strings.Repeat("d", 300) + "/e.yaml", 0o644, nil}}}
	if err := c.apply("new/out"); err == nil {
		t.Error("a name of 300 characters was taken")
	}
	if got := call("render", "m.yaml", "--output-dir", "new/out", "--only", "nobody"); got.Exit != 0 {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff(before, list(t)); d != "" {
		t.Error(d)
	}
	if got := call("render", "m.yaml", "--output-dir", "new/deep/out"); got.Exit != 0 || len(contents(t, "new/deep/out")) != 6 {
		t.Errorf("%+v", got)
	}
}

// A file that a person moved stays where it is, and of two copies of one object
// the one that nobody moved.
func TestOutputDirMovedFile(t *testing.T) {
	call := inFolder(t, map[string]string{"m.yaml": shop})
	call("render", "m.yaml", "--output-dir", "out")
	first := contents(t, "out")
	if err := os.Rename(reviewsFile, "out/routes.yml"); err != nil {
		t.Fatal(err)
	}
	moved := contents(t, "out")
	if got := call("render", "m.yaml", "--output-dir", "out"); got.Exit != 0 || !strings.Contains(got.Errors, " 0 files written, 0 removed") {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff(moved, contents(t, "out")); d != "" {
		t.Error(d)
	}
	put(t, "m.yaml", strings.ReplaceAll(shop, "v1: 90, v2: 10", "v1: 80, v2: 20"))
	call("render", "m.yaml", "--output-dir", "out")
	if d := cmp.Diff(fileNames(moved), fileNames(contents(t, "out"))); d != "" || !strings.Contains(contents(t, "out")["out/routes.yml"], "weight: 20") {
		t.Error(d)
	}
	put(t, "m.yaml", shop)
	put(t, "out/routes.yml", first[reviewsFile])
	put(t, "out/zz.yaml", first[reviewsFile])
	put(t, reviewsFile, first[reviewsFile])
	call("render", "m.yaml", "--output-dir", "out")
	if d := cmp.Diff(first, contents(t, "out")); d != "" {
		t.Error(d)
	}
}

// A file that holds another object of ours at the place of one that is rendered
// is not overwritten while that object is rendered too.
func TestOutputDirSwapped(t *testing.T) {
	call := inFolder(t, map[string]string{"m.yaml": shop})
	call("render", "m.yaml", "--output-dir", "out")
	if err := os.Rename("out/shop/destinationrule_reviews.yaml", reviewsFile); err != nil {
		t.Fatal(err)
	}
	before := contents(t, "out")
	if got := call("render", "m.yaml", "--output-dir", "out"); got.Exit != exitFaults || !strings.Contains(got.Errors, reviewsFile+" exists") {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff(before, contents(t, "out")); d != "" {
		t.Error(d)
	}
}

// A file of ours whose object is no longer rendered makes room.
func TestOutputDirMakesRoom(t *testing.T) {
	call := inFolder(t, map[string]string{"m.yaml": shop})
	call("render", "m.yaml", "--output-dir", "out")
	want := contents(t, "out")
	put(t, reviewsFile, strings.ReplaceAll(want[reviewsFile], "name: reviews\n", "name: old\n"))
	call("render", "m.yaml", "--output-dir", "out")
	if d := cmp.Diff(want, contents(t, "out")); d != "" {
		t.Error(d)
	}
}

// What changes at once since the last call is told as the function tells it.
func TestOutputDirWarnsOfAStep(t *testing.T) {
	open := strings.Replace(shop, "spec:\n", "spec:\n  security: {mtls: {mode: DISABLE}}\n", 1)
	call := inFolder(t, map[string]string{"m.yaml": open})
	call("render", "m.yaml", "--output-dir", "out")
	put(t, "m.yaml", strings.Replace(open, "DISABLE", "STRICT", 1))
	if got, want := call("render", "m.yaml", "--output-dir", "out").Errors, "m.yaml:5:21: warning KM021: spec.security.mtls.mode: from DISABLE to STRICT in one step"; !strings.HasPrefix(got, want) {
		t.Errorf("not %q:\n%s", want, got)
	}
}

// What a person did to a file of ours is kept as the function keeps it.
func TestOutputDirKeepsComments(t *testing.T) {
	call := inFolder(t, map[string]string{"m.yaml": shop})
	call("render", "m.yaml", "--output-dir", "out")
	text := contents(t, "out")[reviewsFile]
	edited := "# the canary\n" + strings.Replace(text, "  labels:\n", "  labels:\n    team: books\n", 1)
	edited = strings.Replace(edited, "      weight: 10\n", "      weight: 10 # not more\n", 1)
	put(t, reviewsFile, edited)
	if err := os.Chmod(reviewsFile, 0o600); err != nil {
		t.Fatal(err)
	}
	call("render", "m.yaml", "--output-dir", "out")
	if d := cmp.Diff(edited, contents(t, "out")[reviewsFile]); d != "" {
		t.Error(d)
	}
	put(t, "m.yaml", strings.ReplaceAll(shop, "split: {v1: 90, v2: 10}", "to: v1"))
	got := call("render", "m.yaml", "--output-dir", "out")
	after := contents(t, "out")[reviewsFile]
	if !strings.HasPrefix(after, "# the canary\n") || !strings.Contains(after, "team: books") || strings.Contains(after, "weight") {
		t.Error(after)
	}
	if want := reviewsFile + ":24:1: info KM106: the comment went with what it stood at: # not more\n"; !strings.HasPrefix(got.Errors, want) {
		t.Errorf("want %s, got %s", want, got.Errors)
	}
	if info, err := os.Stat(reviewsFile); err != nil || info.Mode() != 0o600 {
		t.Error(err, info.Mode())
	}
}

// Only files of the same KymaMesh that hold one object and carry both marks go.
func TestOutputDirPrunes(t *testing.T) {
	two := strings.Replace(shop, "  services:\n", "  services:\n  - {name: old, namespace: shop, split: {v1: 50, v2: 50}}\n", 1)
	call := inFolder(t, map[string]string{"m.yaml": two})
	call("render", "m.yaml", "--output-dir", "out")
	old := contents(t, "out")["out/shop/virtualservice_old.yaml"]
	stay := map[string]string{
		"out/a.yaml":       strings.ReplaceAll(old, manifest.OwnerLabel+": shop", manifest.OwnerLabel+": other"),
		"out/b.yaml":       strings.ReplaceAll(old, manifest.OwnerLabel, "owner"),
		"out/c.yaml":       strings.ReplaceAll(old, manifest.SourceAnnotation, "source"),
		"out/d.yaml":       old + "---\nkind: A\n",
		"out/e.yaml":       strings.ReplaceAll(old, "kind: VirtualService", "kind: ConfigMap"),
		"out/f.txt":        old,
		"out/.g/h.yaml":    old,
		"out/broken.yaml":  old + "a: [\n",
		"out/nothing.yaml": "",
	}
	for name, text := range stay {
		put(t, name, text)
	}
	put(t, "m.yaml", shop)
	for _, args := range [][]string{{"--part", "install"}, {"--only", "shop"}} {
		if got := call(append([]string{"render", "m.yaml", "--output-dir", "out"}, args...)...); !strings.Contains(got.Errors, " 0 removed") {
			t.Errorf("%v: %+v", args, got)
		}
	}
	want := contents(t, "out")
	delete(want, "out/shop/virtualservice_old.yaml")
	delete(want, "out/shop/destinationrule_old.yaml")
	call("render", "m.yaml", "--output-dir", "out")
	if d := cmp.Diff(want, contents(t, "out")); d != "" {
		t.Error(d)
	}
}

func TestMargin(t *testing.T) {
	for line, want := range map[string]string{
		"a: b": "   ", "\ta: b": "\t  ", "é: b": "   ", "日: b": "    ", "e\u0301:b": "  ", "ﾊ: b": "   ", "😀: b": "    ",
	} {
		if got := margin(line, 4); got != want {
			t.Errorf("%q: %q", line, got)
		}
	}
	if got := printable("a\x1b\u009b\u202eb\tc"); got != "a???b\tc" {
		t.Errorf("%q", got)
	}
}
