package istio

import (
	"fmt"
	"slices"

	kymadiag "github.com/kymamesh/kymamesh/pkg/diag"
)

// Random words refuse each other in more ways than hints can name, and a document
// that is refused shows nothing about what is rendered. So most documents lose what
// they are refused for, as a person would mend them.

// withoutRefused takes out of documents what we refuse, or what holds it, until they
// are accepted. It gives up where nothing can be taken out.
func withoutRefused(docs []tree) {
	const rounds = 20 // a word that goes may take the reason of another with it
	for range rounds {
		_, _, ds := inPackage([]byte(streamOf(docs)))
		taken := false
		for _, d := range ds {
			if d.Severity == kymadiag.Error && d.Path.Document() < len(docs) {
				taken = takeOut(docs[d.Path.Document()], d.Path.Steps()) || taken
			}
		}
		if !taken {
			return
		}
		for _, doc := range docs {
			withoutGone(doc)
		}
	}
}

// gone stands for an item that was taken out, as long as others of its list are
// still found by their places.
type gone struct{}

// takeOut takes away the deepest part of a document that a path leads to. It is
// false for the spec as a whole.
func takeOut(doc tree, steps []kymadiag.Step) bool {
	remove := func() bool { return false }
	var node any = doc
	for i, step := range steps {
		switch n := node.(type) {
		case tree:
			child, ok := n[step.Key]
			if !ok {
				return remove()
			}
			node = child
			if i > 0 {
				remove = func() bool { delete(n, step.Key); return true }
			}
		case map[any]any: // whose keys may be numbers
			found := false
			for key, child := range n {
				if fmt.Sprint(key) == step.Key {
					found, node = true, child
					remove = func() bool { delete(n, key); return true }
					break
				}
			}
			if !found {
				return remove()
			}
		case []any:
			if !step.IsIndex || step.Index >= len(n) || n[step.Index] == (gone{}) {
				return remove()
			}
			node = n[step.Index]
			remove = func() bool { n[step.Index] = gone{}; return true }
		default:
			if !step.IsIndex { // else a single item without its list
				return remove()
			}
		}
	}
	return remove()
}

// withoutGone is a value without the items that were taken out.
func withoutGone(value any) any {
	switch n := value.(type) {
	case tree:
		for key, child := range n {
			n[key] = withoutGone(child)
		}
	case map[any]any:
		for key, child := range n {
			n[key] = withoutGone(child)
		}
	case []any:
		n = slices.DeleteFunc(n, func(item any) bool { return item == gone{} })
		for i, child := range n {
			n[i] = withoutGone(child)
		}
		return n
	}
	return value
}
