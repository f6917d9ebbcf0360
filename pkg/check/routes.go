package check

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var routeChecks = []Check{
	{
		Code: diag.CodeNoHost, Severity: diag.Warning, find: unknownHosts, Needs: []string{"Service"}, Istio: "IST0101",
		Hurts: "Requests get 503 at a gateway and in the mesh: Istio has no cluster for the host.",
		Mend:  "Write the name of a Service. A name without a dot is looked for in the namespace of the object that names it.",
	},
	{
		Code: diag.CodeHalfHost, Severity: diag.Error, find: halfHosts, Needs: []string{"Service"}, Istio: "IST0101",
		Hurts: "Requests get 503. Istio completes a name without a dot only; reviews.shop is a host of its own for it, which nobody has.",
		Mend:  "Write the whole name, NAME.NAMESPACE.svc.cluster.local.",
	},
	{
		Code: diag.CodeNoSubset, Severity: diag.Error, find: unknownSubsets, Needs: []string{"networking.istio.io/DestinationRule"}, Istio: "IST0101",
		Hurts: "Requests of the route get 503.",
		Mend:  "Add the subset to the DestinationRule of the host, and apply that before the route.",
	},
	{
		Code: diag.CodeNoPort, Severity: diag.Error, find: unknownPorts, Needs: []string{"Service", "networking.istio.io/ServiceEntry"}, Istio: "IST0101",
		Hurts: "Requests of the route get 503.",
		Mend:  "Write a port of the Service, which need not be the port of its pods.",
	},
	{
		Code: diag.CodePortless, Severity: diag.Error, find: portlessRoutes, Needs: []string{"Service"}, Istio: "IST0112",
		Hurts: "Without a port Istio takes the one that the gateway was called at, which the Service does not have: requests get 503.",
		Mend:  "Write destination.port.number.",
	},
	{
		Code: diag.CodeTwoRoutes, Severity: diag.Error, find: twoRoutes, Needs: []string{"networking.istio.io/VirtualService"}, Istio: "IST0109",
		Hurts: "Sidecars use the older of the two, and the routes of the other do nothing.",
		Mend:  "Put the routes into one VirtualService, or let it delegate.",
	},
	{
		Code: diag.CodeUnreached, Severity: diag.Warning, find: unreached, Needs: []string{"networking.istio.io/VirtualService"}, Istio: "IST0130",
		Hurts: "Routes are tried in their order; one before it takes every request.",
		Mend:  "Put the route without conditions last.",
	},
}

type virtualService = topology.Config[*networking.VirtualService]

// destinations calls back with every destination of every VirtualService.
func (f *finder) destinations(each func(topology.Route, topology.Destination)) {
	for _, vs := range f.VirtualServices() {
		for _, route := range topology.RoutesOf(vs) {
			for _, d := range route.Destinations {
				each(route, d)
			}
		}
	}
}

func unknownHosts(f *finder) {
	said := map[string]bool{}
	f.destinations(func(r topology.Route, d topology.Destination) {
		id := r.VirtualService.ID() + " " + d.Host
		if f.HasHost(d.Host) == topology.No && !said[id] {
			said[id] = true
			f.sayNoHost(r.VirtualService.Object, r.At(d, "host"), d.Host)
		}
	})
	for _, rule := range f.DestinationRules() {
		host := topology.FullHost(rule.Spec.Host, rule.Namespace)
		if f.HasHost(host) == topology.No {
			f.sayNoHost(rule.Object, rule.At("spec", "host"), host)
		}
	}
}

func (f *finder) sayNoHost(o *topology.Object, at diag.Path, host string) {
	namespace, name, _ := topology.SplitHost(host)
	hint := ""
	if like, ok := diag.Nearest(name, f.ServiceNames(namespace)); ok {
		hint = "; did you mean " + like + "?"
	}
	f.say(o, at, "no Service %s%s%s", name, in(namespace), hint)
}

// in is the end of "there is none"; where objects do not say where they live, it
// is the package.
func in(namespace string) string {
	if namespace == "" {
		return " in the package"
	}
	return " in " + namespace
}

func halfHosts(f *finder) {
	f.destinations(func(r topology.Route, d topology.Destination) {
		f.halfHost(r.VirtualService.Object, r.At(d, "host"), d.Written)
	})
	for _, rule := range f.DestinationRules() {
		f.halfHost(rule.Object, rule.At("spec", "host"), rule.Spec.Host)
	}
}

func (f *finder) halfHost(o *topology.Object, at diag.Path, written string) {
	name, namespace, dot := strings.Cut(written, ".")
	if !dot || len(f.EntriesOf(written)) > 0 {
		return
	}
	namespace = strings.TrimSuffix(strings.TrimSuffix(namespace, ".cluster"), ".svc")
	if s, ok := f.Service(namespace, name); ok {
		f.say(o, at, "Istio does not complete %s; write %s", written, s.Host())
	}
}

func unknownSubsets(f *finder) {
	f.destinations(func(r topology.Route, d topology.Destination) {
		if d.Subset == "" {
			return
		}
		rules := f.RulesAbout(d.Host)
		if _, _, ok := rules.Subset(d.Subset); ok {
			return
		}
		var names []string
		for _, rule := range rules {
			for _, s := range rule.Spec.Subsets {
				names = append(names, s.Name)
			}
		}
		switch like, near := diag.Nearest(d.Subset, names); {
		case near:
			f.say(r.VirtualService.Object, r.At(d, "subset"), "no DestinationRule of %s has the subset %s; did you mean %s?", d.Host, d.Subset, like)
		case len(names) > 0:
			f.say(r.VirtualService.Object, r.At(d, "subset"), "no DestinationRule of %s has the subset %s; there are %s", d.Host, d.Subset, strings.Join(names, ", "))
		case len(rules) > 0 || f.rulesBeside(r.VirtualService, d.Host):
			f.say(r.VirtualService.Object, r.At(d, "subset"), "no DestinationRule of %s has the subset %s", d.Host, d.Subset)
		}
	})
}

// rulesBeside tells whether somebody writes DestinationRules where the one of
// the host would lie, so that its absence means something.
func (f *finder) rulesBeside(vs virtualService, host string) bool {
	namespace, _, ok := topology.SplitHost(host)
	return f.RulesIn(vs.Namespace) || ok && f.RulesIn(namespace)
}

func unknownPorts(f *finder) {
	f.destinations(func(r topology.Route, d topology.Destination) {
		ports, known := f.PortsOf(d.Host)
		if d.Port == 0 || !known || len(ports) == 0 {
			return
		}
		if !slices.ContainsFunc(ports, func(p topology.Port) bool { return p.Number == d.Port }) {
			f.say(r.VirtualService.Object, r.At(d, "port", "number"), "%s has no port %d; it has %s", d.Host, d.Port, numbers(ports))
		}
	})
}

// portlessRoutes are those of hand-written VirtualServices; servicePorts tells of
// the others.
func portlessRoutes(f *finder) {
	f.destinations(func(r topology.Route, d topology.Destination) {
		ports, known := f.PortsOf(d.Host)
		called := f.calledAt(r.VirtualService)
		if d.Port != 0 || r.VirtualService.Rendered || !known || len(ports) < 2 || len(called) == 0 {
			return
		}
		if !slices.ContainsFunc(ports, func(p topology.Port) bool { return slices.Contains(called, p.Number) }) {
			f.say(r.VirtualService.Object, r.At(d), "%s has ports %s, and the gateway is called at %s: write port", d.Host, numbers(ports), joined(called))
		}
	})
}

// calledAt are the ports of the gateways of a VirtualService; none unless all of its
// sides are gateways that the package holds.
func (f *finder) calledAt(vs virtualService) []int {
	var ports []int
	for _, side := range topology.Sides(vs) {
		namespace, name, _ := strings.Cut(string(side), "/")
		g, ok := f.Gateway(namespace, name)
		if !ok {
			return nil
		}
		for _, s := range g.Spec.Servers {
			ports = append(ports, int(s.GetPort().GetNumber()))
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

func joined(all []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ", "), "[]")
}

func twoRoutes(f *finder) {
	for _, b := range f.Bounds() {
		if b.Side != topology.Mesh {
			continue
		}
		for i, later := range b.VirtualServices {
			first := slices.IndexFunc(b.VirtualServices[:i], func(vs virtualService) bool {
				return f.meet(vs, later)
			})
			if first >= 0 {
				other := b.VirtualServices[first]
				if later.Rendered { // the other one may be there by mistake
					later, other = other, later
				}
				host := slices.IndexFunc(later.Spec.Hosts, func(h string) bool { return topology.FullHost(h, later.Namespace) == b.Host })
				f.say(later.Object, later.At("spec", "hosts", host), "%s has routes for %s too; sidecars use one of the two", other, b.Host)
			}
		}
	}
}

// meet tells whether two VirtualServices of one host have routes of one protocol
// for the same clients.
func (f *finder) meet(a, b virtualService) bool {
	http := len(a.Spec.Http) > 0 && len(b.Spec.Http) > 0
	tls, tcp := len(a.Spec.Tls) > 0 && len(b.Spec.Tls) > 0, len(a.Spec.Tcp) > 0 && len(b.Spec.Tcp) > 0
	if !http && !tls && !tcp {
		return false
	}
	return topology.ShareClients(a.Spec.ExportTo, a.Namespace, b.Spec.ExportTo, b.Namespace)
}

// unreached finds hand-written routes; documents were asked when they were read.
func unreached(f *finder) {
	for _, vs := range f.VirtualServices() {
		if vs.Rendered || vs.Ours {
			continue
		}
		before := map[string]int{}
		for _, r := range topology.RoutesOf(vs) {
			if by, ok := before[r.Protocol]; ok {
				f.say(vs.Object, vs.At("spec", r.Protocol, r.Index), "no request reaches this route; route %d takes them all", by+1)
				break
			}
			if r.CatchAll {
				before[r.Protocol] = r.Index
			}
		}
	}
}
