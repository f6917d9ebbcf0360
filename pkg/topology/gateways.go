package topology

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// Gateway finds an Istio Gateway of the package.
func (m *Model) Gateway(namespace, name string) (Config[*networking.Gateway], bool) {
	t := m.routeTable()
	g, ok := t.gateways[key{namespace, name}]
	return g, ok
}

// ServerHost is a host that a server of a Gateway admits: the host, and the
// namespace whose VirtualServices may use it, "*" for any.
func ServerHost(written, gatewayNamespace string) (namespace, host string) {
	namespace, host, found := strings.Cut(written, "/")
	switch {
	case !found:
		return "*", written
	case namespace == ".":
		return gatewayNamespace, host
	}
	return namespace, host
}

// Admitting are the servers of a Gateway that admit a host for VirtualServices
// of a namespace, by their index.
func Admitting(g Config[*networking.Gateway], namespace, host string) []int {
	var all []int
	for i, server := range g.Spec.Servers {
		if slices.ContainsFunc(server.Hosts, func(written string) bool {
			ns, h := ServerHost(written, g.Namespace)
			return (ns == "*" || ns == namespace) && HostMatches(h, host)
		}) {
			all = append(all, i)
		}
	}
	return all
}

// GatewayPods are the workloads of the package that a Gateway's selector finds,
// and the installed gateways that it finds. Both empty says nothing unless the
// package holds the installation: the pods may be anybody's.
func (m *Model) GatewayPods(g Config[*networking.Gateway]) ([]*Workload, []InstalledGateway) {
	return m.SelectedAnywhere(g.Spec.Selector), m.Install().Selected(g.Spec.Selector)
}

// chartPorts are what the Service of Istio's gateways opens when nobody says.
var chartPorts = []int{15021, 80, 443}

// OpenPorts are the ports at which a Gateway's pods are called, in order. Known
// only where the package holds their Service, or makes it by an IstioOperator.
func (m *Model) OpenPorts(g Config[*networking.Gateway]) ([]int, bool) {
	var open []int
	pods, installed := m.GatewayPods(g)
	known := false
	for _, in := range installed {
		known = true
		if len(in.Ports) == 0 {
			open = append(open, chartPorts...)
		}
		open = append(open, in.Ports...)
	}
	for _, w := range pods {
		for _, name := range m.ServiceNames(w.Namespace) {
			s, _ := m.Service(w.Namespace, name)
			if len(s.Selector()) == 0 || !Selects(s.Selector(), w.Labels) {
				continue
			}
			known = true
			for _, p := range s.Ports() {
				open = append(open, p.Number, p.Target)
			}
		}
	}
	slices.Sort(open)
	return slices.DeleteFunc(slices.Compact(open), func(p int) bool { return p == 0 }), known
}

// TargetPort is the port of a Gateway's pods behind a port at which they are
// called, which Istio takes for the number of a server as well. Where the package
// shows neither the installation nor the Service it is that of Istio's chart.
func (m *Model) TargetPort(g Config[*networking.Gateway], called int) int {
	pods, installed := m.GatewayPods(g)
	if len(installed) > 0 {
		return installed[0].Target(called)
	}
	for _, w := range pods {
		for _, name := range m.ServiceNames(w.Namespace) {
			s, _ := m.Service(w.Namespace, name)
			if p, ok := s.Port(called); ok && len(s.Selector()) > 0 && Selects(s.Selector(), w.Labels) {
				target, _ := w.TargetOf(p)
				return target
			}
		}
	}
	return chartTarget(called)
}

// RouteList is the list of a VirtualService that a server reads: http, tls or
// tcp.
func RouteList(s *networking.Server) string {
	passes := s.GetTls().GetMode() == networking.ServerTLSSettings_PASSTHROUGH || s.GetTls().GetMode() == networking.ServerTLSSettings_AUTO_PASSTHROUGH
	switch protocol := Protocol(strings.ToLower(s.GetPort().GetProtocol())); {
	case protocol.IsHTTP():
		return "http"
	case passes && s.Tls != nil && (protocol == HTTPS || protocol == TLS):
		return "tls"
	case protocol == HTTPS:
		return "http"
	}
	return "tcp"
}
