package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
)

const goldenDir = "../../testdata/golden/krm"

// TestGolden sends every in.yaml below testdata/golden/krm through the function.
// The folder's name is the subtest's: -run 'TestGolden/first-run'.
func TestGolden(t *testing.T) {
	entries, err := os.ReadDir(goldenDir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("no case in %s: %v", goldenDir, err)
	}
	for _, e := range entries {
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			in := readCase(t, e.Name(), "in.yaml")
			got := called(in)
			compare(t, got.Stdout, e.Name(), "want.yaml")
			compare(t, got.Stderr, e.Name(), "want.stderr")
			compare(t, strconv.Itoa(got.Exit)+"\n", e.Name(), "want.exit")
			onWire(t, got)
			leavesForeign(t, in, got)
			steady(t, in, got)
			if again := called(got.Stdout); got.Exit == 0 && (again.Exit != 0 || again.Stdout != got.Stdout) {
				t.Errorf("run on its own output, exit %d: %s", again.Exit, cmp.Diff(got.Stdout, again.Stdout))
			}
		})
	}
}

func readCase(t testing.TB, name, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(goldenDir, name, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// compare holds a golden file against the text. The file is there exactly when
// there is something to expect.
func compare(t *testing.T, got, name, file string) {
	t.Helper()
	path := filepath.Join(goldenDir, name, file)
	if got != "" {
		golden.Assert(t, got, filepath.Join("..", path)) // golden looks below testdata
		return
	}
	if golden.FlagUpdate() {
		os.Remove(path)
	}
	if _, err := os.Stat(path); err == nil {
		t.Errorf("nothing was given, and %s expects something", path)
	}
}

// onWire checks what every client asks of an output: one document that begins
// at once, and results that say how severe they are.
func onWire(t *testing.T, got output) {
	t.Helper()
	if !strings.HasPrefix(got.Stdout, "apiVersion: config.kubernetes.io/v1\n") || strings.Contains("\n"+got.Stdout, "\n---") {
		t.Errorf("stdout is not one document from its first byte on:\n%s", got.Stdout)
	}
	var list struct{ Results framework.Results }
	if err := yaml.Unmarshal([]byte(got.Stdout), &list); err != nil {
		t.Fatal(err)
	}
	severities := []framework.Severity{framework.Error, framework.Warning, framework.Info}
	failed := false
	for _, r := range list.Results {
		failed = failed || r.Severity == framework.Error
		if r.Message == "" || !slices.Contains(severities, r.Severity) {
			t.Errorf("a result without message or severity: %+v", *r)
		}
	}
	if failed != (got.Exit != 0) || failed && got.Stderr == "" {
		t.Errorf("exit %d and stderr %q do not go with the results", got.Exit, got.Stderr)
	}
}

// leavesForeign checks that items of somebody else come out as they went in, and
// with errors all items.
func leavesForeign(t *testing.T, in string, got output) {
	t.Helper()
	before, after := entries(in), entries(got.Stdout)
	if got.Exit == 0 {
		before, after = unedited(t, before, after)
		before, after = slices.DeleteFunc(before, isOurs), slices.DeleteFunc(after, isOurs)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("items changed that had to stay: %s", d)
	}
}

// entries are the texts of the items with the comments in front of them, split
// without anybody's parser: the cases are written in block form.
func entries(list string) []string {
	_, below, found := strings.Cut(list, "\nitems:\n")
	var all []string
	head := ""
	for l := range strings.Lines(below) {
		switch {
		case !found || l[0] != '-' && l[0] != '#' && l[0] != ' ' && l != "\n":
			return all
		case l[0] == '#':
			head += l
		case l[0] == '-':
			all = append(all, head+l)
			head = ""
		default:
			all[len(all)-1] += l
		}
	}
	return all
}

// unedited leaves out of both the entries that say, before or after, that keys
// were written into them, and checks that nothing else in them changed.
func unedited(t *testing.T, before, after []string) (b, a []string) {
	t.Helper()
	ours := regexp.MustCompile(`(?m)^.*(mesh.kyma-project.io/set|istio-injection|istio.io/rev|(sidecar|proxy).istio.io/).*\n|^ *(labels|annotations):\n`)
	for i, was := range before {
		if i >= len(after) || !strings.Contains(was+after[i], "mesh.kyma-project.io/set: ") || isOurs(was) {
			b = append(b, was)
			continue
		}
		if strings.Contains(was, "kind: IstioOperator") {
			keepsLines(t, was, after[i])
			keepsLines(t, after[i], was) // where all is taken back
		} else if !strings.Contains(was+after[i], "proxy.istio.io/config") {
			if d := cmp.Diff(ours.ReplaceAllString(was, ""), ours.ReplaceAllString(after[i], "")); d != "" && !strings.Contains(was, "labels: {") && !strings.Contains(was, "metadata: {") {
				t.Errorf("more than the keys changed: %s", d)
			}
		}
		after[i] = ""
	}
	return b, slices.DeleteFunc(after, func(s string) bool { return s == "" })
}

// keepsLines checks that the lines of an item in which nothing of ours stands are all
// in another text of it, but for those that hold a whole mapping or list.
func keepsLines(t *testing.T, a, b string) {
	t.Helper()
	if strings.Contains(a, "mesh.kyma-project.io/set: ") {
		return
	}
	lines := strings.Split(b, "\n")
	for line := range strings.SplitSeq(a, "\n") {
		i := slices.Index(lines, line)
		switch {
		case i >= 0:
			lines = lines[i+1:]
		case !strings.ContainsAny(line, "{["):
			t.Errorf("line %q went", line)
		}
	}
}

func isOurs(entry string) bool {
	document := strings.Contains(entry, "- apiVersion: mesh.kyma-project.io/")
	return document || strings.Contains(entry, "\n      mesh.kyma-project.io/source: ") && strings.Contains(entry, "\n      mesh.kyma-project.io/owner: shop\n")
}

// steady calls again and again: what depends on the order of a map differs
// sooner or later.
func steady(t *testing.T, in string, first output) {
	t.Helper()
	times := 25 // the tests of the root render more often
	if testing.Short() {
		times = 3
	}
	for i := range times {
		if again := called(in); again != first {
			t.Fatalf("run %d differs from the first one: %s", i+2, cmp.Diff(first.Stdout, again.Stdout))
		}
	}
}
