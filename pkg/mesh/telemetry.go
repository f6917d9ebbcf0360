package mesh

import (
	"cmp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
	telemetry "istio.io/api/telemetry/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// telemetryPlace is one place that can say what is reported: the mesh, a
// namespace, or a service.
type telemetryPlace struct {
	spec.Telemetry
	namespace, name string
	selector        map[string]string
	// at is where the place says, or could say, a word of telemetry.
	at func(word string) diag.Path
	// wider is the place whose words hold where this one says none; nil for the
	// mesh.
	wider *telemetryPlace
	// team tells whether a MeshService says a word.
	team func(word string) bool
	// tracer and logs are what holds here, completed.
	tracer string
	logs   []accessLog
}

// accessLog is an entry of accessLogging with all that holds for it.
type accessLog struct {
	provider, filter string
	client, server   bool // in which of Istio's two modes
}

// telemetry is what the proxies of all places report, the mesh first.
func (r *resolver) telemetry() []Telemetry {
	mesh := &telemetryPlace{
		Telemetry: r.spec.Telemetry, namespace: Root, name: "default",
		at: r.at().Key("telemetry").Key, team: nobody, tracer: r.facts.Tracer,
	}
	if r.oldTelemetry() {
		r.onlyMeshTelemetry()
		return nil
	}
	all := r.reported(nil, mesh)
	namespaces := map[string]*telemetryPlace{}
	for _, name := range sortedKeys(r.spec.Namespaces) {
		if name == Root {
			continue // said by rootNamespace
		}
		place := &telemetryPlace{
			Telemetry: r.spec.Namespaces[name].Telemetry, namespace: name, name: "default",
			at: r.at().Key("namespaces").Key(name).Key("telemetry").Key, wider: mesh, team: nobody,
		}
		namespaces[name] = place
		all = r.reported(all, place)
	}
	said := &saidOfPods{}
	for _, s := range r.services {
		if !saysTelemetry(s.Telemetry) {
			continue
		}
		place := &telemetryPlace{
			Telemetry: s.Telemetry, namespace: s.Namespace, name: s.Name, selector: s.selector(), wider: mesh,
			at:   func(word string) diag.Path { return s.at("telemetry." + word) },
			team: func(word string) bool { return s.team(s.at("telemetry." + word)) },
		}
		if n := namespaces[s.Namespace]; n != nil {
			place.wider = n
		}
		before := len(all)
		if all = r.reported(all, place); len(all) > before {
			r.onePods(all[before].Origin, s, said)
		}
	}
	return all
}

func nobody(string) bool { return false }

// reported adds what a place reports, if it says anything.
func (r *resolver) reported(all []Telemetry, p *telemetryPlace) []Telemetry {
	t := Telemetry{
		Namespace: p.namespace, Name: p.name, Selector: p.selector,
		Tracing: r.tracing(p), AccessLogging: r.accessLogging(p), Metrics: r.metrics(p),
	}
	for _, word := range []struct {
		name string
		said bool
	}{{"tracing", t.Tracing != nil}, {"accessLogging", t.AccessLogging != nil}, {"metrics", t.Metrics != nil}} {
		if word.said {
			t.Origin = p.at(word.name)
			return append(all, t)
		}
	}
	return all
}

// tracing is what the place itself says of tracing: Istio puts it together with
// the wider places' word by word. The provider is always written, so that a
// narrower place switches on what the wider one does not have.
func (r *resolver) tracing(p *telemetryPlace) *telemetry.Tracing {
	if p.wider != nil {
		p.tracer = p.wider.tracer
	}
	w := p.Tracing
	if w == nil {
		return nil
	}
	at := p.at("tracing")
	r.teamTracing(at, p)
	p.tracer = cmp.Or(w.Provider, p.tracer)
	r.provider(at.Key("provider"), p.tracer, tracers)
	r.sampling(at.Key("sampling"), w.Sampling)
	t := &telemetry.Tracing{Providers: refs(p.tracer), CustomTags: r.customTags(at.Key("customTags"), w.CustomTags)}
	if w.Sampling != nil {
		t.RandomSamplingPercentage = wrapperspb.Double(*w.Sampling)
	}
	if w.DisableSpanReporting != nil {
		t.DisableSpanReporting = wrapperspb.Bool(*w.DisableSpanReporting)
	}
	return t
}

// teamTracing keeps a team from sending its spans elsewhere or nowhere.
func (r *resolver) teamTracing(at diag.Path, p *telemetryPlace) {
	if !p.team("tracing") {
		return
	}
	if p.Tracing.Provider != "" {
		r.ds.Errorf(diag.CodePlace, at.Key("provider"), onlyPlatform)
	}
	if p.Tracing.DisableSpanReporting != nil {
		r.ds.Errorf(diag.CodePlace, at.Key("disableSpanReporting"), onlyPlatform)
	}
}

const onlyPlatform = "no such word in a MeshService; it belongs to KymaMesh services[]"

func (r *resolver) sampling(at diag.Path, percent *float64) {
	if percent != nil && (*percent < 0 || *percent > 100) {
		r.ds.Errorf(diag.CodeValue, at, "%v is no percentage; 0 to 100", *percent)
	}
}

func refs(names ...string) []*telemetry.ProviderRef {
	var all []*telemetry.ProviderRef
	for _, name := range names {
		all = append(all, &telemetry.ProviderRef{Name: name})
	}
	return all
}

func (r *resolver) customTags(at diag.Path, tags map[string]*telemetry.Tracing_CustomTag) map[string]*telemetry.Tracing_CustomTag {
	if tags == nil {
		return nil
	}
	if len(tags) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write the tags, or leave customTags out")
	}
	all := map[string]*telemetry.Tracing_CustomTag{}
	for _, name := range sortedKeys(tags) {
		tag, at := tags[name], at.Key(name)
		needs(r, at, tag)
		switch {
		case name == "":
			r.ds.Errorf(diag.CodeEmpty, at, "a tag needs a name")
		case tag.GetType() == nil:
			r.ds.Errorf(diag.CodeMissing, at, "write literal, header, environment or formatter")
		case tag.GetLiteral() != nil && tag.GetLiteral().GetValue() == "":
			r.ds.Errorf(diag.CodeMissing, at.Key("literal").Key("value"), "write the value")
		case tag.GetHeader() != nil && !headerName.MatchString(tag.GetHeader().GetName()):
			r.ds.Errorf(diag.CodeName, at.Key("header").Key("name"), "%q is no header name", tag.GetHeader().GetName())
		case tag.GetEnvironment() != nil && !envName.MatchString(tag.GetEnvironment().GetName()):
			r.ds.Errorf(diag.CodeName, at.Key("environment").Key("name"), "%q is no name of an environment variable", tag.GetEnvironment().GetName())
		case tag.GetFormatter() != nil && tag.GetFormatter().GetValue() == "":
			r.ds.Errorf(diag.CodeMissing, at.Key("formatter").Key("value"), "write the value")
		}
		all[name] = proto.CloneOf(tag)
	}
	return all
}

// metrics is what the place itself says of metrics.
func (r *resolver) metrics(p *telemetryPlace) *telemetry.Metrics {
	w, at := p.Metrics, p.at("metrics")
	if saysMetrics(w) && p.team("metrics") {
		r.ds.Errorf(diag.CodePlace, at, onlyPlatform)
	}
	r.noPrometheusMerge(at, p)
	if w.Overrides != nil && len(w.Overrides) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at.Key("overrides"), "empty; it changes nothing, leave it out")
	}
	if d := w.ReportingInterval; d != nil && (d.AsDuration() < 1e6 || d.AsDuration()%1e6 != 0) {
		r.ds.Errorf(diag.CodeValue, at.Key("reportingInterval"), "want a duration of at least one millisecond, in whole ones")
	}
	if w.Overrides == nil && w.ReportingInterval == nil {
		return nil
	}
	m := &telemetry.Metrics{Providers: refs("prometheus")}
	if w.ReportingInterval != nil {
		m.ReportingInterval = proto.CloneOf(w.ReportingInterval)
	}
	for i, o := range w.Overrides {
		r.override(at.Key("overrides").Index(i), o)
		m.Overrides = append(m.Overrides, proto.CloneOf(o))
	}
	return m
}

func (r *resolver) noPrometheusMerge(at diag.Path, p *telemetryPlace) {
	if p.wider != nil && p.Metrics.PrometheusMerge != nil {
		r.ds.Errorf(diag.CodePlace, at.Key("prometheusMerge"), "it holds for the whole mesh; write it at spec.telemetry.metrics")
	}
}

// kialiMetrics are the metrics that Kiali reads, with what it makes of them.
// https://kiali.io/docs/faq/general/#which-istio-metrics-and-attributes-are-required-by-kiali
var kialiMetrics = map[telemetry.MetricSelector_IstioMetric]string{
	telemetry.MetricSelector_ALL_METRICS:        "its graph",
	telemetry.MetricSelector_REQUEST_COUNT:      "its graph",
	telemetry.MetricSelector_REQUEST_DURATION:   "response times",
	telemetry.MetricSelector_REQUEST_SIZE:       "throughput",
	telemetry.MetricSelector_RESPONSE_SIZE:      "throughput",
	telemetry.MetricSelector_TCP_SENT_BYTES:     "its graph of TCP",
	telemetry.MetricSelector_TCP_RECEIVED_BYTES: "its graph of TCP",
}

// override checks one of Istio's overrides of metrics.
func (r *resolver) override(at diag.Path, o *telemetry.MetricsOverrides) {
	_, custom := o.GetMatch().GetMetricMatch().(*telemetry.MetricSelector_CustomMetric)
	if custom && o.GetMatch().GetCustomMetric() == "" {
		r.ds.Errorf(diag.CodeEmpty, at.Key("match").Key("customMetric"), "empty; write the name of a metric")
	}
	if o.GetDisabled() == nil && len(o.GetTagOverrides()) == 0 {
		r.ds.Errorf(diag.CodeMissing, at, "changes nothing; write disabled or tagOverrides")
	}
	metric := o.GetMatch().GetMetric()
	if what, ok := kialiMetrics[metric]; ok && !custom && o.GetDisabled().GetValue() {
		r.ds.Warnf(diag.CodeUnused, at.Key("disabled"), "Kiali draws %s from %s; it will be empty", what, metric)
	}
	for _, name := range sortedKeys(o.GetTagOverrides()) {
		tag, at := o.TagOverrides[name], at.Key("tagOverrides").Key(name)
		switch remove := tag.GetOperation() == telemetry.MetricsOverrides_TagOverride_REMOVE; {
		case name == "":
			r.ds.Errorf(diag.CodeEmpty, at, "a tag needs a name")
		case remove && tag.GetValue() != "":
			r.ds.Errorf(diag.CodeExclusive, at.Key("value"), "REMOVE has no value")
		case !remove && tag.GetValue() == "":
			r.ds.Errorf(diag.CodeMissing, at, "write value, or operation: REMOVE")
		case !remove:
			r.expression(at.Key("value"), tag.GetValue())
		}
	}
}

// saysTelemetry tells whether a place says anything of telemetry.
func saysTelemetry(t spec.Telemetry) bool {
	return t.Tracing != nil || t.AccessLogging != nil || saysMetrics(t.Metrics)
}

func saysMetrics(m spec.Metrics) bool {
	return m.Overrides != nil || m.ReportingInterval != nil || m.PrometheusMerge != nil
}

// closedProviders warns of a provider whose Service a wider list closes to
// everybody, so that no proxy gets through to it.
func (r *resolver) closedProviders() {
	if !restricts(r.spec.Security.Allow) && len(r.spec.Namespaces) == 0 {
		return
	}
	for i, p := range r.doc.Value.Spec.ExtensionProviders {
		fd, m := providerField(p)
		if fd == nil || m.Descriptor().Fields().ByName("service") == nil {
			continue
		}
		host := m.Get(m.Descriptor().Fields().ByName("service")).String()
		short, ok := strings.CutSuffix(host[strings.IndexByte(host, '/')+1:], clusterSuffix)
		name, namespace, found := strings.Cut(short, ".")
		if ok && found && r.closesAll(name, namespace) {
			r.ds.Warnf(diag.CodeAccess, r.at().Key("extensionProviders").Index(i), "%s/%s is called by proxies, and security.allow lets nobody in there; if it has a sidecar, write services[] with allow for it", namespace, name)
		}
	}
}

// closesAll tells whether the lists that reach a service let nobody in.
func (r *resolver) closesAll(name, namespace string) bool {
	lists := [][]spec.Rule{r.spec.Security.Allow, r.spec.Namespaces[namespace].Security.Allow}
	for _, s := range r.services {
		if s.Name == name && s.Namespace == namespace {
			lists = append(lists, s.Security.Allow)
		}
	}
	return slices.ContainsFunc(lists, restricts) && !slices.ContainsFunc(lists, func(l []spec.Rule) bool { return slices.ContainsFunc(l, enforced) })
}
