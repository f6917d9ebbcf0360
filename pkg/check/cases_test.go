package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// whole checks the files of a folder as `kymamesh check` does.
func whole(t *testing.T, folder string) diag.List {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(folder, "holds no file", err)
	}
	var docs, places []render.Document
	var items []*resourcelist.Item
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ours, ds := render.Split(filepath.Base(file), src)
		stream, err := resourcelist.ParseStream(src)
		if ds.HasErrors() || err != nil {
			t.Fatal(ds, err)
		}
		docs = append(docs, ours...)
		for _, item := range stream.Items() {
			items = append(items, item)
			places = append(places, render.Document{File: filepath.Base(file), Line: item.Line(), Text: item.Bytes()})
		}
	}
	objects, ds := render.Documents(docs...)
	if len(docs) > 0 && ds.HasErrors() {
		t.Fatal(ds)
	}
	m := topology.New(objects, items, len(docs))
	found, _ := check.Examine(m, render.Ignored(docs...)...)
	return render.Locate(append(check.Package(objects, m), found...), slices.Concat(docs, places)...)
}

// Each check has a folder with a package that is wrong in its way and no other,
// and one that is right.
func TestCases(t *testing.T) {
	for _, c := range check.All() {
		t.Run(string(c.Code), func(t *testing.T) {
			folder := filepath.Join("testdata", string(c.Code))
			var text strings.Builder
			// An information of another check is no fault, here or there.
			aside := func(d diag.Diagnostic) bool { return d.Severity == diag.Info && d.Code != c.Code }
			found := slices.DeleteFunc(whole(t, filepath.Join(folder, "bad")), aside)
			for _, d := range found {
				text.WriteString(d.String() + "\n")
				if d.Code != c.Code {
					t.Errorf("one fault, two findings: %s", d)
				}
				if d.Pos.Line == 0 {
					t.Errorf("no position: %s", d)
				}
			}
			if len(found) == 0 {
				t.Error("bad: nothing was found")
			}
			golden.Assert(t, text.String(), filepath.Join(string(c.Code), "bad", "want.diag"))
			for _, d := range slices.DeleteFunc(whole(t, filepath.Join(folder, "good")), aside) {
				t.Errorf("good: %s", d)
			}
		})
	}
}

// TestEdges holds a check's conditions one by one: edges.txt of its folder has small
// packages, each below its name, and edges.diag what the check finds in them. Of
// others it does not ask.
func TestEdges(t *testing.T) {
	for _, c := range check.All() {
		src, err := os.ReadFile(filepath.Join("testdata", string(c.Code), "edges.txt"))
		if err != nil {
			continue // bad and good have them all
		}
		t.Run(string(c.Code), func(t *testing.T) {
			var text strings.Builder
			for edge := range strings.SplitSeq(strings.TrimPrefix(string(src), "=== "), "\n=== ") {
				name, pkg, _ := strings.Cut(edge, "\n")
				text.WriteString("=== " + name + "\n")
				for _, d := range wholeText(t, pkg+"\n") {
					if d.Code == c.Code {
						text.WriteString(d.String() + "\n")
					}
				}
			}
			golden.Assert(t, text.String(), filepath.Join(string(c.Code), "edges.diag"))
		})
	}
}

// wholeText checks a package that is one stream.
func wholeText(t *testing.T, pkg string) diag.List {
	t.Helper()
	docs, ds := render.Split("package.yaml", []byte(pkg))
	stream, err := resourcelist.ParseStream([]byte(pkg))
	if ds.HasErrors() || err != nil {
		t.Fatal(ds, err)
	}
	objects, ds := render.Documents(docs...)
	if len(docs) > 0 && ds.HasErrors() {
		t.Fatal(ds)
	}
	m := topology.New(objects, stream.Items(), len(docs))
	found, _ := check.Examine(m, render.Ignored(docs...)...)
	return found
}

// Kyma's pages about troubles of the mesh: what each describes is found in a
// package before it is applied.
func TestPages(t *testing.T) {
	pages, err := filepath.Glob("testdata/pages/*")
	if err != nil || len(pages) != 4 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			var text strings.Builder
			for _, d := range whole(t, page) {
				text.WriteString(d.String() + "\n")
			}
			golden.Assert(t, text.String(), filepath.Join("pages", filepath.Base(page), "want.diag"))
		})
	}
}

// A folder that no check reads would seem to test something.
func TestCasesHaveChecks(t *testing.T) {
	folders, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.Name() != "pages" && !slices.ContainsFunc(check.All(), func(c check.Check) bool { return string(c.Code) == f.Name() }) {
			t.Errorf("testdata/%s: no check has this code", f.Name())
		}
	}
}

// Every check has a code of its own and says what a person has to know.
func TestTable(t *testing.T) {
	var last diag.Code
	for _, c := range check.All() {
		if c.Code.About() == "" || c.Hurts == "" || c.Mend == "" {
			t.Errorf("%s: says too little", c.Code)
		}
		if c.Code == last {
			t.Errorf("%s: twice", c.Code)
		}
		last = c.Code
	}
}

const checksHead = `# Checks of a package

What ` + "`kymamesh check`" + ` looks for, by code. An error breaks traffic or opens what was to be closed, as far as the package can tell; a warning is something that objects outside of the package could make right. A check is silent when the package holds none of the kinds that it needs. *Istio* is the code of the analyzer of istioctl that looks for the same.

Each code has a folder in pkg/check/testdata with a package that is wrong and one that is right. This page is written by a test.

Four troubles fill Kyma's own pages about the mesh. Each has a package that has it, and ` + "`kymamesh check`" + ` says where:

| trouble | package | found by |
|---|---|---|
| 503, or no answer, at the gateway | pkg/check/testdata/pages/503-at-the-gateway | KM152, KM155, KM165, KM169, also KM153, KM154, KM156, KM161, KM166 to KM168 |
| connection refused between a pod with a sidecar and one without | pkg/check/testdata/pages/connection-refused | KM162, also KM161, KM163 |
| a sidecar is missing | pkg/check/testdata/pages/no-sidecar | KM172, KM173, KM175, also KM174, KM176, KM180 |
| a sidecar is out of date | pkg/check/testdata/pages/old-sidecar | KM177, KM178 |
`

// TestPage writes docs/checks.md.
func TestPage(t *testing.T) {
	var page strings.Builder
	page.WriteString(checksHead)
	for _, c := range check.All() {
		about := c.Code.About()
		page.WriteString("\n## " + string(c.Code) + "\n\n" + strings.ToUpper(about[:1]) + about[1:] + ". *" + c.Severity.String() + "*")
		if c.Istio != "" {
			page.WriteString(" · *Istio: " + c.Istio + "*")
		}
		page.WriteString("\n\n" + c.Hurts + "\n\n" + c.Mend + "\n")
	}
	golden.Assert(t, page.String(), "../../../docs/checks.md")
}
