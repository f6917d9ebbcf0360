package mesh

import (
	"cmp"
	"maps"
	"math"
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
}

// at is the place where the service's documents say, or could say, a word, such
// as split or security.allow.
func (s service) at(word string) diag.Path {
	if s.teamWords[word] {
		return within(s.teamPath, word)
	}
	return within(s.path, word)
}

// within is a word below a path; words of words have a dot.
func within(p diag.Path, word string) diag.Path {
	for key := range strings.SplitSeq(word, ".") {
		p = p.Key(key)
	}
	return p
}

// team tells whether the place lies in the MeshService.
func (s service) team(at diag.Path) bool {
	return s.hasTeam && at.Document() == s.teamPath.Document()
}

func (s service) host() string { return s.Name + "." + s.Namespace + clusterSuffix }

// selector is app=NAME unless written; the package is never read for it, so that
// every host renders the same (design amendment 4).
func (s service) selector() map[string]string {
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
// complete each other. to and split are one place; the words of security are
// places of their own.
var serviceWords = []serviceWord{
	{"protocol", func(s *spec.Service) bool { return s.Protocol != "" }, func(to, from *spec.Service) { to.Protocol = from.Protocol }},
	{"port", func(s *spec.Service) bool { return s.Port != 0 }, func(to, from *spec.Service) { to.Port = from.Port }},
	{"versions", func(s *spec.Service) bool { return s.Versions != nil }, func(to, from *spec.Service) { to.Versions = from.Versions }},
	{"split", func(s *spec.Service) bool { return s.Split != nil || s.To != "" }, func(to, from *spec.Service) { to.Split, to.To = from.Split, from.To }},
	{"expose", func(s *spec.Service) bool { return s.Expose != nil }, func(to, from *spec.Service) { to.Expose = from.Expose }},
	{"security.mtls", saysMTLS, func(to, from *spec.Service) { to.Security.MTLS = from.Security.MTLS }},
	{"security.jwt", func(s *spec.Service) bool { return s.Security.JWT != nil }, func(to, from *spec.Service) { to.Security.JWT = from.Security.JWT }},
	{"security.allow", func(s *spec.Service) bool { return s.Security.Allow != nil }, func(to, from *spec.Service) { to.Security.Allow = from.Security.Allow }},
	{"security.deny", func(s *spec.Service) bool { return s.Security.Deny != nil }, func(to, from *spec.Service) { to.Security.Deny = from.Security.Deny }},
}

func saysMTLS(s *spec.Service) bool {
	m := s.Security.MTLS
	return m.Mode != "" || m.Ports != nil || m.Exclude != nil
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
		r.services = append(r.services, service{Service: s, path: at})
	}
	for _, doc := range r.team {
		r.collectTeam(doc, known)
	}
	r.routed = map[string]string{}
	for _, s := range r.services {
		if s.Split != nil || s.To != "" {
			r.routed[s.host()] = s.Namespace + "/" + s.Name
		}
	}
	slices.SortStableFunc(r.services, func(a, b service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

func (r *resolver) collectTeam(doc Document[spec.MeshService], known map[string]int) {
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
	s := service{Service: said, path: at, teamPath: at, hasTeam: true, teamWords: map[string]bool{}}
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
	r.join(&r.services[i], s)
}

// join puts a team's words beside the platform's for the same service.
func (r *resolver) join(platform *service, team service) {
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
	values: []string{"HTTP"}, later: []string{"TCP", "TLS"},
	unknown: "no protocol %s; HTTP, TCP or TLS",
}

// service resolves versions and the route of one service.
func (r *resolver) service(s service) Service {
	r.protocol(s)
	if s.Selector != nil {
		r.selector(s)
	}
	if s.Port != 0 {
		r.port(s.at("port"), s.Port)
	}
	versions := r.versions(s)
	r.unused(s, versions)
	resolved := Service{
		Namespace: s.Namespace, Name: s.Name, Host: s.host(), Port: s.Port,
		Route: r.route(s, versions), Origin: s.origin(),
	}
	for _, name := range sortedKeys(versions) {
		if v := versions[name]; v.Host == "" {
			resolved.Subsets = append(resolved.Subsets, Subset{Name: name, Labels: maps.Clone(v.Labels)})
		}
	}
	return resolved
}

// unused warns of versions that the service's own route leaves out. A version
// with weight 0 is prepared, which is different from forgotten.
func (r *resolver) unused(s service, versions map[string]spec.Version) {
	if _, known := versions[s.To]; !known && s.Split == nil {
		return
	}
	for _, name := range sortedKeys(versions) {
		if _, split := s.Split[name]; !split && name != s.To {
			r.ds.Warnf(diag.CodeUnused, s.at("versions").Key(name), "version %s gets no traffic; its policy is not active", name)
		}
	}
}

// origin is what asked for the objects about the service's traffic.
func (s service) origin() diag.Path {
	if s.teamWords["split"] || s.teamWords["versions"] {
		return s.teamPath
	}
	return s.path
}

func (r *resolver) protocol(s service) {
	at := s.at("protocol")
	switch s.Protocol {
	case "":
	case "GRPC", "HTTP2":
		r.ds.Errorf(diag.CodeValue, at, "%s is routed as HTTP; leave protocol out", s.Protocol)
	case "HTTPS":
		r.ds.Errorf(diag.CodeValue, at, "HTTPS: for TLS that is not terminated write TLS")
	default:
		r.oneOf(at, s.Protocol, protocols)
	}
}

func (r *resolver) selector(s service) {
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
func (r *resolver) versions(s service) map[string]spec.Version {
	all := map[string]spec.Version{}
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
	for _, name := range sortedKeys(all) {
		at := s.at("versions").Key(name)
		if s.Versions == nil {
			at = s.routeAt(name)
		}
		r.versionName(at, name)
		all[name] = r.version(at, s, name, all[name])
	}
	return all
}

// routeAt is where the service's own route names a version.
func (s service) routeAt(version string) diag.Path {
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

func (r *resolver) version(at diag.Path, s service, name string, v spec.Version) spec.Version {
	if v.Port != 0 {
		r.port(at.Key("port"), v.Port)
	}
	if v.Host != "" {
		if v.Labels != nil {
			r.ds.Errorf(diag.CodeExclusive, at, "host names another service; write its labels and policies there")
		}
		v.Host = r.versionHost(at.Key("host"), s, v.Host)
		r.routedTwice(at.Key("host"), s, name, v.Host)
		return v
	}
	switch {
	case v.Labels == nil:
		v.Labels = map[string]string{"version": name}
	case len(v.Labels) == 0:
		r.ds.Errorf(diag.CodeEmpty, at.Key("labels"), "empty; it would be all pods of the service, write labels: {version: %s}", name)
	default:
		r.names.labels(at.Key("labels"), v.Labels)
	}
	return v
}

// routedTwice warns of a version that leads to a service with a route of its
// own: Istio does not ask a second VirtualService.
func (r *resolver) routedTwice(at diag.Path, s service, version, host string) {
	if id, ok := r.routed[host]; ok {
		r.ds.Warnf(diag.CodeUnused, at, "%s sends %s to %s; the split of %[3]s does not hold for that, Istio does not follow routes twice", s.Name, version, id)
	}
}

// versionHost completes the name of another Service.
func (r *resolver) versionHost(at diag.Path, s service, host string) string {
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
	r.ds.Errorf(diag.CodeName, at, "%q is no Service; write a name in namespace %s, or NAME.NAMESPACE%s", host, s.Namespace, clusterSuffix)
	return host
}

// route is where the service's requests go, by version name.
func (r *resolver) route(s service, versions map[string]spec.Version) []Destination {
	switch {
	case s.To != "" && s.Split != nil:
		r.ds.Errorf(diag.CodeExclusive, s.at("split"), "to and split exclude each other")
		return nil
	case s.To != "":
		if !r.knows(s.at("to"), s, versions, s.To) {
			return nil
		}
		return []Destination{destination(s, s.To, versions[s.To], 0)}
	case s.Split != nil:
		return r.split(s, versions)
	}
	return nil
}

func destination(s service, name string, v spec.Version, weight int) Destination {
	d := Destination{Host: s.host(), Subset: name, Port: cmp.Or(v.Port, s.Port), Weight: weight}
	if v.Host != "" {
		d.Host, d.Subset = v.Host, ""
	}
	return d
}

// knows reports a version that the service does not have.
func (r *resolver) knows(at diag.Path, s service, versions map[string]spec.Version, name string) bool {
	if _, ok := versions[name]; ok {
		return true
	}
	known := sortedKeys(versions)
	hint := ""
	if like, ok := diag.Nearest(name, known); ok {
		hint = ". Did you mean " + strconv.Quote(like) + "?"
	}
	r.ds.Errorf(diag.CodeReference, at, "%s has no version %q; versions: %s%s", s.Name, name, cmp.Or(strings.Join(known, ", "), "none"), hint)
	return false
}

// split turns percentages into the smallest whole weights that Istio can say:
// 99.5 and 0.5 become 995 and 5. A version with 0 gets no destination.
func (r *resolver) split(s service, versions map[string]spec.Version) []Destination {
	at := s.at("split")
	if len(s.Split) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write a version and its percentage, or to: with one version")
		return nil
	}
	names := sortedKeys(s.Split)
	const unit = 10_000 // four decimals
	weights, sum, ok := make([]int, len(names)), 0, true
	for i, name := range names {
		ok = r.knows(at.Key(name), s, versions, name) && ok
		scaled := float64(s.Split[name]) * unit
		weights[i] = int(math.Round(scaled))
		if scaled < 0 || scaled > 100*unit || math.Abs(scaled-math.Round(scaled)) > 1e-6 || scaled != scaled {
			r.ds.Errorf(diag.CodeSplit, at.Key(name), "want 0 to 100 with at most four decimals, got %v", float64(s.Split[name]))
			return nil
		}
		sum += weights[i]
	}
	if sum != 100*unit {
		r.ds.Errorf(diag.CodeSplit, at, "%s = %s; the sum must be 100", sumText(names, s.Split), percentText(float64(sum)/unit))
		return nil
	}
	if !ok {
		return nil
	}
	return weighted(s, versions, names, weights)
}

// weighted are the destinations that get requests, with the weights made small.
func weighted(s service, versions map[string]spec.Version, names []string, weights []int) []Destination {
	for divisor := 10_000; divisor > 1; divisor /= 10 {
		if !slices.ContainsFunc(weights, func(w int) bool { return w%divisor != 0 }) {
			for i := range weights {
				weights[i] /= divisor
			}
			break
		}
	}
	var to []Destination
	for i, name := range names {
		if weights[i] > 0 {
			to = append(to, destination(s, name, versions[name], weights[i]))
		}
	}
	if len(to) == 1 {
		to[0].Weight = 0
	}
	return to
}

func sumText(names []string, split map[string]spec.Percent) string {
	var terms []string
	for _, name := range names {
		terms = append(terms, percentText(float64(split[name])))
	}
	return strings.Join(terms, " + ")
}

func percentText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
