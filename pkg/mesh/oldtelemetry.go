package mesh

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	meshconfig "istio.io/api/mesh/v1alpha1"
	telemetryapi "istio.io/api/telemetry/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Before Istio 1.18 what is reported is said in the configuration of the mesh,
// where there is one tracer, which is Zipkin, and one log, which is a file.

func (r *resolver) oldTelemetry() bool { return r.istio.before(1, 18) }

// needsTelemetry says that a word is beyond an old Istio.
func (r *resolver) needsTelemetry(at diag.Path) {
	r.ds.Errorf(diag.CodeVersion, at, "needs Istio 1.18; this mesh has %s (install.istioVersion)", r.spec.Install.IstioVersion)
}

// onlyMeshTelemetry refuses what an old Istio cannot be told.
func (r *resolver) onlyMeshTelemetry() {
	metrics := func(at diag.Path, m spec.Metrics) {
		if m.Overrides != nil {
			r.needsTelemetry(at.Key("overrides"))
		}
		if m.ReportingInterval != nil {
			r.needsTelemetry(at.Key("reportingInterval"))
		}
	}
	metrics(r.at().Key("telemetry").Key("metrics"), r.spec.Telemetry.Metrics)
	for _, name := range sortedKeys(r.spec.Namespaces) {
		if saysTelemetry(r.spec.Namespaces[name].Telemetry) && name != Root {
			r.needsTelemetry(r.at().Key("namespaces").Key(name).Key("telemetry"))
		}
	}
	for _, s := range r.services {
		for _, w := range serviceWords {
			if strings.HasPrefix(w.name, "telemetry.") && w.said(&s.Service) {
				r.needsTelemetry(s.at(w.name))
			}
		}
	}
}

// reports are what an old Istio reports, the zero for a later one.
func (r *resolver) reports() Reports {
	if !r.oldTelemetry() {
		return Reports{}
	}
	at := r.at().Key("telemetry")
	return Reports{
		Configured: true,
		Tracing:    r.oldTracing(at.Key("tracing"), r.spec.Telemetry.Tracing),
		AccessLog:  r.oldAccessLog(at.Key("accessLogging"), r.spec.Telemetry.AccessLogging),
	}
}

func (r *resolver) oldTracing(at diag.Path, w *spec.Tracing) *ReportedTraces {
	if w == nil {
		return nil
	}
	t := &meshconfig.Tracing{CustomTags: r.oldTags(at.Key("customTags"), w.CustomTags)}
	r.sampling(at.Key("sampling"), w.Sampling)
	if w.Sampling != nil {
		t.Sampling = *w.Sampling
		if t.Sampling == 0 {
			r.ds.Errorf(diag.CodeVersion, at.Key("sampling"), "0 cannot be said before Istio 1.18; write disableSpanReporting: true")
		}
	}
	name := w.Provider
	if name == "" {
		name = r.facts.Tracer
	}
	if p := r.provider(at.Key("provider"), name, tracers); p != nil {
		zipkin := p.GetZipkin()
		if zipkin == nil || zipkin.GetEnable_64BitTraceId() {
			r.ds.Errorf(diag.CodeVersion, at.Key("provider"), "before Istio 1.18 only a zipkin with service, port and maxTagLength gets spans; this mesh has %s (install.istioVersion)", r.spec.Install.IstioVersion)
		}
		// Kyma wrote the address without the last part, which means the same.
		address := strings.TrimSuffix(zipkin.GetService(), clusterSuffix) + ":" + itoa(int(zipkin.GetPort()))
		t.Tracer = &meshconfig.Tracing_Zipkin_{Zipkin: &meshconfig.Tracing_Zipkin{Address: address}}
		t.MaxPathTagLength = zipkin.GetMaxTagLength()
	}
	traces := &ReportedTraces{Config: t}
	if enabled := w.DisableSpanReporting == nil || !*w.DisableSpanReporting; !r.existing() || r.doc.Value.Spec.Telemetry.Tracing != nil {
		traces.Enabled = &enabled
	}
	return traces
}

// oldTags are the same tags in the message that an old Istio reads.
func (r *resolver) oldTags(at diag.Path, tags map[string]*telemetryapi.Tracing_CustomTag) map[string]*meshconfig.Tracing_CustomTag {
	var all map[string]*meshconfig.Tracing_CustomTag
	for name, tag := range r.customTags(at, tags) {
		old := &meshconfig.Tracing_CustomTag{}
		switch {
		case tag.GetLiteral() != nil:
			old.Type = &meshconfig.Tracing_CustomTag_Literal{Literal: &meshconfig.Tracing_Literal{Value: tag.GetLiteral().GetValue()}}
		case tag.GetEnvironment() != nil:
			e := tag.GetEnvironment()
			old.Type = &meshconfig.Tracing_CustomTag_Environment{Environment: &meshconfig.Tracing_Environment{Name: e.GetName(), DefaultValue: e.GetDefaultValue()}}
		case tag.GetHeader() != nil:
			h := tag.GetHeader()
			old.Type = &meshconfig.Tracing_CustomTag_Header{Header: &meshconfig.Tracing_RequestHeader{Name: h.GetName(), DefaultValue: h.GetDefaultValue()}}
		}
		if all == nil {
			all = map[string]*meshconfig.Tracing_CustomTag{}
		}
		all[name] = old
	}
	return all
}

// oldAccessLog is nil where nobody says anything of logs.
func (r *resolver) oldAccessLog(at diag.Path, entries []spec.AccessLog) *ReportedLog {
	if len(entries) == 0 {
		if entries == nil {
			return nil
		}
		return &ReportedLog{}
	}
	if len(entries) > 1 {
		r.needsTelemetry(at.Index(1))
	}
	at, w := at.Index(0), entries[0]
	if w.Filter != "" {
		r.needsTelemetry(at.Key("filter"))
	}
	if w.Mode != "" {
		r.needsTelemetry(at.Key("mode"))
	}
	names := r.logProviders(at.Key("provider"), &telemetryPlace{}, w)
	if len(names) == 0 {
		return nil
	}
	if names[0] == "envoy" && !slices.ContainsFunc(r.providers, func(p *extensionProvider) bool { return p.GetName() == "envoy" }) {
		return &ReportedLog{File: standardOutput}
	}
	for _, p := range r.providers {
		if p.GetName() != names[0] {
			continue
		}
		if file := p.GetEnvoyFileAccessLog(); file != nil {
			return fileLog(file)
		}
		r.needsTelemetry(at.Key("provider"))
	}
	return nil
}

// standardOutput is where Istio logs when nobody says a file.
const standardOutput = "/dev/stdout"

func fileLog(file *meshconfig.MeshConfig_ExtensionProvider_EnvoyFileAccessLogProvider) *ReportedLog {
	l := &ReportedLog{File: file.GetPath()}
	if l.File == "" {
		l.File = standardOutput
	}
	format := file.GetLogFormat()
	switch labels := format.GetLabels(); {
	case format.GetText() != "":
		l.Encoding, l.Format = "TEXT", format.GetText()
	case labels != nil:
		l.Encoding = "JSON"
		if len(labels.GetFields()) > 0 {
			var text bytes.Buffer
			e := json.NewEncoder(&text)
			e.SetEscapeHTML(false)
			if err := e.Encode(labels.AsMap()); err == nil { // a Struct holds nothing else
				l.Format = strings.TrimSpace(text.String())
			}
		}
	}
	return l
}
