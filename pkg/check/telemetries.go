package check

import (
	telemetry "istio.io/api/telemetry/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var telemetryChecks = []Check{
	{
		Code: diag.CodeNoProvider, Severity: diag.Warning, find: noProvider, Needs: []string{"install.istio.io/IstioOperator"}, Istio: "IST0157",
		Hurts: "Nothing is logged: Istio passes over a log without a provider where the mesh has no default one.",
		Mend:  "Write providers, or defaultProviders.accessLogging of the mesh.",
	},
}

func noProvider(f *finder) {
	if f.Install().LogsByDefault {
		return
	}
	for _, t := range f.Telemetries() {
		for i, l := range t.Spec.AccessLogging {
			if byHand(t.Object) && len(l.Providers) == 0 && !l.GetDisabled().GetValue() {
				f.say(t.Object, t.At("spec", "accessLogging", i), "no provider here, and none by default")
			}
		}
	}
}

// byHand tells whether a person wrote an object.
func byHand(o *topology.Object) bool { return !o.Rendered && !o.Ours }

// telemetries finds somebody else's Telemetry for a place that has one of ours:
// of two without a selector in one namespace Istio reads the older one only.
func telemetries(ds *diag.List, objects []manifest.Object, m *topology.Model) {
	for o, spec := range manifest.Of[*telemetry.Telemetry](objects) {
		if spec.GetSelector() != nil {
			continue
		}
		for _, other := range m.WideTelemetries(o.Namespace) {
			if byHand(other) {
				ds.Errorf(diag.CodeTelemetry, o.Origin, "%s of the package holds for the same proxies as %s/%s, and Istio reads one of the two; say its words here, or give it a selector", other, o.Namespace, o.Name)
			}
		}
	}
}
