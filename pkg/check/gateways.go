package check

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var gatewayChecks = []Check{
	{
		Code: diag.CodeNoGateway, Severity: diag.Error, find: unknownGateways, Needs: []string{"networking.istio.io/Gateway"}, Istio: "IST0101",
		Hurts: "The host is not exposed: requests get 404, and Istio says nothing.",
		Mend:  "Write NAMESPACE/NAME of the Gateway; a name alone is one of the VirtualService's own namespace.",
	},
	{
		Code: diag.CodeNotServed, Severity: diag.Error, find: notServed, Needs: []string{"networking.istio.io/Gateway"}, Istio: "IST0132",
		Hurts: "The gateway has no route for the host: requests get 404, or the connection ends without a certificate.",
		Mend:  "Add the host to a server of the Gateway, or write one that it serves.",
	},
	{
		Code: diag.CodeTwoServers, Severity: diag.Error, find: twoServers, Needs: []string{"networking.istio.io/Gateway"}, Istio: "IST0145",
		Hurts: "The gateway takes the older server and leaves the other out, with its certificate and its mode.",
		Mend:  "Give every host to one server.",
	},
	{
		Code: diag.CodeRouteKind, Severity: diag.Error, find: routeKinds, Needs: []string{"networking.istio.io/Gateway"},
		Hurts: "The routes are passed over: a server that does not open TLS sees no HTTP, and one that opens it has no use for tls routes.",
		Mend:  "Write tls routes with sniHosts for PASSTHROUGH, http routes for HTTP and HTTPS, tcp routes for TCP and TLS.",
	},
	{
		Code: diag.CodeCredential, Severity: diag.Error, find: credentials, Needs: []string{"Secret"}, Istio: "IST0161",
		Hurts: "The gateway gets no certificate and does not listen on the port: every endpoint behind it is out of reach.",
		Mend:  "Make the Secret with tls.crt and tls.key (kubectl create secret tls), where the gateway's pods run.",
	},
	{
		Code: diag.CodeClosedPort, Severity: diag.Warning, find: closedPorts, Needs: []string{"networking.istio.io/Gateway"}, Istio: "IST0162",
		Hurts: "Nobody reaches the port: connections are refused before they come to the gateway.",
		Mend:  "Add the port to the gateway's Service, or listen on one that it has.",
	},
	{
		Code: diag.CodeNoGatewayPods, Severity: diag.Warning, find: noGatewayPods, Needs: []string{"install.istio.io/IstioOperator"},
		Hurts: "No pod listens for the Gateway.",
		Mend:  "Write the labels of the gateway's pods; those that istioctl installs have istio: ingressgateway.",
	},
}

type gateway = topology.Config[*networking.Gateway]

// unknownGateways finds names of Gateways that are not there: one of another
// namespace that has the name, or none where the package has others.
func unknownGateways(f *finder) {
	for _, vs := range f.VirtualServices() {
		for i, written := range vs.Spec.Gateways {
			namespace, name, qualified := strings.Cut(written, "/")
			if !qualified {
				namespace, name = vs.Namespace, written
			}
			if written == string(topology.Mesh) || strings.Contains(name, ".") {
				continue
			}
			if _, ok := f.Gateway(namespace, name); ok {
				continue
			}
			if hint, sure := f.meantGateway(namespace, name, qualified); sure {
				f.say(vs.Object, vs.At("spec", "gateways", i), "no Gateway %s%s%s", name, in(namespace), hint)
			}
		}
	}
}

// meantGateway is what to write instead, and whether it is sure that the name
// leads nowhere.
func (f *finder) meantGateway(namespace, name string, qualified bool) (hint string, sure bool) {
	var names, elsewhere []string
	for _, g := range f.Gateways() {
		if g.Namespace == namespace {
			names = append(names, g.Name)
		} else if g.Name == name && g.Namespace != "" {
			elsewhere = append(elsewhere, g.ID())
		}
	}
	if len(elsewhere) == 1 && (!qualified || len(names) > 0) {
		return "; write " + elsewhere[0], true
	}
	if like, ok := diag.Nearest(name, names); ok {
		return "; did you mean " + like + "?", true
	}
	return "", len(names) > 0
}

// notServed finds hosts that none of a VirtualService's gateways admits.
func notServed(f *finder) {
	for _, vs := range f.VirtualServices() {
		gateways, mesh := f.gatewaysOf(vs)
		if len(gateways) == 0 || vs.Rendered {
			continue
		}
		for i, host := range vs.Spec.Hosts {
			full := topology.FullHost(host, vs.Namespace)
			inside := mesh && (full != host || f.HasHost(full) == topology.Yes)
			admits := func(g gateway) bool { return len(topology.Admitting(g, vs.Namespace, full)) > 0 }
			if inside || slices.ContainsFunc(gateways, admits) {
				continue
			}
			f.say(vs.Object, vs.At("spec", "hosts", i), "%s does not serve %s for %s%s", gateways[0], full, whose(vs.Namespace), served(gateways[0]))
		}
	}
}

func whose(namespace string) string {
	if namespace == "" {
		return "this VirtualService"
	}
	return "VirtualServices of " + namespace
}

func served(g gateway) string {
	var hosts []string
	for _, s := range g.Spec.Servers {
		hosts = append(hosts, s.Hosts...)
	}
	slices.Sort(hosts)
	if hosts = slices.Compact(hosts); len(hosts) == 0 {
		return ""
	}
	return "; it serves " + strings.Join(hosts, ", ")
}

// gatewaysOf are the Gateways of a VirtualService, and whether it holds for the mesh
// too; none where the package has not all of them.
func (f *finder) gatewaysOf(vs virtualService) (found []gateway, mesh bool) {
	for _, side := range topology.Sides(vs) {
		namespace, name, _ := strings.Cut(string(side), "/")
		switch g, ok := f.Gateway(namespace, name); {
		case side == topology.Mesh:
			mesh = true
		case !ok:
			return nil, false
		default:
			found = append(found, g)
		}
	}
	return found, mesh
}

// twoServers finds servers that a gateway's pods leave out, since another one has
// the host on the port already (pilot/pkg/model.CheckDuplicates).
func twoServers(f *finder) {
	type listener struct {
		pods, bind, host string
		port             uint32
	}
	seen := map[listener]gateway{}
	for _, g := range f.Gateways() {
		for i, s := range g.Spec.Servers {
			if s.Tls == nil || s.Tls.HttpsRedirect || len(g.Spec.Selector) == 0 {
				continue
			}
			for j, host := range s.Hosts {
				at := listener{text(g.Spec.Selector, "=", ","), s.Bind, strings.TrimPrefix(host, "*/"), s.GetPort().GetNumber()}
				if ns, h := topology.ServerHost(host, g.Namespace); strings.HasPrefix(host, "./") {
					at.host = ns + "/" + h
				}
				first, again := seen[at]
				if !again {
					seen[at] = g
					continue
				}
				if !g.Rendered { // documents were asked when they were read
					f.say(g.Object, g.At("spec", "servers", i, "hosts", j), "%s serves %s on port %d at the same pods; one of the two servers is left out", first, at.host, at.port)
				}
			}
		}
	}
}

func routeKinds(f *finder) {
	for _, vs := range f.VirtualServices() {
		gateways, mesh := f.gatewaysOf(vs)
		if mesh || vs.Rendered {
			continue
		}
		var reads []string
		for _, g := range gateways {
			for _, host := range vs.Spec.Hosts {
				for _, i := range topology.Admitting(g, vs.Namespace, topology.FullHost(host, vs.Namespace)) {
					reads = append(reads, topology.RouteList(g.Spec.Servers[i]))
				}
			}
		}
		has := map[string]bool{"http": len(vs.Spec.Http) > 0, "tls": len(vs.Spec.Tls) > 0, "tcp": len(vs.Spec.Tcp) > 0}
		if len(reads) == 0 || slices.ContainsFunc(reads, func(kind string) bool { return has[kind] }) {
			continue
		}
		for _, kind := range []string{"http", "tls", "tcp"} {
			if has[kind] {
				f.say(vs.Object, vs.At("spec", kind), "the servers of %s that have these hosts read %s routes, not %s", gateways[0], reads[0], kind)
			}
		}
	}
}

// credentials holds the Secrets that gateways name against what their mode needs.
func credentials(f *finder) {
	for _, g := range f.Gateways() {
		for i, s := range g.Spec.Servers {
			name := s.GetTls().GetCredentialName()
			keys, _ := f.SecretKeys(f.GatewayNamespace(g), name)
			if len(keys) > 0 && !topology.IsCertificate(keys) {
				at := g.At("spec", "servers", i, "tls", "credentialName")
				f.say(g.Object, at, "the Secret %s has %s; it needs tls.crt and tls.key", name, strings.Join(keys, ", "))
			}
		}
	}
}

func closedPorts(f *finder) {
	for _, g := range f.Gateways() {
		open, _ := f.OpenPorts(g)
		if len(open) == 0 || g.Rendered {
			continue // a Service without any port is nobody's gateway yet
		}
		for i, s := range g.Spec.Servers {
			if port := int(s.GetPort().GetNumber()); !slices.Contains(open, port) {
				f.say(g.Object, g.At("spec", "servers", i, "port", "number"), "the gateway's Service does not open port %d; it opens %s", port, joined(open))
			}
		}
	}
}

// noGatewayPods finds hand-written Gateways for pods that neither the package nor
// the installation has.
func noGatewayPods(f *finder) {
	for _, g := range f.Gateways() {
		if g.Rendered || len(f.Install().Gateways) == 0 {
			continue
		}
		if pods, installed := f.GatewayPods(g); len(pods)+len(installed) == 0 {
			f.say(g.Object, g.At("spec", "selector"), "no gateway has %s; the installation's have %s", text(g.Spec.Selector, "=", ","), text(f.Install().Gateways[0].Labels, "=", ","))
		}
	}
}
