package mesh

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// since is the minor version of Istio 1 that brought a field, for the fields that
// are younger than 1.19. An older Istio drops them without a word. Compared from
// the .proto files of istio.io/api, tag by tag; a message that is younger stands
// here by the field that holds it.
var since = map[protoreflect.FullName]int{
	"istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.http2_keep_alive":        31,
	"istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.max_concurrent_streams":  21,
	"istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings.idle_timeout":             21,
	"istio.networking.v1alpha3.CorsPolicy.unmatched_preflights":                             23,
	"istio.networking.v1alpha3.HTTPRedirect.prefix_rewrite":                                 31,
	"istio.networking.v1alpha3.HTTPRetry.backoff":                                           26,
	"istio.networking.v1alpha3.HTTPRetry.retry_ignore_previous_hosts":                       26,
	"istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.HTTPCookie.attributes": 28,
	"istio.networking.v1alpha3.LoadBalancerSettings.warmup":                                 24,
	"istio.networking.v1alpha3.LoadBalancerSettings.zone_aware_lb_setting":                  31,
	"istio.networking.v1alpha3.OutlierDetection.outlier_detection_http_error_codes":         31,

	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider.clear_route_cache":  25,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider.clear_route_cache":  25,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.omit_empty_values":              26,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.dynatrace_sampler":            22,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.grpc":                         24,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.http":                         22,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.resource_detectors":           22,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.service_attribute_enrichment": 30,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.headers":                             29,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.path":                                24,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.timeout":                             29,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.trace_context_option":                28,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.sds":                                                       27,
	"istio.telemetry.v1alpha1.Tracing.CustomTag.formatter":                                                       29,
}

// givenUp are fields that Istio still reads and warns of, with what to write.
var givenUp = map[protoreflect.FullName]string{
	"istio.networking.v1alpha3.CorsPolicy.allow_origin":                                 "allowOrigins",
	"istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.minimum_ring_size": "ringHash: {minimumRingSize: }",
	"istio.networking.v1alpha3.LoadBalancerSettings.warmup_duration_secs":               "warmup: {duration: }",
	"istio.networking.v1alpha3.OutlierDetection.consecutive_errors":                     "consecutive5xxErrors or consecutiveGatewayErrors",
}

// needs refuses the fields of one of Istio's messages that the mesh's Istio does
// not know yet, or that Istio has given up.
func needs[M interface {
	comparable
	proto.Message
}](r *resolver, at diag.Path, m M) {
	var none M
	if m != none {
		r.known(at, m.ProtoReflect())
	}
}

func (r *resolver) known(at diag.Path, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if !m.Has(fd) {
			continue
		}
		at := at.Key(fd.JSONName())
		if minor, young := since[fd.FullName()]; young && r.istio.before(1, minor) {
			r.ds.Errorf(diag.CodeVersion, at, "Istio knows it from 1.%d on; this mesh has %s (install.istioVersion)", minor, r.spec.Install.IstioVersion)
		}
		if instead, old := givenUp[fd.FullName()]; old {
			r.ds.Errorf(diag.CodeValue, at, "Istio has given it up; write %s", instead)
		}
		if fd.Message() != nil && !fd.IsList() && !fd.IsMap() {
			r.known(at, m.Get(fd).Message())
		}
	}
}
