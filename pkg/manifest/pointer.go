package manifest

import (
	"slices"
	"strings"
)

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1", ",", "~2")
	unescape = strings.NewReplacer("~2", ",", "~1", "/", "~0", "~")
)

// Pointer is a path of keys as a JSON pointer (RFC 6901). A comma becomes ~2: in a
// [SetAnnotation] it stands between two pointers. An item of a list is found by what
// names it, [name=http2], for others may come and go in front of it.
func Pointer(path ...string) string {
	var b strings.Builder
	for _, key := range path {
		b.WriteString("/" + escape.Replace(key))
	}
	return b.String()
}

// Pointers reads the keys of a [SetAnnotation]. What is no pointer, a person's doing,
// is left out.
func Pointers(set string) [][]string { return pointers(set, false) }

// EmptyPointers reads what a [SetAnnotation] says beside its keys: what was there
// before them, and empty, so that it stays without them. Such a pointer ends in a
// slash.
func EmptyPointers(set string) [][]string { return pointers(set, true) }

func pointers(set string, empty bool) [][]string {
	var paths [][]string
	for pointer := range strings.SplitSeq(set, ",") {
		pointer, ends := strings.CutSuffix(strings.TrimSpace(pointer), "/")
		keys := strings.Split(pointer, "/")
		if ends != empty || len(keys) < 2 || keys[0] != "" || slices.Contains(keys[1:], "") {
			continue
		}
		for i := range keys {
			keys[i] = unescape.Replace(keys[i])
		}
		paths = append(paths, keys[1:])
	}
	return paths
}
