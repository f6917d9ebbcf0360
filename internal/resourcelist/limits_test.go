package resourcelist

import (
	"strings"
	"testing"
)

// At each limit there is one step between what is read and what is not.
func TestLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("reads hundreds of megabytes")
	}
	const list = rl + "items:\n"
	for _, c := range []struct {
		name string
		text func(n int) string
		at   int
		list bool
		want string
	}{
		{"documents", func(n int) string { return strings.Repeat("---\n", n) }, MaxItems, false, "the input holds more than 1000000 objects; split the package"},
		{"items", func(n int) string { return list + strings.Repeat("- a: b\n", n) }, MaxItems, true, "the input holds more than 1000000 objects; split the package"},
		{"JSON", func(n int) string {
			return sized(`{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "a": "`, n, `"}`)
		}, MaxParsed, true,
			"line 1: 32 MB would have to be parsed at once, and at most 32 MB are; write objects in block form"},
		{"a document in JSON", func(n int) string { return "---\n" + sized(`{"a": "`, n-4, "\"}\n") }, MaxParsed, false,
			"line 1: 32 MB would have to be parsed at once, and at most 32 MB are; write objects in block form"},
		{"lines that cannot be counted", func(n int) string { return sized("a: b\u2028c\n#", n, "\n") }, MaxParsed, false,
			"line 1: 32 MB would have to be parsed at once, and at most 32 MB are; write objects in block form"},
		{"an item that cannot be split", func(n int) string { return sized(list+"- {a: *x}\n- a: \"", n, "\"\n") }, MaxParsed, true,
			"line 1: 32 MB would have to be parsed at once, and at most 32 MB are; write objects in block form: not split: items[0], line 4: not YAML: unknown anchor 'x' referenced"},
	} {
		t.Run(c.name, func(t *testing.T) {
			read := ParseStream
			if c.list {
				read = Parse
			}
			if _, err := read([]byte(c.text(c.at))); err != nil && strings.Contains(err.Error(), c.want[len("line 1: "):]) {
				t.Errorf("at the limit: %v", err)
			}
			if _, err := read([]byte(c.text(c.at + 1))); err == nil || err.Error() != c.want {
				t.Errorf("behind it: %v, want %s", err, c.want)
			}
		})
	}
}

// sized is a text of n bytes.
func sized(before string, n int, after string) string {
	return before + strings.Repeat("x", n-len(before)-len(after)) + after
}

func TestMaxBytes(t *testing.T) {
	src := make([]byte, MaxBytes+1)
	want := "the input has 536870913 bytes; the limit is 536870912"
	for name, read := range map[string]func([]byte) (*List, error){"list": Parse, "stream": ParseStream} {
		if _, err := read(src); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := read(src[:MaxBytes]); err == nil || strings.Contains(err.Error(), "the limit is") {
			t.Errorf("%s at the limit: %v", name, err)
		}
	}
}
