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
	in := m.Install
	where, name := namespace, withRevision(ownName, in.Revision)
	switch t := in.Theirs; {
	case t != nil:
		where, name = t.Namespace, t.Name
	case in.Existing:
		name = overlayName
	}
	spec := complete(in, readOverrides(in))
	forgetYoung(spec, in.IstioMinor)
	return []manifest.Object{{
		Kind:      &Kind,
		Namespace: where,
		Name:      name,
		Spec:      spec,
		Deliver:   in.Deliver,
		Edited:    in.Theirs != nil,
		Origin:    m.Path.Key("spec").Key("install"),
	}}
}

// complete is all that is said of the installation, also what its Istio does not
// know.
func complete(in mesh.Install, said sayings) manifest.Tree {
	spec := merged(in, said)
	if in.Autoscaling == "v2beta1" {
		oldMetrics(spec)
	}
	return spec
}

const (
	// ownName is the name of a whole installation.
	ownName = "default-operator"
	// overlayName is the name of what changes an Istio that somebody else installed.
	overlayName = "kymamesh-overlay"
)

func withRevision(name, revision string) string {
	if revision == "" {
		return name
	}
	return name + "-" + revision
}
