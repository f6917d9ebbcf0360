package trace

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// fromInside finds the caller, and the host as its proxy knows it.
func (t *tracer) fromInside() error {
	r, err := t.caller()
	if err != nil {
		return err
	}
	host, isKnown := t.fullHost(r.client.Namespace)
	ports, hasPorts := t.PortsOf(host)
	port, hasPort := portOf(ports, t.call.port())
	if isKnown && hasPorts && !hasPort {
		t.end(fails(0, "%s has no port %d; it has %s", host, port.Number, numbers(ports)).by(t.owner(host)))
		return nil
	}
	if t.call.Scheme == "" && port.Protocol.IsHTTP() {
		t.call.Scheme = "http"
	}
	t.answer.Call.Scheme = t.call.Scheme
	if r.client.Sidecar == topology.No {
		t.direct(host, isKnown, r)
		return nil
	}
	if isKnown {
		if hidden := t.Hides(r.client, host, r.port); hidden != nil {
			t.hop(Sidecar, hidden.Object, hidden.At(), "does not let the caller's proxy know "+host)
			t.stranger(host, r)
			return nil
		}
	}
	t.byProxy(host, isKnown, port, r)
	return nil
}

// owner is the object that has a host, with its ports.
func (t *tracer) owner(host string) (*topology.Object, diag.Path) {
	if s, ok := t.ServiceOf(host); ok {
		return s.Object, s.At("spec", "ports")
	}
	e := t.EntriesOf(host)[0]
	return e.Object, e.At("spec", "ports")
}

// caller is who calls: a workload, or the first one behind a Service.
func (t *tracer) caller() (router, error) {
	namespace, name, ok := strings.Cut(t.call.From, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return router{}, fmt.Errorf("from %q: write outside, or NAMESPACE/NAME of a workload or a Service", t.call.From)
	}
	all := t.Workloads(namespace)
	i := slices.IndexFunc(all, func(w *topology.Workload) bool { return w.Name == name })
	if i >= 0 {
		return t.routerOf(all[i]), nil
	}
	if s, ok := t.Service(namespace, name); ok {
		if pods, _ := t.Behind(s); len(pods) > 0 {
			if len(pods) > 1 {
				t.note("%d workloads are behind Service %s; %s calls", len(pods), s.ID(), pods[0])
			}
			return t.routerOf(pods[0]), nil
		}
		t.hop(Caller, s.Object, s.At("spec", "selector"), "the package does not hold its pods")
		return t.anybody(namespace, s.Selector()), nil
	}
	names := t.ServiceNames(namespace)
	for _, w := range all {
		names = append(names, w.Name)
	}
	if len(names) > 0 || !slices.Contains(t.Namespaces(), namespace) && len(t.Namespaces()) > 0 {
		return router{}, fmt.Errorf("from %s: no workload and no Service %s in %s%s", t.call.From, name, namespace, like(name, names))
	}
	t.note("the package does not hold the caller %s", t.call.From)
	return t.anybody(namespace, nil), nil
}

// anybody is a caller of which little more than the namespace is known.
func (t *tracer) anybody(namespace string, labels map[string]string) router {
	return router{side: topology.Mesh, port: t.call.port(), client: topology.Client{Namespace: namespace, Labels: labels}}
}

func (t *tracer) routerOf(w *topology.Workload) router {
	in := t.Injection(w)
	t.hop(Caller, w.Object, in.At, sidecar(in))
	return router{side: topology.Mesh, port: t.call.port(), client: t.ClientOf(w), whole: true, account: w.ServiceAccount}
}

// fullHost is the host that the caller's name stands for, as DNS completes it in
// its pod, and whether the package has it.
func (t *tracer) fullHost(namespace string) (string, bool) {
	host := t.call.Host
	if _, err := netip.ParseAddr(host); err == nil {
		return host, false
	}
	has := func(h string) bool {
		_, service := t.ServiceOf(h)
		return service || len(t.EntriesOf(h)) > 0
	}
	if has(host) {
		return host, true
	}
	name, rest, dot := strings.Cut(host, ".")
	full := topology.FullHost(host, namespace)
	if dot {
		in := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(rest, ".local"), ".cluster"), ".svc")
		if full = topology.FullHost(name, in); !has(full) && (strings.Contains(in, ".") || !slices.Contains(t.Namespaces(), in) && !strings.HasSuffix(rest, ".svc")) {
			return host, false
		}
	}
	return full, has(full)
}

// direct is a call without a proxy: to the pods of the Service, in plain text or
// in the caller's own TLS.
func (t *tracer) direct(host string, isKnown bool, r router) {
	if _, ok := t.ServiceOf(host); !ok {
		t.end(t.nobody(topology.Destination{Host: host}, at{}))
		if t.answer.Verdict.Outcome == Fails {
			t.answer.Verdict.Status = 0
		}
		return
	}
	b := t.branch(topology.Destination{Host: host, Port: t.call.port()}, r, t.flight(), at{})
	b.Hops = slices.DeleteFunc(b.Hops, func(h Hop) bool { return h.Step == Rule })
	b.Share = 100
	t.answer.Branches = []Branch{b}
	t.end(t.sum())
}

// flight is the call as it leaves the caller.
func (t *tracer) flight() flight {
	if t.call.Scheme == "http" {
		return flight{true, t.call.request()}
	}
	return flight{}
}

// stranger is a host that the caller's proxy does not know.
func (t *tracer) stranger(host string, r router) {
	blame := func(v Verdict) Verdict { return v }
	if sidecar, ok := t.SidecarOf(r.client); ok {
		blame = func(v Verdict) Verdict { return v.by(sidecar.Object, sidecar.At("spec", "egress")) }
	}
	status := 502
	if t.call.Scheme != "http" {
		status = 0
	}
	lets := t.LetsOut(r.client)
	switch _, isService := t.ServiceOf(host); {
	case lets == topology.No:
		t.end(blame(fails(status, "the caller's proxy does not know %s and lets out calls of known hosts only (REGISTRY_ONLY)", host)))
	case lets == topology.NotKnown:
		t.end(blame(unknown("the caller's proxy does not know %s; whether it passes the call on says the installation, which the package does not hold", host)))
	case isService:
		t.note("the caller's proxy passes the call on as it is, without mTLS")
		r.client.Sidecar = topology.No
		t.direct(host, true, r)
	default:
		t.end(blame(unknown("the caller's proxy does not know %s and passes the call on; what answers there a package does not say", host)))
	}
}

// byProxy is a call that the caller's sidecar routes.
func (t *tracer) byProxy(host string, isKnown bool, port topology.Port, r router) {
	read := t.call.Scheme == "http" && !port.Protocol.IsOpaque()
	switch {
	case isKnown && port.Kept():
		t.end(fails(0, "the caller's proxy listens on port %d itself, and no call of it gets out", port.Number).by(t.owner(host)))
	case isKnown && port.Protocol.IsHTTP() && t.call.opensTLS():
		t.end(fails(0, "port %d of %s is said to carry %s; the caller's proxy reads it, gets TLS and ends the connection", port.Number, host, port.Protocol).by(t.owner(host)))
	case isKnown && port.Protocol.IsHTTP() && t.call.Scheme == "tcp":
		t.end(fails(0, "port %d of %s is said to carry %s, and the call is no HTTP", port.Number, host, port.Protocol).by(t.owner(host)))
	case read && t.requestByProxy(host, isKnown, r):
	case !read && isKnown && t.bytesByProxy(host, port, r):
	case isKnown:
		b := t.branch(topology.Destination{Host: host, Port: port.Number}, r, t.flight(), at{})
		b.Share = 100
		t.answer.Branches = []Branch{b}
		t.end(t.sum())
	case t.HasHost(host) == topology.No:
		v := t.nobody(topology.Destination{Host: host}, at{})
		v.Status = 0
		t.end(v)
	default:
		t.unknownHost(host, r)
	}
}

// unknownHost is one that neither a Service nor a ServiceEntry of the package has.
func (t *tracer) unknownHost(host string, r router) {
	if namespace, name, ok := topology.SplitHost(host); ok {
		t.end(unknown("the package does not hold the Service %s/%s", namespace, name))
		return
	}
	for _, g := range t.Gateways() {
		for _, d := range t.doorsOf(g) {
			if d.rank(host) > 1 {
				t.note("%s serves %s to callers from outside", g.Object, host)
			}
		}
	}
	t.stranger(host, r)
}

// requestByProxy finds the route of a request. It is false when no VirtualService
// has one for this caller, and the host itself is called.
func (t *tracer) requestByProxy(host string, isKnown bool, r router) bool {
	if !isKnown && r.port != 80 {
		return false // Istio makes hosts without a Service for port 80 only
	}
	routes := slices.DeleteFunc(t.Routes(r.client, host, r.port, topology.Mesh), func(r topology.Route) bool { return r.Protocol != "http" })
	from := t.nearest(host, r)
	if len(routes) > 0 {
		from = t.origin(routes[0].VirtualService, from)
	} else if v, ok := t.elsewhere(from, nil, r); ok {
		t.end(v)
		return true
	}
	if len(routes) > 0 {
		t.choose(routes, from, r)
	}
	return len(routes) > 0
}

// nearest are the VirtualServices of the mesh, with HTTP routes, whose hosts come
// nearest to a host and that the caller sees.
func (t *tracer) nearest(host string, r router) []virtualService {
	best := 1
	var all []virtualService
	for _, vs := range t.VirtualServices() {
		near := 0
		for _, h := range vs.Spec.Hosts {
			near = max(near, rank(topology.FullHost(h, vs.Namespace), host))
		}
		if near < best || len(vs.Spec.Http) == 0 || !slices.Contains(topology.Sides(vs), topology.Mesh) || !t.Sees(r.client, vs) {
			continue
		}
		if near > best {
			best, all = near, nil
		}
		all = append(all, vs)
	}
	return all
}

// origin is the one of several VirtualServices of a host that counts: the one that
// has the routes, or that delegates to where they are.
func (t *tracer) origin(vs virtualService, all []virtualService) []virtualService {
	for i, from := range all {
		if from.Object != vs.Object && !slices.ContainsFunc(from.Spec.Http, func(o *networking.HTTPRoute) bool {
			return o.Delegate != nil && delegate(from, o.Delegate) == vs.ID()
		}) {
			continue
		}
		for j, other := range all {
			if j != i {
				t.note("%s has routes for the host too; Istio uses one of the two, here %s", other.Object, from.Object)
			}
		}
		return []virtualService{from}
	}
	return []virtualService{vs}
}

// bytesByProxy finds the route of a connection that the proxy does not read.
func (t *tracer) bytesByProxy(host string, port topology.Port, r router) bool {
	list := "tcp"
	if port.Protocol == topology.TLS || port.Protocol == topology.HTTPS {
		list = "tls"
	}
	offered := false
	for _, route := range t.Routes(r.client, host, r.port, topology.Mesh) {
		if route.Protocol != list {
			continue
		}
		if t.near(route) > 0 {
			t.forward(route, r, t.flight())
			return true
		}
		offered = true
	}
	if offered {
		t.end(fails(0, "no tls route takes the name %s: the caller's proxy ends the connection", t.call.Host))
	}
	return offered
}
