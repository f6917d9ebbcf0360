// Package destinationrules renders how clients call a host: the versions of a
// service, how its pods are called, and the hosts that are called without mutual
// TLS.
package destinationrules

import (
	networking "istio.io/api/networking/v1alpha3"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is DestinationRule.
var Kind = manifest.Kind{
	Name: "DestinationRule", Group: "networking.istio.io",
	Shown: []protoreflect.FullName{"istio.networking.v1alpha3.ClientTLSSettings.mode"},
}

// Render gives one DestinationRule for each host, never two: Istio would take
// the first one's subsets and drop the other's in silence.
func Render(m *mesh.Mesh) []manifest.Object {
	excluded := make(map[string]bool, len(m.Excluded))
	for _, e := range m.Excluded {
		excluded[e.Host] = true
	}
	var objects []manifest.Object
	for _, s := range m.Services {
		if len(s.Subsets) == 0 && s.Policy.Empty() {
			continue
		}
		rule := &networking.DestinationRule{Host: s.Host, TrafficPolicy: policy(s.Policy)}
		if excluded[s.Host] {
			if rule.TrafficPolicy == nil {
				rule.TrafficPolicy = &networking.TrafficPolicy{}
			}
			rule.TrafficPolicy.Tls = plaintext().Tls
			delete(excluded, s.Host)
		}
		for _, subset := range s.Subsets {
			rule.Subsets = append(rule.Subsets, &networking.Subset{
				Name: subset.Name, Labels: subset.Labels, TrafficPolicy: policy(subset.Policy),
			})
		}
		objects = append(objects, manifest.Object{
			Kind: &Kind, Namespace: s.Namespace, Name: s.Name, Spec: rule, Origin: s.Origin,
		})
	}
	for _, e := range m.Excluded {
		if !excluded[e.Host] {
			continue
		}
		objects = append(objects, manifest.Object{
			Kind: &Kind, Namespace: e.Namespace, Name: e.Name, Origin: e.Origin,
			Spec: &networking.DestinationRule{Host: e.Host, TrafficPolicy: plaintext()},
		})
	}
	return objects
}

func policy(p mesh.TrafficPolicy) *networking.TrafficPolicy {
	if p.Empty() {
		return nil // Istio refuses one that says nothing
	}
	return &networking.TrafficPolicy{
		LoadBalancer: p.LoadBalancer, ConnectionPool: p.ConnectionPool, OutlierDetection: p.OutlierDetection,
	}
}

// plaintext switches mutual TLS off for the clients of a host. The application
// may still speak TLS of its own, as it does with the API server.
func plaintext() *networking.TrafficPolicy {
	return &networking.TrafficPolicy{
		Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_DISABLE},
	}
}
