// Package destinationrules renders how clients call a host: the versions of a
// service, how its pods are called, and the hosts that are called without mutual
// TLS.
package destinationrules

import (
	networking "istio.io/api/networking/v1alpha3"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

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
	excluded := make(map[string]mesh.Excluded, len(m.Excluded))
	for _, e := range m.Excluded {
		excluded[e.Host] = e
	}
	objects := make([]manifest.Object, 0, len(m.Services)+len(m.Excluded))
	for _, s := range m.Services {
		if len(s.Subsets) == 0 && s.Policy.Empty() && s.DestinationRule == nil {
			continue
		}
		rule := &networking.DestinationRule{Host: s.Host, ExportTo: s.ExportTo, TrafficPolicy: policy(s.Policy)}
		if e, ok := excluded[s.Host]; ok {
			rule.TrafficPolicy = inPlaintext(rule.TrafficPolicy, e)
			delete(excluded, s.Host)
		}
		for _, subset := range s.Subsets {
			rule.Subsets = append(rule.Subsets, &networking.Subset{
				Name: subset.Name, Labels: subset.Labels, TrafficPolicy: policy(subset.Policy),
			})
		}
		object := manifest.Object{Kind: &Kind, Namespace: s.Namespace, Name: s.Name, Spec: rule, Origin: s.Origin}
		if w := s.DestinationRule; w != nil {
			object = object.Over(w.Message, w.At)
		}
		objects = append(objects, object)
	}
	for _, e := range m.Excluded {
		if _, left := excluded[e.Host]; !left {
			continue
		}
		objects = append(objects, manifest.Object{
			Kind: &Kind, Namespace: e.Namespace, Name: e.Name, Origin: e.Origin,
			Spec: &networking.DestinationRule{Host: e.Host, TrafficPolicy: inPlaintext(nil, e)},
		})
	}
	return append(objects, outside(m)...)
}

func policy(p mesh.TrafficPolicy) *networking.TrafficPolicy {
	if p.Empty() {
		return nil // Istio refuses one that says nothing
	}
	return &networking.TrafficPolicy{
		LoadBalancer: p.LoadBalancer, ConnectionPool: p.ConnectionPool, OutlierDetection: p.OutlierDetection,
	}
}

// inPlaintext switches mutual TLS off for the clients of a host. The application
// may still speak TLS of its own, as it does with the API server.
func inPlaintext(policy *networking.TrafficPolicy, e mesh.Excluded) *networking.TrafficPolicy {
	if policy == nil {
		policy = &networking.TrafficPolicy{}
	}
	policy.Tls = &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_DISABLE}
	if e.ConnectSeconds != 0 && policy.ConnectionPool == nil {
		policy.ConnectionPool = &networking.ConnectionPoolSettings{
			Tcp: &networking.ConnectionPoolSettings_TCPSettings{ConnectTimeout: &durationpb.Duration{Seconds: int64(e.ConnectSeconds)}},
		}
	}
	return policy
}
