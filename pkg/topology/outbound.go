package topology

import (
	networking "istio.io/api/networking/v1alpha3"
)

// LetsOut tells whether the proxy of a client passes on calls of hosts that it does
// not know: what its Sidecar says, else the installation.
func (m *Model) LetsOut(c Client) Answer {
	if s, ok := m.SidecarOf(c); ok && s.Spec.OutboundTrafficPolicy != nil {
		return answer(s.Spec.OutboundTrafficPolicy.Mode != networking.OutboundTrafficPolicy_REGISTRY_ONLY)
	}
	switch in := m.Install(); {
	case in.RegistryOnly:
		return No
	case !in.Known:
		return NotKnown
	}
	return Yes
}
