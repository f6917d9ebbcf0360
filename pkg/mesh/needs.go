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
	"istio.mesh.v1alpha1.PrivateKeyProvider.CryptoMb.fallback":                              21,
	"istio.mesh.v1alpha1.PrivateKeyProvider.QAT.fallback":                                   21,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.metadata_exchange_headers":                20,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.preserve_http1_header_case":               25,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.set_current_client_cert_details":          24,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.x_forwarded_host":                         28,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.x_forwarded_port":                         28,
	"istio.mesh.v1alpha1.ProxyConfig.connection_settings":                                   31,
	"istio.mesh.v1alpha1.ProxyConfig.file_flush_interval":                                   29,
	"istio.mesh.v1alpha1.ProxyConfig.file_flush_min_size_kb":                                29,
	"istio.mesh.v1alpha1.ProxyConfig.stats_compression":                                     29,
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
	"istio.networking.v1alpha3.ClientTLSSettings.ca_crl":                                                         22,
	"istio.networking.v1alpha3.IstioIngressListener.connection_pool":                                             20,
	"istio.networking.v1alpha3.ServerTLSSettings.ca_crl":                                                         22,
	"istio.networking.v1alpha3.ServerTLSSettings.insecure_skip_verify":                                           31,
	"istio.networking.v1alpha3.ServerTLSSettings.ca_cert_credential_name":                                        28,
	"istio.networking.v1alpha3.ServerTLSSettings.credential_names":                                               26,
	"istio.networking.v1alpha3.ServerTLSSettings.tls_certificates":                                               26,
	"istio.networking.v1alpha3.TrafficPolicy.RetryBudget.budget_interval":                                        31,
	"istio.networking.v1alpha3.TrafficPolicy.proxy_protocol":                                                     21,
	"istio.networking.v1alpha3.TrafficPolicy.retry_budget":                                                       27,
}

// givenUp are fields that Istio still reads and warns of, with what to write.
var givenUp = map[protoreflect.FullName]string{
	"istio.mesh.v1alpha1.ProxyConfig.availability_zone":                                 "the label topology.kubernetes.io/zone at nodes",
	"istio.mesh.v1alpha1.ProxyConfig.envoy_metrics_service_address":                     "envoyMetricsService: {address: }",
	"istio.mesh.v1alpha1.ProxyConfig.zipkin_address":                                    "telemetry.tracing",
	"istio.networking.v1alpha3.CorsPolicy.allow_origin":                                 "allowOrigins",
	"istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.minimum_ring_size": "ringHash: {minimumRingSize: }",
	"istio.networking.v1alpha3.LoadBalancerSettings.warmup_duration_secs":               "warmup: {duration: }",
	"istio.networking.v1alpha3.SidecarPort.target_port":                                 "defaultEndpoint at the listener",
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

// since refuses what came with a minor version of Istio 1 that the mesh has not
// reached; 0 is in all of them. A version that is none has its own error, and
// would be older than everything.
func (r *resolver) since(at diag.Path, minor int) {
	if r.istio != (istioVersion{}) && r.istio.before(1, minor) {
		r.ds.Errorf(diag.CodeVersion, at, "Istio knows it from 1.%d on; this mesh has %s (install.istioVersion)", minor, r.spec.Install.IstioVersion)
	}
}

func (r *resolver) known(at diag.Path, m protoreflect.Message) {
	eachField(at, m, func(at diag.Path, fd protoreflect.FieldDescriptor) bool {
		r.since(at, since[fd.FullName()])
		if instead, old := givenUp[fd.FullName()]; old {
			r.ds.Errorf(diag.CodeValue, at, "Istio has given it up; write %s", instead)
		}
		return true
	})
}

// eachField visits the fields that a message says, and those of the messages in a
// field for which visit is true.
func eachField(at diag.Path, m protoreflect.Message, visit func(diag.Path, protoreflect.FieldDescriptor) bool) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if !m.Has(fd) {
			continue
		}
		at := at.Key(fd.JSONName())
		switch {
		case !visit(at, fd), fd.Message() == nil, fd.IsMap():
		case fd.IsList():
			for i := range m.Get(fd).List().Len() {
				eachField(at.Index(i), m.Get(fd).List().Get(i).Message(), visit)
			}
		default:
			eachField(at, m.Get(fd).Message(), visit)
		}
	}
}

// gatewaysKnown does the same for gateways, which are resolved before the
// installation that has to open their ports.
func (r *resolver) gatewaysKnown() {
	checked := map[diag.Path]bool{}
	for _, g := range r.gateways {
		if w := g.Gateway.Gateway; w != nil {
			needs(r, w.At, w.Message)
		}
		for _, l := range g.listeners {
			if l.TLS == nil || checked[l.tlsAt] {
				continue
			}
			checked[l.tlsAt] = true
			for _, word := range []struct {
				name  string
				said  bool
				minor int
			}{
				{"caCrl", l.TLS.CACRL != "", 22}, {"credentialNames", l.TLS.CredentialNames != nil, 26},
				{"tlsCertificates", l.TLS.TLSCertificates != nil, 26}, {"caCertCredentialName", l.TLS.CACertCredentialName != "", 28},
				{"insecureSkipVerify", l.TLS.InsecureSkipVerify != nil, 31},
			} {
				if word.said {
					r.since(l.tlsAt.Key(word.name), word.minor)
				}
			}
		}
	}
}
