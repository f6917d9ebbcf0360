package topology

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// Connections are the routes by which the pods of a Gateway lead the connections of
// one of its servers that they do not read: of a server of TCP, or one that ends TLS
// and passes on what it finds, the first route that holds; of one that passes TLS on
// a route for each match, whose names no earlier one has. Who calls is not asked,
// whatever a match says of it. None means that the server takes no connections.
//
// The rules are those of pilot/pkg/networking/core, buildGatewayNetworkFiltersFrom-
// TCPRoutes and buildGatewayNetworkFiltersFromTLSRoutes.
func (m *Model) Connections(c Client, g Config[*networking.Gateway], server *networking.Server) []Route {
	list := RouteList(server)
	side := Side(g.Namespace + "/" + g.Name)
	if list == "http" || server.GetTls().GetMode() == networking.ServerTLSSettings_AUTO_PASSTHROUGH {
		return nil // which leads to what the name of a cluster says
	}
	number := int(server.GetPort().GetNumber())
	var all []Route
	taken := map[string]bool{}
	for _, vs := range m.servedBy(c, g, side, server) {
		for _, r := range RoutesOf(vs) {
			switch {
			case r.Protocol != list || len(r.Destinations) == 0:
			case list == "tcp":
				if match, ok := firstAt(vs, side, number, vs.Spec.Tcp[r.Index].Match); ok {
					r.TCPMatch = match
					return []Route{r}
				}
			default:
				for _, match := range vs.Spec.Tls[r.Index].Match {
					again := slices.ContainsFunc(match.SniHosts, func(name string) bool { return taken[name] })
					if again || !atServer(vs, side, number, match) {
						continue
					}
					for _, name := range match.SniHosts {
						taken[name] = true
					}
					r.TLSMatch = match
					all = append(all, r)
				}
			}
		}
	}
	return all
}

// servedBy are the VirtualServices of a Gateway with a host that a server admits, in
// the order in which Istio takes them.
func (m *Model) servedBy(c Client, g Config[*networking.Gateway], side Side, server *networking.Server) []vservice {
	all := slices.DeleteFunc(slices.Clone(m.VirtualServices()), func(vs vservice) bool {
		return !slices.Contains(Sides(vs), side) || !slices.ContainsFunc(vs.Spec.Hosts, func(host string) bool {
			return slices.ContainsFunc(server.Hosts, func(written string) bool {
				namespace, admits := ServerHost(written, g.Namespace)
				return (namespace == "*" || namespace == vs.Namespace) && HostMatches(strings.ToLower(admits), strings.ToLower(FullHost(host, vs.Namespace)))
			})
		})
	})
	slices.SortStableFunc(all, func(a, b vservice) int { return older(a.Object, b.Object) })
	return m.seen(c, all)
}

// matchAt is what matches of connections say about a gateway.
type matchAt interface {
	GetPort() uint32
	GetGateways() []string
}

// firstAt is the first of the matches that holds at a server; nil where there are
// none, which is all.
func firstAt[T matchAt](vs vservice, side Side, port int, matches []T) (first T, ok bool) {
	for _, match := range matches {
		if atServer(vs, side, port, match) {
			return match, true
		}
	}
	return first, len(matches) == 0
}

func atServer(vs vservice, side Side, port int, match matchAt) bool {
	if at := match.GetPort(); at != 0 && int(at) != port {
		return false
	}
	names := match.GetGateways()
	return len(names) == 0 || slices.ContainsFunc(names, func(name string) bool { return sideOf(name, vs.Namespace) == side })
}
