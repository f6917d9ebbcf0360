package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadTree(t *testing.T) {
	got, err := ReadTree([]byte("a: {b: [1, 2.5, x, true]}\nnothing: null\n"))
	want := Tree{"a": Tree{"b": []any{1, 2.5, "x", true}}, "nothing": nil}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	for _, bad := range []string{"a: 1\na: 2\n", "- a\n", "a: [\n"} {
		if got, err := ReadTree([]byte(bad)); err == nil {
			t.Errorf("%q: got %v, want an error", bad, got)
		}
	}
}
