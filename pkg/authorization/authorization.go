// Package authorization renders who may call whom.
package authorization

import (
	security "istio.io/api/security/v1beta1"
	typev1 "istio.io/api/type/v1beta1"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is AuthorizationPolicy.
var Kind = manifest.Kind{
	Name: "AuthorizationPolicy", Group: "security.istio.io",
	Shown: []protoreflect.FullName{"istio.security.v1beta1.AuthorizationPolicy.action"},
}

// Render gives one AuthorizationPolicy for each list of rules, demand for a
// token, authorizer, and dry run of a place.
func Render(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, a := range m.Authorizations {
		policy := &security.AuthorizationPolicy{Action: a.Action, Rules: a.Rules}
		if a.Selector != nil {
			policy.Selector = &typev1.WorkloadSelector{MatchLabels: a.Selector}
		}
		if a.Provider != "" {
			policy.ActionDetail = &security.AuthorizationPolicy_Provider{Provider: &security.AuthorizationPolicy_ExtensionProvider{Name: a.Provider}}
		}
		objects = append(objects, manifest.Object{
			Kind: &Kind, Namespace: a.Namespace, Name: a.Name,
			// The rules of one place have parts in common.
			Spec: proto.CloneOf(policy), DryRun: a.DryRun, Origin: a.Origin,
		})
	}
	return objects
}
