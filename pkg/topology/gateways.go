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
