package mesh

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/spec"
)

// providerHosts are the hosts, as a Sidecar writes them, of the providers that
// proxies call, by who says so: the mesh, a namespace, a service. Istio tells a
// proxy to send spans, logs and questions to a provider whatever its Sidecar
// shows, and only the Sidecar's hosts get a cluster: without it spans and logs are
// lost, and what an authorizer would be asked about is refused (istio
// pilot/pkg/model/telemetry_logging.go, LookupCluster, and BuildClusters).
type providerHosts struct {
	mesh       []string
	namespaces map[string][]string // what the namespace says itself
	services   map[string][]string // what services of a namespace say
}

func (r *resolver) providerHosts() providerHosts {
	all := providerHosts{namespaces: map[string][]string{}, services: map[string][]string{}}
	var tracer string
	all.mesh, tracer = r.hostsOf(r.spec.Telemetry, r.spec.Security.Access, r.facts.Tracer)
	tracers := map[string]string{}
	for _, name := range sortedKeys(r.spec.Namespaces) {
		n := r.spec.Namespaces[name]
		all.namespaces[name], tracers[name] = r.hostsOf(n.Telemetry, n.Security.Access, tracer)
	}
	for _, s := range r.services {
		hosts, _ := r.hostsOf(s.Telemetry, s.Security.Access, cmp.Or(tracers[s.Namespace], tracer))
		all.services[s.Namespace] = append(all.services[s.Namespace], hosts...)
	}
	return all
}

// hostsOf are the hosts that one place's own words call, and the tracer that holds
// there. Before Istio 1.18 the tracer stands in what a proxy starts with.
func (r *resolver) hostsOf(t spec.Telemetry, a spec.Access, tracer string) ([]string, string) {
	var names []string
	if t.Tracing != nil {
		tracer = cmp.Or(t.Tracing.Provider, tracer)
		names = append(names, tracer)
	}
	for _, l := range t.AccessLogging {
		names = append(names, l.Provider)
	}
	if r.oldTelemetry() {
		names = nil
	}
	for _, rule := range a.ExtAuth {
		names = append(names, rule.Provider)
	}
	var hosts []string
	for _, name := range names {
		if host := r.providerHost(name); host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts, tracer
}

// providerHost is NAMESPACE/HOST of a provider that is called, empty for one that
// is not: a file, or one that Istio defines.
func (r *resolver) providerHost(name string) string {
	i := slices.IndexFunc(r.providers, func(p *extensionProvider) bool { return p.GetName() == name })
	if i < 0 {
		return ""
	}
	fd, m := providerField(r.providers[i])
	if fd == nil || m.Descriptor().Fields().ByName("service") == nil {
		return ""
	}
	host := m.Get(m.Descriptor().Fields().ByName("service")).String()
	if strings.Contains(host, "/") {
		return host
	}
	if _, known := r.external[host]; known || strings.HasSuffix(host, clusterSuffix) {
		return r.namespaceOf(host) + "/" + host
	}
	return "*/" + host // of a ServiceEntry that is not ours
}

// everywhere is for the Sidecar of the mesh, which holds for all proxies that have
// no narrower one.
func (p providerHosts) everywhere() []string {
	all := slices.Clone(p.mesh)
	for _, name := range sortedKeys(p.namespaces) {
		all = append(all, p.namespaces[name]...)
	}
	for _, name := range sortedKeys(p.services) {
		all = append(all, p.services[name]...)
	}
	return all
}

// in is for the Sidecars of a namespace and its services.
func (p providerHosts) in(namespace string) []string {
	return slices.Concat(p.mesh, p.namespaces[namespace], p.services[namespace])
}
