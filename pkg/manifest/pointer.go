package manifest

import (
	"slices"
	"strings"
)

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// Pointer is a path of keys as a JSON pointer (RFC 6901).
func Pointer(path ...string) string {
	var b strings.Builder
	for _, key := range path {
		b.WriteString("/" + escape.Replace(key))
	}
	return b.String()
}

// Pointers reads a [SetAnnotation]. What is no pointer, a person's doing, is left
// out.
func Pointers(set string) [][]string {
	var paths [][]string
	for pointer := range strings.SplitSeq(set, ",") {
		keys := strings.Split(strings.TrimSpace(pointer), "/")
		if len(keys) < 2 || keys[0] != "" || slices.Contains(keys[1:], "") {
			continue
		}
		for i := range keys {
			keys[i] = unescape.Replace(keys[i])
		}
		paths = append(paths, keys[1:])
	}
	return paths
}
