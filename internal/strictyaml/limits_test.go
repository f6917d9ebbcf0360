package strictyaml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// At each limit there is one step between what is read and what is not.
func TestLimitsAtTheEdge(t *testing.T) {
	for _, c := range []struct {
		name string
		text func(n int) string
		at   int
		want string
	}{
		{"depth", func(n int) string { return "tree: {a: " + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}" }, maxDepth, "nested deeper than 100 levels"},
		{"aliases", func(n int) string {
			var b strings.Builder
			b.WriteString("tree:\n  one: &one x\n  ten: &ten [x, x, x, x, x, x, x, x, x]\n")
			for i := range n / 10 {
				fmt.Fprintf(&b, "  t%d: *ten\n", i)
			}
			for i := range n % 10 {
				fmt.Fprintf(&b, "  o%d: *one\n", i)
			}
			return b.String()
		}, maxAliased, "aliases stand for more than 10000 values; write them out"},
		{"a key", func(n int) string { return "tree: {" + strings.Repeat("k", n) + ": v}" }, maxKey, "a key has more than 1000 bytes"},
	} {
		if _, ds := readFree(c.text(c.at)); len(ds) != 0 {
			t.Errorf("%s at the limit: %.300v", c.name, ds)
		}
		if _, ds := readFree(c.text(c.at + 1)); len(ds) != 1 || !strings.Contains(ds[0], c.want) {
			t.Errorf("%s behind it: %.300v", c.name, ds)
		}
	}
	text := make([]byte, MaxBytes+1)
	const want = "the document has 32 MB; at most 32 MB are read"
	if _, ds := Parse("f", 1, text, diag.Path{}); len(ds) != 1 || ds[0].Message != want {
		t.Errorf("a large document: %v", ds)
	}
	if _, ds := Parse("f", 1, text[:MaxBytes], diag.Path{}); len(ds) != 1 || ds[0].Message == want {
		t.Errorf("the largest document: %v", ds)
	}
}
