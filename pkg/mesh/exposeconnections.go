package mesh

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// entryConnections checks the words of an entry of an opaque service. It is one
// exposure with the gateway's ports that it names; none where TCP names no port.
func (r *resolver) entryConnections(at diag.Path, e *spec.Expose, s *service) []*exposure {
	allowed := "gateway, when.port, to, split, port"
	if s.Protocol == protocolTLS {
		allowed = "hosts, " + allowed
	}
	r.noHTTP(at.Key, s.Protocol, e.Route, allowed)
	if e.Path != nil {
		r.ds.Errorf(diag.CodePlace, at.Key("path"), "%s has no path; allowed here: %s", s.Protocol, allowed)
	}
	r.target(at.Key, e.Route, s)
	if e.Port != 0 {
		r.port(at.Key("port"), e.Port)
	}
	if e.When != nil && len(e.When) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at.Key("when"), "empty; write a condition, or leave when out")
	}
	ports := r.entryPorts(at.Key("when"), e, s)
	if e.When == nil && s.Protocol == protocolTCP {
		r.ds.Errorf(diag.CodeMissing, at.Key("when"), "a TCP service needs when.port, the gateway's port")
	}
	if len(ports) == 0 && s.Protocol == protocolTCP {
		return nil
	}
	return []*exposure{{ports: ports}}
}

// entryPorts are the gateway's ports that an entry names, in order.
func (r *resolver) entryPorts(at diag.Path, e *spec.Expose, s *service) []int {
	var ports []int
	for i, c := range e.When {
		where, before := at.Index(i), len(*r.ds)
		r.noHTTPConditions(where, s.Protocol, c, "port")
		r.noSource(where, c)
		r.ports(where.Key("port"), c.Port)
		if c.Port == nil && !(*r.ds)[before:].HasErrors() {
			r.ds.Errorf(diag.CodeEmpty, where, "empty; it would match everything")
		}
		ports = append(ports, c.Port...)
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// hostAt is a host of an entry and where it is written.
type hostAt struct {
	host string
	at   diag.Path
}

// tcpHosts is every host, since TCP carries none.
func (r *resolver) tcpHosts(at diag.Path, e *spec.Expose) []hostAt {
	for i, host := range e.Hosts {
		if host != "*" {
			r.ds.Errorf(diag.CodeHost, at.Key("hosts").Index(i), "TCP cannot tell hosts apart; leave hosts out")
		}
	}
	if e.Hosts != nil && len(e.Hosts) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at.Key("hosts"), "empty; TCP cannot tell hosts apart, leave hosts out")
	}
	return []hostAt{{"*", at}}
}

// mayConnect checks that the gateway takes the connections for the service's
// namespace, and gives the ports that it takes them on. A Gateway elsewhere is not
// checked.
func (r *resolver) mayConnect(x *exposure) bool {
	if x.gateway.known == nil {
		if x.service.Protocol == protocolTCP && x.service.team(x.at) {
			r.ds.Errorf(diag.CodeHost, x.at.Key("gateway"), "nobody says whose the ports of Gateway %s are; the platform team exposes it in KymaMesh services[]", x.gateway.id)
			return false
		}
		return true
	}
	if x.service.Protocol == protocolTCP {
		return r.mayUsePorts(x)
	}
	return r.mayPass(x)
}

// mayUsePorts checks a TCP service's ports at its gateway.
func (r *resolver) mayUsePorts(x *exposure) bool {
	g, ok := x.gateway.known, true
	for _, port := range x.ports {
		i := slices.IndexFunc(g.listeners, func(l listener) bool { return l.Port == port && !knowsHosts(l.Protocol) })
		if i < 0 {
			r.ds.Errorf(diag.CodeServer, x.at.Key("when"), "gateway %s takes no TCP on port %d; add {port: %[2]d, protocol: TCP} to %s.servers", g.Name, port, shortPath(g.path))
			ok = false
			continue
		}
		l := g.listeners[i]
		admitted := slices.ContainsFunc(l.hosts, func(h gatewayHost) bool { return h.admits(x.service.Namespace) })
		named := slices.ContainsFunc(l.hosts, func(h gatewayHost) bool { return h.namespace == x.service.Namespace })
		switch {
		case !admitted:
			r.ds.Errorf(diag.CodeHost, x.at, "namespace %s may not use port %d (%s admits %s)", x.service.Namespace, port, shortPath(l.hostsAt), namespaceNames(l.hosts))
			ok = false
		case x.service.team(x.at) && !named:
			r.ds.Errorf(diag.CodeHost, x.at, "port %d of gateway %s is nobody's by name, and a team would take it from others; the platform team admits it: %s.hosts: [%s/*]", port, g.Name, shortPath(l.path), x.service.Namespace)
			ok = false
		}
	}
	return ok
}

func namespaceNames(hosts []gatewayHost) string {
	var all []string
	for _, h := range hosts {
		if !slices.Contains(all, h.namespace) {
			all = append(all, h.namespace)
		}
	}
	return strings.Join(all, ", ")
}

// passesTLS tells whether the server hands TLS on without opening it.
func (l listener) passesTLS() bool { return l.Protocol == "TLS" && l.TLS.Mode == "PASSTHROUGH" }

// mayPass checks a TLS service's host at its gateway, and takes the ports of its
// servers where the entry names none.
func (r *resolver) mayPass(x *exposure) bool {
	g := x.gateway.known
	serving := g.serving(x.host)
	if len(serving) == 0 {
		r.notServed(x)
		return false
	}
	passing := slices.DeleteFunc(slices.Clone(serving), func(l listener) bool { return !l.passesTLS() })
	if len(passing) == 0 {
		r.ds.Errorf(diag.CodeServer, x.hostAt, "gateway %s terminates TLS for %s; protocol TLS needs a server {hosts: [%[2]s], tls: {mode: PASSTHROUGH}}", g.Name, x.host)
		return false
	}
	if len(x.ports) == 0 {
		for _, l := range passing {
			x.ports = append(x.ports, l.Port)
		}
		slices.Sort(x.ports)
	}
	for _, port := range x.ports {
		if !slices.ContainsFunc(passing, func(l listener) bool { return l.Port == port }) {
			r.ds.Errorf(diag.CodeReference, x.at.Key("when"), "gateway %s does not pass TLS for %s on port %d", g.Name, x.host, port)
		}
	}
	return r.mayUseHost(x, passing)
}

// connectionRoutes are the routes of the opaque services of one host of a gateway,
// by port, so that they do not depend on who is written first.
func (r *resolver) connectionRoutes(exposures []*exposure) (tcp []TCPRoute, tls []TLSRoute) {
	r.onePortEach(exposures)
	slices.SortStableFunc(exposures, func(a, b *exposure) int {
		return cmp.Or(slices.Compare(a.ports, b.ports), cmp.Compare(a.service.Namespace, b.service.Namespace), cmp.Compare(a.service.Name, b.service.Name))
	})
	for _, x := range exposures {
		to := x.service.destinations(complete(words{Route: x.entry.Route}, x.service.own()).Route)
		if x.service.Protocol == protocolTCP {
			route := TCPRoute{To: to}
			for _, port := range x.ports {
				route.Match = append(route.Match, &tcpMatch{Port: uint32(port)})
			}
			tcp = append(tcp, route)
			continue
		}
		route := TLSRoute{To: to}
		for _, port := range x.ports {
			route.Match = append(route.Match, &tlsMatch{Port: uint32(port), SniHosts: []string{x.host}})
		}
		if len(x.ports) == 0 { // a Gateway elsewhere, whose ports nobody says
			route.Match = []*tlsMatch{{SniHosts: []string{x.host}}}
		}
		tls = append(tls, route)
	}
	return tcp, tls
}

// onePortEach refuses two services on one port, where nothing tells them apart.
func (r *resolver) onePortEach(exposures []*exposure) {
	type speech struct {
		protocol string
		port     int
	}
	first := map[speech]*exposure{}
	for _, x := range exposures {
		ports := x.ports
		if len(ports) == 0 {
			ports = []int{0}
		}
		for _, port := range ports {
			k := speech{x.service.Protocol, port}
			before, twice := first[k]
			if !twice {
				first[k] = x
				continue
			}
			where := "host " + x.host
			if k.protocol == protocolTCP {
				where = "port " + itoa(port) + " of " + x.gateway.prefix
			}
			r.ds.Errorf(diag.CodeDuplicate, x.at, "%s: also used by %s/%s (%s)", where, before.service.Namespace, before.service.Name, shortPath(before.at))
			break
		}
	}
}
