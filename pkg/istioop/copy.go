package istioop

import (
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// copyValue is a deep copy without the keys that hold null: null is an order to
// delete, and where there is nothing to delete it must not reach the output.
func copyValue(v any) any {
	switch v := v.(type) {
	case manifest.Tree:
		return copyMap(v)
	case []any:
		return copyList(v)
	default:
		return v
	}
}

func copyMap(m manifest.Tree) manifest.Tree {
	out := make(manifest.Tree, len(m))
	for key, value := range m {
		if value != nil {
			out[key] = copyValue(value)
		}
	}
	return out
}

// copyList leaves out the marks of lists that replace, which are orders, too.
func copyList(l []any) []any {
	out := make([]any, 0, len(l))
	for _, item := range l {
		if !mesh.IsReplaceMark(item) {
			out = append(out, copyValue(item))
		}
	}
	return out
}
