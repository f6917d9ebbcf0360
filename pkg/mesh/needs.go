package mesh

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// since is the minor version of Istio 1 that brought a field or a value of an enum,
// for those that are younger than 1.11. An older Istio drops them without a word,
// and an older istioctl refuses them. Compared from the .proto files of istio.io/api,
// from 1.19 on tag by tag, before that at the commits that istio.io/client-go
// requires; a message that is younger stands here by the field that holds it. Of
// mirrors the release notes count: 1.19 has the field, 1.20 follows it.
var since = map[protoreflect.FullName]int{
	"istio.mesh.v1alpha1.MeshConfig.CertificateData.cert_signers":                                                            12,
	"istio.mesh.v1alpha1.MeshConfig.CertificateData.trust_domains":                                                           12,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider.clear_route_cache":              25,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider.clear_route_cache":              25,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider.headers_to_downstream_on_allow": 14,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.log_format":                                 13,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.omit_empty_values":                          26,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.HttpHeader.env_name":                                                   26,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.dynatrace_sampler":                        22,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.grpc":                                     24,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.http":                                     22,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.resource_detectors":                       22,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.service_attribute_enrichment":             30,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.StackdriverProvider.logging":                                           13,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.enable_64bit_trace_id":                           18,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.headers":                                         29,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.path":                                            24,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.timeout":                                         29,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.ZipkinTracingProvider.trace_context_option":                            28,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.envoy_http_als":                                                        13,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.envoy_otel_als":                                                        13,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.envoy_tcp_als":                                                         13,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.opentelemetry":                                                         16,
	"istio.mesh.v1alpha1.MeshConfig.ExtensionProvider.sds":                                                                   27,
	"istio.mesh.v1alpha1.MeshConfig.OutboundTrafficPolicy.ALLOW_ANY_DYNAMIC_DNS":                                             30,
	"istio.mesh.v1alpha1.MeshConfig.OutboundTrafficPolicy.tls":                                                               30,
	"istio.mesh.v1alpha1.MeshConfig.TLSConfig.cipher_suites":                                                                 19,
	"istio.mesh.v1alpha1.MeshConfig.TLSConfig.ecdh_curves":                                                                   18,
	"istio.mesh.v1alpha1.MeshConfig.default_http_retry_policy":                                                               12,
	"istio.mesh.v1alpha1.MeshConfig.default_traffic_policy":                                                                  31,
	"istio.mesh.v1alpha1.MeshConfig.hbone_idle_timeout":                                                                      29,
	"istio.mesh.v1alpha1.MeshConfig.inbound_traffic_policy":                                                                  22,
	"istio.mesh.v1alpha1.MeshConfig.mesh_mTLS":                                                                               14,
	"istio.mesh.v1alpha1.MeshConfig.proxy_inbound_listen_port":                                                               18,
	"istio.mesh.v1alpha1.MeshConfig.service_entry_visibility":                                                                31,
	"istio.mesh.v1alpha1.MeshConfig.service_scope_configs":                                                                   27,
	"istio.mesh.v1alpha1.MeshConfig.tls_defaults":                                                                            18,
	"istio.mesh.v1alpha1.MeshConfig.zone_aware_lb_setting":                                                                   31,
	"istio.mesh.v1alpha1.PrivateKeyProvider.CryptoMb.fallback":                                                               21,
	"istio.mesh.v1alpha1.PrivateKeyProvider.QAT.fallback":                                                                    21,
	"istio.mesh.v1alpha1.PrivateKeyProvider.qat":                                                                             17,
	"istio.mesh.v1alpha1.ProxyConfig.NONE":                                                                                   14,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.metadata_exchange_headers":                                                 20,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.preserve_http1_header_case":                                                25,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.set_current_client_cert_details":                                           24,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.x_forwarded_host":                                                          28,
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.x_forwarded_port":                                                          28,
	"istio.mesh.v1alpha1.ProxyConfig.connection_settings":                                                                    31,
	"istio.mesh.v1alpha1.ProxyConfig.file_flush_interval":                                                                    29,
	"istio.mesh.v1alpha1.ProxyConfig.file_flush_min_size_kb":                                                                 29,
	"istio.mesh.v1alpha1.ProxyConfig.image":                                                                                  12,
	"istio.mesh.v1alpha1.ProxyConfig.private_key_provider":                                                                   14,
	"istio.mesh.v1alpha1.ProxyConfig.proxy_headers":                                                                          19,
	"istio.mesh.v1alpha1.ProxyConfig.runtime_values":                                                                         14,
	"istio.mesh.v1alpha1.ProxyConfig.stats_compression":                                                                      29,
	"istio.mesh.v1alpha1.ProxyConfig.tracing_service_name":                                                                   13,
	"istio.mesh.v1alpha1.Topology.proxy_protocol":                                                                            19,
	"istio.mesh.v1alpha1.Tracing.enable_istio_tags":                                                                          25,
	"istio.networking.v1alpha3.ClientTLSSettings.ca_crl":                                                                     22,
	"istio.networking.v1alpha3.ClientTLSSettings.insecure_skip_verify":                                                       12,
	"istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.http2_keep_alive":                                         31,
	"istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.max_concurrent_streams":                                   21,
	"istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings.idle_timeout":                                              21,
	"istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings.max_connection_duration":                                   15,
	"istio.networking.v1alpha3.CorsPolicy.unmatched_preflights":                                                              23,
	"istio.networking.v1alpha3.DestinationRule.workload_selector":                                                            14,
	"istio.networking.v1alpha3.HTTPDirectResponse.status":                                                                    15,
	"istio.networking.v1alpha3.HTTPMatchRequest.stat_prefix":                                                                 15,
	"istio.networking.v1alpha3.HTTPRedirect.derive_port":                                                                     12,
	"istio.networking.v1alpha3.HTTPRedirect.port":                                                                            12,
	"istio.networking.v1alpha3.HTTPRedirect.prefix_rewrite":                                                                  31,
	"istio.networking.v1alpha3.HTTPRedirect.scheme":                                                                          12,
	"istio.networking.v1alpha3.HTTPRetry.backoff":                                                                            26,
	"istio.networking.v1alpha3.HTTPRetry.retry_ignore_previous_hosts":                                                        26,
	"istio.networking.v1alpha3.HTTPRewrite.uri_regex_rewrite":                                                                19,
	"istio.networking.v1alpha3.HTTPRoute.direct_response":                                                                    15,
	"istio.networking.v1alpha3.HTTPRoute.mirrors":                                                                            20,
	"istio.networking.v1alpha3.IstioIngressListener.connection_pool":                                                         20,
	"istio.networking.v1alpha3.IstioIngressListener.tls":                                                                     13,
	"istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.HTTPCookie.attributes":                                  28,
	"istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.maglev":                                                 16,
	"istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.ring_hash":                                              16,
	"istio.networking.v1alpha3.LoadBalancerSettings.LEAST_REQUEST":                                                           14,
	"istio.networking.v1alpha3.LoadBalancerSettings.warmup":                                                                  24,
	"istio.networking.v1alpha3.LoadBalancerSettings.zone_aware_lb_setting":                                                   31,
	"istio.networking.v1alpha3.LocalityLoadBalancerSetting.failover_priority":                                                12,
	"istio.networking.v1alpha3.OutlierDetection.outlier_detection_http_error_codes":                                          31,
	"istio.networking.v1alpha3.ReadinessProbe.grpc":                                                                          25,
	"istio.networking.v1alpha3.ServerTLSSettings.OPTIONAL_MUTUAL":                                                            19,
	"istio.networking.v1alpha3.ServerTLSSettings.ca_cert_credential_name":                                                    28,
	"istio.networking.v1alpha3.ServerTLSSettings.ca_crl":                                                                     22,
	"istio.networking.v1alpha3.ServerTLSSettings.credential_names":                                                           26,
	"istio.networking.v1alpha3.ServerTLSSettings.insecure_skip_verify":                                                       31,
	"istio.networking.v1alpha3.ServerTLSSettings.tls_certificates":                                                           26,
	"istio.networking.v1alpha3.TrafficPolicy.RetryBudget.budget_interval":                                                    31,
	"istio.networking.v1alpha3.TrafficPolicy.proxy_protocol":                                                                 21,
	"istio.networking.v1alpha3.TrafficPolicy.retry_budget":                                                                   27,
	"istio.networking.v1alpha3.TrafficPolicy.tunnel":                                                                         14,
	"istio.security.v1beta1.JWTRule.from_cookies":                                                                            21,
	"istio.security.v1beta1.JWTRule.output_claim_to_headers":                                                                 17,
	"istio.security.v1beta1.JWTRule.space_delimited_claims":                                                                  28,
	"istio.security.v1beta1.JWTRule.timeout":                                                                                 22,
	"istio.telemetry.v1alpha1.Tracing.CustomTag.formatter":                                                                   29,
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
	r.young(at, m)
	eachField(at, m, func(at diag.Path, fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if instead, old := givenUp[fd.FullName()]; old {
			r.ds.Errorf(diag.CodeValue, at, "Istio has given it up; write %s", instead)
		}
		return true
	})
}

// young refuses what the mesh's Istio does not know yet.
func (r *resolver) young(at diag.Path, m protoreflect.Message) {
	eachField(at, m, func(at diag.Path, fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		minor := FieldSince(fd)
		if fd.Enum() != nil && !fd.IsList() {
			if value := fd.Enum().Values().ByNumber(v.Enum()); value != nil {
				minor = max(minor, since[value.FullName()])
			}
		}
		r.since(at, minor)
		return true
	})
}

// FieldSince is the minor version of Istio 1 that brought a field of one of Istio's
// messages; 0 is older than all that we render for.
func FieldSince(fd protoreflect.FieldDescriptor) int { return since[fd.FullName()] }

// eachField visits the fields that a message says with their values, and those of
// the messages in a field for which visit is true.
func eachField(at diag.Path, m protoreflect.Message, visit func(diag.Path, protoreflect.FieldDescriptor, protoreflect.Value) bool) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if !m.Has(fd) {
			continue
		}
		at := at.Key(fd.JSONName())
		switch {
		case !visit(at, fd, m.Get(fd)), fd.Message() == nil, fd.IsMap():
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
				{"mode", l.TLS.Mode == "OPTIONAL_MUTUAL", 19},
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
