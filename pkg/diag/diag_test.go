package diag

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiagnosticString(t *testing.T) {
	for _, c := range []struct {
		d    Diagnostic
		want string
	}{
		{
			Diagnostic{CodeSplit, Error, Root("spec"), Pos{"a.yaml", 7, 3}, "the sum must be 100"},
			"a.yaml:7:3: error KM015: spec: the sum must be 100",
		},
		{Diagnostic{CodeDomain, Warning, Path{}, Pos{File: "a.yaml"}, "m"}, "a.yaml: warning KM023: m"},
		{Diagnostic{CodeDomain, Info, Root("x"), Pos{}, "m"}, "info KM023: x: m"},
	} {
		if got := c.d.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestLocate(t *testing.T) {
	var l List
	l.Warnf(CodeDomain, Document(1).Key("b"), "second document")
	l.Errorf(CodeSplit, Root("late"), "late")
	l.Errorf(CodeSplit, Root("early"), "early")
	l.Errorf(CodeSplit, Root("early"), "early")
	l.Infof(CodeUnused, Root("early"), "beside")
	lines := map[Path]int{Root("early"): 2, Root("late"): 9, Document(1).Key("b"): 1}
	l = l.Locate(func(p Path) Pos { return Pos{"f", lines[p], 1} })
	var got []string
	for _, d := range l {
		got = append(got, d.String())
	}
	want := []string{
		"f:2:1: error KM015: early: early",
		"f:2:1: info KM024: early: beside",
		"f:9:1: error KM015: late: late",
		"f:1:1: warning KM023: b: second document",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !l.HasErrors() || (List{{Severity: Warning}}).HasErrors() {
		t.Error("HasErrors says the wrong thing")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"domain", "hosts", "gateway", "to"}
	for word, want := range map[string]string{
		"domian": "domain", "Gateway": "gateway", "host": "hosts", "gatway": "gateway",
		"zebra": "", "ot": "", "tos": "to", "completely-different-and-very-very-long-word": "",
	} {
		if got, _ := Nearest(word, names); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
}

func TestCodesAreUnique(t *testing.T) {
	seen := map[Code]bool{}
	for _, c := range Codes {
		if seen[c.Code] || c.About == "" {
			t.Errorf("%s: twice, or says nothing", c.Code)
		}
		seen[c.Code] = true
	}
}
