// Package telemetry renders what proxies report: spans, logs and metrics.
package telemetry

import (
	telemetry "istio.io/api/telemetry/v1alpha1"
	typev1 "istio.io/api/type/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is Telemetry.
var Kind = manifest.Kind{Name: "Telemetry", Group: "telemetry.istio.io"}

// Render gives one Telemetry for each place that says what is reported.
func Render(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, place := range m.Telemetries {
		spec := &telemetry.Telemetry{AccessLogging: place.AccessLogging}
		if place.Selector != nil {
			spec.Selector = &typev1.WorkloadSelector{MatchLabels: place.Selector}
		}
		if place.Tracing != nil {
			spec.Tracing = []*telemetry.Tracing{place.Tracing}
		}
		if place.Metrics != nil {
			spec.Metrics = []*telemetry.Metrics{place.Metrics}
		}
		objects = append(objects, manifest.Object{
			Kind: &Kind, Namespace: place.Namespace, Name: place.Name,
			Spec: spec, Origin: place.Origin,
		})
	}
	return objects
}
