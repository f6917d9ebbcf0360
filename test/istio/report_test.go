package istio

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	accesslog3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	trace3 "github.com/envoyproxy/go-control-plane/envoy/config/trace/v3"
	file3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	cel3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	grpc3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/grpc/v3"
	otel3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/open_telemetry/v3"
	hcm3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"istio.io/istio/pilot/test/xdstest"
)

// The experiments log and trace say what a proxy reports of requests:
//
//	log in|out NAME.NAMESPACE
//	trace in|out NAME.NAMESPACE
//
// in is what the pods of the Service are called, out what they call, or for the
// ingress gateway what it hands on.

// manager finds what handles requests of one side of a Service's pods.
func (p *pilot) manager(t *testing.T, object string) (*hcm3.HttpConnectionManager, error) {
	side, service, _ := strings.Cut(object, " ")
	name, namespace, _ := strings.Cut(service, ".")
	pods := p.cluster.podsOf(named{Namespace: namespace, Name: name})
	if len(pods) == 0 || side != "in" && side != "out" {
		return nil, fmt.Errorf("%q: want in or out and a Service with pods", object)
	}
	proxy := p.sidecar(pods[0])
	if name == "istio-ingressgateway" {
		proxy = p.gateway(pods[0])
	}
	for _, l := range p.Listeners(proxy) {
		if (l.Name == "virtualInbound") != (side == "in") || l.Name == "virtualOutbound" {
			continue
		}
		for _, chain := range l.FilterChains {
			for _, f := range chain.Filters {
				if f.Name == "envoy.filters.network.http_connection_manager" {
					return xdstest.UnmarshalAny[hcm3.HttpConnectionManager](t, f.GetTypedConfig()), nil
				}
			}
		}
	}
	return nil, fmt.Errorf("%q: no HTTP there", object)
}

func (p *pilot) logged(t *testing.T, object string) (string, error) {
	manager, err := p.manager(t, object)
	if err != nil {
		return "", err
	}
	var all []string
	for _, l := range manager.AccessLog {
		all = append(all, logText(t, l))
	}
	slices.Sort(all)
	if len(all) == 0 {
		return "none", nil
	}
	return strings.Join(all, ", "), nil
}

func logText(t *testing.T, l *accesslog3.AccessLog) string {
	text := l.Name
	switch config := l.GetTypedConfig(); l.Name {
	case "envoy.access_loggers.file":
		file := xdstest.UnmarshalAny[file3.FileAccessLog](t, config)
		text = "text " + file.Path
		if file.GetLogFormat().GetJsonFormat() != nil {
			text = "json " + file.Path
		}
	case "envoy.access_loggers.open_telemetry":
		text = "otel " + hostOf(xdstest.UnmarshalAny[otel3.OpenTelemetryAccessLogConfig](t, config).GetCommonConfig().GetGrpcService().GetEnvoyGrpc().GetClusterName())
	case "envoy.access_loggers.http_grpc":
		text = "grpc " + hostOf(xdstest.UnmarshalAny[grpc3.HttpGrpcAccessLogConfig](t, config).GetCommonConfig().GetGrpcService().GetEnvoyGrpc().GetClusterName())
	}
	for _, f := range append(l.GetFilter().GetAndFilter().GetFilters(), l.GetFilter()) {
		if f.GetExtensionFilter() != nil {
			text += " where " + xdstest.UnmarshalAny[cel3.ExpressionFilter](t, f.GetExtensionFilter().GetTypedConfig()).Expression
		}
	}
	return text
}

// hostOf is the Service that a cluster leads to: NAME.NAMESPACE.
func hostOf(cluster string) string {
	return strings.TrimSuffix(cluster[strings.LastIndexByte(cluster, '|')+1:], clusterSuffix)
}

func (p *pilot) traced(t *testing.T, object string) (string, error) {
	manager, err := p.manager(t, object)
	if err != nil {
		return "", err
	}
	tracing := manager.GetTracing()
	if tracing == nil {
		return "none", nil
	}
	var cluster string
	switch config := tracing.GetProvider().GetTypedConfig(); tracing.GetProvider().GetName() {
	case "envoy.tracers.zipkin":
		cluster = xdstest.UnmarshalAny[trace3.ZipkinConfig](t, config).GetCollectorCluster()
	case "envoy.tracers.opentelemetry":
		cluster = xdstest.UnmarshalAny[trace3.OpenTelemetryConfig](t, config).GetGrpcService().GetEnvoyGrpc().GetClusterName()
	case "envoy.tracers.skywalking":
		cluster = xdstest.UnmarshalAny[trace3.SkyWalkingConfig](t, config).GetGrpcService().GetEnvoyGrpc().GetClusterName()
	}
	text := fmt.Sprintf("%s %s %v%%", strings.TrimPrefix(tracing.GetProvider().GetName(), "envoy.tracers."),
		hostOf(cluster), tracing.GetRandomSampling().GetValue())
	var tags []string
	for _, tag := range tracing.GetCustomTags() {
		if !strings.HasPrefix(tag.Tag, "istio.") {
			tags = append(tags, tag.Tag)
		}
	}
	if slices.Sort(tags); len(tags) > 0 {
		text += " with " + strings.Join(tags, ", ")
	}
	return text, nil
}
