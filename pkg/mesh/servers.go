package mesh

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// What has to hold between servers, of one gateway or of several on the same
// pods.

// httpServers keeps a plain server on port 80 and the redirect for its hosts
// apart: both would listen for the same name.
func (r *resolver) httpServers(g gateway) {
	for _, plain := range g.listeners {
		if plain.Port != 80 {
			continue
		}
		for _, secure := range g.listeners {
			if !secure.redirect {
				continue
			}
			for _, h := range plain.hosts {
				if slices.ContainsFunc(secure.hosts, func(s gatewayHost) bool { return s.name == h.name }) {
					r.ds.Errorf(diag.CodeServer, plain.path, "port 80 of %s redirects to https; write httpsRedirect: false for plain http", h.name)
					return
				}
			}
		}
	}
}

// sharePods tells whether two gateways run on the same pods: the selector of
// one finds the pods of the other, or both find the installed ones.
func sharePods(a, b gateway) bool {
	return contained(a.Selector, b.Selector) || contained(b.Selector, a.Selector) || OnIngressPods(a.Selector) && OnIngressPods(b.Selector)
}

// servedOnce refuses two servers of the same pods for one host and port: Istio
// would take one of them. What redirects to https serves port 80.
func (r *resolver) servedOnce() {
	served := map[hostPort][]servedAt{}
	for i, g := range r.gateways {
		for _, l := range g.listeners {
			said := map[string]bool{}
			for _, h := range l.hosts {
				if said[h.name] {
					continue // shop/h and pay/h in one server are one host for two namespaces
				}
				said[h.name] = true
				once := r.serve(served, hostPort{h.name, l.Port}, servedAt{gateway: i, at: l.hostsAt})
				if once && l.redirect {
					r.serve(served, hostPort{h.name, 80}, servedAt{gateway: i, at: l.hostsAt, redirect: true})
				}
			}
		}
	}
}

type hostPort struct {
	host string
	port int
}

// servedAt is one place where a host and port are served.
type servedAt struct {
	gateway  int
	at       diag.Path
	redirect bool
}

// serve notes a place. It reports and is false when the pods serve the host and
// port already.
func (r *resolver) serve(served map[hostPort][]servedAt, k hostPort, s servedAt) bool {
	for _, p := range served[k] {
		redirect := s.redirect || p.redirect
		if redirect && p.gateway == s.gateway || !sharePods(r.gateways[s.gateway], r.gateways[p.gateway]) {
			continue // a gateway's own redirect: see httpServers
		}
		hint := ""
		if redirect {
			hint = "; write httpsRedirect: false at one of them"
		}
		r.ds.Errorf(diag.CodeServer, s.at, "host %s port %d is served twice: %s, %s%s", k.host, k.port, shortPath(p.at), shortPath(s.at), hint)
		return false
	}
	served[k] = append(served[k], s)
	return true
}

// portsAgree refuses servers of one port and the same pods that speak in
// different ways: Pilot would make the listener of one of them. HTTPS and TLS
// share a port, they are told apart by the name that the caller asks for.
func (r *resolver) portsAgree() {
	type place struct {
		gateway, number int
		listener
	}
	number := 0
	type spoken struct {
		port   int
		speech string
	}
	before := map[spoken][]place{}
	for i, g := range r.gateways {
		for _, l := range g.listeners {
			own := spoken{l.Port, speech(l.Protocol)}
			var first *place // that speaks in another way
			for _, other := range speeches {
				if other == own.speech {
					continue
				}
				places := before[spoken{l.Port, other}]
				j := slices.IndexFunc(places, func(p place) bool { return sharePods(g, r.gateways[p.gateway]) })
				if j >= 0 && (first == nil || places[j].number < first.number) {
					first = &places[j]
				}
			}
			if first != nil {
				r.ds.Errorf(diag.CodeServer, l.path, "port %d speaks %s in %s; %s server cannot share it", l.Port, first.Protocol, shortPath(first.path), article(l.Protocol))
			}
			number++
			before[own] = append(before[own], place{i, number, l})
		}
	}
}

// speeches are all that speech can be.
var speeches = []string{"TLS", "TCP", "HTTP"}

// speech is what the first bytes on a port are.
func speech(protocol string) string {
	switch {
	case opensTLS(protocol):
		return "TLS"
	case !knowsHosts(protocol):
		return "TCP"
	}
	return "HTTP"
}

// oneSecretEach warns of two gateways with one certificate: a browser that holds
// a connection to the one asks on it for the hosts of the other.
func (r *resolver) oneSecretEach() {
	first := map[string]gateway{} // by credentialName
	for _, g := range r.gateways {
		for _, l := range g.listeners {
			if l.TLS == nil || l.TLS.CredentialName == "" {
				continue
			}
			other, known := first[l.TLS.CredentialName]
			if !known {
				first[l.TLS.CredentialName] = g
			} else if other.path != g.path && sharePods(g, other) {
				r.ds.Warnf(diag.CodeTLS, l.path.Key("tls"), "Secret %s is also %s's; browsers reuse connections: 404 for the second gateway; put both hosts into one gateway or use two certificates", l.TLS.CredentialName, shortPath(other.path))
			}
		}
	}
}

// targetPorts refuses a gateway on the port where the pods receive what the
// Service takes in on another one, when somebody listens on that one too.
func (r *resolver) targetPorts() {
	for _, g := range r.gateways {
		if !OnIngressPods(g.Selector) {
			continue
		}
		for _, l := range g.listeners {
			for _, p := range r.facts.IngressPorts {
				if p.TargetPort == l.Port && p.Port != l.Port && r.listensOn(p.Port) {
					r.ds.Errorf(diag.CodeServer, l.path.Key("port"), "%d is where port %d of istio-ingressgateway arrives; write port: %d", l.Port, p.Port, p.Port)
				}
			}
		}
	}
}

func (r *resolver) listensOn(port int) bool {
	for _, g := range r.gateways {
		if !OnIngressPods(g.Selector) {
			continue
		}
		if slices.ContainsFunc(g.Servers, func(s Server) bool { return s.Port == port }) {
			return true
		}
	}
	return false
}

// gatewayServices keeps the names of policies apart: those of gateways and of
// services of istio-system lie in one namespace.
func (r *resolver) gatewayServices() {
	for _, s := range r.services {
		for _, g := range r.gateways {
			if s.Namespace == Root && s.Name == g.Name {
				r.ds.Errorf(diag.CodeName, s.path.Key("name"), "%s is the name of a gateway, whose policies lie in istio-system; a service there cannot be called so", s.Name)
			}
		}
	}
}
