package topology

import (
	"slices"
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
	// VirtualService holds the destinations; one that another delegates to where
	// that is so.
	VirtualService Config[*networking.VirtualService]
	// Protocol is http, tls or tcp: the list of the VirtualService that the route
	// stands in, and Index its place there.
	Protocol string
	Index    int
	// CatchAll tells whether the route takes every request that reaches it.
	CatchAll     bool
	Destinations []Destination

	// HTTP is what an HTTP route does besides, with what a route that delegates
	// to it says. HTTPMatch, TLSMatch and TCPMatch are the one of its matches
	// that [Model.Routes] found; nil takes all.
	HTTP      *networking.HTTPRoute
	HTTPMatch *networking.HTTPMatchRequest
	TLSMatch  *networking.TLSMatchAttributes
	TCPMatch  *networking.L4MatchAttributes
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
func (r Route) Idle(d Destination) bool {
	others := slices.IndexFunc(r.Destinations, func(d Destination) bool { return d.Mirror })
	if others < 0 {
		others = len(r.Destinations)
	}
	return d.Weight == 0 && !d.Mirror && others > 1 // copies stand behind all others
}

// bound is a host on one side; in lower case, as Istio reads hosts of routes.
type bound struct {
	side Side
	host string
}

type routeTable struct {
	gateways map[key]Config[*networking.Gateway]
	hosts    map[bound][]Config[*networking.VirtualService]
	order    []bound
	// delegates are the VirtualServices without hosts, once somebody asks.
	delegates map[key]Config[*networking.VirtualService]
}

// routeTable is made once.
func (m *Model) routeTable() *routeTable {
	if m.routes != nil {
		return m.routes
	}
	t := &routeTable{gateways: map[key]Config[*networking.Gateway]{}, hosts: map[bound][]Config[*networking.VirtualService]{}}
	m.routes = t
	defer func() {
		for _, all := range t.hosts {
			slices.SortStableFunc(all, func(a, b Config[*networking.VirtualService]) int { return older(a.Object, b.Object) })
		}
	}()
	for _, g := range m.Gateways() {
		t.gateways[key{g.Namespace, g.Name}] = g
	}
	for _, vs := range m.VirtualServices() {
		for _, side := range Sides(vs) {
			for _, host := range vs.Spec.Hosts {
				b := bound{side, strings.ToLower(FullHost(host, vs.Namespace))}
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
		all = append(all, sideOf(name, vs.Namespace))
	}
	return all
}

// sideOf is the side that a VirtualService of a namespace names: NAMESPACE/NAME with
// "." for its own, NAME, or as of old NAME.NAMESPACE and what follows there
// (pilot/pkg/model.resolveGatewayName).
func sideOf(name, namespace string) Side {
	if name == string(Mesh) {
		return Mesh
	}
	if in, short, ok := strings.Cut(name, "/"); ok {
		if in == "." {
			in = namespace
		}
		return Side(in + "/" + short)
	}
	if short, in, ok := strings.Cut(name, "."); ok {
		in, _, _ = strings.Cut(in, ".")
		return Side(in + "/" + short)
	}
	return Side(namespace + "/" + name)
}

// Bound is a host with the VirtualServices that write its routes on one side.
type Bound struct {
	Side            Side
	Host            string
	VirtualServices []Config[*networking.VirtualService]
}

// Bounds are all hosts that VirtualServices name, by side, in the package's
// order; the VirtualServices of each are in the order in which Istio takes them.
func (m *Model) Bounds() []Bound {
	t := m.routeTable()
	all := make([]Bound, 0, len(t.order))
	for _, b := range t.order {
		all = append(all, Bound{b.side, b.host, t.hosts[b]})
	}
	return all
}

// RoutesOf are the routes of one VirtualService, as they are written.
func RoutesOf(vs Config[*networking.VirtualService]) []Route {
	all := make([]Route, 0, len(vs.Spec.Http)+len(vs.Spec.Tls)+len(vs.Spec.Tcp))
	for i, r := range vs.Spec.Http {
		all = append(all, httpRoute(vs, i, r))
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

// httpRoute is the route with the index in the VirtualService; r may say more than
// what is written there.
func httpRoute(vs Config[*networking.VirtualService], i int, r *networking.HTTPRoute) Route {
	route := Route{VirtualService: vs, Protocol: "http", Index: i, CatchAll: catchesAll(r.Match), HTTP: r}
	for j, to := range r.Route {
		route.add(to.Destination, int(to.Weight), "http", i, "route", j, "destination")
	}
	for j, to := range r.Mirrors {
		route.mirror(to.Destination, "http", i, "mirrors", j, "destination")
	}
	route.mirror(r.Mirror, "http", i, "mirror")
	return route
}

// catchesAll tells whether one of the matches asks nothing, or any path.
func catchesAll(matches []*networking.HTTPMatchRequest) bool {
	for _, match := range matches {
		if takesAll(match) && match.Port == 0 && match.Gateways == nil && len(match.SourceLabels) == 0 && match.SourceNamespace == "" {
			return true
		}
	}
	return len(matches) == 0
}

// takesAll tells whether a match takes every request of those that it is about
// (pilot/pkg/networking/core/route.IsCatchAllRoute).
func takesAll(match *networking.HTTPMatchRequest) bool {
	asks := match.Scheme != nil || match.Method != nil || match.Authority != nil ||
		len(match.Headers)+len(match.QueryParams)+len(match.WithoutHeaders) > 0
	return !asks && (match.Uri == nil || match.Uri.GetPrefix() == "/" || match.Uri.GetRegex() == ".*")
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
