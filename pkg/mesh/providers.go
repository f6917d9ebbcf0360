package mesh

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

type extensionProvider = meshconfig.MeshConfig_ExtensionProvider

// providerSort is what a provider is for.
type providerSort struct {
	// does is what a provider of the sort does, and called what it is, in sentences.
	does, called string
}

var (
	tracers     = providerSort{"traces requests", "tracers"}
	logs        = providerSort{"writes logs", "logs"}
	authorizers = providerSort{"authorizes requests", "authorizers"}
	meters      = providerSort{"takes metrics", "metrics"}
	secrets     = providerSort{"hands out certificates", "certificates"}
)

// providerSorts are the sorts by the field of Istio's message that is set. What
// Stackdriver does in Istio today is to take metrics.
var providerSorts = map[protoreflect.Name]providerSort{
	"zipkin": tracers, "lightstep": tracers, "datadog": tracers, "opencensus": tracers, "skywalking": tracers, "opentelemetry": tracers,
	"envoy_file_access_log": logs, "envoy_http_als": logs, "envoy_tcp_als": logs, "envoy_otel_als": logs,
	"envoy_ext_authz_http": authorizers, "envoy_ext_authz_grpc": authorizers,
	"prometheus": meters, "stackdriver": meters, "sds": secrets,
}

// removedProviders are the minor versions of Istio 1 in which a sort of provider
// was gone (release notes opencensus-removal and 54002 of istio).
var removedProviders = map[protoreflect.Name]int{"opencensus": 25, "lightstep": 27}

// istioProviders are the providers that Istio itself defines and our words name
// (istio pkg/config/mesh, DefaultMeshConfig).
var istioProviders = map[string]protoreflect.Name{"envoy": "envoy_file_access_log", "prometheus": "prometheus"}

// providerField is the field of the oneof that is set, and the message in it; nil
// where none is.
func providerField(p *extensionProvider) (protoreflect.FieldDescriptor, protoreflect.Message) {
	m := p.ProtoReflect()
	fd := m.WhichOneof(m.Descriptor().Oneofs().ByName("provider"))
	if fd == nil {
		return nil, nil
	}
	return fd, m.Get(fd).Message()
}

// mergeProviders puts providers over others: one of the same name replaces the
// one below, where it stands, and new ones come after. The providers themselves are
// shared with the layers and the author's document, and never written to.
func mergeProviders(below, above []*extensionProvider) []*extensionProvider {
	all := slices.Clone(below)
	for _, p := range above {
		if i := slices.IndexFunc(all, func(o *extensionProvider) bool { return o.GetName() == p.GetName() }); i >= 0 {
			all[i] = p
		} else {
			all = append(all, p)
		}
	}
	return all
}

// checkProviders checks the providers that the document writes.
func (r *resolver) checkProviders() {
	at, written := r.at().Key("extensionProviders"), r.doc.Value.Spec.ExtensionProviders
	if written != nil && len(written) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; the generation's providers stay, leave it out")
	}
	for i, p := range written {
		at := at.Index(i)
		switch j := slices.IndexFunc(written, func(o *extensionProvider) bool { return strings.EqualFold(o.GetName(), p.GetName()) }); {
		case p.GetName() == "":
			r.ds.Errorf(diag.CodeMissing, at.Key("name"), "write a name; other words use it")
		case j < i:
			// Telemetry finds a provider in any case.
			r.ds.Errorf(diag.CodeDuplicate, at.Key("name"), "%s is also extensionProviders[%d]; keep one", p.Name, j)
		}
		r.checkProvider(at, p)
	}
}

func (r *resolver) checkProvider(at diag.Path, p *extensionProvider) {
	fd, m := providerField(p)
	if fd == nil {
		r.ds.Errorf(diag.CodeMissing, at, "write what it is, such as envoyFileAccessLog, opentelemetry or envoyExtAuthzHttp")
		return
	}
	r.knownProvider(at, p)
	at, name := at.Key(fd.JSONName()), p.GetName()
	if minor, gone := removedProviders[fd.Name()]; gone && !r.istio.before(1, minor) {
		r.ds.Errorf(diag.CodeVersion, at, "removed from Istio in 1.%d; use opentelemetry", minor)
	}
	if own, ok := istioProviders[name]; ok && providerSorts[fd.Name()] != providerSorts[own] {
		r.ds.Errorf(diag.CodeExclusive, at, "%s is Istio's own and %s; call yours otherwise", name, providerSorts[own].does)
	}
	r.providerService(at, m)
	switch fd.Name() {
	case "envoy_ext_authz_http", "envoy_ext_authz_grpc":
		r.authorizer(at, p)
	case "opentelemetry":
		if o := p.GetOpentelemetry(); o.GetGrpc() != nil && o.GetHttp() != nil {
			r.ds.Errorf(diag.CodeExclusive, at.Key("grpc"), "grpc and http exclude each other")
		}
	case "lightstep":
		//lint:ignore SA1019 Istio before 1.27 has it (removedProviders)
		if p.GetLightstep().GetAccessToken() == "" {
			r.ds.Errorf(diag.CodeMissing, at.Key("accessToken"), "write the access token")
		}
	}
}

// knownProvider refuses what the mesh's Istio does not know of a provider. The form
// of a file's lines is said to an old Istio in the configuration of the mesh.
func (r *resolver) knownProvider(at diag.Path, p *extensionProvider) {
	if r.oldTelemetry() && p.GetEnvoyFileAccessLog() != nil {
		p = proto.CloneOf(p)
		p.GetEnvoyFileAccessLog().LogFormat = nil
	}
	r.known(at, p.ProtoReflect())
}

// providerService checks where a provider is called, for those that are.
func (r *resolver) providerService(at diag.Path, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	service, port := fields.ByName("service"), fields.ByName("port")
	if service == nil || port == nil {
		return
	}
	switch host := m.Get(service).String(); {
	case host == "":
		r.ds.Errorf(diag.CodeMissing, at.Key("service"), "write its Service, NAME.NAMESPACE%s, or a host of a ServiceEntry", clusterSuffix)
	case !isProviderHost(host):
		r.ds.Errorf(diag.CodeName, at.Key("service"), "%q is no host; write NAME.NAMESPACE%s, or NAMESPACE/HOST", host, clusterSuffix)
	case isLabel(host):
		// Istio compares names and completes none: it would find nothing.
		r.ds.Errorf(diag.CodeName, at.Key("service"), "Istio wants a whole name; write %s.NAMESPACE%s", host, clusterSuffix)
	}
	if m.Get(port).Uint() == 0 {
		r.ds.Errorf(diag.CodeMissing, at.Key("port"), "write the port of the Service")
	} else {
		r.port(at.Key("port"), int(m.Get(port).Uint()))
	}
}

// isProviderHost tells whether s is HOST or NAMESPACE/HOST.
func isProviderHost(s string) bool {
	namespace, host, found := strings.Cut(s, "/")
	if !found {
		host, namespace = namespace, "any"
	}
	return isLabel(namespace) && isDNSName(host)
}

var statusText = pattern.New(`^[1-5][0-9][0-9]$`)

// authorizer checks what istiod would take for a broken authorizer, behind which
// it refuses every request (istio pilot/pkg/security/authz/builder/extauthz.go).
func (r *resolver) authorizer(at diag.Path, p *extensionProvider) {
	if name := p.GetName(); name != "" && !isLabel(name) {
		r.ds.Errorf(diag.CodeName, at, "%q is no DNS label, and Istio would refuse every request that such an authorizer is asked about; lower case letters, digits and -", name)
	}
	http := p.GetEnvoyExtAuthzHttp()
	status := http.GetStatusOnError() + p.GetEnvoyExtAuthzGrpc().GetStatusOnError()
	if code, _ := strconv.Atoi(status); status != "" && (!statusText.MatchString(status) || !isEnvoyStatus(code)) {
		r.ds.Errorf(diag.CodeValue, at.Key("statusOnError"), "%q is no status that Envoy answers with; write it as \"503\"", status)
	}
	if prefix := http.GetPathPrefix(); prefix != "" {
		r.pathTo(at.Key("pathPrefix"), prefix)
	}
	for _, list := range []struct {
		word   string
		values []string
	}{
		//lint:ignore SA1019 what an older Istio reads is still checked
		{"includeHeadersInCheck", http.GetIncludeHeadersInCheck()},
		{"includeRequestHeadersInCheck", http.GetIncludeRequestHeadersInCheck()},
		{"headersToUpstreamOnAllow", http.GetHeadersToUpstreamOnAllow()},
		{"headersToDownstreamOnDeny", http.GetHeadersToDownstreamOnDeny()},
		{"headersToDownstreamOnAllow", http.GetHeadersToDownstreamOnAllow()},
	} {
		for i, value := range list.values {
			if value == "*" || value == "" {
				r.ds.Errorf(diag.CodeValue, at.Key(list.word).Index(i), "%q is no header; write a name, with * at one end", value)
			}
		}
	}
}

// Envoy's own list, envoy/type/v3/http_status.proto.
var envoyStatuses = [][2]int{{100, 100}, {200, 208}, {226, 226}, {300, 305}, {307, 308}, {400, 418}, {421, 424}, {426, 426}, {428, 429}, {431, 431}, {500, 508}, {510, 511}}

func isEnvoyStatus(code int) bool {
	return slices.ContainsFunc(envoyStatuses, func(span [2]int) bool { return span[0] <= code && code <= span[1] })
}

// provider finds a provider of a sort by its name.
func (r *resolver) provider(at diag.Path, name string, sort providerSort) *extensionProvider {
	for _, p := range r.providers {
		if p.GetName() == name {
			return r.ofSort(at, p, sort)
		}
	}
	if field, ok := istioProviders[name]; ok {
		if providerSorts[field] != sort {
			r.wrongSort(at, name, providerSorts[field], sort)
		}
		return &extensionProvider{Name: name}
	}
	if place, gone := r.removed[name]; gone {
		r.ds.Errorf(diag.CodeReference, at, "no provider %q: %s takes it away; keep one", name, place)
		return nil
	}
	var all []string
	for _, p := range r.providers {
		all = append(all, p.GetName())
	}
	for name := range istioProviders {
		all = append(all, name)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	hint := ""
	if like, ok := diag.Nearest(name, all); ok {
		hint = ". Did you mean " + like + "?"
	}
	r.ds.Errorf(diag.CodeReference, at, "no provider %q; defined are %s%s", name, strings.Join(all, ", "), hint)
	return nil
}

func (r *resolver) ofSort(at diag.Path, p *extensionProvider, want providerSort) *extensionProvider {
	fd, _ := providerField(p)
	if fd == nil {
		return nil // reported where it is written
	}
	if sort := providerSorts[fd.Name()]; sort != want {
		r.wrongSort(at, p.Name, sort, want)
		return nil
	}
	return p
}

func (r *resolver) wrongSort(at diag.Path, name string, is, want providerSort) {
	r.ds.Errorf(diag.CodeValue, at, "%s %s; %s here are %s", name, is.does, want.called, orNone(strings.Join(r.providersOf(want), ", ")))
}

// providersOf are the names of the providers of a sort.
func (r *resolver) providersOf(sort providerSort) []string {
	var all []string
	for name, field := range istioProviders {
		if providerSorts[field] == sort {
			all = append(all, name)
		}
	}
	for _, p := range r.providers {
		if fd, _ := providerField(p); fd != nil && providerSorts[fd.Name()] == sort {
			all = append(all, p.GetName())
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// installedProviders are the providers that the installation defines. In an old
// Istio the generation's Zipkin stands where spans are configured, and the list
// would name it to nobody.
func (r *resolver) installedProviders() []*extensionProvider {
	var all []*extensionProvider
	for _, p := range r.spec.ExtensionProviders {
		if !r.oldTelemetry() || p.GetZipkin() == nil || slices.Contains(r.doc.Value.Spec.ExtensionProviders, p) {
			all = append(all, proto.CloneOf(p))
		}
	}
	return all
}
