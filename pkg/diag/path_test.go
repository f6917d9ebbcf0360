package diag

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPath(t *testing.T) {
	for _, c := range []struct {
		path Path
		want string
	}{
		{Path{}, ""},
		{Root("spec"), "spec"},
		{Root("spec").Key("services").Index(2).Key("split"), "spec.services[2].split"},
		{Root("metadata").Key("labels").Key("a.b/c"), `metadata.labels["a.b/c"]`},
		{Root("spec").Key(""), `spec[""]`},
		{Root(`"`).Index(0).Index(1), `["\""][0][1]`},
		{Root("ports").Key("80"), "ports.80"},
	} {
		if got := c.path.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestPathDocuments(t *testing.T) {
	first, second := Document(0).Key("spec"), Document(1).Key("spec")
	if first == second {
		t.Error("paths of two documents are equal")
	}
	if first != Root("spec") {
		t.Error("Root is not the first document")
	}
	if outer, _ := second.Parent(); outer != Document(1) {
		t.Errorf("the parent of a path in the second document is %v", outer)
	}
}

func TestSteps(t *testing.T) {
	p := Root("spec").Key("a.b").Index(3).Key("c")
	want := []Step{{Key: "spec"}, {Key: "a.b"}, {Index: 3, IsIndex: true}, {Key: "c"}}
	if d := cmp.Diff(want, p.Steps()); d != "" {
		t.Error(d)
	}
}

// Equal steps are equal paths, however many of them are joined already.
func TestPathsAreComparable(t *testing.T) {
	p, q := Root("spec"), Root("spec")
	for i := range 20 {
		if p != q {
			t.Fatalf("%s is not %s", p, q)
		}
		if i%7 == 6 {
			p, q = p.Index(i), q.Index(i)
			continue
		}
		p, q = p.Key("k"+strconv.Itoa(i)), q.Key("k"+strconv.Itoa(i))
		if outer, _ := p.Key("x").Parent(); outer != p {
			t.Fatalf("the parent of a key of %s is %s", p, outer)
		}
	}
	if p == p.Key("") || p.Key("") == p.Key("").Key("") {
		t.Error("an empty key is no step")
	}
}

// FuzzPath: Parent undoes Key and Index, and Steps read back what they wrote.
func FuzzPath(f *testing.F) {
	f.Add("spec", "a.b/c", 3)
	f.Add("", "]", 0)
	f.Add(`["x"]`, "\x00ä\xff", 12)
	f.Fuzz(func(t *testing.T, a, b string, i int) {
		if i < 0 {
			i = -(i + 1)
		}
		p := Document(1).Key(a)
		for _, inner := range []Path{p.Key(b), p.Index(i)} {
			if outer, ok := inner.Parent(); !ok || outer != p {
				t.Errorf("Parent of %q is %q, want %q", inner, outer, p)
			}
		}
		steps := p.Key(b).Index(i).Steps()
		if len(steps) != 3 || steps[0].Key != a || steps[1].Key != b || steps[2].Index != i {
			t.Errorf("%q, %q, %d: read back as %v", a, b, i, steps)
		}
	})
}
