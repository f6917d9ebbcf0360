// Package virtualservices renders where requests go: inside the mesh for each
// service with a route, at gateways for each host that leads to services, and
// outside of the cluster for hosts that are called in another way than directly.
package virtualservices

import (
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is VirtualService.
var Kind = manifest.Kind{
	Name: "VirtualService", Group: "networking.istio.io",
	// retries: {} would be Istio's two retries, not none.
	Shown: []protoreflect.FullName{"istio.networking.v1alpha3.HTTPRetry.attempts"},
}

// Render gives one VirtualService for each service with a route, one for each host
// of a gateway, and one for each host outside with a route. A gateway never sees
// the first sort, so the second repeats the same routes.
func Render(m *mesh.Mesh) []manifest.Object {
	objects := make([]manifest.Object, 0, len(m.Services)+len(m.VirtualHosts)+len(m.Externals))
	for _, s := range m.Services {
		if len(s.Routes)+len(s.TCP) == 0 && s.VirtualService == nil {
			continue
		}
		objects = append(objects, over(s.VirtualService, manifest.Object{
			Kind: &Kind, Namespace: s.Namespace, Name: s.Name, Origin: s.Origin,
			Spec: &networking.VirtualService{Hosts: []string{s.Host}, ExportTo: s.ExportTo, Http: httpRoutes(s.Routes), Tcp: tcpRoutes(s.TCP)},
		}))
	}
	for _, v := range m.VirtualHosts {
		objects = append(objects, over(v.VirtualService, manifest.Object{
			Kind: &Kind, Namespace: v.Namespace, Name: v.Name, Origin: v.Origin,
			Spec: &networking.VirtualService{
				Hosts: []string{v.Host}, Gateways: []string{v.Gateway},
				Http: httpRoutes(v.Routes), Tcp: tcpRoutes(v.TCP), Tls: tlsRoutes(v.TLS),
			},
		}))
	}
	for _, x := range m.Externals {
		if len(x.Routes)+len(x.TLSRoutes) == 0 && x.VirtualService == nil {
			continue
		}
		objects = append(objects, over(x.VirtualService, manifest.Object{
			Kind: &Kind, Namespace: x.Namespace, Name: x.Name, Origin: x.Origin,
			Spec: &networking.VirtualService{
				Hosts: x.Hosts, Gateways: x.Gateways, Http: httpRoutes(x.Routes), Tls: tlsRoutes(x.TLSRoutes), ExportTo: x.ExportTo,
			},
		}))
	}
	return objects
}

func over(w *mesh.WayOut[*networking.VirtualService], o manifest.Object) manifest.Object {
	if w == nil {
		return o
	}
	return o.Over(w.Message, w.At)
}

func tcpRoutes(routes []mesh.TCPRoute) []*networking.TCPRoute {
	var out []*networking.TCPRoute
	for _, r := range routes {
		out = append(out, &networking.TCPRoute{Match: r.Match, Route: connectionDestinations(r.To)})
	}
	return out
}

func tlsRoutes(routes []mesh.TLSRoute) []*networking.TLSRoute {
	var out []*networking.TLSRoute
	for _, r := range routes {
		out = append(out, &networking.TLSRoute{Match: r.Match, Route: connectionDestinations(r.To)})
	}
	return out
}

func connectionDestinations(to []mesh.Destination) []*networking.RouteDestination {
	var out []*networking.RouteDestination
	for _, d := range to {
		out = append(out, &networking.RouteDestination{Destination: destination(d), Weight: int32(d.Weight)})
	}
	return out
}

func httpRoutes(routes []mesh.Route) []*networking.HTTPRoute {
	var out []*networking.HTTPRoute
	for _, r := range routes {
		route := &networking.HTTPRoute{
			Name: r.Name, Match: r.Match, Route: destinations(r.To), Redirect: r.Redirect, DirectResponse: r.DirectResponse, Delegate: r.Delegate,
			Rewrite: r.Rewrite, Timeout: r.Timeout, Retries: r.Retries, Fault: r.Fault, Headers: r.Headers, CorsPolicy: r.CORSPolicy,
		}
		mirror(route, r.Mirrors)
		out = append(out, route)
	}
	return out
}

// mirror writes a single mirror in the older form, which every Istio reads.
func mirror(route *networking.HTTPRoute, mirrors []mesh.Mirror) {
	if len(mirrors) == 1 {
		route.Mirror = destination(mirrors[0].To)
		route.MirrorPercentage = &networking.Percent{Value: mirrors[0].Percentage}
		return
	}
	for _, m := range mirrors {
		route.Mirrors = append(route.Mirrors, &networking.HTTPMirrorPolicy{
			Destination: destination(m.To), Percentage: &networking.Percent{Value: m.Percentage},
		})
	}
}

func destinations(to []mesh.Destination) []*networking.HTTPRouteDestination {
	var out []*networking.HTTPRouteDestination
	for _, d := range to {
		out = append(out, &networking.HTTPRouteDestination{Destination: destination(d), Weight: int32(d.Weight)})
	}
	return out
}

func destination(d mesh.Destination) *networking.Destination {
	out := &networking.Destination{Host: d.Host, Subset: d.Subset}
	if d.Port != 0 {
		out.Port = &networking.PortSelector{Number: uint32(d.Port)}
	}
	return out
}
