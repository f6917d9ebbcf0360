package topology

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// Side is who routes a request: the sidecars of the mesh, or a gateway.
type Side string

// Mesh is the side of the sidecars; a gateway's is NAMESPACE/NAME.
const Mesh Side = "mesh"

// Route is one route of a VirtualService.
type Route struct {
	VirtualService Config[*networking.VirtualService]
	// Protocol is http, tls or tcp: the list of the VirtualService that the route
	// stands in, and Index its place there.
	Protocol string
	Index    int
	// CatchAll tells whether the route takes every request that reaches it.
	CatchAll     bool
	Destinations []Destination
}

// Destination is one place that a route leads to.
type Destination struct {
	// Host is the full host and Written what stands in the object.
	Host, Written string
	Subset        string
	// Port is 0 when the route does not name one.
	Port int
	// Weight is the written share, of the sum of the route's; 0 beside others is
	// no request, and 0 alone is all of them.
	Weight int
	// Mirror marks a destination that gets copies, whose answers nobody waits for.
	Mirror bool

	at []any
}

// At is the place of a field of the destination.
func (r Route) At(d Destination, steps ...any) diag.Path {
	return r.VirtualService.At(append(append([]any{}, d.at...), steps...)...)
}

// Idle tells whether the destination gets no request, now.
func (r Route) Idle(d Destination) bool { return d.Weight == 0 && !d.Mirror && len(r.Destinations) > 1 }

// bound is a host on one side.
type bound struct {
	side Side
	host string
}

type routeTable struct {
	gateways map[key]Config[*networking.Gateway]
	hosts    map[bound][]Config[*networking.VirtualService]
	order    []bound
}

// routeTable is made once.
func (m *Model) routeTable() *routeTable {
	if m.routes != nil {
		return m.routes
	}
	t := &routeTable{map[key]Config[*networking.Gateway]{}, map[bound][]Config[*networking.VirtualService]{}, nil}
	m.routes = t
	for _, g := range m.Gateways() {
		t.gateways[key{g.Namespace, g.Name}] = g
	}
	for _, vs := range m.VirtualServices() {
		for _, side := range Sides(vs) {
			for _, host := range vs.Spec.Hosts {
				b := bound{side, FullHost(host, vs.Namespace)}
				if t.hosts[b] == nil {
					t.order = append(t.order, b)
				}
				t.hosts[b] = append(t.hosts[b], vs)
			}
		}
	}
	return t
}

// Sides are the sides that a VirtualService holds for: the mesh when it names no
// gateway.
func Sides(vs Config[*networking.VirtualService]) []Side {
	if len(vs.Spec.Gateways) == 0 {
		return []Side{Mesh}
	}
	var all []Side
	for _, name := range vs.Spec.Gateways {
		if name != string(Mesh) && !strings.Contains(name, "/") {
			name = vs.Namespace + "/" + name
		}
		all = append(all, Side(name))
	}
	return all
}

// Bound is a host with the VirtualServices that write its routes on one side.
type Bound struct {
	Side            Side
	Host            string
	VirtualServices []Config[*networking.VirtualService]
}

// Bounds are all hosts that VirtualServices name, by side, in the package's
// order.
func (m *Model) Bounds() []Bound {
	t := m.routeTable()
	all := make([]Bound, 0, len(t.order))
	for _, b := range t.order {
		all = append(all, Bound{b.side, b.host, t.hosts[b]})
	}
	return all
}

// Routes are the routes of a full host on one side, in the order in which they
// are tried: those of the VirtualServices that name the host, else of those that
// name its nearest wildcard. Sidecars use the first VirtualService of a host
// only; gateways put all of them together. Empty means that requests go to the
// host itself, in the mesh, and nowhere at a gateway.
func (m *Model) Routes(side Side, host string) []Route {
	t := m.routeTable()
	found := t.hosts[bound{side, host}]
	for _, w := range wider(host) {
		if len(found) > 0 {
			break
		}
		found = t.hosts[bound{side, w}]
	}
	if side == Mesh && len(found) > 1 {
		found = found[:1]
	}
	var all []Route
	for _, vs := range found {
		all = append(all, RoutesOf(vs)...)
	}
	return all
}

// RoutesOf are the routes of one VirtualService.
func RoutesOf(vs Config[*networking.VirtualService]) []Route {
	all := make([]Route, 0, len(vs.Spec.Http)+len(vs.Spec.Tls)+len(vs.Spec.Tcp))
	for i, r := range vs.Spec.Http {
		route := Route{VirtualService: vs, Protocol: "http", Index: i, CatchAll: catchesAll(r.Match)}
		for j, to := range r.Route {
			route.add(to.Destination, int(to.Weight), "http", i, "route", j, "destination")
		}
		for j, to := range r.Mirrors {
			route.mirror(to.Destination, "http", i, "mirrors", j, "destination")
		}
		route.mirror(r.Mirror, "http", i, "mirror")
		all = append(all, route)
	}
	for i, r := range vs.Spec.Tls {
		route := Route{VirtualService: vs, Protocol: "tls", Index: i, CatchAll: len(r.Match) == 0}
		for j, to := range r.Route {
			route.add(to.Destination, int(to.Weight), "tls", i, "route", j, "destination")
		}
		all = append(all, route)
	}
	for i, r := range vs.Spec.Tcp {
		route := Route{VirtualService: vs, Protocol: "tcp", Index: i, CatchAll: len(r.Match) == 0}
		for j, to := range r.Route {
			route.add(to.Destination, int(to.Weight), "tcp", i, "route", j, "destination")
		}
		all = append(all, route)
	}
	return all
}

// catchesAll tells whether one of the matches asks nothing, or any path.
func catchesAll(matches []*networking.HTTPMatchRequest) bool {
	for _, match := range matches {
		prefix := match.GetUri().GetPrefix() == "/"
		asks := match.Scheme != nil || match.Method != nil || match.Authority != nil || match.Port != 0 || match.Gateways != nil ||
			len(match.Headers)+len(match.QueryParams)+len(match.WithoutHeaders)+len(match.SourceLabels) > 0 || match.SourceNamespace != ""
		if !asks && (match.Uri == nil || prefix) {
			return true
		}
	}
	return len(matches) == 0
}

func (r *Route) add(d *networking.Destination, weight int, at ...any) {
	if d == nil {
		return
	}
	r.Destinations = append(r.Destinations, Destination{
		Host: FullHost(d.Host, r.VirtualService.Namespace), Written: d.Host, Subset: d.Subset,
		Port: int(d.GetPort().GetNumber()), Weight: weight, at: append([]any{"spec"}, at...),
	})
}

func (r *Route) mirror(d *networking.Destination, at ...any) {
	before := len(r.Destinations)
	r.add(d, 0, at...)
	if len(r.Destinations) > before {
		r.Destinations[before].Mirror = true
	}
}
