package render

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/istioop"
	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// Item is an object of a package, as far as it says whose it is.
type Item interface {
	APIVersion() string
	Kind() string
	Label(key string) (string, bool)
	Annotation(key string) (string, bool)
}

// OwnerOf tells hosts which objects an earlier run rendered, and for which
// KymaMesh: the only ones that they may replace and remove. A person copies one
// mark easily, so both have to be there, on a kind that is rendered.
func OwnerOf(item Item) (owner string, ours bool) {
	owner, labelled := item.Label(manifest.OwnerLabel)
	_, annotated := item.Annotation(manifest.SourceAnnotation)
	return owner, labelled && annotated && isRendered(manifest.GroupOf(item.APIVersion()), item.Kind())
}

func isRendered(group, name string) bool {
	is := func(k *manifest.Kind) bool { return k.Group == group && k.Name == name }
	return is(&istioop.ConfigMap) || slices.ContainsFunc(kinds, func(k kind) bool { return is(k.kind) })
}
