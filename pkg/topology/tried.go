package topology

import (
	"cmp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// vservice is a VirtualService.
type vservice = Config[*networking.VirtualService]

// Routes are the routes by which a client's proxy sends what is asked of a full
// host on a port, in the order in which they are tried. A route stands there once
// for each of its matches that can hold for the client and the port; port 0 is any.
// Nothing after a route that takes all requests is there.
//
// The side of a client in the mesh is [Mesh]; its sidecar uses one VirtualService
// of a host only. None means that requests go to the host itself, or nowhere where
// the sidecar keeps the port ([Port.Kept]). A gateway's side
// is its name, with those of the other Gateways that have the same pods and port
// beside it, and the client is the gateway's pod. All their VirtualServices are put
// together, routes that take all of a VirtualService last. None means that requests
// go nowhere. A Gateway that the package does not hold is taken to admit all.
//
// The rules are those of pilot/pkg/networking/core, route.BuildHTTPRoutesFor-
// VirtualService, and of the same package's buildGatewayHTTPRouteConfig.
func (m *Model) Routes(c Client, host string, port int, side Side, beside ...Side) []Route {
	host = strings.ToLower(host)
	if side == Mesh {
		if ports, _ := m.PortsOf(host); slices.ContainsFunc(ports, func(p Port) bool { return p.Number == port && p.Kept() }) {
			return nil
		}
		return m.meshRoutes(c, host, port)
	}
	var all []Route
	for _, bound := range m.boundAt(c, host, port, append([]Side{side}, beside...)) {
		all = append(all, m.tried(bound.vservice, c, bound.side, port)...)
	}
	slices.SortStableFunc(all, func(a, b Route) int { return cmp.Compare(last(a), last(b)) })
	said := map[standing]bool{}
	return slices.DeleteFunc(all, func(r Route) bool {
		p := standing{r.VirtualService.Object, r.Protocol, r.Index, r.HTTPMatch, r.TLSMatch, r.TCPMatch}
		again := said[p]
		said[p] = true
		return again
	})
}

// standing is where a route stands, which two Gateways of one VirtualService have in
// common.
type standing struct {
	*Object
	protocol string
	index    int
	http     *networking.HTTPMatchRequest
	tls      *networking.TLSMatchAttributes
	tcp      *networking.L4MatchAttributes
}

func last(r Route) int {
	if r.Protocol == "http" && r.CatchAll {
		return 1
	}
	return 0
}

// meshRoutes are those of the first VirtualService of the host that has routes for
// the client; only where none names the host are there those of the nearest
// wildcard, of which the first VirtualService counts.
func (m *Model) meshRoutes(c Client, host string, port int) []Route {
	t := m.routeTable()
	shown := func(all []vservice) []vservice { return m.shown(c, m.seen(c, all), port) }
	if exact := shown(t.hosts[bound{Mesh, host}]); len(exact) > 0 {
		for _, vs := range exact {
			if all := m.tried(vs, c, Mesh, port); len(all) > 0 {
				return all
			}
		}
		return nil
	}
	for _, w := range m.wider(host) {
		if all := shown(t.hosts[bound{Mesh, w}]); len(all) > 0 {
			return m.tried(all[0], c, Mesh, port)
		}
	}
	return nil
}

// shown are the VirtualServices that the client's Sidecar shows.
func (m *Model) shown(c Client, all []vservice, port int) []vservice {
	s, ok := m.SidecarOf(c)
	if !ok || len(s.Spec.Egress) == 0 {
		return all
	}
	listeners := listening(s, port)
	return slices.DeleteFunc(slices.Clone(all), func(vs vservice) bool {
		return !slices.ContainsFunc(listeners, func(l *networking.IstioEgressListener) bool { return showsRoutes(l, c, vs) })
	})
}

// seen are the VirtualServices that exportTo lets a client see: those first that
// only its own namespace sees, then those that are for it and others, then those
// for all (pilot/pkg/model.SelectVirtualServices).
func (m *Model) seen(c Client, all []vservice) []vservice {
	if len(all) == 0 || len(all) == 1 && m.nearness(c, all[0]) < unseen {
		return all
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b vservice) int { return cmp.Compare(m.nearness(c, a), m.nearness(c, b)) })
	return slices.DeleteFunc(all, func(vs vservice) bool { return m.nearness(c, vs) == unseen })
}

// Sees tells whether exportTo lets a client see a VirtualService.
func (m *Model) Sees(c Client, vs Config[*networking.VirtualService]) bool {
	return m.nearness(c, vs) < unseen
}

const unseen = 3

func (m *Model) nearness(c Client, vs vservice) int {
	to := vs.Spec.ExportTo
	if len(to) == 0 {
		to = m.Install().VirtualServicesTo
	}
	switch {
	case len(to) == 0 || slices.Contains(to, "*"):
		return 2
	case !visible(to, vs.Namespace, c.Namespace):
		return unseen
	case vs.Namespace == c.Namespace:
		return 0
	}
	return 1
}

// boundService is a VirtualService as one Gateway takes it.
type boundService struct {
	vservice
	side  Side
	level int
}

// boundAt are the VirtualServices that answer for a host at Gateways that share
// their pods. What a VirtualService and a server have in common is the narrower of
// their two hosts, and of all these the one nearest to the asked one answers.
func (m *Model) boundAt(c Client, host string, port int, sides []Side) []boundService {
	var all []boundService
	names := append([]string{host}, slices.DeleteFunc(m.wider(host), func(wide string) bool { return wide == "*"+host })...) // Envoy's * is never nothing
	for _, side := range sides {
		here := m.boundTo(c, side, names)
		for _, server := range m.serversOn(side, port) {
			for _, b := range here {
				if level := server.level(b.Namespace, names); level >= 0 {
					all = append(all, boundService{b.vservice, side, min(b.level, level)})
				}
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	nearest := slices.MinFunc(all, func(a, b boundService) int { return cmp.Compare(a.level, b.level) }).level
	type once struct {
		*Object
		Side
	}
	said := map[once]bool{}
	return slices.DeleteFunc(all, func(b boundService) bool {
		id := once{b.Object, b.side}
		again := said[id]
		said[id] = again || b.level == nearest
		return b.level != nearest || again
	})
}

// boundTo are the VirtualServices of a Gateway for one of the names that a client
// sees, each with the place of the nearest of its hosts among them, in the order in
// which Istio takes them.
func (m *Model) boundTo(c Client, side Side, names []string) []boundService {
	t := m.routeTable()
	level := map[*Object]int{}
	var all []vservice
	for i, name := range names {
		for _, vs := range t.hosts[bound{side, name}] {
			if _, said := level[vs.Object]; !said {
				level[vs.Object] = i
				all = append(all, vs)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b vservice) int { return older(a.Object, b.Object) })
	var found []boundService
	for _, vs := range m.seen(c, all) {
		found = append(found, boundService{vs, side, level[vs.Object]})
	}
	return found
}

// admission is what one server of a Gateway admits; nothing written admits all.
type admission struct {
	gateway string // its namespace
	hosts   []string
}

func (m *Model) serversOn(side Side, port int) []admission {
	namespace, name, _ := strings.Cut(string(side), "/")
	g, ok := m.Gateway(namespace, name)
	if !ok {
		return []admission{{hosts: []string{"*"}}}
	}
	var all []admission
	for _, server := range g.Spec.Servers {
		if port == 0 || int(server.GetPort().GetNumber()) == port {
			all = append(all, admission{g.Namespace, server.Hosts})
		}
	}
	return all
}

// level is the place of the nearest of its hosts among the names for
// VirtualServices of a namespace, -1 for none.
func (a admission) level(namespace string, names []string) int {
	nearest := -1
	for _, written := range a.hosts {
		ns, host := ServerHost(written, a.gateway)
		if i := slices.Index(names, strings.ToLower(host)); i >= 0 && (ns == "*" || ns == namespace) && (nearest < 0 || i < nearest) {
			nearest = i
		}
	}
	return nearest
}

// tried are the routes of one VirtualService for a client on a side, once for each
// match.
func (m *Model) tried(vs vservice, c Client, side Side, port int) []Route {
	all := m.triedHTTP(vs, c, side, port)
	for _, r := range RoutesOf(vs) {
		switch r.Protocol {
		case "tls":
			for _, match := range vs.Spec.Tls[r.Index].Match {
				if holds(vs, c, side, port, match.Port, match.Gateways, match.SourceLabels, match.SourceNamespace) {
					r.TLSMatch = match
					all = append(all, r)
				}
			}
		case "tcp":
			matches := vs.Spec.Tcp[r.Index].Match
			for _, match := range matches {
				if holds(vs, c, side, port, match.Port, match.Gateways, match.SourceLabels, match.SourceNamespace) {
					r.TCPMatch = match
					all = append(all, r)
				}
			}
			if len(matches) == 0 {
				all = append(all, r)
			}
		}
	}
	return all
}

// triedHTTP are the HTTP routes, those of other VirtualServices where the routes
// are delegated to them.
func (m *Model) triedHTTP(vs vservice, c Client, side Side, port int) []Route {
	var all []Route
	for i, r := range vs.Spec.Http {
		routes := []Route{httpRoute(vs, i, r)}
		if r.Delegate != nil {
			routes = m.delegated(vs, r)
		}
		for _, route := range routes {
			if len(route.HTTP.Match) == 0 {
				return append(all, route)
			}
			for _, match := range route.HTTP.Match {
				if !holds(route.VirtualService, c, side, port, match.Port, match.Gateways, match.SourceLabels, match.SourceNamespace) {
					continue
				}
				route.HTTPMatch, route.CatchAll = match, takesAll(match)
				if all = append(all, route); route.CatchAll {
					return all
				}
			}
		}
	}
	return all
}

// holds tells whether a match can hold for a client on a side. One that names
// gateways does not look at the client (sourceMatchHTTP of Istio's route package).
func holds(vs vservice, c Client, side Side, port int, at uint32, gateways []string, labels map[string]string, namespace string) bool {
	switch {
	case at != 0 && port != 0 && int(at) != port:
		return false
	case len(gateways) > 0:
		return slices.ContainsFunc(gateways, func(name string) bool { return sideOf(name, vs.Namespace) == side })
	}
	return Selects(labels, c.Labels) && (namespace == "" || namespace == c.Namespace)
}

// Reached are the host and the port to which a destination of a route leads what a
// client called on a port: a destination that names no port takes the only one of
// its Service, but in HTTP routes of the mesh, and else the one that was called; a
// Service with an external name stands for that name (route.GetDestinationCluster
// of Istio).
func (m *Model) Reached(c Client, side Side, r Route, d Destination, called int) (host string, port int) {
	host, port = d.Host, called
	if ports := m.portsFor(c, d.Host); len(ports) == 1 && (side != Mesh || r.Protocol != "http") {
		port = ports[0].Number
	}
	if d.Port != 0 {
		port = d.Port
	}
	if s, ok := m.ServiceOf(d.Host); ok && s.ExternalName() != "" {
		host = s.ExternalName()
	}
	return host, port
}
