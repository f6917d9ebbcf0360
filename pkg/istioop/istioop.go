// Package istioop renders the IstioOperator, the document that says how istioctl
// installs Istio itself.
//
// Its values are data, in layers/*.yaml: a layer is a partial IstioOperator spec
// that states only what differs from the layers below it. What is code here is
// which layers lie over each other, and how two of them merge.
package istioop

import (
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is the IstioOperator for the table of kinds. No field needs to be shown
// on purpose: the spec is a Tree, which keeps the zeros that it holds.
var Kind = manifest.Kind{Name: "IstioOperator", Group: "install.istio.io"}

// namespace is where istioctl expects the object and installs Istio. It stands
// once more in the layers, as values.global.istioNamespace.
const namespace = "istio-system"

// Render gives the one IstioOperator of the mesh. Its spec belongs to the caller,
// who may change it: no two calls share any part of it.
func Render(m *mesh.Mesh) []manifest.Object {
	spec := manifest.Tree{}
	for _, name := range layerNames(m.Install) {
		spec = merge(spec, layers()[name])
	}
	spec["tag"] = m.Install.Tag
	// An empty hub would be an image without a registry, not Istio's own hub.
	if m.Install.Hub != "" {
		spec["hub"] = m.Install.Hub
	}
	spec = merge(spec, ingressPorts(m.Install.IngressPorts))
	return []manifest.Object{{
		Kind:      &Kind,
		Namespace: namespace,
		Name:      "default-operator",
		Spec:      spec,
		Origin:    m.Path.Key("spec").Key("install"),
	}}
}

// ingressPorts is the layer above all layers that opens the ports of the ingress
// gateway's Service, in the order given. They are written even where they are
// those of Istio's chart: istioctl replaces the chart's list as soon as one port
// is written, and the health check's port has to be the first of whatever is.
func ingressPorts(ports []mesh.ServicePort) manifest.Tree {
	list := make([]any, len(ports))
	for i, p := range ports {
		list[i] = manifest.Tree{
			"name": p.Name, "port": p.Port, "targetPort": p.TargetPort, "protocol": "TCP",
		}
	}
	return manifest.Tree{"components": manifest.Tree{"ingressGateways": []any{manifest.Tree{
		"name": "istio-ingressgateway",
		"k8s":  manifest.Tree{"service": manifest.Tree{"ports": list}},
	}}}}
}
