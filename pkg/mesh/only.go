package mesh

import (
	"reflect"
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// installing are the words of a KymaMesh that reach the IstioOperator, so that
// install.only leaves them their effect.
var installing = []string{
	"kyma", "profile", "platform", "domain", "install", "injection", "proxy", "extensionProviders", "telemetry",
}

// only refuses what would not be rendered beside install.only.
func (r *resolver) only() {
	for _, word := range writtenWords(reflect.ValueOf(r.doc.Value.Spec)) {
		if !slices.Contains(installing, word) {
			r.ds.Errorf(diag.CodeExclusive, r.at().Key(word), onlyInstalls)
		}
	}
	if r.spec.Install.Deliver == "none" {
		r.ds.Errorf(diag.CodeExclusive, r.at().Key("install").Key("deliver"), "with install.only nothing is left to render; leave it out")
	}
}

const onlyInstalls = "install.only renders the IstioOperator and nothing else; say it in the KymaMesh that is rendered whole"

// onlyTelemetry refuses what is a Telemetry object in the mesh's Istio.
func (r *resolver) onlyTelemetry() {
	at, words := r.at().Key("telemetry"), r.doc.Value.Spec.Telemetry
	metrics := words.Metrics
	for _, w := range []struct {
		at   diag.Path
		said bool
	}{
		{at.Key("tracing"), words.Tracing != nil},
		{at.Key("accessLogging"), words.AccessLogging != nil},
		{at.Key("metrics").Key("overrides"), metrics.Overrides != nil},
		{at.Key("metrics").Key("reportingInterval"), metrics.ReportingInterval != nil},
	} {
		if w.said && !r.oldTelemetry() {
			r.ds.Errorf(diag.CodeExclusive, w.at, onlyInstalls)
		}
	}
}
