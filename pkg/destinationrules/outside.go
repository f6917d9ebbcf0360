package destinationrules

import (
	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	typev1 "istio.io/api/type/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// outside are the rules of hosts outside of the cluster, and the one of the egress
// gateway. All its hosts share one: of two for a host Istio would drop the subsets
// of the second.
func outside(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, x := range m.Externals {
		if x.TLS == nil && x.Policy.Empty() && x.DestinationRule == nil {
			continue
		}
		rule := &networking.DestinationRule{Host: x.Hosts[0], ExportTo: x.ExportTo, TrafficPolicy: policy(x.Policy)}
		if x.Selector != nil {
			rule.WorkloadSelector = &typev1.WorkloadSelector{MatchLabels: x.Selector}
		}
		if x.TLS != nil {
			rule.TrafficPolicy = startTLS(rule.TrafficPolicy, x)
		}
		object := manifest.Object{Kind: &Kind, Namespace: x.Namespace, Name: x.Name, Spec: rule, Origin: x.Origin}
		if w := x.DestinationRule; w != nil {
			object = object.Over(repeated(w.Message, x), w.At).Over(startedInSubsets(w.Message, x), w.At)
		}
		objects = append(objects, object)
	}
	if g := m.EgressGateway; g != nil {
		objects = append(objects, manifest.Object{Kind: &Kind, Namespace: g.Namespace, Name: g.Name, Spec: toGateway(g), Origin: g.Origin})
	}
	return objects
}

// startTLS puts TLS on the ports of plain HTTP. What the host's policy says stands
// there once more: a port with words of its own takes none from the host.
func startTLS(policy *networking.TrafficPolicy, x mesh.External) *networking.TrafficPolicy {
	if policy == nil {
		policy = &networking.TrafficPolicy{}
	}
	policy.PortLevelSettings = atPorts(policy, x)
	for _, p := range policy.PortLevelSettings {
		p.Tls = proto.CloneOf(x.TLS)
	}
	return policy
}

// atPorts is a policy once more for each port of plain HTTP, without TLS.
func atPorts(policy *networking.TrafficPolicy, x mesh.External) []*networking.TrafficPolicy_PortTrafficPolicy {
	var all []*networking.TrafficPolicy_PortTrafficPolicy
	for _, p := range x.Ports {
		if p.HTTP() {
			all = append(all, &networking.TrafficPolicy_PortTrafficPolicy{
				Port:             &networking.PortSelector{Number: uint32(p.Number)},
				LoadBalancer:     proto.CloneOf(policy.LoadBalancer),
				ConnectionPool:   proto.CloneOf(policy.ConnectionPool),
				OutlierDetection: proto.CloneOf(policy.OutlierDetection),
			})
		}
	}
	return all
}

// repeated is what a way out says of the whole host, for the ports that start TLS:
// there it would have no effect otherwise.
func repeated(w *networking.DestinationRule, x mesh.External) *networking.DestinationRule {
	if x.TLS == nil || w.TrafficPolicy == nil {
		return &networking.DestinationRule{}
	}
	return &networking.DestinationRule{TrafficPolicy: &networking.TrafficPolicy{PortLevelSettings: atPorts(w.TrafficPolicy, x)}}
}

// startedInSubsets is the way out with TLS where it has settings for one port of a
// subset: those take the place of all that is said of the port elsewhere, and calls
// would leave in plain text.
func startedInSubsets(w *networking.DestinationRule, x mesh.External) *networking.DestinationRule {
	if x.TLS == nil {
		return w
	}
	starts := map[uint32]bool{}
	for _, p := range x.Ports {
		starts[uint32(p.Number)] = p.HTTP()
	}
	w = proto.CloneOf(w)
	for _, subset := range w.Subsets {
		for _, p := range subset.GetTrafficPolicy().GetPortLevelSettings() {
			if starts[p.GetPort().GetNumber()] {
				p.Tls = proto.CloneOf(x.TLS)
			}
		}
	}
	return w
}

// toGateway is how sidecars call the egress gateway.
func toGateway(g *mesh.EgressGateway) *networking.DestinationRule {
	rule := &networking.DestinationRule{Host: g.Host}
	for _, s := range g.Subsets {
		subset := &networking.Subset{Name: s.Name}
		if s.MutualPort != 0 {
			subset.TrafficPolicy = &networking.TrafficPolicy{PortLevelSettings: []*networking.TrafficPolicy_PortTrafficPolicy{{
				Port: &networking.PortSelector{Number: uint32(s.MutualPort)},
				Tls:  &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_ISTIO_MUTUAL, Sni: s.SNI},
			}}}
		}
		rule.Subsets = append(rule.Subsets, subset)
	}
	return rule
}
