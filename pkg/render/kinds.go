package render

import (
	"github.com/kymamesh/kymamesh/pkg/authorization"
	"github.com/kymamesh/kymamesh/pkg/certificates"
	"github.com/kymamesh/kymamesh/pkg/destinationrules"
	"github.com/kymamesh/kymamesh/pkg/gateways"
	"github.com/kymamesh/kymamesh/pkg/istioop"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
	"github.com/kymamesh/kymamesh/pkg/namespaces"
	"github.com/kymamesh/kymamesh/pkg/peerauth"
	"github.com/kymamesh/kymamesh/pkg/requestauth"
	"github.com/kymamesh/kymamesh/pkg/serviceentries"
	"github.com/kymamesh/kymamesh/pkg/sidecars"
	"github.com/kymamesh/kymamesh/pkg/telemetry"
	"github.com/kymamesh/kymamesh/pkg/virtualservices"
)

// kind is one row of the table of kinds.
type kind struct {
	kind   *manifest.Kind
	render func(*mesh.Mesh) []manifest.Object
}

// kinds are all kinds there are, in the order in which they are written: what is
// applied first comes first, so that routes never stand before the policies that
// guard them, nor before the versions that they name (design amendment 26).
var kinds = []kind{
	{&namespaces.Kind, namespaces.Render},
	{&istioop.Kind, istioop.Render},
	{&peerauth.Kind, peerauth.Render},
	{&requestauth.Kind, requestauth.Render},
	{&authorization.Kind, authorization.Render},
	{&sidecars.Kind, sidecars.Render},
	{&serviceentries.Kind, serviceentries.Render},
	{&destinationrules.Kind, destinationrules.Render},
	{&certificates.Kind, certificates.Render},
	{&certificates.Gardener, certificates.RenderGardener},
	{&gateways.Kind, gateways.Render},
	{&virtualservices.Kind, virtualservices.Render},
	{&telemetry.Kind, telemetry.Render},
}

// Part is a part of what is rendered, by who takes it.
type Part string

const (
	// PartAll is everything; the default.
	PartAll Part = "all"
	// PartInstall is the IstioOperator, which istioctl takes and kubectl cannot
	// apply: Istio has had no resource definition for it since 1.24.
	PartInstall Part = "install"
	// PartResources is what kubectl applies.
	PartResources Part = "resources"
)

// Parts are all parts, for messages and completion.
var Parts = []Part{PartAll, PartInstall, PartResources}

// Select is the given part of the objects, as it leaves for a cluster. Where
// install.deliver says so, the IstioOperator stands in a ConfigMap, which is one of
// the resources, or is left out; PartInstall asks for it by name and always has it
// as it is: istioctl takes nothing else, and installs Istio's own defaults when it
// gets nothing.
func Select(objects []manifest.Object, part Part) []manifest.Object {
	selected := make([]manifest.Object, 0, len(objects))
	for _, o := range objects {
		switch install := o.Kind == &istioop.Kind; {
		case part == PartInstall && !install:
		case part == PartInstall, !install:
			selected = append(selected, o)
		case o.Deliver == "configmap":
			selected = append(selected, istioop.InConfigMap(o))
		case o.Deliver != "none" && part != PartResources:
			selected = append(selected, o)
		}
	}
	return selected
}
