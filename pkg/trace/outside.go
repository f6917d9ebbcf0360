package trace

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

type gateway = topology.Config[*networking.Gateway]

// door is one server of a Gateway.
type door struct {
	gateway
	index  int
	server *networking.Server
	// pods names the pods of the Gateway: two Gateways of one name meet at the same
	// listener.
	pods string
}

func (d door) port() int { return int(d.server.GetPort().GetNumber()) }

func (d door) side() topology.Side { return topology.Side(d.Namespace + "/" + d.Name) }

// tls tells whether a caller has to open TLS. A server that sends callers to HTTPS
// has a tls block and speaks plain HTTP.
func (d door) tls() bool { return d.server.Tls != nil && !d.server.Tls.HttpsRedirect }

// rank is how near the server's hosts come to a host; 0 is not at all.
func (d door) rank(host string) int {
	best := 0
	for _, written := range d.server.Hosts {
		_, h := topology.ServerHost(written, d.Namespace)
		best = max(best, rank(h, host))
	}
	return best
}

// rank is 0 when a pattern does not hold a host, and larger the nearer it is.
func rank(pattern, host string) int {
	switch {
	case pattern == host:
		return 1 << 20
	case strings.HasPrefix(pattern, "*") && len(pattern) <= len(host) && topology.HostMatches(pattern, host): // a * is never nothing
		return 1 + len(pattern)
	}
	return 0
}

// fromOutside finds the gateway at which the call arrives.
func (t *tracer) fromOutside() error {
	c := t.call
	if c.Scheme == "" {
		c.Scheme = "http"
		if slices.Contains([]int{443, 8443}, c.Port) {
			c.Scheme = "https"
		}
		t.call, t.answer.Call = c, c
	}
	all, err := t.doors()
	switch {
	case err != nil:
		return err
	case len(all) == 0:
		t.end(unknown("the package holds no Gateway"))
		return nil
	}
	port := c.port()
	open := t.openAt(all, port)
	if len(open) == 0 {
		t.end(fails(0, "no Gateway of the package opens port %d", port).by(all[0].Object, all[0].At("spec", "servers")))
		return nil
	}
	fit := slices.DeleteFunc(slices.Clone(open), func(d door) bool { return d.tls() != c.opensTLS() })
	if len(fit) == 0 {
		speaks := "plain text"
		if open[0].tls() {
			speaks = "TLS"
		}
		t.end(fails(0, "%s takes %s on port %d", open[0].Object, speaks, port).by(open[0].Object, open[0].At("spec", "servers", open[0].index, "port")))
		return nil
	}
	t.enter(fit)
	return nil
}

// openAt are the servers on a port of the gateway's Service; a server may name the
// port of the pods instead.
func (t *tracer) openAt(all []door, port int) []door {
	at := func(number func(door) int) []door {
		return slices.DeleteFunc(slices.Clone(all), func(d door) bool { return d.port() != number(d) })
	}
	if open := at(func(door) int { return port }); len(open) > 0 {
		return open
	}
	return at(func(d door) int { return t.TargetPort(d.gateway, port) })
}

// doors are the servers that a caller from outside may come to. Those that want a
// certificate of the mesh are for callers inside.
func (t *tracer) doors() ([]door, error) {
	var all []door
	var names []string
	for _, g := range t.Gateways() {
		names = append(names, g.ID())
		if t.call.Gateway != "" && t.call.Gateway != g.ID() {
			continue
		}
		all = append(all, t.doorsOf(g)...)
	}
	if t.call.Gateway != "" && len(all) == 0 && !slices.Contains(names, t.call.Gateway) {
		return nil, fmt.Errorf("no Gateway %s in the package%s", t.call.Gateway, like(t.call.Gateway, names))
	}
	return slices.DeleteFunc(all, func(d door) bool {
		return d.server.GetTls().GetMode() == networking.ServerTLSSettings_ISTIO_MUTUAL
	}), nil
}

func (t *tracer) doorsOf(g gateway) []door {
	pods := "selector " + pairs(g.Spec.Selector)
	found, installed := t.GatewayPods(g)
	if len(installed) > 0 {
		pods = "installed " + installed[0].Namespace + "/" + installed[0].Name
	} else if len(found) > 0 {
		pods = found[0].String()
	}
	var all []door
	for i, s := range g.Spec.Servers {
		all = append(all, door{g, i, s, pods})
	}
	return all
}

// enter chooses among servers of one port by the host.
func (t *tracer) enter(fit []door) {
	host, best := t.call.Host, 0
	reads := topology.RouteList(fit[0].server)
	bytes := reads == "tcp"
	for _, d := range fit {
		best = max(best, d.rank(host))
	}
	if best == 0 && !bytes {
		d := fit[0]
		at := d.At("spec", "servers", d.index, "hosts")
		if d.tls() {
			t.end(fails(0, "no server on port %d has the host %s: the TLS handshake ends", t.call.port(), host).by(d.Object, at))
		} else {
			t.end(fails(404, "no server on port %d has the host %s", t.call.port(), host).by(d.Object, at))
		}
		return
	}
	near := slices.DeleteFunc(slices.Clone(fit), func(d door) bool { return d.rank(host) != best && !bytes })
	for _, d := range near[1:] {
		if d.pods != near[0].pods {
			t.end(unknown("%s and %s both serve it, at different pods: say which one is called", near[0].Object, d.Object))
			return
		}
	}
	first := near[0]
	same := slices.DeleteFunc(slices.Clone(fit), func(d door) bool { return d.pods != first.pods })
	if !t.atDoor(first) {
		return
	}
	switch topology.RouteList(first.server) {
	case "http":
		if first.tls() {
			same = []door{first}
		}
		t.httpAt(first, same)
	case "tls":
		t.bytesAt(first, "tls")
	default:
		t.bytesAt(first, "tcp")
	}
}

// atDoor says what the server is, and whether a call comes through.
func (t *tracer) atDoor(d door) bool {
	g, s := d.gateway, d.server
	var hosts []string
	for _, written := range s.Hosts {
		_, h := topology.ServerHost(written, g.Namespace)
		hosts = append(hosts, h)
	}
	says := []string{fmt.Sprintf("%s on port %d for %s", s.GetPort().GetProtocol(), d.port(), strings.Join(hosts, ", "))}
	name := s.GetTls().GetCredentialName()
	if d.tls() {
		text := "tls mode " + s.Tls.Mode.String()
		if name != "" {
			text += ", certificate from Secret " + t.GatewayNamespace(g) + "/" + name
		}
		says = append(says, text)
	}
	t.hop(Gateway, g.Object, g.At("spec", "servers", d.index), says...)
	if keys, ok := t.SecretKeys(t.GatewayNamespace(g), name); name != "" && ok && len(keys) > 0 && !topology.IsCertificate(keys) {
		t.end(fails(0, "the Secret %s/%s has %s; it needs tls.crt and tls.key: the gateway does not listen on port %d",
			t.GatewayNamespace(g), name, strings.Join(keys, ", "), t.call.port()).by(g.Object, g.At("spec", "servers", d.index, "tls", "credentialName")))
		return false
	} else if name != "" && !ok {
		t.note("the Secret %s/%s holds the certificate; the package does not show it", t.GatewayNamespace(g), name)
	}
	return t.listening(d)
}

// listening tells whether pods of the gateway take calls on the port.
func (t *tracer) listening(d door) bool {
	g := d.gateway
	if open, known := t.OpenPorts(g); known && len(open) > 0 && !slices.Contains(open, t.call.port()) {
		t.end(fails(0, "the gateway's Service does not open port %d: connection refused", t.call.port()).by(g.Object, g.At("spec", "servers", d.index, "port", "number")))
		return false
	}
	if pods, installed := t.GatewayPods(g); len(pods)+len(installed) == 0 {
		if len(t.Install().Gateways) > 0 {
			t.end(fails(0, "no gateway of the installation has %s: connection refused", pairs(g.Spec.Selector)).by(g.Object, g.At("spec", "selector")))
			return false
		}
		t.note("gateway pods with %s are there; the package does not show them", pairs(g.Spec.Selector))
	}
	if mode := d.server.GetTls().GetMode(); d.tls() && mode == networking.ServerTLSSettings_MUTUAL {
		t.note("the caller shows a client certificate that the gateway trusts")
	}
	return true
}

// router is a proxy that routes: a gateway's, or the caller's sidecar.
type router struct {
	side topology.Side
	port int
	// client is the proxy as the caller of what lies behind it. Its labels are all
	// that its pod has when whole is set.
	client  topology.Client
	whole   bool
	account string
}

func (t *tracer) router(d door) router {
	r := router{side: d.side(), port: d.port()}
	r.client = topology.Client{Namespace: t.GatewayNamespace(d.gateway), Labels: d.Spec.Selector, Gateway: true, Sidecar: topology.Yes}
	pods, installed := t.GatewayPods(d.gateway)
	switch {
	case len(installed) > 0:
		r.client.Labels, r.whole, r.account = installed[0].Labels, true, installed[0].Name+"-service-account"
	case len(pods) > 0:
		r.client.Labels, r.whole, r.account = pods[0].Labels, true, pods[0].ServiceAccount
	}
	return r
}

// admitted asks the policies of the gateway's own pods.
func (t *tracer) admitted(d door, r router, http topology.Answer) bool {
	call := topology.Call{HTTP: http, Request: t.call.request(), Certified: topology.No}
	if t.from != nil {
		call.Namespace, call.Account, call.Certified = t.from.client.Namespace, t.from.account, topology.NotKnown
		if d.server.GetTls().GetMode() == networking.ServerTLSSettings_ISTIO_MUTUAL {
			call.Certified = topology.Yes
		}
	}
	policies := t.PoliciesOn(r.client.Namespace, r.client.Labels)
	if !r.whole {
		for _, p := range t.Policies() {
			if p.Kind == "AuthorizationPolicy" && p.Namespace == r.client.Namespace && !topology.Selects(p.Selector, r.client.Labels) {
				t.note("%s may hold for the gateway, whose labels the package does not show", p.Object)
			}
		}
	}
	hops, verdict := t.access(policies, call)
	t.answer.Hops = append(t.answer.Hops, hops...)
	if verdict.Outcome != Reaches {
		t.end(verdict)
	}
	return verdict.Outcome == Reaches
}

// httpAt finds the route among those of all servers of the listener.
func (t *tracer) httpAt(first door, same []door) {
	r := t.router(first)
	best := t.virtualHost(same)
	var beside []topology.Side
	for _, d := range same {
		if d.side() != r.side && !slices.Contains(beside, d.side()) {
			beside = append(beside, d.side())
		}
	}
	routes := t.Routes(r.client, t.call.Host, r.port, r.side, beside...)
	routes = slices.DeleteFunc(routes, func(r topology.Route) bool { return r.Protocol != "http" })
	switch {
	case best.redirect != nil:
		d := best.redirect
		v := Verdict{Outcome: Answered, Status: 301, Why: "redirect to https://" + t.call.Host + t.call.request().Path}
		t.end(v.by(d.Object, d.At("spec", "servers", d.index, "tls", "httpsRedirect")))
	case !t.admitted(first, r, topology.Yes):
	case len(best.owners) > 0 && t.sees(r, best.owners):
		t.choose(routes, best.owners, r)
	case !t.binds(same) && !t.strays():
		t.end(unknown("the package holds no VirtualService for %s", first.Object))
	default:
		t.end(t.unbound(first))
	}
}

// sees tells whether exportTo lets a gateway see one of the VirtualServices.
func (t *tracer) sees(r router, all []virtualService) bool {
	return slices.ContainsFunc(all, func(vs virtualService) bool { return t.Sees(r.client, vs) })
}

// binds tells whether any VirtualService is for one of the servers.
func (t *tracer) binds(same []door) bool {
	return slices.ContainsFunc(same, func(d door) bool { return len(t.boundTo(d)) > 0 })
}

func (t *tracer) boundTo(d door) []virtualService {
	return slices.DeleteFunc(slices.Clone(t.VirtualServices()), func(vs virtualService) bool {
		return !slices.Contains(topology.Sides(vs), d.side())
	})
}

// domain is what one virtual host of the gateway's listener is made of.
type domain struct {
	name     string
	redirect *door
	owners   []virtualService
}

// virtualHost is the one whose name is nearest to the host that is called, among
// those of all servers of the listener; a server that sends callers to HTTPS does so
// for every virtual host that it shares (core.buildGatewayHTTPRouteConfig).
func (t *tracer) virtualHost(same []door) domain {
	var best domain
	for _, d := range same {
		var redirect *door
		if d.server.GetTls().GetHttpsRedirect() {
			redirect = &d
			for _, written := range d.server.Hosts {
				_, h := topology.ServerHost(written, d.Namespace)
				best = best.with(t.call.Host, h, nil, redirect)
			}
		}
		for _, vs := range t.boundTo(d) {
			for _, name := range shared(d, vs) {
				best = best.with(t.call.Host, name, &vs, redirect)
			}
		}
	}
	return best
}

// with is the nearer of two domains to a host, or both when they are one.
func (b domain) with(host, name string, vs *virtualService, redirect *door) domain {
	if r := rank(name, host); r == 0 || b.name != "" && r < rank(b.name, host) {
		return b
	}
	if name != b.name {
		b = domain{name: name}
	}
	if vs != nil && !slices.ContainsFunc(b.owners, func(have virtualService) bool { return have.Object == vs.Object }) {
		b.owners = append(b.owners, *vs)
	}
	if redirect != nil {
		b.redirect = redirect
	}
	return b
}

// shared are the hosts that a server has in common with a VirtualService: of two
// that meet, the narrower.
func shared(d door, vs virtualService) []string {
	var all []string
	for _, written := range d.server.Hosts {
		namespace, h := topology.ServerHost(written, d.Namespace)
		if namespace != "*" && namespace != vs.Namespace {
			continue
		}
		for _, host := range vs.Spec.Hosts {
			host = topology.FullHost(host, vs.Namespace)
			switch {
			case !topology.HostMatches(h, host):
			case rank(host, h) > 0 && rank(h, host) == 0:
				all = append(all, h)
			default:
				all = append(all, host)
			}
		}
	}
	return all
}

func (t *tracer) strays() bool {
	_, ok := t.strayed()
	return ok
}

// strayed is a VirtualService that has the host, for other gateways.
func (t *tracer) strayed() (virtualService, bool) {
	all := t.VirtualServices()
	i := slices.IndexFunc(all, func(vs virtualService) bool {
		return slices.ContainsFunc(vs.Spec.Hosts, func(h string) bool { return rank(topology.FullHost(h, vs.Namespace), t.call.Host) > 0 && h != "*" })
	})
	if i < 0 {
		return virtualService{}, false
	}
	return all[i], true
}

// unbound is what a gateway answers for a host without routes.
func (t *tracer) unbound(d door) Verdict {
	if vs, ok := t.strayed(); ok {
		return fails(404, "%s has the host, and is not for %s", vs.Object, d.Object).by(vs.Object, vs.At("spec", "gateways"))
	}
	return fails(404, "no VirtualService of %s has the host %s", d.Object, t.call.Host).by(d.Object, d.At("spec", "servers", d.index))
}

// bytesAt finds the route of a connection that the gateway does not read: by its
// SNI, or for the whole port.
func (t *tracer) bytesAt(d door, list string) {
	r := t.router(d)
	if !t.admitted(d, r, topology.No) {
		return
	}
	var best *topology.Route
	nearest := 0
	for _, route := range t.Connections(r.client, d.gateway, d.server) {
		if near := t.near(route); near > nearest {
			best, nearest = &route, near
		}
	}
	switch {
	case best == nil && len(t.boundTo(d)) == 0:
		t.end(unknown("the package holds no VirtualService for %s", d.Object))
	case best == nil:
		t.end(fails(0, "no %s route of %s takes it: the connection ends", list, d.Object).by(d.Object, d.At("spec", "servers", d.index)))
	default:
		t.forward(*best, r, flight{})
	}
}

// near is how near a tls or tcp route comes to the name that is called; 0 is not at
// all. A tcp route asks for no name.
func (t *tracer) near(r topology.Route) int {
	if r.Protocol == "tcp" {
		return 1
	}
	best := 0
	for _, sni := range r.TLSMatch.GetSniHosts() {
		best = max(best, rank(sni, t.call.Host))
	}
	return best
}
