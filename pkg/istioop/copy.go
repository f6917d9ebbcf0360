package istioop

import "github.com/kymamesh/kymamesh/pkg/manifest"

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

func copyList(l []any) []any {
	out := make([]any, len(l))
	for i, item := range l {
		out[i] = copyValue(item)
	}
	return out
}
