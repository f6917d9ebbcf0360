package kymamesh

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// fence is a block of code in a page. The comment in the line before it says
// what it is: <!-- MARK: ARG -->.
type fence struct {
	at, mark, arg, text string
}

var markLine = regexp.MustCompile(`^<!-- ([a-z]+)(?:: (.+))? -->$`)

// pages are the texts that are held against the repository.
func pages(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{"README.md"}, docs...)
}

func readText(t *testing.T, file string) string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// fences are the blocks of a page, in its order.
func fences(t *testing.T, page string) []fence {
	t.Helper()
	var all []fence
	var open *fence
	lines := strings.Split(readText(t, page), "\n")
	for i, line := range lines {
		switch {
		case open != nil && line == "```":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case strings.HasPrefix(line, "```"):
			open = &fence{at: fmt.Sprintf("%s:%d", page, i+1)}
			if m := markLine.FindStringSubmatch(lines[max(i-1, 0)]); m != nil {
				open.mark, open.arg = m[1], m[2]
			}
		}
	}
	if open != nil {
		t.Errorf("%s: the block is not closed", open.at)
	}
	return all
}

// TestPages holds every block of code against what it claims to be. Commands
// are run by TestPageCommands.
func TestPages(t *testing.T) {
	for _, page := range pages(t) {
		for _, f := range fences(t, page) {
			t.Run(f.at, func(t *testing.T) {
				switch f.mark {
				case "file":
					if diff := gocmp.Diff(readText(t, f.arg), f.text); diff != "" {
						t.Errorf("not %s:\n%s", f.arg, diff)
					}
				case "golden", "within":
					if !strings.Contains("\n"+readText(t, f.arg), "\n"+f.text) {
						t.Errorf("not in %s:\n%s", f.arg, f.text)
					}
				case "objects":
					if diff := gocmp.Diff(objectList(readText(t, f.arg)), f.text); diff != "" {
						t.Errorf("not the objects of %s:\n%s", f.arg, diff)
					}
				case "shell", "fails", "finds":
				default:
					t.Errorf("the line before it has to be a mark such as <!-- file: PATH -->, not %q", f.mark)
				}
			})
		}
	}
}

var (
	kindLine      = regexp.MustCompile(`(?m)^kind: (.+)$`)
	nameLine      = regexp.MustCompile(`(?m)^  name: (.+)$`)
	namespaceLine = regexp.MustCompile(`(?m)^  namespace: (.+)$`)
)

// objectList is KIND NAMESPACE/NAME of every object of a golden file.
func objectList(text string) string {
	var b strings.Builder
	for document := range strings.SplitSeq(text, "\n---\n") {
		var words []string
		for _, re := range []*regexp.Regexp{kindLine, namespaceLine, nameLine} {
			if m := re.FindStringSubmatch(document); m != nil {
				words = append(words, m[1])
			}
		}
		if len(words) == 3 {
			fmt.Fprintf(&b, "%s %s/%s\n", words[0], words[1], words[2])
		}
	}
	return b.String()
}

// table is the rows below a heading line, of which it is the first columns.
func table(t *testing.T, heading string) []string {
	t.Helper()
	_, rest, found := strings.Cut(readText(t, "README.md"), "\n"+heading+"\n")
	if !found {
		t.Fatalf("README.md has no table %s", heading)
	}
	var rows []string
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		rows = append(rows, strings.TrimSpace(line))
	}
	return rows[1:] // the line below the heading
}

func TestReadmeListsTheCodes(t *testing.T) {
	var want []string
	for _, c := range diag.Codes {
		if slices.ContainsFunc(check.All(), func(of check.Check) bool { return of.Code == c.Code }) {
			continue // docs/checks.md
		}
		want = append(want, fmt.Sprintf("| %s | %s |", c.Code, c.About))
	}
	if diff := gocmp.Diff(want, table(t, "| code | what it is about |")); diff != "" {
		t.Errorf("not diag.Codes:\n%s", diff)
	}
}

// blocks are the types of the vocabulary, by the path that the README gives
// their words.
var blocks = []struct {
	path string
	of   any
}{
	{"", spec.Spec{}},
	{"install.", spec.Install{}},
	{"proxy.", spec.Proxy{}},
	{"namespaces.NAME.", spec.Namespace{}},
	{"security.", spec.Security{}},
	{"security.mtls.", spec.MTLS{}},
	{"security.", spec.Access{}},
	{"security.jwt.", spec.JWT{}},
	{"security.allow[].", spec.Rule{}},
	{"security.allow[].from.", spec.From{}},
	{"security.allow[].to.", spec.To{}},
	{"security.allow[].when[].", spec.AttributeCondition{}},
	{"security.extAuth[].", spec.ExtAuthRule{}},
	{"telemetry.", spec.Telemetry{}},
	{"telemetry.tracing.", spec.Tracing{}},
	{"telemetry.accessLogging[].", spec.AccessLog{}},
	{"telemetry.metrics.", spec.Metrics{}},
	{"gateways[].security.", spec.GatewaySecurity{}},
	{"gateways[].", spec.Gateway{}},
	{"gateways[].servers[].", spec.Server{}},
	{"gateways[].tls.", spec.ServerTLS{}},
	{"services[].", spec.Service{}},
	{"services[].proxy.", spec.WorkloadProxy{}},
	{"services[].routes[].", spec.Route{}},
	{"services[].routes[].when.", spec.Condition{}},
	{"services[].versions.NAME.", spec.Version{}},
	{"services[].expose[].", spec.Expose{}},
	{"sidecar.", spec.Sidecar{}},
	{"egress.", spec.Egress{}},
	{"checks.", spec.Checks{}},
	{"checks.ignore[].", spec.Ignore{}},
	{"egress.hosts[].", spec.EgressHost{}},
	{"egress.hosts[].ports[].", spec.EgressPort{}},
}

// isBlock tells whether a field holds one of blocks, whose words have rows of
// their own.
func isBlock(field reflect.Type) bool {
	for field.Kind() == reflect.Slice || field.Kind() == reflect.Map || field.Kind() == reflect.Pointer {
		field = field.Elem()
	}
	for _, b := range blocks {
		if reflect.TypeOf(b.of) == field {
			return true
		}
	}
	return false
}

func TestReadmeListsTheWords(t *testing.T) {
	var want, got []string
	for _, b := range blocks {
		for field := range reflect.TypeOf(b.of).Fields() {
			// What begins with not stands in the row of its opposite.
			if word := field.Tag.Get("yaml"); !isBlock(field.Type) && !strings.HasPrefix(field.Name, "Not") {
				want = append(want, b.path+word)
			}
		}
	}
	for _, row := range table(t, "| word | type | default | what it says |") {
		columns := strings.Split(row, " | ")
		if len(columns) != 4 || slices.Contains(columns, "") {
			t.Errorf("a row without its four columns: %s", row)
		}
		got = append(got, strings.Trim(columns[0], "|` "))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("not the fields of pkg/spec:\n%s", diff)
	}
}

func TestReadmeListsWhatIsNotRenderedYet(t *testing.T) {
	var want []string
	for _, b := range blocks {
		if later, ok := b.of.(interface{ Later() []string }); ok {
			place := cmp.Or(strings.TrimSuffix(b.path, "."), "spec")
			row := fmt.Sprintf("| `%s` | `%s` |", place, strings.Join(later.Later(), "`, `"))
			if slices.Contains(want, row) {
				continue // inlined in several
			}
			want = append(want, row)
		}
	}
	if diff := gocmp.Diff(want, table(t, "| at | words |")); diff != "" {
		t.Errorf("not what pkg/spec says:\n%s", diff)
	}
}

// TestPageLinks fails on a link to a file that is not there.
func TestPageLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(readText(t, page), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
