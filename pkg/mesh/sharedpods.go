package mesh

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// A policy finds pods and not Gateways, so that what one gateway says would hold
// for another one on the same pods. There each rule gets the gateway's hosts.

// podMates are the other gateways on a gateway's pods.
func (r *resolver) podMates(g *gateway) []*gateway {
	labels := fmt.Sprintf("%q", g.Selector) // in the order of the keys
	on, known := r.onPods[labels]
	if !known {
		for i := range r.gateways {
			if sharePods(*g, r.gateways[i]) {
				on = append(on, &r.gateways[i])
			}
		}
		r.onPods[labels] = on
	}
	mates := make([]*gateway, 0, len(on))
	for _, other := range on {
		if other.Name != g.Name {
			mates = append(mates, other)
		}
	}
	return mates
}

// limited holds a rule to the requests that are the gateway's own. It is several
// rules where the gateway takes something else than HTTP as well.
func (r *resolver) limited(p *accessPlace, a action, at diag.Path, rule *security.Rule) []*security.Rule {
	g, mates := p.gateway, r.podMates(p.gateway)
	r.servesHosts(at, g, operation(rule))
	if httpOnly(rule) && !slices.ContainsFunc(g.listeners, listener.routesHTTP) {
		r.ds.Errorf(diag.CodeAccess, at, "%s takes no HTTP, and this asks for what only HTTP has; write from addresses or to ports", g.Name)
		return []*security.Rule{rule}
	}
	if a != allowing {
		return r.deniedHere(at, g, mates, rule)
	}
	if len(mates) == 0 || !g.guarded() && !slices.ContainsFunc(mates, (*gateway).guarded) {
		return []*security.Rule{rule}
	}
	return r.allowedHere(g, mates, rule)
}

// operation is what a rule says of the request, empty if nothing.
func operation(rule *security.Rule) *security.Operation {
	if len(rule.To) == 0 {
		return &security.Operation{}
	}
	return rule.To[0].Operation
}

// servesHosts refuses a host that the gateway does not serve: the rule would
// match nothing.
func (r *resolver) servesHosts(at diag.Path, g *gateway, o *security.Operation) {
	for _, host := range o.Hosts {
		name, _, _ := strings.Cut(host, ":")
		serves := func(h string) bool { return gatewayHost{name: h}.serves(name) }
		if name != "*" && !strings.HasSuffix(name, "*") && !slices.ContainsFunc(g.http, serves) {
			r.ds.Errorf(diag.CodeHost, at.Key("to").Key("hosts"), "host %s is not served by gateway %s (%s)", name, g.Name, servedHosts(g))
		}
	}
}

// allowedHere lets in what comes for the gateway's own hosts.
func (r *resolver) allowedHere(g *gateway, mates []*gateway, rule *security.Rule) []*security.Rule {
	if slices.Contains(g.http, "*") {
		r.ds.Errorf(diag.CodeAccess, g.path.Key("hosts"), "%s serves * on the same pods; its requests cannot be told from those of %s", g.Name, mates[0].Name)
		return []*security.Rule{rule}
	}
	var rules []*security.Rule
	if hosts := g.http; len(hosts) > 0 {
		limited := proto.CloneOf(operation(rule))
		if len(limited.Hosts) == 0 {
			limited.Hosts = hostPatterns(hosts, g)
		}
		for _, mate := range mates {
			if covered := coveredNames(hosts, mate.http); len(covered) > 0 {
				limited.NotHosts = append(limited.NotHosts, hostPatterns(covered, g)...)
			}
		}
		rules = append(rules, withOperation(rule, limited))
	}
	return append(rules, r.opaque(g, rule)...)
}

// deniedHere refuses, or asks about, what comes for the gateway's own hosts, and
// leaves alone what is no HTTP where the rule asks for something that only HTTP
// has: Istio would refuse all of that.
func (r *resolver) deniedHere(at diag.Path, g *gateway, mates []*gateway, rule *security.Rule) []*security.Rule {
	limited, forHTTP := proto.CloneOf(operation(rule)), httpOnly(rule)
	var rules []*security.Rule
	if len(mates) > 0 && !forHTTP {
		rules = r.opaque(g, rule)
	}
	if len(mates) > 0 && len(limited.Hosts) == 0 {
		r.ownHosts(at, g, mates, limited)
		forHTTP = true
	}
	if !forHTTP {
		return []*security.Rule{rule}
	}
	http := proto.CloneOf(rule)
	for _, each := range append([]*gateway{g}, mates...) {
		for _, l := range each.listeners {
			switch {
			case l.routesHTTP():
			case knowsHosts(l.Protocol):
				http.When = notSNI(http.When, l)
			default:
				limited.NotPorts = append(limited.NotPorts, itoa(r.podPort(each, l.Port)))
			}
		}
	}
	return append([]*security.Rule{withOperation(http, limited)}, rules...)
}

// ownHosts limits what is refused to the gateway's own hosts. A wildcard with any
// port cannot be said, so that a gateway that has one is all that the others are
// not: a Host header with an unusual port is refused rather than missed.
func (r *resolver) ownHosts(at diag.Path, g *gateway, mates []*gateway, o *security.Operation) {
	hosts := g.http
	if !slices.ContainsFunc(hosts, func(h string) bool { return strings.HasPrefix(h, "*") }) {
		o.Hosts = hostPatterns(hosts, g)
		return
	}
	for _, mate := range mates {
		others := mate.http
		if len(coveredNames(others, hosts)) > 0 {
			r.ds.Errorf(diag.CodeAccess, at, "%s serves %s on the same pods; its requests cannot be told from those of %s", mate.Name, strings.Join(others, ", "), g.Name)
			return
		}
		o.NotHosts = append(o.NotHosts, hostPatterns(others, mate)...)
	}
}

// opaque are the rules for what the gateway takes beside HTTP: TCP is known by
// its port, TLS that is not opened by the name that the client asks for.
func (r *resolver) opaque(g *gateway, rule *security.Rule) []*security.Rule {
	if httpOnly(rule) {
		return nil
	}
	var rules []*security.Rule
	var ports []string
	for _, l := range g.listeners {
		switch {
		case l.routesHTTP():
		case knowsHosts(l.Protocol):
			byName := proto.CloneOf(rule)
			byName.When = append(byName.When, &security.Condition{Key: "connection.sni", Values: l.names()})
			rules = append(rules, byName)
		default:
			ports = append(ports, itoa(r.podPort(g, l.Port)))
		}
	}
	if own := operation(rule).Ports; len(own) > 0 {
		ports = slices.DeleteFunc(ports, func(p string) bool { return !slices.Contains(own, p) })
	}
	if len(ports) > 0 {
		byPort := proto.CloneOf(operation(rule))
		byPort.Ports = ports
		rules = append(rules, withOperation(rule, byPort))
	}
	return rules
}

func withOperation(rule *security.Rule, o *security.Operation) *security.Rule {
	changed := &security.Rule{From: rule.From, When: rule.When}
	if !proto.Equal(o, &security.Operation{}) { // Istio refuses one without any word
		changed.To = []*security.Rule_To{{Operation: o}}
	}
	return changed
}

// notSNI adds the names of a server for TLS that is not opened to those that a
// rule leaves alone.
func notSNI(when []*security.Condition, l listener) []*security.Condition {
	return append(when, &security.Condition{Key: "connection.sni", NotValues: l.names()})
}

// names are the hosts of a server without their namespaces.
func (l listener) names() []string { return hostNames(l.hosts) }

// hostNames are the names of hosts, once each.
func hostNames(hosts []gatewayHost) []string {
	var all []string
	seen := map[string]bool{}
	for _, h := range hosts {
		if !seen[h.name] {
			all = append(all, h.name)
		}
		seen[h.name] = true
	}
	return all
}

// httpOnly tells whether a rule asks for something that only HTTP has.
func httpOnly(rule *security.Rule) bool {
	o := operation(rule)
	if len(o.Hosts)+len(o.NotHosts)+len(o.Methods)+len(o.NotMethods)+len(o.Paths)+len(o.NotPaths) > 0 {
		return true
	}
	for _, f := range rule.From {
		if len(f.Source.RequestPrincipals)+len(f.Source.NotRequestPrincipals) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(rule.When, func(c *security.Condition) bool { return strings.HasPrefix(c.Key, "request.") })
}

// httpHosts are the hosts of the servers for HTTP, once each.
func httpHosts(listeners []listener) []string {
	var all []gatewayHost
	for _, l := range listeners {
		if l.routesHTTP() {
			all = append(all, l.hosts...)
		}
	}
	return hostNames(all)
}

// coveredNames are the names that some other one of hosts covers.
func coveredNames(hosts, names []string) []string {
	var all []string
	for _, name := range names {
		if slices.ContainsFunc(hosts, func(h string) bool { return gatewayHost{name: h}.serves(name) }) {
			all = append(all, name)
		}
	}
	return all
}

// hostPatterns are what a Host header for the hosts may be at the gateway's own
// ports.
func hostPatterns(hosts []string, g *gateway) []string {
	var ports []int
	for _, s := range g.Servers {
		if !slices.Contains(ports, s.Port) {
			ports = append(ports, s.Port)
		}
	}
	slices.Sort(ports)
	var all []string
	for _, host := range hosts {
		if !strings.HasPrefix(host, "*") {
			all = append(all, host, host+":*")
			continue
		}
		all = append(all, host)
		for _, port := range ports {
			all = append(all, host+":"+itoa(port))
		}
	}
	return all
}

// podPort is where the gateway's pods receive what arrives at a port of their
// Service.
func (r *resolver) podPort(g *gateway, port int) int {
	if OnIngressPods(g.Selector) {
		for _, p := range r.ingress {
			if p.Port == port {
				return p.TargetPort
			}
		}
	}
	return port
}
