package mesh

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

func itoa(i int) string { return strconv.Itoa(i) }

// shortPath is a path as a sentence names it: services[3].expose[0].
func shortPath(p diag.Path) string { return strings.TrimPrefix(p.String(), "spec.") }

// service is what the documents say of one service: an entry of the KymaMesh, a
// MeshService, or one of each with different words.
type service struct {
	spec.Service
	// path is the entry or the MeshService's spec; with one of each, the entry.
	path diag.Path
	// teamPath is the MeshService's spec when there is one.
	teamPath diag.Path
	hasTeam  bool
	// teamWords are the words that the MeshService said, by their names.
	teamWords map[string]bool
	// known are the versions, completed, names their names, sorted, and routes the
	// routes, resolved.
	known  map[string]spec.Version
	names  []string
	routes []route
	// fullName is the host under which all namespaces call it.
	fullName string
}

// at is the place where the service's documents say, or could say, a word, such
// as split or security.allow.
func (s *service) at(word string) diag.Path {
	if s.teamWords[word] {
		return within(s.teamPath, word)
	}
	return within(s.path, word)
}

// within is a word below a path; words of words have a dot.
func within(p diag.Path, word string) diag.Path {
	for {
		key, inner, more := strings.Cut(word, ".")
		if p = p.Key(key); !more {
			return p
		}
		word = inner
	}
}

// team tells whether the place lies in the MeshService.
func (s *service) team(at diag.Path) bool {
	return s.hasTeam && at.Document() == s.teamPath.Document()
}

func (s *service) host() string { return s.fullName }

func hostOf(s spec.Service) string { return s.Name + "." + s.Namespace + clusterSuffix }

// selector is app=NAME unless written; the package is never read for it, so that
// every host renders the same (design amendment 4).
func (s *service) selector() map[string]string {
	if s.Selector != nil {
		return maps.Clone(s.Selector)
	}
	return map[string]string{"app": s.Name}
}

// serviceWord is one word of a service, for joining two documents.
type serviceWord struct {
	name string
	said func(*spec.Service) bool
	take func(to, from *spec.Service)
}

// serviceWords are the words in which a KymaMesh entry and a MeshService may
// complete each other. to and split are one place; the words of security and of
// telemetry are places of their own.
var serviceWords = []serviceWord{
	{"protocol", func(s *spec.Service) bool { return s.Protocol != "" }, func(to, from *spec.Service) { to.Protocol = from.Protocol }},
	{"port", func(s *spec.Service) bool { return s.Port != 0 }, func(to, from *spec.Service) { to.Port = from.Port }},
	{"versions", func(s *spec.Service) bool { return s.Versions != nil }, func(to, from *spec.Service) { to.Versions = from.Versions }},
	{"split", func(s *spec.Service) bool { return s.Split != nil || s.To != "" }, func(to, from *spec.Service) { to.Split, to.To = from.Split, from.To }},
	{"routes", func(s *spec.Service) bool { return s.Routes != nil }, func(to, from *spec.Service) { to.Routes = from.Routes }},
	{"timeout", func(s *spec.Service) bool { return s.Timeout != nil }, func(to, from *spec.Service) { to.Timeout = from.Timeout }},
	{"retries", func(s *spec.Service) bool { return s.Retries != nil }, func(to, from *spec.Service) { to.Retries = from.Retries }},
	{"fault", func(s *spec.Service) bool { return s.Fault != nil }, func(to, from *spec.Service) { to.Fault = from.Fault }},
	{"mirror", func(s *spec.Service) bool { return s.Mirror != nil }, func(to, from *spec.Service) { to.Mirror = from.Mirror }},
	{"headers", func(s *spec.Service) bool { return s.Headers != nil }, func(to, from *spec.Service) { to.Headers = from.Headers }},
	{"corsPolicy", func(s *spec.Service) bool { return s.CORSPolicy != nil }, func(to, from *spec.Service) { to.CORSPolicy = from.CORSPolicy }},
	{"loadBalancer", func(s *spec.Service) bool { return s.LoadBalancer != nil }, func(to, from *spec.Service) { to.LoadBalancer = from.LoadBalancer }},
	{"connectionPool", func(s *spec.Service) bool { return s.ConnectionPool != nil }, func(to, from *spec.Service) { to.ConnectionPool = from.ConnectionPool }},
	{"outlierDetection", func(s *spec.Service) bool { return s.OutlierDetection != nil }, func(to, from *spec.Service) { to.OutlierDetection = from.OutlierDetection }},
	{"expose", func(s *spec.Service) bool { return s.Expose != nil }, func(to, from *spec.Service) { to.Expose = from.Expose }},
	{"security.mtls", func(s *spec.Service) bool { return saysMTLS(s.Security.MTLS) }, func(to, from *spec.Service) { to.Security.MTLS = from.Security.MTLS }},
	{"exportTo", func(s *spec.Service) bool { return s.ExportTo != nil }, func(to, from *spec.Service) { to.ExportTo = from.ExportTo }},
	{"injection", func(s *spec.Service) bool { return s.Injection != "" }, func(to, from *spec.Service) { to.Injection = from.Injection }},
	{"proxy.resources", func(s *spec.Service) bool { return s.Proxy.Resources != spec.Resources{} }, func(to, from *spec.Service) { to.Proxy.Resources = from.Proxy.Resources }},
	{"proxy.nativeSidecar", func(s *spec.Service) bool { return s.Proxy.NativeSidecar != nil }, func(to, from *spec.Service) { to.Proxy.NativeSidecar = from.Proxy.NativeSidecar }},
	{"proxy.enableDNSProxying", func(s *spec.Service) bool { return s.Proxy.EnableDNSProxying != nil }, func(to, from *spec.Service) { to.Proxy.EnableDNSProxying = from.Proxy.EnableDNSProxying }},
	{"proxy.config", func(s *spec.Service) bool { return s.Proxy.Config != nil }, func(to, from *spec.Service) { to.Proxy.Config = from.Proxy.Config }},
	{"security.jwt", func(s *spec.Service) bool { return s.Security.JWT != nil }, func(to, from *spec.Service) { to.Security.JWT = from.Security.JWT }},
	{"security.allow", func(s *spec.Service) bool { return s.Security.Allow != nil }, func(to, from *spec.Service) { to.Security.Allow = from.Security.Allow }},
	{"security.deny", func(s *spec.Service) bool { return s.Security.Deny != nil }, func(to, from *spec.Service) { to.Security.Deny = from.Security.Deny }},
	{"security.extAuth", func(s *spec.Service) bool { return s.Security.ExtAuth != nil }, func(to, from *spec.Service) { to.Security.ExtAuth = from.Security.ExtAuth }},
	{"telemetry.tracing", func(s *spec.Service) bool { return s.Telemetry.Tracing != nil }, func(to, from *spec.Service) { to.Telemetry.Tracing = from.Telemetry.Tracing }},
	{"telemetry.accessLogging", func(s *spec.Service) bool { return s.Telemetry.AccessLogging != nil }, func(to, from *spec.Service) { to.Telemetry.AccessLogging = from.Telemetry.AccessLogging }},
	{"telemetry.metrics", func(s *spec.Service) bool { return saysMetrics(s.Telemetry.Metrics) }, func(to, from *spec.Service) { to.Telemetry.Metrics = from.Telemetry.Metrics }},
	{"sidecar", saysSidecar, func(to, from *spec.Service) { to.Sidecar = ownSidecar(to) }},
	{"sidecar.egress", func(s *spec.Service) bool { return ownSidecar(s).Egress != nil }, func(to, from *spec.Service) {
		to.Sidecar = ownSidecar(to)
		to.Sidecar.Egress = from.Sidecar.Egress
	}},
	{"sidecar.outboundTrafficPolicy", func(s *spec.Service) bool { return ownSidecar(s).OutboundTrafficPolicy != "" }, func(to, from *spec.Service) {
		to.Sidecar = ownSidecar(to)
		to.Sidecar.OutboundTrafficPolicy = from.Sidecar.OutboundTrafficPolicy
	}},
	{"sidecar.ingress", func(s *spec.Service) bool { return ownSidecar(s).Ingress != nil }, func(to, from *spec.Service) {
		to.Sidecar = ownSidecar(to)
		to.Sidecar.Ingress = from.Sidecar.Ingress
	}},
}

// saysSidecar tells whether a service says sidecar: {}, all of it by default.
func saysSidecar(s *spec.Service) bool {
	w := s.Sidecar
	return w != nil && w.Egress == nil && w.OutboundTrafficPolicy == "" && w.Ingress == nil
}

// ownSidecar is a copy of the service's block, so that no document is written to.
func ownSidecar(s *spec.Service) *spec.Sidecar {
	var own spec.Sidecar
	if s.Sidecar != nil {
		own = *s.Sidecar
	}
	return &own
}

func saysMTLS(m spec.MTLS) bool {
	return m.Mode != "" || m.Ports != nil || m.Exclude != nil || m.MinProtocolVersion != ""
}

// collectServices joins the KymaMesh's entries and the MeshServices, sorted by
// namespace and name.
func (r *resolver) collectServices() {
	known := map[string]int{} // namespace/name → index in r.services
	for i, s := range r.spec.Services {
		at := r.at().Key("services").Index(i)
		r.identity(at.Key("name"), s.Name, at.Key("namespace"), s.Namespace)
		id := s.Namespace + "/" + s.Name
		if j, twice := known[id]; twice && s.Name != "" {
			r.ds.Errorf(diag.CodeDuplicate, at, "%s is also services[%d]; put both into one entry", id, j)
			continue
		}
		known[id] = len(r.services)
		r.services = append(r.services, &service{Service: s, path: at, fullName: hostOf(s)})
	}
	for _, doc := range r.team {
		r.collectTeam(doc, known)
	}
	r.routed = map[string]string{}
	for _, s := range r.services {
		if s.Protocol != protocolTLS && (s.Routes != nil || s.hasRouteWord()) {
			r.routed[s.host()] = s.Namespace + "/" + s.Name
		}
	}
	slices.SortStableFunc(r.services, func(a, b *service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

func (r *resolver) collectTeam(doc *Document[spec.MeshService], known map[string]int) {
	at, meta := doc.Path.Key("spec"), doc.Value.Metadata
	metaAt := doc.Path.Key("metadata")
	r.identity(metaAt.Key("name"), meta.Name, metaAt.Key("namespace"), meta.Namespace)
	said := doc.Value.Spec.Service
	if said.Name != "" || said.Namespace != "" { // Go literals only, YAML refuses the words
		r.ds.Errorf(diag.CodePlace, at, "a MeshService speaks for its own service; its name and namespace are its metadata's")
	}
	said.Name, said.Namespace = meta.Name, meta.Namespace
	if meta.Namespace == Root {
		r.ds.Errorf(diag.CodePlace, metaAt.Key("namespace"), "istio-system is the root namespace, what is said there may hold for the whole mesh; write the service in KymaMesh services[]")
	}
	if said.Selector != nil && len(said.Selector) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at.Key("selector"), "empty; it would select the whole namespace")
	}
	s := &service{Service: said, fullName: hostOf(said), path: at, teamPath: at, hasTeam: true, teamWords: map[string]bool{}}
	i, both := known[meta.Namespace+"/"+meta.Name]
	if !both {
		known[meta.Namespace+"/"+meta.Name] = len(r.services)
		r.services = append(r.services, s)
		return
	}
	if r.services[i].hasTeam {
		r.ds.Errorf(diag.CodeDuplicate, doc.Path, "a second MeshService of %s/%s in this call; keep one", meta.Namespace, meta.Name)
		return
	}
	r.join(r.services[i], s)
}

// join puts a team's words beside the platform's for the same service.
func (r *resolver) join(platform *service, team *service) {
	if team.Selector != nil {
		r.ds.Errorf(diag.CodePlace, team.path.Key("selector"), "the platform set words for this service; its selector is %s (KymaMesh %s)",
			labelText(platform.selector()), shortPath(platform.path))
	}
	platform.teamPath, platform.hasTeam, platform.teamWords = team.path, true, team.teamWords
	for _, w := range serviceWords {
		if !w.said(&team.Service) {
			continue
		}
		if w.said(&platform.Service) {
			r.ds.Errorf(diag.CodeDuplicate, within(team.path, w.name), "also set in KymaMesh %s.%s; keep one", shortPath(platform.path), w.name)
			continue
		}
		w.take(&platform.Service, &team.Service)
		platform.teamWords[w.name] = true
	}
	if platform.teamWords["split"] {
		platform.teamWords["to"] = true
	}
}

func labelText(labels map[string]string) string {
	var all []string
	for _, k := range sortedKeys(labels) {
		all = append(all, k+"="+labels[k])
	}
	return strings.Join(all, ",")
}

// identity checks the name and the namespace of a service.
func (r *resolver) identity(nameAt diag.Path, name string, namespaceAt diag.Path, namespace string) {
	switch {
	case name == "":
		r.ds.Errorf(diag.CodeMissing, nameAt, "write the name of the Service")
	case name == "default":
		r.ds.Errorf(diag.CodeName, nameAt, "default is the name of the namespace's own policies; a service cannot be called so")
	default:
		r.names.label(nameAt, name)
	}
	if namespace == "" {
		r.ds.Errorf(diag.CodeMissing, namespaceAt, "write the namespace of the Service; an object in the wrong one is read by nobody")
	} else {
		r.names.label(namespaceAt, namespace)
	}
}

var protocols = choice{
	values:  []string{"HTTP", protocolTCP, protocolTLS},
	unknown: "no protocol %s; HTTP, TCP or TLS",
}

// service resolves the versions and the routes of one service.
func (r *resolver) service(s *service) Service {
	r.protocol(s)
	if s.Selector != nil {
		r.selector(s)
	}
	r.versions(s)
	resolved := Service{Namespace: s.Namespace, Name: s.Name, Host: s.host(), Policy: s.policyWords().policy(), Origin: s.origin()}
	if own := s.own().Route; s.opaque() {
		resolved.TCP = r.connections(s)
	} else {
		r.routeWords(s.at, own, s)
		r.nothingAround(s.at, own, "a route switches off so what the service says, here there is nothing to switch off")
		r.fits(s.path, own, words{})
		s.routes = r.routes(s)
		resolved.Routes = s.meshRoutes()
		r.likelyTCP(s, len(resolved.Routes) > 0)
	}
	resolved.ExportTo = r.serviceExportTo(s)
	r.serviceWaysOut(s, &resolved)
	r.unused(s)
	r.policies(s)
	for _, name := range s.names {
		if v := s.known[name]; v.Host == "" {
			resolved.Subsets = append(resolved.Subsets, Subset{Name: name, Labels: v.Labels, Policy: versionPolicy(v).policy()})
		}
	}
	return resolved
}

// unused warns of versions that no route leads to. A version with weight 0 is
// prepared, which is different from forgotten.
func (r *resolver) unused(s *service) {
	if s.To == "" && s.Split == nil {
		if len(s.Routes) > 0 && s.hasSubsets() {
			r.ds.Warnf(diag.CodeUnused, s.path, "requests that match no route go to all versions; write to: or split:")
		}
		return
	}
	if _, known := s.known[s.To]; !known && s.Split == nil {
		return // reported where it is written
	}
	used := map[string]bool{}
	use := func(w spec.Route) {
		used[w.To] = true
		for name := range w.Split {
			used[name] = true
		}
		for _, m := range w.Mirror {
			used[m.To] = true
		}
	}
	use(s.own().Route)
	for _, w := range s.Routes {
		use(w)
	}
	for _, e := range s.Expose {
		use(e.Route)
	}
	for _, name := range s.names {
		if !used[name] {
			r.ds.Warnf(diag.CodeUnused, s.at("versions").Key(name), "version %s gets no traffic; its policy is not active", name)
		}
	}
}

// hasSubsets tells whether some of the service's own pods are a version.
func (s *service) hasSubsets() bool {
	for _, v := range s.known {
		if v.Host == "" {
			return true
		}
	}
	return false
}

// origin is what asked for the objects about the service's traffic.
func (s *service) origin() diag.Path {
	if len(s.teamWords) == 0 {
		return s.path
	}
	for _, w := range serviceWords {
		block, _, _ := strings.Cut(w.name, ".")
		switch block {
		case "protocol", "port", "expose", "injection", "proxy", "security", "sidecar", "telemetry":
		default:
			if s.teamWords[w.name] {
				return s.teamPath
			}
		}
	}
	return s.path
}

func (r *resolver) protocol(s *service) {
	if s.Protocol == "" {
		return
	}
	switch at := s.at("protocol"); s.Protocol {
	case "GRPC", "HTTP2":
		r.ds.Errorf(diag.CodeValue, at, "%s is routed as HTTP; leave protocol out", s.Protocol)
	case "HTTPS":
		r.ds.Errorf(diag.CodeValue, at, "HTTPS: for TLS that is not terminated write TLS")
	default:
		r.oneOf(at, s.Protocol, protocols)
	}
}

// databasePorts are the well-known ports of MySQL, PostgreSQL, Redis, Kafka and
// MongoDB.
var databasePorts = []int{3306, 5432, 6379, 9092, 27017}

// likelyTCP tells of routes of requests to a port where databases listen: nothing
// there would ever meet them. The package, where there is one, is asked by checks.
func (r *resolver) likelyTCP(s *service, routed bool) {
	if routed && s.Protocol == "" && slices.Contains(databasePorts, s.Port) {
		r.ds.Infof(diag.CodeUnused, s.at("port"), "databases listen on %d, and routes of requests do nothing for them; write protocol: TCP, or protocol: HTTP if it is", s.Port)
	}
}

func (r *resolver) selector(s *service) {
	at := s.at("selector")
	if len(s.Selector) == 0 && !s.hasTeam {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; it would select the whole namespace")
	}
	r.names.labels(at, s.Selector)
}

func (r *resolver) port(at diag.Path, port int) {
	if port < 1 || port > 65535 {
		r.ds.Errorf(diag.CodeValue, at, "%d is no port; 1 to 65535", port)
	}
}

// versions are the versions that are written, else the names in the service's
// own split or to, completed.
func (r *resolver) versions(s *service) {
	all := make(map[string]spec.Version, len(s.Versions)+len(s.Split))
	for name, v := range s.Versions {
		all[name] = v
	}
	if s.Versions == nil {
		for name := range s.Split {
			all[name] = spec.Version{}
		}
		if s.To != "" {
			all[s.To] = spec.Version{}
		}
	}
	s.known, s.names = all, sortedKeys(all)
	for _, name := range s.names {
		at := s.at("versions").Key(name)
		if s.Versions == nil {
			at = s.routeAt(name)
		}
		r.versionName(at, name)
		all[name] = r.version(at, s, name, all[name])
	}
}

// routeAt is where the service's own route names a version.
func (s *service) routeAt(version string) diag.Path {
	if s.To != "" {
		return s.at("to")
	}
	return s.at("split").Key(version)
}

// versionName checks that a subset can be called so.
func (r *resolver) versionName(at diag.Path, name string) {
	if isLabel(name) {
		return
	}
	fixed := strings.Trim(strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(name)), "-")
	if fixed != "" && fixed[0] <= '9' {
		fixed = "v" + fixed
	}
	if isLabel(fixed) && isLabelText(name) {
		r.ds.Errorf(diag.CodeName, at, "a version's name is a DNS label; write %s with labels: {version: %q}", fixed, name)
		return
	}
	r.names.label(at, name)
}

func (r *resolver) version(at diag.Path, s *service, name string, v spec.Version) spec.Version {
	if v.Port != 0 {
		r.port(at.Key("port"), v.Port)
	}
	if x, ok := r.external[v.Host]; ok && v.Labels == nil && !versionPolicy(v).said() {
		r.routedTwice(at.Key("host"), s, name, v.Host)
		return r.externalVersion(at, s, v, x)
	}
	if v.Host != "" {
		if v.Labels != nil || versionPolicy(v).said() {
			r.ds.Errorf(diag.CodeExclusive, at, "host names another service; write its labels and policies there")
		}
		v.Host = r.versionHost(at.Key("host"), s, v.Host)
		r.routedTwice(at.Key("host"), s, name, v.Host)
		return v
	}
	switch {
	case v.Labels == nil:
		v.Labels = map[string]string{"version": name}
		r.versionLabels(at, s, v.Labels)
	case len(v.Labels) == 0:
		r.ds.Errorf(diag.CodeEmpty, at.Key("labels"), "empty; it would be all pods of the service, write labels: {version: %s}", name)
	default:
		v.Labels = maps.Clone(v.Labels)
		r.names.labels(at.Key("labels"), v.Labels)
		r.versionLabels(at.Key("labels"), s, v.Labels)
	}
	return v
}

// versionLabels refuses labels that no pod of the service can have: a subset
// without pods answers 503.
func (r *resolver) versionLabels(at diag.Path, s *service, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		of, ok := s.Selector[key]
		if s.Selector == nil {
			of, ok = s.Name, key == "app"
		}
		if ok && of != labels[key] {
			r.ds.Errorf(diag.CodeValue, at, "a version has its pods among those of the service, and these have %s=%s, not %q; write other labels, or the selector of the service", key, of, labels[key])
		}
	}
}

// routedTwice warns of a version that leads to a service with a route of its
// own: Istio does not ask a second VirtualService.
func (r *resolver) routedTwice(at diag.Path, s *service, version, host string) {
	if id, ok := r.routed[host]; ok {
		r.ds.Warnf(diag.CodeUnused, at, "%s sends %s to %s; the routes of %[3]s do not hold for that, Istio does not follow routes twice", s.Name, version, id)
	}
}

// versionHost completes the name of another Service.
func (r *resolver) versionHost(at diag.Path, s *service, host string) string {
	switch {
	case isLabel(host):
		return host + "." + s.Namespace + clusterSuffix
	case strings.HasSuffix(host, clusterSuffix):
		if e, ok := excludedHost(host); ok && !strings.HasPrefix(e.Host, "*") {
			return host
		}
	case strings.Count(host, ".") == 1 && isDNSName(host):
		r.ds.Errorf(diag.CodeName, at, "%q is neither a name nor a full name; write %s%s", host, host, clusterSuffix)
		return host
	}
	r.ds.Errorf(diag.CodeName, at, "%q is no Service; write a name in namespace %s, or NAME.NAMESPACE%s, or list the host in egress", host, s.Namespace, clusterSuffix)
	return host
}
