package schema

import (
	"slices"
	"strconv"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// values are the words that take some few texts, by TYPE.word: the types of
// pkg/spec do not say it, since pkg/mesh checks it. TestValues holds each row
// against the program.
var values = map[string][]string{
	"Spec.kyma":                              spec.Generations,
	"Spec.profile":                           {"default", "evaluation", "production"},
	"Spec.platform":                          {"cluster", "minikube", "k3d", "gardener", "gke"},
	"Spec.injection":                         {"enabled", "disabled"},
	"Install.mode":                           {"istioctl", "existing"},
	"Install.deliver":                        {"object", "configmap", "none"},
	"Namespace.injection":                    {"enabled", "disabled"},
	"Service.injection":                      {"enabled", "disabled"},
	"MTLS.minProtocolVersion":                {"TLSV1_2", "TLSV1_3"},
	"AccessLog.mode":                         {"CLIENT", "SERVER"},
	"Sidecar.outboundTrafficPolicy":          {"ALLOW_ANY", "REGISTRY_ONLY"},
	"Egress.outboundTrafficPolicy":           {"ALLOW_ANY", "REGISTRY_ONLY"},
	"EgressPort.protocol":                    {"HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "MONGO", "TCP", "TLS"},
	"EgressHost.resolution":                  {"NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"},
	"Install.variant":                        {"distroless", "debug"},
	"GatewayComponent.type":                  {"LoadBalancer", "NodePort", "ClusterIP"},
	"GatewayComponent.externalTrafficPolicy": {"Cluster", "Local"},
	"Requirement.operator":                   {"In", "NotIn", "Exists", "DoesNotExist"},
	"MTLS.mode":                              {"STRICT", "PERMISSIVE", "DISABLE"},
	"MTLS.ports":                             {"STRICT", "PERMISSIVE", "DISABLE"},
	"Server.protocol":                        {"HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "MONGO", "TCP", "TLS"},
	"Service.protocol":                       {"HTTP", "TCP", "TLS"},
	"ServerTLS.mode":                         {"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH"},
	"ServerTLS.minProtocolVersion":           {"TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"},
	"ServerTLS.maxProtocolVersion":           {"TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"},
	"Abort.grpcStatus": {
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	},
	"Certificate.kind":     {"ClusterIssuer", "Issuer"},
	"Certificate.provider": {"cert-manager", "gardener"},
}

// optionals are words that are required only in some places.
var optionals = []string{
	"Retries.attempts", // retries: {} switches the outer ones off
}

func optional(w strictyaml.Word) bool { return slices.Contains(optionals, rowOf(w)) }

func rowOf(w strictyaml.Word) string { return w.Owner.Name() + "." + w.Name }

// valuesOf are the values that a word takes, nil for any. Where a number may
// stand for text, the numbers are among them.
func valuesOf(w strictyaml.Word) []any {
	var all []any
	for _, v := range values[rowOf(w)] {
		all = append(all, v)
		if f, err := strconv.ParseFloat(v, 64); err == nil && w.Bare {
			all = append(all, f)
		}
	}
	return all
}
