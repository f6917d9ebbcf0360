package mesh

import (
	"cmp"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Calls through the egress gateway make two hops. HTTP goes to its port 80 in the
// mesh's mutual TLS, so that 443 is free for TLS of the same host that nobody
// opens.

// EgressGateway is how sidecars call the egress gateway: a subset for each host
// that is called through it.
type EgressGateway struct {
	Namespace, Name string
	// Host is the full name of the gateway's Service.
	Host    string
	Subsets []EgressSubset
	Origin  diag.Path
}

// EgressSubset is what one host needs on the way to the gateway.
type EgressSubset struct {
	Name string
	// MutualPort is the gateway's port that is called in the mesh's mutual TLS, with
	// SNI as the name; 0 for none.
	MutualPort int
	SNI        string
}

const (
	egressGateway     = "istio-egressgateway"
	egressGatewayID   = Root + "/" + egressGateway
	egressGatewayHost = egressGateway + "." + Root + clusterSuffix
)

// egressLabels are the labels of the pods that the installation makes, and
// egressSelector those by which our Gateway finds them.
var (
	egressLabels   = map[string]string{"app": egressGateway, "istio": "egressgateway"}
	egressSelector = map[string]string{"istio": "egressgateway"}
)

// egressGatewayPort is the gateway's port for a protocol; 0 where it has none.
func egressGatewayPort(protocol string) int {
	switch speech(protocol) {
	case "HTTP":
		return 80
	case "TLS":
		return 443
	}
	return 0
}

// throughGateway checks an entry whose calls go through the egress gateway.
func (r *resolver) throughGateway(h egressHost) {
	at := h.at.Key("gateway")
	switch {
	case h.Gateway == "":
		return
	case h.Gateway != egressGateway:
		r.ds.Errorf(diag.CodeReference, at, "only %s is installed here; for another one write gateways[] and a VirtualService of your own", egressGateway)
		return
	case h.wildcard():
		r.ds.Errorf(diag.CodeExclusive, at, "%s cannot go through an egress gateway: no address of it is known there; write an entry for each host", h.Host[0])
	}
	first := map[int]int{}
	for i, p := range h.ports {
		port := egressGatewayPort(p.Protocol)
		if other, twice := first[port]; twice && port != 0 {
			r.ds.Errorf(diag.CodeServer, h.at.Key("ports"), "ports %d and %d of %s meet on port %d of %s; write one of them", other, p.Number, h.Host[0], port, egressGateway)
		}
		first[port] = p.Number
		if port == 0 && p.Protocol != "" {
			r.ds.Errorf(diag.CodeServer, h.at.Key("ports").Index(i), "a TCP port cannot go through an egress gateway here; write gateways[] and a VirtualService of your own")
		}
	}
	own := func(name string) bool { return name == "*" || name == Root || name == "." && h.namespace() == Root }
	if len(h.ExportTo) > 0 && h.Selector == nil && !slices.ContainsFunc(h.ExportTo, own) {
		r.ds.Errorf(diag.CodePlace, h.at.Key("exportTo"), "exportTo hides %s from the egress gateway in istio-system; add istio-system", h.Host[0])
	}
}

// lead fills in where calls to the host go.
func (h egressHost) lead(x *External) {
	if h.Gateway == egressGateway {
		x.Gateways = []string{"mesh", egressGatewayID}
	} else if !h.hasRouteWord() {
		return
	}
	host := h.Host[0]
	several := 0
	for _, p := range x.Ports {
		if p.HTTP() {
			several++
		}
	}
	for _, p := range x.Ports {
		switch {
		case x.Gateways != nil:
			h.twoHops(x, p)
		case p.HTTP() && several > 1:
			x.Routes = append(x.Routes, h.treated(&match{Port: uint32(p.Number)}, Destination{Host: host, Port: p.Number}))
		case p.HTTP():
			x.Routes = append(x.Routes, h.treated(nil, Destination{Host: host}))
		}
	}
}

// treated is a route to the host, or to the gateway before it, with the words of
// the entry. They hold on the first hop only: on both, retries would multiply.
func (h egressHost) treated(m *match, to Destination) Route {
	w := h.route()
	route := Route{To: []Destination{to}, Timeout: filled(w.Timeout), Retries: retries(w.Retries), Fault: fault(w.Fault)}
	if m != nil {
		route.Match = []*match{m}
	}
	return route
}

// twoHops leads one port to the gateway, and from there to the host.
func (h egressHost) twoHops(x *External, p ExternalPort) {
	host, port := h.Host[0], egressGatewayPort(p.Protocol)
	near := Destination{Host: egressGatewayHost, Subset: egressSubset(host), Port: port}
	far := Destination{Host: host, Port: p.Number}
	fromMesh, fromGateway := []string{"mesh"}, []string{egressGatewayID}
	if p.HTTP() {
		x.Routes = append(x.Routes,
			h.treated(&match{Gateways: fromMesh, Port: uint32(p.Number)}, near),
			Route{Match: []*match{{Gateways: fromGateway, Port: uint32(port)}}, To: []Destination{far}})
		return
	}
	named := func(gateways []string, port int) []*networking.TLSMatchAttributes {
		return []*networking.TLSMatchAttributes{{Gateways: gateways, Port: uint32(port), SniHosts: []string{host}}}
	}
	x.TLSRoutes = append(x.TLSRoutes,
		TLSRoute{Match: named(fromMesh, p.Number), To: []Destination{near}},
		TLSRoute{Match: named(fromGateway, port), To: []Destination{far}})
}

// egressSubset is the name of a host's subset.
func egressSubset(host string) string { return cut(labelHost(host), 63) }

// egressGateways are the Gateway of all hosts that are called through the egress
// gateway and how sidecars call it; none where no host is.
func (r *resolver) egressGateways(all []External) ([]Gateway, *EgressGateway) {
	gateway := Gateway{Namespace: Root, Name: egressGateway, Selector: egressSelector}
	rule := EgressGateway{Namespace: Root, Name: egressGateway, Host: egressGatewayHost}
	for _, x := range sortedExternals(all) {
		if x.Gateways == nil {
			continue
		}
		if len(rule.Subsets) == 0 {
			gateway.Origin, rule.Origin = x.Origin.Key("gateway"), x.Origin.Key("gateway")
		}
		host := x.Hosts[0]
		subset := EgressSubset{Name: egressSubset(host)}
		for _, p := range x.Ports {
			port := egressGatewayPort(p.Protocol)
			server := Server{Port: port, Protocol: "TLS", Hosts: []string{host}, TLS: &TLS{Mode: "PASSTHROUGH"}}
			if p.HTTP() {
				subset.MutualPort, subset.SNI = port, host
				server.Protocol, server.TLS = "HTTPS", &TLS{Mode: "ISTIO_MUTUAL"}
			}
			server.Name = serverName(listener{Server: server, hosts: []gatewayHost{{name: host}}}, false)
			gateway.Servers = append(gateway.Servers, server)
		}
		rule.Subsets = append(rule.Subsets, subset)
	}
	if len(rule.Subsets) == 0 {
		return nil, nil
	}
	return []Gateway{gateway}, &rule
}

func sortedExternals(all []External) []External {
	return slices.SortedFunc(slices.Values(all), func(a, b External) int { return cmp.Compare(a.Name, b.Name) })
}

// usesEgressGateway finds the first host that is called through the egress gateway.
// at is the path of the spec.
func usesEgressGateway(at diag.Path, s spec.Spec) (diag.Path, bool) {
	i := slices.IndexFunc(s.Egress.Hosts, func(h spec.EgressHost) bool { return h.Gateway == egressGateway })
	return at.Key("egress").Key("hosts").Index(max(i, 0)).Key("gateway"), i >= 0
}

// egressGatewayPorts are the ports that hosts need of the gateway, by the protocol
// on them.
func (r *resolver) egressGatewayPorts() []ServicePort {
	needed := map[string]int{}
	for _, h := range r.egressHosts() {
		for _, p := range h.ports {
			if port := egressGatewayPort(p.Protocol); h.Gateway == egressGateway && port != 0 {
				needed[map[int]string{80: "https", 443: "tls"}[port]] = port
			}
		}
	}
	var all []ServicePort
	for _, protocol := range sortedKeys(needed) {
		port := needed[protocol]
		all = append(all, ServicePort{Name: protocol + "-" + itoa(port), Port: port, TargetPort: 8000 + port})
	}
	return all
}

// egressAccess lets the mesh call the egress gateway where the mesh's list would
// close it. Who passes TLS through it is not known: nobody opens it there, so that
// only the names that are asked for can be held to the list.
func (r *resolver) egressAccess(all []External) []Authorization {
	origin, used := usesEgressGateway(r.at(), r.spec)
	if !used || !restricts(r.spec.Security.Allow) {
		return nil
	}
	policy := Authorization{
		Namespace: Root, Name: egressGateway + "-" + allowing.word, Selector: egressSelector,
		Action: allowing.does, Rules: []*security.Rule{fromPrincipals([]string{"*"})}, Origin: origin,
	}
	var names []string
	for _, x := range sortedExternals(all) {
		if x.Gateways != nil && len(x.TLSRoutes) > 0 {
			names = append(names, x.Hosts[0])
		}
	}
	if len(names) > 0 {
		policy.Rules = append(policy.Rules, &security.Rule{When: []*security.Condition{{Key: "connection.sni", Values: names}}})
	}
	return []Authorization{policy}
}

// unseen warns of callers whom the mesh denies and whom the egress gateway cannot
// know, since nobody opens their TLS there. Where it starts TLS itself it does.
func (r *resolver) unseen(at diag.Path) {
	for _, h := range r.egressHosts() {
		if h.Gateway == egressGateway && h.speaks("TLS") && len(h.Host) > 0 {
			r.ds.Warnf(diag.CodeAccess, at, "TLS through %s shows no caller, so calls to %s (%s) are not denied; let it be called in plain HTTP with tls, or hide it from them with exportTo", egressGateway, h.Host[0], shortPath(h.at))
			return
		}
	}
}

// egressGatewayAlone keeps gateways of gateways[] apart from the one of egress.
func (r *resolver) egressGatewayAlone() {
	_, used := usesEgressGateway(r.at(), r.spec)
	for _, g := range r.gateways {
		if g.Name == egressGateway && g.Namespace == Root {
			r.ds.Errorf(diag.CodeName, g.path.Key("name"), "%s in istio-system is the Gateway of egress.hosts[].gateway; write another name", egressGateway)
			continue
		}
		if !used || !contained(g.Selector, egressLabels) {
			continue
		}
		for _, l := range g.listeners {
			switch {
			case l.redirect:
				r.ds.Errorf(diag.CodeServer, l.path, "port 80 of %s speaks TLS for egress and cannot redirect; write httpsRedirect: false", egressGateway)
			case (l.Port == 80 || l.Port == 443) && speech(l.Protocol) != "TLS":
				r.ds.Errorf(diag.CodeServer, l.path, "port %d of %s speaks TLS for egress; %s server cannot share it", l.Port, egressGateway, article(l.Protocol))
			}
		}
	}
}
