// Package peerauth renders which servers take mutual TLS, plain text, or both.
package peerauth

import (
	security "istio.io/api/security/v1beta1"
	typev1 "istio.io/api/type/v1beta1"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is PeerAuthentication.
var Kind = manifest.Kind{
	Name: "PeerAuthentication", Group: "security.istio.io",
	Shown: []protoreflect.FullName{"istio.security.v1beta1.PeerAuthentication.MutualTLS.mode"},
}

// Render gives one PeerAuthentication for the mesh, one for each namespace and
// one for each service that says a mode of its own.
func Render(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, place := range m.MTLS {
		objects = append(objects, manifest.Object{
			Kind: &Kind, Namespace: place.Namespace, Name: place.Name,
			Spec: policy(place), Origin: place.Origin,
		})
	}
	return objects
}

func policy(place mesh.MTLS) *security.PeerAuthentication {
	p := &security.PeerAuthentication{}
	if place.Selector != nil {
		p.Selector = &typev1.WorkloadSelector{MatchLabels: place.Selector}
	}
	// A mode that is not written stays unset: the wider place's holds, also when
	// it changes later.
	if place.Mode != "" {
		p.Mtls = mutualTLS(place.Mode)
	}
	for _, port := range place.Ports {
		if p.PortLevelMtls == nil {
			p.PortLevelMtls = map[uint32]*security.PeerAuthentication_MutualTLS{}
		}
		p.PortLevelMtls[uint32(port.Port)] = mutualTLS(port.Mode)
	}
	return p
}

func mutualTLS(mode string) *security.PeerAuthentication_MutualTLS {
	value := security.PeerAuthentication_MutualTLS_Mode_value[mode]
	return &security.PeerAuthentication_MutualTLS{Mode: security.PeerAuthentication_MutualTLS_Mode(value)}
}
