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
// one finds the pods of the other.
func sharePods(a, b gateway) bool {
	return contained(a.Selector, b.Selector) || contained(b.Selector, a.Selector)
}

// servedOnce refuses two servers of the same pods for one host and port: Istio
// would take one of them.
func (r *resolver) servedOnce() {
	type place struct {
		gateway  int
		listener listener
	}
	type key struct {
		host string
		port int
	}
	served := map[key][]place{}
	for i, g := range r.gateways {
		for _, l := range g.listeners {
			said := map[string]bool{}
			for _, h := range l.hosts {
				if said[h.name] {
					continue // shop/h and pay/h in one server are one host for two namespaces
				}
				said[h.name] = true
				k := key{h.name, l.Port}
				for _, p := range served[k] {
					if sharePods(g, r.gateways[p.gateway]) {
						r.ds.Errorf(diag.CodeServer, l.hostsAt, "host %s port %d is served twice: %s, %s", h.name, l.Port, shortPath(p.listener.hostsAt), shortPath(l.hostsAt))
						break
					}
				}
				served[k] = append(served[k], place{i, l})
			}
		}
	}
}

// targetPorts refuses a gateway on the port where the pods receive what the
// Service takes in on another one, when somebody listens on that one too.
func (r *resolver) targetPorts() {
	for _, g := range r.gateways {
		if !onIngressPods(g.Selector) {
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
		if !onIngressPods(g.Selector) {
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
