// Package namespaces renders the label by which a namespace chooses its sidecar,
// for namespaces that the package around the document does not hold. Hosts that
// find the Namespace there edit that one instead.
package namespaces

import (
	"maps"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is Namespace.
var Kind = manifest.Kind{Name: "Namespace", Bare: true}

// keep has kpt and Argo CD leave the namespace, with all that lives in it, when
// it is no longer rendered.
var keep = map[string]string{
	"client.lifecycle.config.k8s.io/deletion": "detach",
	"argocd.argoproj.io/sync-options":         "Prune=false,Delete=false",
}

// Render gives one Namespace for each that the document labels, but for those
// that every cluster makes itself.
func Render(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, l := range m.Namespaces {
		if l.Default || l.ClusterOwned() {
			continue
		}
		annotations := maps.Clone(keep)
		annotations[manifest.SetAnnotation] = manifest.Pointer("metadata", "labels", l.Key)
		objects = append(objects, manifest.Object{
			Kind: &Kind, Name: l.Namespace, Origin: l.Origin,
			Labels: map[string]string{l.Key: l.Value}, Annotations: annotations,
		})
	}
	return objects
}
