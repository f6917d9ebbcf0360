package kymamesh

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// areas are the folders of testdata/golden and what their cases show. A folder
// is a case and its name is the subtest's: -run 'TestGolden/errors/typo'.
// The krm area belongs to the function, plugins/kymamesh-krm.
var areas = []struct {
	name  string
	input string      // file in the case's folder, or "" for the empty document
	part  render.Part // what want.yaml holds
}{
	{"render", "in.yaml", render.PartResources},
	{"install", "in.yaml", render.PartInstall},
	{"errors", "in.yaml", render.PartAll},
	{"defaults", "in.yaml", render.PartAll},
	{"examples", "", render.PartAll},
}

const goldenDir = "testdata/golden"

func TestGolden(t *testing.T) {
	for _, area := range areas {
		t.Run(area.name, func(t *testing.T) {
			for _, name := range cases(t, area.name) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					file := filepath.Join(goldenDir, area.name, name, area.input)
					if area.name == "examples" {
						file = filepath.Join("examples", name, "kymamesh.yaml")
					}
					src, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					got := rendered(t, src, area.part)
					compare(t, got.yaml, area.name, name, "want.yaml")
					compare(t, got.diag, area.name, name, "want.diag")
					steady(t, src, area.part, got)
				})
			}
		})
	}
}

// output is all that a case gives, as text.
type output struct{ yaml, diag string }

func rendered(t *testing.T, src []byte, part render.Part) output {
	t.Helper()
	objects, ds := render.YAML("in.yaml", src)
	if ds.HasErrors() && len(objects) > 0 {
		t.Errorf("%d objects beside errors; nothing may be rendered then", len(objects))
	}
	var out bytes.Buffer
	if err := manifest.Encode(&out, render.Select(objects, part)); err != nil {
		t.Fatal(err)
	}
	return output{yaml: out.String(), diag: text(ds)}
}

func text(ds diag.List) string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// compare holds a golden file against the text. The file is there exactly when
// there is something to expect.
func compare(t *testing.T, got string, path ...string) {
	t.Helper()
	file := filepath.Join(append([]string{"golden"}, path...)...)
	if got == "" {
		if golden.FlagUpdate() {
			os.Remove(filepath.Join("testdata", file))
		}
		if _, err := os.Stat(filepath.Join("testdata", file)); err == nil {
			t.Errorf("nothing was given, and %s expects something", file)
		}
		return
	}
	golden.Assert(t, got, file)
}

// steady renders the case again and again: what depends on the order of a map
// differs sooner or later. A map of two keys lies in a table of eight places that
// Go walks from any of them, so one order comes in one of eight renderings at the
// least, and 60 miss it once in 3,000 runs. make soak renders 1,000 times.
func steady(t *testing.T, src []byte, part render.Part, first output) {
	t.Helper()
	times := 60
	switch {
	case raceEnabled:
		times = 3 // it looks for something else, and takes ten times as long
	case testing.Short():
		times = 20
	case os.Getenv("KYMAMESH_SOAK") != "":
		times = 1000
	}
	for i := range times {
		if again := rendered(t, src, part); again != first {
			t.Fatalf("run %d differs from the first one:\n%s\n%s", i+2, again.yaml, again.diag)
		}
	}
}

func cases(t *testing.T, area string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(goldenDir, area))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if len(names) == 0 {
		t.Fatalf("no case in %s", area)
	}
	return names
}

// TestGoldenOrphans fails on a file below testdata/golden that no case reads.
func TestGoldenOrphans(t *testing.T) {
	allowed := map[string][]string{
		"render":   {"in.yaml", "want.yaml", "want.diag"},
		"install":  {"in.yaml", "want.yaml", "want.diag"},
		"errors":   {"in.yaml", "want.diag"},
		"defaults": {"in.yaml", "want.yaml", "want.diag"},
		"examples": {"want.yaml", "want.diag"},
		"krm":      {"in.yaml", "want.yaml", "want.exit", "want.stderr"},
	}
	err := filepath.WalkDir(goldenDir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		parts := strings.Split(strings.TrimPrefix(filepath.ToSlash(path), goldenDir+"/"), "/")
		if len(parts) != 3 || !slices.Contains(allowed[parts[0]], parts[2]) {
			t.Errorf("%s: no test reads this file", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for area := range allowed {
		for _, name := range cases(t, area) {
			wants, _ := filepath.Glob(filepath.Join(goldenDir, area, name, "want.*"))
			if len(wants) == 0 {
				t.Errorf("%s/%s: a case that expects nothing", area, name)
			}
		}
	}
}

// TestCodesHaveCases fails on a code that no golden file shows.
func TestCodesHaveCases(t *testing.T) {
	var all strings.Builder
	err := filepath.WalkDir(goldenDir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasPrefix(e.Name(), "want.") {
			return err
		}
		src, err := os.ReadFile(path)
		all.Write(src)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range diag.Codes {
		if slices.ContainsFunc(check.All(), func(of check.Check) bool { return of.Code == code.Code }) {
			continue // pkg/check has a case of each
		}
		if !strings.Contains(all.String(), string(code.Code)) {
			t.Errorf("%s (%s): no golden case shows it", code.Code, code.About)
		}
	}
}
