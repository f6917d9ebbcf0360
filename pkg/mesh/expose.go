package mesh

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// exposure is one service on one host and path of one gateway.
type exposure struct {
	service *service
	entry   *spec.Expose
	gateway gatewayRef
	host    string
	path    string    // empty for the whole host
	ports   []int     // the gateway's, of an opaque service
	when    []*match  // the entry's, none for every request
	around  []*match  // path and when
	at      diag.Path // the expose entry
	hostAt  diag.Path
	taken   bool // the gateway takes what the service takes
}

// gatewayRef is the gateway that an entry of expose names.
type gatewayRef struct {
	// known is nil for a Gateway that exists elsewhere.
	known *gateway
	// id is namespace/name.
	id string
	// prefix is the gateway in the names of VirtualServices.
	prefix string
}

// virtualHosts groups what services expose by gateway and host.
func (r *resolver) virtualHosts() []VirtualHost {
	hosts, order := map[[2]string][]*exposure{}, [][2]string{}
	elsewhere := map[string]bool{}
	exposed := make([][]*exposure, len(r.services))
	r.inParts(len(r.services), func(part *resolver, i int) {
		exposed[i] = part.exposures(r.services[i])
		for _, x := range exposed[i] {
			x.taken = part.mayReach(x)
		}
	})
	for _, exposures := range exposed {
		for _, x := range exposures {
			if x.gateway.known == nil && !elsewhere[x.gateway.id] {
				elsewhere[x.gateway.id] = true
				r.ds.Infof(diag.CodeReference, x.at.Key("gateway"), "Gateway %s is not in gateways; its hosts and ports are not checked", x.gateway.id)
			}
			if !x.taken {
				continue
			}
			key := [2]string{x.gateway.id, x.host}
			if hosts[key] == nil {
				order = append(order, key)
			}
			hosts[key] = append(hosts[key], x)
		}
	}
	all := make([]VirtualHost, len(order))
	r.inParts(len(order), func(part *resolver, i int) { all[i] = part.virtualHost(hosts[order[i]]) })
	slices.SortFunc(all, func(a, b VirtualHost) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// exposures are the hosts and paths of one service, one by one.
func (r *resolver) exposures(s *service) []*exposure {
	var all []*exposure
	for i := range s.Expose {
		e, at := &s.Expose[i], s.at("expose").Index(i)
		ref, known := r.gatewayOf(at, e)
		var each []*exposure // what the entry says of each of its hosts
		if s.opaque() {
			each = r.entryConnections(at, e, s)
		} else {
			each = r.entryRequests(at, e, s)
		}
		for _, h := range r.exposedHosts(at, s, e) {
			for _, said := range each {
				x := *said
				x.service, x.entry, x.gateway, x.at, x.host, x.hostAt = s, e, ref, at, h.host, h.at
				if known {
					all = append(all, &x)
				}
			}
		}
	}
	return all
}

// entryRequests are the paths of an entry, with the conditions around them.
func (r *resolver) entryRequests(at diag.Path, e *spec.Expose, s *service) []*exposure {
	paths, when := r.paths(at.Key("path"), e.Path), r.entryWords(at, e, s)
	var all []*exposure
	for _, path := range paths {
		around, _ := crossed(below(path), when)
		all = append(all, &exposure{path: path, when: when, around: around})
	}
	return all
}

// exposedHosts completes and checks the hosts of an entry.
func (r *resolver) exposedHosts(at diag.Path, s *service, e *spec.Expose) []hostAt {
	switch {
	case s.Protocol == protocolTCP:
		return r.tcpHosts(at, e)
	case e.Hosts == nil:
		r.ds.Errorf(diag.CodeMissing, at.Key("hosts"), "write the hosts under which the service is reached")
	case len(e.Hosts) == 0:
		r.ds.Errorf(diag.CodeEmpty, at.Key("hosts"), "empty; write the hosts under which the service is reached")
	}
	var all []hostAt
	for i, written := range e.Hosts {
		at := at.Key("hosts").Index(i)
		if host, ok := r.exposedHost(at, s, written); ok {
			all = append(all, hostAt{host, at})
		}
	}
	return all
}

// mayReach checks that the gateway takes what the service takes.
func (r *resolver) mayReach(x *exposure) bool {
	if x.service.opaque() {
		return r.mayConnect(x)
	}
	return r.mayUse(x)
}

// entryWords checks the route words of an entry and resolves its conditions.
func (r *resolver) entryWords(at diag.Path, e *spec.Expose, s *service) []*match {
	r.routeWords(at.Key, e.Route, s)
	r.fits(at, e.Route, s.own())
	when := r.when(at.Key("when"), e.When, true)
	if len(e.Path) > 0 && slices.ContainsFunc(when, func(m *match) bool { return m.Uri != nil }) {
		r.ds.Errorf(diag.CodeExclusive, at.Key("path"), "path and when.uri say the same; keep one")
	}
	return when
}

// exposedHost completes and checks one host.
func (r *resolver) exposedHost(at diag.Path, s *service, written string) (string, bool) {
	host := r.completeHost(written)
	if !isHost(host) {
		r.ds.Errorf(diag.CodeName, at, "%q is no host; write a DNS name, *.name or *", written)
		return "", false
	}
	// On a local platform local.kyma.dev is the right name: it leads to 127.0.0.1.
	if local := []string{"minikube", "k3d"}; host != written && r.doc.Value.Spec.Domain == "" && !slices.Contains(local, r.spec.Platform) {
		r.ds.Warnf(diag.CodeDomain, at, "host %s becomes %s; write spec.domain", written, host)
	}
	if s.team(at) && strings.HasPrefix(host, "*") {
		r.ds.Errorf(diag.CodeHost, at, "a wildcard takes hosts of other teams; the platform team exposes it in KymaMesh services[]")
		return "", false
	}
	return host, true
}

// paths are the entry's paths; none is the whole host.
func (r *resolver) paths(at diag.Path, written []string) []string {
	if written == nil {
		return []string{""}
	}
	if len(written) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; leave path out for the whole host")
	}
	var paths []string
	for i, path := range written {
		switch {
		case path == "/":
			r.ds.Errorf(diag.CodeValue, at.Index(i), "for the whole host leave path out")
		case !isPath(path):
			r.ds.Errorf(diag.CodeValue, at.Index(i), "%q is no path; write %s (it means %[2]s and all below)", path, suggestedPath(path))
		case slices.Contains(paths, path):
			r.ds.Errorf(diag.CodeDuplicate, at.Index(i), "%s is written twice; keep one", path)
		default:
			paths = append(paths, path)
		}
	}
	return paths
}

// isPath tells whether s can be matched as /a and everything below /a/.
func isPath(s string) bool {
	if !strings.HasPrefix(s, "/") || strings.HasSuffix(s, "/") || strings.Contains(s, "//") || strings.Contains(strings.ToLower(s), "%2f") {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune("?#*", c) })
}

// suggestedPath is the path that was probably meant.
func suggestedPath(s string) string {
	s, _, _ = strings.Cut(s, "?")
	s, _, _ = strings.Cut(s, "#")
	s = strings.TrimSuffix(strings.ReplaceAll(s, "*", ""), "/")
	if fixed := "/" + strings.Join(strings.FieldsFunc(s, func(c rune) bool { return c == '/' }), "/"); isPath(fixed) {
		return fixed
	}
	return "/a"
}

// gatewayOf finds the gateway of an entry: the one it names, else kyma-gateway,
// else the only one.
func (r *resolver) gatewayOf(at diag.Path, e *spec.Expose) (gatewayRef, bool) {
	at = at.Key("gateway")
	namespace, name, elsewhere := strings.Cut(e.Gateway, "/")
	switch {
	case elsewhere:
		return r.gatewayElsewhere(at, namespace, name)
	case e.Gateway != "":
		if g := r.findGateway(e.Gateway); g != nil {
			return refTo(g), true
		}
		r.ds.Errorf(diag.CodeReference, at, "no gateway %q in gateways; there are %s", e.Gateway, cmp.Or(r.gatewayNames(), "none"))
		return gatewayRef{}, false
	}
	if g := r.findGateway(kymaGateway); g != nil {
		return refTo(g), true
	}
	switch len(r.gateways) {
	case 0:
		r.ds.Errorf(diag.CodeMissing, at, "gateways is empty; write gateway: NAMESPACE/NAME of a Gateway that exists")
	case 1:
		return refTo(&r.gateways[0]), true
	default:
		r.ds.Errorf(diag.CodeMissing, at, "write gateway: %s", strings.ReplaceAll(r.gatewayNames(), ", ", " or "))
	}
	return gatewayRef{}, false
}

func (r *resolver) gatewayElsewhere(at diag.Path, namespace, name string) (gatewayRef, bool) {
	if !isLabel(namespace) || !isDNSName(name) {
		r.ds.Errorf(diag.CodeName, at, "%q is no Gateway; write a name in gateways, or NAMESPACE/NAME", namespace+"/"+name)
		return gatewayRef{}, false
	}
	if g := r.findGateway(name); g != nil && g.Namespace == namespace {
		return refTo(g), true
	}
	return gatewayRef{id: namespace + "/" + name, prefix: namespace + "." + name}, true
}

func refTo(g *gateway) gatewayRef {
	return gatewayRef{known: g, id: g.Namespace + "/" + g.Name, prefix: g.Name}
}

func (r *resolver) findGateway(name string) *gateway {
	for i := range r.gateways {
		if r.gateways[i].Name == name {
			return &r.gateways[i]
		}
	}
	return nil
}

func (r *resolver) gatewayNames() string {
	var all []string
	for _, g := range r.gateways {
		all = append(all, g.Name)
	}
	return strings.Join(all, ", ")
}

// mayUse checks that the gateway serves the host for the service's namespace. A
// Gateway elsewhere is not checked.
func (r *resolver) mayUse(x *exposure) bool {
	g := x.gateway.known
	if g == nil {
		return true
	}
	serving := g.serving(x.host)
	if len(serving) == 0 {
		r.notServed(x)
		return false
	}
	if !slices.ContainsFunc(serving, listener.routesHTTP) {
		r.ds.Errorf(diag.CodeServer, x.hostAt, "gateway %s does not open %s for %s; protocol HTTP needs a server {hosts: [%[3]s], tls: {mode: SIMPLE, credentialName: NAME}}", g.Name, serving[0].Protocol, x.host)
		return false
	}
	r.calledPort(x, serving)
	r.checkedTokens(x)
	return r.mayUseHost(x, slices.DeleteFunc(serving, func(l listener) bool { return !l.routesHTTP() }))
}

// serving are the servers that serve a host.
func (g *gateway) serving(host string) []listener {
	var all []listener
	for _, l := range g.listeners {
		if slices.ContainsFunc(l.hosts, func(h gatewayHost) bool { return h.serves(host) }) {
			all = append(all, l)
		}
	}
	return all
}

func (r *resolver) notServed(x *exposure) {
	g := x.gateway.known
	r.ds.Errorf(diag.CodeHost, x.hostAt, "host %s is not served by gateway %s (%s); add it to %s.hosts", x.host, g.Name, servedHosts(g), shortPath(g.path))
}

// mayUseHost checks that one of the servers admits the service's namespace to the
// host.
func (r *resolver) mayUseHost(x *exposure, serving []listener) bool {
	var namespaces []string
	for _, l := range serving {
		for _, h := range l.hosts {
			if !h.serves(x.host) {
				continue
			}
			if h.admits(x.service.Namespace) {
				return true
			}
			if !slices.Contains(namespaces, h.namespace) {
				namespaces = append(namespaces, h.namespace)
			}
		}
	}
	r.ds.Errorf(diag.CodeHost, x.hostAt, "namespace %s may not use host %s (%s.hosts admits %s)", x.service.Namespace, x.host, shortPath(x.gateway.known.path), strings.Join(namespaces, ", "))
	return false
}

// calledPort refuses a condition on a port where the gateway does not listen for
// the host.
func (r *resolver) calledPort(x *exposure, serving []listener) {
	for _, m := range x.when {
		if m.Port != 0 && !slices.ContainsFunc(serving, func(l listener) bool { return l.Port == int(m.Port) }) {
			r.ds.Errorf(diag.CodeReference, x.at.Key("when"), "gateway %s does not serve %s on port %d", x.gateway.known.Name, x.host, m.Port)
		}
	}
}

// checkedTokens refuses claims at a gateway of ours that checks no tokens: nobody
// would have any, and Istio takes the other routes in silence.
func (r *resolver) checkedTokens(x *exposure) {
	claims := slices.ContainsFunc(x.when, matchesClaims)
	for _, one := range x.service.routes {
		claims = claims || !x.ownAction() && slices.ContainsFunc(one.matches, matchesClaims)
	}
	g := x.gateway.known
	if !claims || g == nil {
		return
	}
	checks := func(j *spec.JWT) bool { return j != nil && len(j.Issuers) > 0 }
	onPods := func(mate *gateway) bool { return checks(mate.access.JWT) && contained(mate.Selector, g.Selector) }
	if !checks(g.access.JWT) && !checks(r.spec.Security.JWT) && !slices.ContainsFunc(r.podMates(g), onPods) {
		r.ds.Errorf(diag.CodeToken, x.at, "claims need security.jwt on gateway %s", x.gateway.id)
	}
}

func servedHosts(g *gateway) string {
	var all []string
	for _, l := range g.listeners {
		for _, h := range l.hosts {
			if text := h.String(); !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	return strings.Join(all, ", ")
}

// virtualHost puts the services of one host in the order in which a request is
// matched: the longest path first, the whole host last, so that the result does
// not depend on who is written first.
func (r *resolver) virtualHost(exposures []*exposure) VirtualHost {
	slices.SortStableFunc(exposures, func(a, b *exposure) int {
		return cmp.Or(
			-cmp.Compare(utf8.RuneCountInString(a.path), utf8.RuneCountInString(b.path)),
			cmp.Compare(a.path, b.path),
			cmp.Compare(a.service.Namespace, b.service.Namespace),
			cmp.Compare(a.service.Name, b.service.Name),
		)
	})
	first := exposures[0]
	v := VirtualHost{
		Host: first.host, Gateway: first.gateway.id,
		Name: cut(first.gateway.prefix+"."+objectHost(first.host), 253), Namespace: first.service.Namespace,
		Origin: first.at,
	}
	g := first.gateway.known
	shared := g != nil && g.shares(first.host)
	if shared {
		v.Namespace = g.Namespace
	} else {
		r.oneNamespace(exposures)
	}
	var requests, connections []*exposure
	for _, x := range exposures {
		if x.service.path != first.service.path {
			v.Origin = r.doc.Path // several asked; the KymaMesh decides where it lies
		}
		if x.service.opaque() {
			connections = append(connections, x)
		} else {
			requests = append(requests, x)
		}
	}
	r.onePathEach(requests, shared)
	for _, x := range requests {
		v.Routes = append(v.Routes, r.hostRoutes(x)...)
	}
	v.VirtualService = r.hostWayOut(exposures)
	v.TCP, v.TLS = r.connectionRoutes(connections)
	return v
}

// shares tells whether the gateway lets several named namespaces use the host.
// The KymaMesh alone decides it, not who exposes the host, so that a
// VirtualService does not move when a second team joins (design amendment 57).
func (g *gateway) shares(host string) bool {
	for _, l := range g.listeners {
		for _, h := range l.hosts {
			if h.serves(host) && g.shared[h.name] {
				return true
			}
		}
	}
	return false
}

// oneNamespace refuses a second namespace on a host that the platform team did
// not share by name.
func (r *resolver) oneNamespace(exposures []*exposure) {
	if len(exposures) == 1 {
		return
	}
	byEntry := slices.Clone(exposures)
	slices.SortStableFunc(byEntry, func(a, b *exposure) int {
		return cmp.Or(cmp.Compare(a.service.Namespace, b.service.Namespace), cmp.Compare(a.service.Name, b.service.Name))
	})
	first := byEntry[0]
	for _, x := range byEntry[1:] {
		if x.service.Namespace == first.service.Namespace {
			continue
		}
		if x.service.Protocol == protocolTCP {
			r.ds.Errorf(diag.CodeHost, x.at, "ports of gateway %s are also used by %s/%s; the platform team admits both namespaces by name: hosts: [%[2]s/*] and hosts: [%[4]s/*] at their servers",
				x.gateway.id, first.service.Namespace, first.service.Name, x.service.Namespace)
			continue
		}
		g := "the Gateway's servers[].hosts"
		if x.gateway.known != nil {
			g = shortPath(x.gateway.known.path) + ".hosts"
		}
		r.ds.Errorf(diag.CodeHost, x.hostAt, "%s is also exposed by %s/%s; the platform team admits both namespaces by name: %s: [%s/%s, %s/%[1]s]",
			x.host, first.service.Namespace, first.service.Name, g, first.service.Namespace, x.host, x.service.Namespace)
	}
}

// onePathEach refuses two routes for one host and path: only the first would
// ever get a request. One service may tell its entries apart by when; they are
// tried as written. Two namespaces on a host that is not shared are reported
// as such already.
func (r *resolver) onePathEach(exposures []*exposure, shared bool) {
	for i, x := range exposures {
		if i == 0 {
			continue
		}
		before := exposures[i-1]
		if before.path != x.path || !shared && before.service.Namespace != x.service.Namespace {
			continue
		}
		where := "host " + x.host
		if x.path != "" {
			where += " path " + x.path
		}
		if before.service.Name == x.service.Name && before.service.Namespace == x.service.Namespace {
			if !covered(x.around, before.around) {
				continue
			}
			r.ds.Errorf(diag.CodeDuplicate, x.hostAt, "%s: exposed twice by this service; keep one", where)
			continue
		}
		r.ds.Errorf(diag.CodeDuplicate, x.hostAt, "%s: also exposed by %s/%s (%s)", where, before.service.Namespace, before.service.Name, shortPath(before.at))
	}
}
