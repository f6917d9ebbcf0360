// Package serviceentries renders the hosts outside of the cluster that the mesh
// knows.
package serviceentries

import (
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is ServiceEntry.
var Kind = manifest.Kind{
	Name: "ServiceEntry", Group: "networking.istio.io",
	Shown: []protoreflect.FullName{
		// Both zeros are answers that a reader looks for.
		"istio.networking.v1alpha3.ServiceEntry.location",
		"istio.networking.v1alpha3.ServiceEntry.resolution",
	},
}

// Render gives one ServiceEntry for each entry of egress.hosts.
func Render(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, x := range m.Externals {
		entry := &networking.ServiceEntry{
			Hosts: x.Hosts, Addresses: x.Addresses, ExportTo: x.ExportTo,
			Location: networking.ServiceEntry_MESH_EXTERNAL, Resolution: x.Resolution,
		}
		for _, p := range x.Ports {
			entry.Ports = append(entry.Ports, &networking.ServicePort{
				Number: uint32(p.Number), Name: p.Name, Protocol: p.Protocol, TargetPort: uint32(p.TargetPort),
			})
		}
		for _, address := range x.Endpoints {
			entry.Endpoints = append(entry.Endpoints, &networking.WorkloadEntry{Address: address})
		}
		object := manifest.Object{Kind: &Kind, Namespace: x.Namespace, Name: x.Name, Spec: entry, Origin: x.Origin}
		if w := x.ServiceEntry; w != nil {
			object = object.Over(w.Message, w.At)
		}
		objects = append(objects, object)
	}
	return objects
}
