// Package requestauth renders whose tokens are checked.
package requestauth

import (
	"maps"

	security "istio.io/api/security/v1beta1"
	typev1 "istio.io/api/type/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is RequestAuthentication.
var Kind = manifest.Kind{Name: "RequestAuthentication", Group: "security.istio.io"}

// Render gives one RequestAuthentication for each place that names issuers.
// It refuses wrong tokens only: one that is missing is refused by an
// AuthorizationPolicy.
func Render(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, a := range m.Authentications {
		policy := &security.RequestAuthentication{JwtRules: a.Issuers}
		if a.Selector != nil {
			policy.Selector = &typev1.WorkloadSelector{MatchLabels: maps.Clone(a.Selector)}
		}
		objects = append(objects, manifest.Object{
			Kind: &Kind, Namespace: a.Namespace, Name: a.Name,
			Spec: policy, Origin: a.Origin,
		})
	}
	return objects
}
