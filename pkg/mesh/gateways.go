package mesh

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// gateway is a resolved gateway with what checks need beside it.
type gateway struct {
	Gateway
	path diag.Path
	// access is who may call through the gateway.
	access spec.Access
	// account is NAMESPACE/NAME of the account that its pods run as, empty where
	// nobody says.
	account string
	// listeners are the servers but the one for redirects, which has no hosts of
	// its own.
	listeners []listener
	// http are the hosts that it serves over HTTP, once each.
	http []string
	// shared are the hosts for which it names more than one namespace.
	shared map[string]bool
}

// listener is a server with the hosts as they are written.
type listener struct {
	Server
	path diag.Path
	// hostsAt is where the hosts are written, at the server or the gateway; tlsAt
	// is where tls is.
	hostsAt, tlsAt diag.Path
	hosts          []gatewayHost
	// redirect tells whether plain HTTP for the hosts is answered with a redirect.
	redirect bool
}

// gatewayHost is one entry of hosts: NAMESPACE/NAME or NAME.
type gatewayHost struct {
	namespace string // empty or * for every namespace
	name      string
}

func (h gatewayHost) String() string {
	if h.namespace == "" {
		return h.name
	}
	return h.namespace + "/" + h.name
}

// serves tells whether the entry serves the host: it is equal, everything, or a
// wildcard above it. A wildcard is served by an equal or wider one only.
func (h gatewayHost) serves(host string) bool {
	if h.name == host || h.name == "*" {
		return true
	}
	suffix, wildcard := strings.CutPrefix(h.name, "*")
	return wildcard && len(host) > len(suffix) && strings.HasSuffix(strings.TrimPrefix(host, "*"), suffix) && host != "*"
}

// admits tells whether a namespace may use the host of the entry.
func (h gatewayHost) admits(namespace string) bool {
	return h.namespace == "" || h.namespace == "*" || h.namespace == namespace
}

// defaultGateway is what holds where an entry says nothing.
func (r *resolver) defaultGateway(name string) spec.Gateway {
	for _, g := range r.layer.Spec.Gateways {
		if g.Name == name {
			return g
		}
	}
	return spec.Gateway{
		Namespace: "kyma-system",
		Selector:  map[string]string{"istio": ingressLabels["istio"]},
		TLS:       &spec.ServerTLS{Mode: "SIMPLE"},
	}
}

func (r *resolver) resolveGateways() {
	at := r.at().Key("gateways")
	written := r.doc.Value.Spec.Gateways
	if len(written) > 0 && !slices.ContainsFunc(written, func(g spec.Gateway) bool { return g.Name == kymaGateway }) {
		r.ds.Infof(diag.CodeReference, at, "kyma-gateway is not in gateways and is not rendered")
	}
	first := map[string]int{}
	for i, g := range r.spec.Gateways {
		path := at.Index(i)
		r.gatewayName(path, g)
		if j, twice := first[g.Name]; twice && g.Name != "" {
			r.ds.Errorf(diag.CodeDuplicate, path.Key("name"), "%s is also gateways[%d]; policies and certificates of gateways lie together in istio-system", g.Name, j)
			continue
		}
		first[g.Name] = i
		r.gateways = append(r.gateways, r.gateway(path, g))
	}
	r.servedOnce()
	r.portsAgree()
	r.oneSecretEach()
	r.targetPorts()
	r.gatewayServices()
	r.egressGatewayAlone()
}

const kymaGateway = "kyma-gateway"

func (r *resolver) gatewayName(path diag.Path, g spec.Gateway) {
	if g.Name == "" {
		r.ds.Errorf(diag.CodeMissing, path.Key("name"), "write a name")
	} else {
		r.names.label(path.Key("name"), g.Name)
	}
	if g.Namespace != "" {
		r.names.label(path.Key("namespace"), g.Namespace)
	}
	if g.Selector != nil && len(g.Selector) == 0 {
		r.ds.Errorf(diag.CodeEmpty, path.Key("selector"), "empty; it would select every pod, write the labels of the gateway's pods")
	}
	r.names.labels(path.Key("selector"), g.Selector)
}

func (r *resolver) gateway(path diag.Path, g spec.Gateway) gateway {
	under := r.defaultGateway(g.Name)
	resolved := gateway{path: path, access: g.Security.Access, account: g.ServiceAccount, Gateway: Gateway{
		Namespace: cmp.Or(g.Namespace, under.Namespace), Name: g.Name, Selector: maps.Clone(g.Selector), Origin: path,
	}}
	if g.Selector == nil {
		resolved.Selector = maps.Clone(under.Selector)
	}
	hosts := r.hosts(path.Key("hosts"), g.Hosts, resolved.Namespace)
	servers := g.Servers
	if g.Servers == nil {
		servers = []spec.Server{{}}
	} else if len(servers) == 0 {
		r.ds.Errorf(diag.CodeEmpty, path.Key("servers"), "empty; a gateway without a server listens to nobody, leave servers out for port 443")
	}
	for i, s := range servers {
		at := path.Key("servers").Index(i)
		if g.Servers == nil {
			at = path
		}
		resolved.listeners = append(resolved.listeners, r.listener(at, path, g, s, under, hosts))
	}
	r.httpServers(resolved)
	resolved.http, resolved.shared = httpHosts(resolved.listeners), sharedHosts(resolved.listeners)
	resolved.Servers = resolved.servers()
	resolved.Gateway.Gateway = r.gatewayWayOut(path, g, resolved.Servers)
	return resolved
}

// hosts reads the hosts of a gateway or of a server of it.
func (r *resolver) hosts(at diag.Path, written []string, namespace string) []gatewayHost {
	if written == nil {
		return []gatewayHost{{name: "*." + r.spec.Domain}}
	}
	if len(written) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write the hosts, or * for every host")
	}
	var hosts []gatewayHost
	seen := map[gatewayHost]bool{}
	for i, text := range written {
		h := gatewayHost{name: text}
		if ns, name, found := strings.Cut(text, "/"); found {
			h = gatewayHost{namespace: ns, name: name}
			switch {
			case ns == ".":
				h.namespace = namespace
			case ns != "*":
				r.names.label(at.Index(i), ns)
			}
		}
		h.name = r.completeHost(h.name)
		if !isHost(h.name) {
			r.ds.Errorf(diag.CodeName, at.Index(i), "%q is no host; write a DNS name, *.name or *", h.name)
			continue
		}
		if seen[h] {
			r.ds.Errorf(diag.CodeDuplicate, at.Index(i), "%s is written twice; keep one", h)
			continue
		}
		seen[h] = true
		hosts = append(hosts, h)
	}
	return hosts
}

// completeHost adds the domain to a name without a dot.
func (r *resolver) completeHost(name string) string {
	if name == "*" || name == "" || strings.Contains(name, ".") {
		return name
	}
	return name + "." + r.spec.Domain
}

// listener resolves one server; what it does not say is the gateway's.
func (r *resolver) listener(at, gatewayAt diag.Path, g spec.Gateway, s spec.Server, under spec.Gateway, hosts []gatewayHost) listener {
	l := listener{path: at, hosts: hosts, hostsAt: gatewayAt.Key("hosts")}
	if s.Hosts != nil {
		l.hostsAt = at.Key("hosts")
		l.hosts = r.hosts(l.hostsAt, s.Hosts, cmp.Or(g.Namespace, under.Namespace))
	}
	l.Port = cmp.Or(s.Port, 443)
	r.port(at.Key("port"), l.Port)
	tls, tlsAt := serverTLS{settings: under.TLS}, gatewayAt.Key("tls")
	if g.TLS != nil {
		tls.settings = g.TLS
	}
	if s.TLS != nil {
		tls, tlsAt = serverTLS{settings: s.TLS}, at.Key("tls")
	}
	tls.gateway = g.Name
	tls.under = under.TLS
	l.tlsAt = tlsAt
	l.Protocol = r.serverProtocol(at, s, l.Port, cmp.Or(tls.settings.Mode, "SIMPLE"))
	l.redirect = enabled(s.HTTPSRedirect, g.HTTPSRedirect) && l.Protocol == "HTTPS"
	if opensTLS(l.Protocol) {
		l.TLS = r.tls(tlsAt, tls, l.Protocol)
	} else if s.TLS != nil {
		r.ds.Errorf(diag.CodeTLS, at, "%s server takes no tls", article(l.Protocol))
	}
	if !knowsHosts(l.Protocol) {
		l.hosts = r.everyHost(l, s)
	}
	l.Name = serverName(l, s.Hosts == nil)
	return l
}

// everyHost are the hosts of a server that cannot tell them apart: all, or all for
// the namespaces that are named.
func (r *resolver) everyHost(l listener, s spec.Server) []gatewayHost {
	if s.Hosts == nil {
		return []gatewayHost{{name: "*"}}
	}
	if slices.ContainsFunc(l.hosts, func(h gatewayHost) bool { return h.name != "*" }) {
		r.ds.Errorf(diag.CodeHost, l.hostsAt, "%s server cannot tell hosts apart; leave hosts out, or write NAMESPACE/* for who may use the port", article(l.Protocol))
		return []gatewayHost{{name: "*"}}
	}
	return l.hosts
}

// article puts a or an before a protocol's name.
func article(protocol string) string {
	if strings.HasPrefix(protocol, "H") {
		return "an " + protocol
	}
	return "a " + protocol
}

// enabled is the innermost switch that is written; the default is on.
func enabled(switches ...*bool) bool {
	for _, s := range switches {
		if s != nil {
			return *s
		}
	}
	return true
}

var serverProtocols = choice{
	values:  []string{"HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "MONGO", "TCP", "TLS"},
	unknown: "no protocol %s; HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, MONGO, TCP or TLS",
}

func (r *resolver) serverProtocol(at diag.Path, s spec.Server, port int, mode string) string {
	passthrough := mode == "PASSTHROUGH" || mode == "AUTO_PASSTHROUGH"
	switch {
	case s.Protocol == "HTTPS" && passthrough:
		r.ds.Errorf(diag.CodeTLS, at.Key("protocol"), "%s does not open TLS; write protocol: TLS", mode)
		return "TLS"
	case s.Protocol != "":
		return r.oneOf(at.Key("protocol"), s.Protocol, serverProtocols)
	case port == 443 && passthrough:
		return "TLS"
	case port == 443:
		return "HTTPS"
	case port == 80:
		return "HTTP"
	}
	r.ds.Errorf(diag.CodeMissing, at.Key("protocol"), "port %d does not say it; write HTTP, HTTPS, TLS or TCP", port)
	return "HTTP"
}

func opensTLS(protocol string) bool { return protocol == "HTTPS" || protocol == "TLS" }

// knowsHosts tells whether the protocol carries a host name that a gateway can
// route by.
func knowsHosts(protocol string) bool { return protocol != "TCP" && protocol != "MONGO" }

// routesHTTP tells whether HTTP services can stand behind the server.
func (l listener) routesHTTP() bool {
	switch l.Protocol {
	case "HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB":
		return true
	}
	return false
}

// serverName is https and http for the gateway's own hosts on 443 and 80, else
// says protocol, port and first host.
func serverName(l listener, gatewaysHosts bool) string {
	lower := strings.ToLower(l.Protocol)
	if gatewaysHosts && (l.Port == 443 && lower == "https" || l.Port == 80 && lower == "http") {
		return lower
	}
	name := fmt.Sprintf("%s-%d", lower, l.Port)
	if len(l.hosts) > 0 && l.hosts[0].name != "*" {
		name += "-" + labelHost(l.hosts[0].name)
	}
	return cut(name, 63)
}

// servers are the servers as Istio gets them: as written, then the redirect.
func (g *gateway) servers() []Server {
	var all []Server
	var redirected []gatewayHost
	seen := map[gatewayHost]bool{}
	redirectName := "http"
	for _, l := range g.listeners {
		l.Server.Hosts = g.hostTexts(l.hosts)
		all = append(all, l.Server)
		if l.redirect {
			for _, h := range l.hosts {
				if !seen[h] {
					redirected = append(redirected, h)
				}
				seen[h] = true
			}
		}
		if l.Name == "http" {
			redirectName = "http-redirect"
		}
	}
	if len(redirected) > 0 {
		all = append(all, Server{
			Name: redirectName, Port: 80, Protocol: "HTTP", Redirect: true,
			Hosts: g.hostTexts(redirected),
		})
	}
	return all
}

// hostTexts are the hosts as Istio reads them. Where several namespaces may use
// a host, its VirtualService lies in the gateway's namespace, which is then
// admitted as well.
func (g *gateway) hostTexts(hosts []gatewayHost) []string {
	var texts []string
	for _, h := range hosts {
		own := gatewayHost{namespace: g.Namespace, name: h.name}
		admitted := func(o gatewayHost) bool { return o.name == h.name && o.admits(own.namespace) }
		if g.shared[h.name] && !slices.ContainsFunc(hosts, admitted) && !slices.Contains(texts, own.String()) {
			texts = append(texts, own.String())
		}
		texts = append(texts, h.String())
	}
	return texts
}

// sharedHosts are the hosts for which more than one namespace is named, in
// whichever of a gateway's servers.
func sharedHosts(listeners []listener) map[string]bool {
	shared, namespace := map[string]bool{}, map[string]string{}
	for _, l := range listeners {
		for _, h := range l.hosts {
			if h.namespace == "" || h.namespace == "*" {
				continue
			}
			if other, named := namespace[h.name]; named && other != h.namespace {
				shared[h.name] = true
			}
			namespace[h.name] = h.namespace
		}
	}
	return shared
}
