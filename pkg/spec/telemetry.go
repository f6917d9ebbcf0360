package spec

import (
	"google.golang.org/protobuf/types/known/durationpb"
	telemetry "istio.io/api/telemetry/v1alpha1"
)

// Telemetry is what proxies report of requests, at the place where it stands: the
// mesh, a namespace, or a service. From Istio 1.18 on it is Istio's Telemetry;
// before, only the mesh can say it.
type Telemetry struct {
	// Tracing sends spans to a tracer; {} switches it on. A narrower place changes
	// single words of it. Default: on in 0.6 and 1.24, else off.
	Tracing *Tracing `yaml:"tracing"`
	// AccessLogging are the logs of requests, one entry each. A narrower place
	// replaces the list; an empty one is none. Default: in 1.24 with the default
	// profile the proxies' own log, else none.
	AccessLogging []AccessLog `yaml:"accessLogging"`
	// Metrics changes Istio's own metrics, which are on.
	Metrics Metrics `yaml:"metrics"`
}

// Tracing is who gets spans, of how many requests.
type Tracing struct {
	// Provider is a tracer in extensionProviders. Default: the wider place's, else
	// zipkin in 0.6 and 1.24, kyma-traces in 2.18 and module.
	Provider string `yaml:"provider"`
	// Sampling is the percentage of requests that are traced, 0 to 100. Default:
	// Istio's, 1; in the evaluation profile of 1.24 100.
	Sampling *float64 `yaml:"sampling"`
	// CustomTags are added to each span, by name. They replace the wider place's.
	// https://istio.io/latest/docs/reference/config/telemetry/#Tracing-CustomTag
	CustomTags map[string]*telemetry.Tracing_CustomTag `yaml:"customTags"`
	// DisableSpanReporting keeps headers of traces and sends no spans.
	DisableSpanReporting *bool `yaml:"disableSpanReporting"`
}

// AccessLog is one log of requests.
type AccessLog struct {
	// Provider is a log in extensionProviders. Default: those of the wider place;
	// for the mesh it has to be written.
	Provider string `yaml:"provider"`
	// Filter is a condition in CEL, such as response.code >= 500.
	Filter string `yaml:"filter"`
	// Mode is CLIENT for what a workload or a gateway calls, SERVER for what a
	// workload is called. Default: both.
	Mode string `yaml:"mode"`
}

// Metrics changes the metrics that Prometheus reads.
type Metrics struct {
	// Overrides are Istio's, in their order.
	// https://istio.io/latest/docs/reference/config/telemetry/#MetricsOverrides
	Overrides []*telemetry.MetricsOverrides `yaml:"overrides"`
	// ReportingInterval is how often metrics of open TCP connections are reported.
	// Default: Istio's, 5s.
	ReportingInterval *durationpb.Duration `yaml:"reportingInterval"`
	// PrometheusMerge puts the application's metrics to the sidecar's, so that
	// both are read from one port. For the mesh only. Default: false.
	PrometheusMerge *bool `yaml:"prometheusMerge"`
}

// ExtAuthRule are requests that an authorizer is asked about before any other rule
// is looked at. Without from, to and when these are all.
type ExtAuthRule struct {
	// Provider is an authorizer in extensionProviders.
	Provider string `yaml:"provider"`
	Rule     `yaml:",inline"`
}

// Elsewhere are words that people look for here, with what holds instead.
func (ExtAuthRule) Elsewhere() map[string]string {
	return map[string]string{"dryRun": "Istio has no dry run for external authorization"}
}
