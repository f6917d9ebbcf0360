package check

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// protocols finds routes in the mesh that no request ever meets, because a Service
// says that its port speaks something else. Gateways speak what their own server
// says, so their routes are met; their VirtualServices have the names of no Service.
func protocols(ds *diag.List, objects []manifest.Object, p *topology.Model) {
	for o, vs := range manifest.Of[*networking.VirtualService](objects) {
		s, ok := p.Service(o.Namespace, o.Name)
		if !ok {
			continue
		}
		at := o.Origin.Key("protocol")
		if port, missed := missing(s, routedPorts[*networking.HTTPRoute, *networking.HTTPMatchRequest](vs.Http), topology.Protocol.IsOpaque); missed && len(vs.Http) > 0 {
			ds.Errorf(diag.CodeProtocol, at, "port %d (%s) is %s; write protocol: %[3]s", port.Number, says(port), opaqueProtocol(port))
		}
		if port, missed := missing(s, routedPorts[*networking.TCPRoute, *networking.L4MatchAttributes](vs.Tcp), topology.Protocol.IsHTTP); missed && len(vs.Tcp) > 0 {
			ds.Errorf(diag.CodeProtocol, at, "port %d (%s) is HTTP; leave protocol out", port.Number, says(port))
		}
	}
}

// missing is the first port of those that the routes hold for, when all of them
// speak otherwise. No ports are all of the Service.
func missing(s *topology.Service, routed []int, otherwise func(topology.Protocol) bool) (topology.Port, bool) {
	var held []topology.Port
	for _, port := range s.Ports() {
		if len(routed) == 0 || slices.Contains(routed, port.Number) {
			held = append(held, port)
		}
	}
	if len(held) == 0 || slices.ContainsFunc(held, func(p topology.Port) bool { return !otherwise(p.Protocol) }) {
		return topology.Port{}, false
	}
	return held[0], true
}

// routedPorts are the ports that all routes of one kind together name; none where one
// of them names none.
func routedPorts[R interface{ GetMatch() []M }, M interface{ GetPort() uint32 }](routes []R) []int {
	var all []int
	for _, route := range routes {
		if len(route.GetMatch()) == 0 {
			return nil
		}
		for _, m := range route.GetMatch() {
			if m.GetPort() == 0 {
				return nil
			}
			all = append(all, int(m.GetPort()))
		}
	}
	return all
}

// says is what names the protocol of a port.
func says(p topology.Port) string {
	switch {
	case p.AppProtocol != "":
		return "appProtocol " + p.AppProtocol
	case p.Name != "":
		return p.Name
	}
	return "by Istio's own list"
}

// opaqueProtocol is the protocol to write for a port that is not HTTP.
func opaqueProtocol(p topology.Port) string {
	if p.Protocol == topology.TLS || p.Protocol == topology.HTTPS {
		return "TLS"
	}
	return "TCP"
}
