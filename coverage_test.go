package kymamesh

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/golden"
)

// task is one of Istio's tasks, as testdata/tasks.yaml has it.
type task struct {
	ID, Task, Words string
	// Waits is the word that is missing, empty for a task that can be said whole.
	Waits string
}

const coverageHead = `# Istio's tasks, and what says them

Each row is a task of Istio's documentation with the cases under testdata/golden that say it. All cases are held against Istio's validation, its resource definitions, a real API server with istiod's webhook, and Istio's analyzers. *envoy* says what Envoy would be told to do, *traffic* that real calls showed it, *injector* what its sidecars are, *sample* that Pilot makes the same of Istio's own sample. Lines are those of the document below spec, and those of Istio that it gives beyond what its generation gives by itself: whole objects, without the metadata of ours that all have, and of the IstioOperator the lines that differ. The ratio is how many lines of Istio stand for one of ours.

[acceptance.md](acceptance.md) has what was asked of the words before they were built, and what is said of every slip. This page is written by a test, which fails when a task loses its cases.

| task | words | case | lines here | lines of Istio | ratio | judged by |
|---|---|---|---|---|---|---|
`

// TestCoverage writes docs/coverage.md and fails on a task without a case.
func TestCoverage(t *testing.T) {
	var page strings.Builder
	page.WriteString(coverageHead)
	var waiting []string
	var all ratio
	notYet := notRendered(t)
	for _, task := range tasks(t) {
		cases := casesOf(t, task.ID)
		switch {
		case len(cases) == 0 && task.Waits == "":
			t.Errorf("%s %s: no case says it", task.ID, task.Task)
		case task.Waits != "" && !strings.Contains(notYet, "`"+task.Waits+"`"):
			t.Errorf("%s %s: waits for %s, which docs/spec.md does not list as missing", task.ID, task.Task, task.Waits)
		case task.Waits != "":
			waiting = append(waiting, fmt.Sprintf("| %s %s | `%s` | %s |\n", task.ID, task.Task, task.Words, task.Waits))
		}
		for _, folder := range cases {
			fmt.Fprintf(&page, "| %s %s | `%s` | %s | %s | %s |\n",
				task.ID, task.Task, task.Words, filepath.Base(folder), all.count(t, folder), strings.Join(judges(t, folder, task.ID), ", "))
		}
	}
	fmt.Fprintf(&page, "| all | | | %s | |\n", all)
	page.WriteString("\n## Not yet\n\n| task | words | waits for |\n|---|---|---|\n" + strings.Join(waiting, ""))
	golden.Assert(t, page.String(), "../docs/coverage.md")
}

func tasks(t *testing.T) []task {
	t.Helper()
	var all []task
	if err := yaml.Unmarshal([]byte(readText(t, "testdata/tasks.yaml")), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no tasks")
	}
	return all
}

// casesOf are the folders of the cases whose names begin with the task's number.
func casesOf(t *testing.T, id string) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(goldenDir, "*", id+"*"))
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`^` + id + `[a-z]?-`)
	var cases []string
	for _, folder := range folders {
		if name.MatchString(filepath.Base(folder)) {
			cases = append(cases, folder)
		}
	}
	return cases
}

// ratio is how many lines a document has, and Istio for it.
type ratio struct{ here, there int }

func (r ratio) String() string {
	return fmt.Sprintf("%d | %d | %.1f", r.here, r.there, float64(r.there)/float64(max(r.here, 1)))
}

// count is the ratio of a case, and adds it. The function's cases are packages
// with the objects of others, which say nothing of this.
func (r *ratio) count(t *testing.T, folder string) string {
	t.Helper()
	area := filepath.Base(filepath.Dir(folder))
	if area == "krm" {
		return "| |"
	}
	in, want := readText(t, filepath.Join(folder, "in.yaml")), readText(t, filepath.Join(folder, "want.yaml"))
	generation := "module"
	if m := regexp.MustCompile(`(?m)^  kyma: "?([0-9.a-z]+)`).FindStringSubmatch(in); m != nil {
		generation = m[1]
	}
	given, cut := readText(t, filepath.Join(goldenDir, "defaults", generation+"-default-cluster", "want.yaml")), "\n---\n"
	if area == "install" {
		cut = "\n"
	}
	one := ratio{here: len(lines(in)), there: len(lines(beyond(given, want, cut)))}
	r.here, r.there = r.here+one.here, r.there+one.there
	return one.String()
}

// beyond are the parts of want that given does not have, each of them once.
func beyond(given, want, cut string) string {
	has := map[string]int{}
	for part := range strings.SplitSeq(strings.TrimSuffix(given, "\n"), cut) {
		has[part]++
	}
	var parts []string
	for part := range strings.SplitSeq(strings.TrimSuffix(want, "\n"), cut) {
		if has[part]--; has[part] < 0 {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, cut)
}

// lines are what a person would have written: without comments, separators and
// the head of a document, or our marks on an object.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		s := strings.TrimSpace(line)
		switch {
		case s == "", s == "---", strings.HasPrefix(s, "#"), strings.Contains(s, "mesh.kyma-project.io"),
			s == "kind: KymaMesh", s == "metadata: {name: shop}", s == "spec:", s == "annotations:", s == "labels:":
		default:
			all = append(all, s)
		}
	}
	return all
}

// judges are those beside the ones that judge every case.
func judges(t *testing.T, folder, id string) []string {
	t.Helper()
	all := []string{"Istio", "API server"}
	area, name := filepath.Base(filepath.Dir(folder)), filepath.Base(folder)
	for _, judge := range []string{"envoy", "traffic"} {
		if _, err := os.Stat(filepath.Join("test/istio/testdata", area, name+"."+judge)); err == nil {
			all = append(all, judge)
		}
	}
	if area == "krm" && strings.Contains(readText(t, "test/istio/injection_test.go"), `"`+name+`"`) {
		all = append(all, "injector")
	}
	if area == "install" {
		return append(all, "istioctl")
	}
	if samples, _ := filepath.Glob("test/istio/testdata/samples/" + id + "-*"); len(samples) > 0 {
		all = append(all, fmt.Sprintf("%d samples", len(samples)))
	}
	return all
}
