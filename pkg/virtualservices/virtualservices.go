// Package virtualservices renders where requests go: inside the mesh for each
// service with a route, and at gateways for each host that leads to services.
package virtualservices

import (
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is VirtualService.
var Kind = manifest.Kind{Name: "VirtualService", Group: "networking.istio.io"}

// Render gives one VirtualService for each service with a route and one for
// each host of a gateway. A gateway never sees the first sort, so the second
// repeats the same destinations.
func Render(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, s := range m.Services {
		if len(s.Route) == 0 {
			continue
		}
		objects = append(objects, manifest.Object{
			Kind: &Kind, Namespace: s.Namespace, Name: s.Name, Spec: inMesh(s), Origin: s.Origin,
		})
	}
	for _, v := range m.VirtualHosts {
		objects = append(objects, manifest.Object{
			Kind: &Kind, Namespace: v.Namespace, Name: v.Name, Spec: atGateway(v), Origin: v.Origin,
		})
	}
	return objects
}

func inMesh(s mesh.Service) *networking.VirtualService {
	route := &networking.HTTPRoute{Route: destinations(s.Route)}
	if s.Port != 0 {
		// Without the match, calls to the service's other ports would be sent to
		// this one.
		route.Match = []*networking.HTTPMatchRequest{{Port: uint32(s.Port)}}
	}
	return &networking.VirtualService{Hosts: []string{s.Host}, Http: []*networking.HTTPRoute{route}}
}

func atGateway(v mesh.VirtualHost) *networking.VirtualService {
	out := &networking.VirtualService{Hosts: []string{v.Host}, Gateways: []string{v.Gateway}}
	for _, r := range v.Routes {
		out.Http = append(out.Http, &networking.HTTPRoute{Match: below(r.Path), Route: destinations(r.To)})
	}
	return out
}

// below matches the path itself and all below it, and not /api2 for /api as
// Istio's own prefix would.
func below(path string) []*networking.HTTPMatchRequest {
	if path == "" {
		return nil
	}
	return []*networking.HTTPMatchRequest{
		{Uri: &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: path}}},
		{Uri: &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: path + "/"}}},
	}
}

func destinations(to []mesh.Destination) []*networking.HTTPRouteDestination {
	var out []*networking.HTTPRouteDestination
	for _, d := range to {
		destination := &networking.Destination{Host: d.Host, Subset: d.Subset}
		if d.Port != 0 {
			destination.Port = &networking.PortSelector{Number: uint32(d.Port)}
		}
		out = append(out, &networking.HTTPRouteDestination{Destination: destination, Weight: int32(d.Weight)})
	}
	return out
}
