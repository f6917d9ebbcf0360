package kymamesh

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/golden"
)

// acceptance is testdata/acceptance.yaml: what was asked of the words before they
// were built, and the cases that show it.
type acceptance struct {
	Cases, Amendments []demand
	Refusals          []refusal
}

// demand is a document that has to be sayable, or a question that had to be settled.
type demand struct {
	ID, Wants string
	// Shown are cases, AREA/CASE below testdata/golden or check/CASE of pkg/check.
	Shown []string
	// Waits is the word that is missing, empty for what is shown.
	Waits string
	// Because says why what is shown is another thing than what was asked for.
	Because string
}

// refusal is a slip that has to be told.
type refusal struct {
	At, Wants string
	// Shown is the case, whose messages hold Text with Code.
	Shown, Code, Text string
	Waits, Because    string
	// Gone says why there is nothing to tell any more.
	Gone string
}

const acceptanceHead = `# What was asked for, and what shows it

Before the words were built it was written down what they have to say, where two readers could have understood two things, and which slips have to be told. Each row here is one of these in short, with the golden cases that show it. Where something else was built, or a message says it otherwise, the row says why.

This page is written by a test from testdata/acceptance.yaml. The test fails when a row has no case, and when a message is not what its case gives. [coverage.md](coverage.md) has Istio's own tasks, and [codes.md](codes.md) the codes.
`

// TestAcceptance writes docs/acceptance.md and fails on a row that nothing shows.
func TestAcceptance(t *testing.T) {
	a := readAcceptance(t)
	var page strings.Builder
	page.WriteString(acceptanceHead)
	demands(t, &page, "Documents", a.Cases)
	demands(t, &page, "Settled questions", a.Amendments)
	page.WriteString("\n## Slips\n\n| at | slip | code | what is said of it | case | |\n|---|---|---|---|---|---|\n")
	for _, r := range a.Refusals {
		fmt.Fprintf(&page, "| %s | %s | %s | %s | %s | %s |\n", r.At, cell(r.Wants), r.Code, cell(r.Text), refused(t, r), cell(r.Because+r.Gone))
	}
	golden.Assert(t, page.String(), "../docs/acceptance.md")
}

func readAcceptance(t *testing.T) acceptance {
	t.Helper()
	var a acceptance
	d := yaml.NewDecoder(bytes.NewReader([]byte(readText(t, "testdata/acceptance.yaml"))))
	d.KnownFields(true)
	if err := d.Decode(&a); err != nil {
		t.Fatal(err)
	}
	if len(a.Cases) == 0 || len(a.Amendments) == 0 || len(a.Refusals) == 0 {
		t.Fatal("a list is empty")
	}
	return a
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// demands is one table of the page.
func demands(t *testing.T, page *strings.Builder, title string, rows []demand) {
	t.Helper()
	fmt.Fprintf(page, "\n## %s\n\n| | what | cases | |\n|---|---|---|---|\n", title)
	known := map[string]bool{}
	for _, d := range rows {
		if d.ID == "" || d.Wants == "" || known[d.ID] {
			t.Errorf("%s %q: an ID of its own and what is wanted", title, d.ID)
		}
		known[d.ID] = true
		var links []string
		for _, shown := range d.Shown {
			links = append(links, caseLink(t, d.ID, shown))
		}
		if (len(links) == 0) != (d.Waits != "") {
			t.Errorf("%s %s: either cases, or the word that it waits for", title, d.ID)
		}
		fmt.Fprintf(page, "| %s | %s | %s%s | %s |\n", d.ID, cell(d.Wants), strings.Join(links, ", "), waiting(t, d.ID, d.Waits), cell(d.Because))
	}
}

// caseLink is a link to a case, which has to be there.
func caseLink(t *testing.T, row, shown string) string {
	t.Helper()
	if _, err := os.Stat(caseFolder(shown)); err != nil {
		t.Errorf("%s: %v", row, err)
	}
	return fmt.Sprintf("[%s](../%s)", filepath.Base(shown), filepath.ToSlash(caseFolder(shown)))
}

func caseFolder(shown string) string {
	if name, found := strings.CutPrefix(shown, "check/"); found {
		return filepath.Join("pkg/check/testdata", name)
	}
	return filepath.Join(goldenDir, shown)
}

// waiting says what a row waits for, which has to be missing still.
func waiting(t *testing.T, row, word string) string {
	t.Helper()
	if word == "" {
		return ""
	}
	if !strings.Contains(notRendered(t), "`"+word+"`") {
		t.Errorf("%s: waits for %s, which docs/spec.md does not list as missing", row, word)
	}
	return "waits for `" + word + "`"
}

// notRendered are the lines of docs/spec.md that name words that are missing.
func notRendered(t *testing.T) string {
	t.Helper()
	return strings.Join(regexp.MustCompile(`(?m)^Not rendered yet, .*$`).FindAllString(readText(t, "docs/spec.md"), -1), "\n")
}

// refused is the case of a slip, whose messages have to hold the text.
func refused(t *testing.T, r refusal) string {
	t.Helper()
	row := r.At + ": " + r.Wants
	switch {
	case r.Gone != "" || r.Waits != "":
		if r.Shown+r.Code+r.Text != "" {
			t.Errorf("%s: nothing is shown of what is gone or waits", row)
		}
		return waiting(t, row, r.Waits)
	case r.Shown == "" || r.Code == "" || r.Text == "":
		t.Errorf("%s: a case, its code and the text", row)
		return ""
	}
	link := caseLink(t, row, r.Shown)
	for _, name := range []string{"want.diag", "want.stderr"} {
		messages, err := os.ReadFile(filepath.Join(caseFolder(r.Shown), name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(messages)) {
			if strings.Contains(line, " "+r.Code+": ") && strings.Contains(line, r.Text) {
				return link
			}
		}
	}
	t.Errorf("%s: %s does not say %s: %s", row, r.Shown, r.Code, r.Text)
	return link
}
