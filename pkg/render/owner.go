package render

import "github.com/kymamesh/kymamesh/pkg/manifest"

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
	return owner, labelled && annotated && isRendered(manifest.Group(item.APIVersion()), item.Kind())
}

func isRendered(group, name string) bool {
	for _, k := range kinds {
		if k.kind.Group == group && k.kind.Name == name {
			return true
		}
	}
	return false
}
