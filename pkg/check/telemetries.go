package check

import (
	telemetry "istio.io/api/telemetry/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// telemetries finds somebody else's Telemetry for a place that has one of ours:
// of two without a selector in one namespace Istio reads the older one only.
func telemetries(ds *diag.List, objects []manifest.Object, p *topology.Package) {
	for o, spec := range manifest.Of[*telemetry.Telemetry](objects) {
		if spec.GetSelector() != nil {
			continue
		}
		for _, name := range p.WideTelemetries(o.Namespace) {
			ds.Errorf(diag.CodeTelemetry, o.Origin, "Telemetry %s/%s of the package holds for the same proxies as %[1]s/%[3]s, and Istio reads one of the two; say its words here, or give it a selector", o.Namespace, name, o.Name)
		}
	}
}
