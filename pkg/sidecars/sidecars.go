// Package sidecars renders what proxies know of the services of others.
package sidecars

import (
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is Sidecar.
var Kind = manifest.Kind{
	Name: "Sidecar", Group: "networking.istio.io",
	// REGISTRY_ONLY is the zero, and an empty policy would not say it to a reader.
	Shown: []protoreflect.FullName{"istio.networking.v1alpha3.OutboundTrafficPolicy.mode"},
}

// Render gives one Sidecar for the mesh, one for each namespace and one for each
// service that says something of its own.
func Render(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, s := range m.Sidecars {
		sidecar := &networking.Sidecar{Egress: []*networking.IstioEgressListener{{Hosts: s.Hosts}}, Ingress: s.Ingress}
		if s.Selector != nil {
			sidecar.WorkloadSelector = &networking.WorkloadSelector{Labels: s.Selector}
		}
		if s.OutboundTrafficPolicy != "" {
			mode := networking.OutboundTrafficPolicy_Mode_value[s.OutboundTrafficPolicy]
			sidecar.OutboundTrafficPolicy = &networking.OutboundTrafficPolicy{Mode: networking.OutboundTrafficPolicy_Mode(mode)}
		}
		objects = append(objects, manifest.Object{Kind: &Kind, Namespace: s.Namespace, Name: s.Name, Spec: sidecar, Origin: s.Origin})
	}
	return objects
}
