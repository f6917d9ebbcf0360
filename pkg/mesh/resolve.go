package mesh

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Document is one document of a call with its place.
type Document[T any] struct {
	Value T
	// Path is the document as a whole.
	Path diag.Path
	// Package is the kpt package that the document lies in, empty for the only
	// one. Documents of two packages are two meshes that never meet.
	Package string
}

// Documents are all documents of ours in one call.
type Documents struct {
	Meshes   []Document[spec.KymaMesh]
	Services []*Document[spec.MeshService]
	// Operators are IstioOperators that people keep beside a KymaMesh, but for those
	// that an earlier call rendered.
	Operators []Document[Operator]
}

// Resolve completes and checks the documents of a call: one Mesh for each
// KymaMesh, in the order given. With errors in the list the meshes must not be
// rendered. The documents are not written to.
func Resolve(ds Documents) ([]*Mesh, diag.List) {
	var list diag.List
	members, operators := assign(ds, &list), operatorsOf(ds, &list)
	meshes := make([]*Mesh, len(ds.Meshes))
	for i, doc := range ds.Meshes {
		r := resolver{ds: &list, names: names{&list}, doc: doc, spec: doc.Value.Spec, team: members[i], operators: operators[i], onPods: map[string][]*gateway{}}
		meshes[i] = r.resolve()
	}
	return meshes, list
}

// assign says for each KymaMesh which MeshServices are its own.
func assign(ds Documents, list *diag.List) [][]*Document[spec.MeshService] {
	members := make([][]*Document[spec.MeshService], len(ds.Meshes))
	for _, s := range ds.Services {
		if m, ok := meshOf(s, ds.Meshes, list); ok {
			members[m] = append(members[m], s)
		}
	}
	return members
}

// meshOf finds the KymaMesh of one MeshService: the one it names; else the only
// one of its package, or of the call.
func meshOf(s *Document[spec.MeshService], meshes []Document[spec.KymaMesh], list *diag.List) (int, bool) {
	at := s.Path.Key("spec").Key("mesh")
	candidates := func(admit func(Document[spec.KymaMesh]) bool) (found []int) {
		for i, m := range meshes {
			if m.Value.Spec.Install.Only {
				continue // a second installation, which has no services
			}
			if (s.Value.Spec.Mesh == "" || m.Value.Metadata.Name == s.Value.Spec.Mesh) && admit(m) {
				found = append(found, i)
			}
		}
		return found
	}
	found := candidates(func(m Document[spec.KymaMesh]) bool { return m.Package == s.Package })
	if len(found) == 0 {
		found = candidates(func(Document[spec.KymaMesh]) bool { return true })
	}
	switch {
	case len(meshes) == 0:
		list.Errorf(diag.CodeDocument, s.Path, "no KymaMesh in this call; give it with the package, or with -f")
	case len(found) == 0 && !slices.ContainsFunc(meshes, func(m Document[spec.KymaMesh]) bool { return !m.Value.Spec.Install.Only }):
		list.Errorf(diag.CodeDocument, s.Path, "no KymaMesh in this call has services: install.only renders the IstioOperator and nothing else")
	case len(found) == 0:
		list.Errorf(diag.CodeReference, at, "no KymaMesh %q in this call; there are %s", s.Value.Spec.Mesh, meshNames(meshes))
	case len(found) > 1:
		list.Errorf(diag.CodeMissing, at, "this call holds several KymaMesh (%s); write which one the service belongs to", meshNames(meshes))
	default:
		return found[0], true
	}
	return 0, false
}

func meshNames(meshes []Document[spec.KymaMesh]) string {
	var all []string
	for _, m := range meshes {
		all = append(all, m.Value.Metadata.Name)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// resolver resolves one KymaMesh and its MeshServices.
type resolver struct {
	ds    *diag.List
	names names
	doc   Document[spec.KymaMesh]
	team  []*Document[spec.MeshService]
	// operators are the IstioOperators beside the document.
	operators []Document[Operator]
	// theirs is the one that is changed in place; nil where none is.
	theirs *Theirs
	// spec is completed by complete; until then it is as written.
	spec  spec.Spec
	stack stack // what lies under the document
	layer layer // the same, merged
	facts facts

	kyma, profile, platform string // which layers these are

	ingress []ServicePort // of the ingress gateway's Service
	istio   istioVersion

	gateways []gateway
	onPods   map[string][]*gateway // the gateways on the pods that labels find
	guarded  bool                  // whether any of gateways is
	services []*service
	// providers are those that words can name, and removed the places of overrides
	// that took others away, by their names.
	providers []*extensionProvider
	removed   map[string]string

	routed   map[string]string   // namespace/name of services with a route, by host
	external map[string]External // the hosts of egress, by each of their names

	delegated []delegated // the VirtualServices of others that words name
}

func (r *resolver) at() diag.Path { return r.doc.Path.Key("spec") }

func (r *resolver) resolve() *Mesh {
	r.metadata()
	r.checkIgnored()
	r.complete()
	m := &Mesh{Name: r.doc.Value.Metadata.Name, Path: r.doc.Path}
	m.sources = sources{written: r.doc.Value.Spec, at: r.at(), stack: r.stack, facts: r.facts}
	if r.spec.Install.Only {
		r.only()
		m.Install, m.istio = r.installation(), r.istio
		r.onlyTelemetry()
		return m
	}
	r.collectServices()
	r.resolveGateways()
	m.Certificates = r.resolveCertificates()
	m.Install, m.istio = r.installation(), r.istio
	r.gatewaysKnown()
	r.rootNamespace()
	r.unlabelled()
	m.Namespaces = r.namespaceLabels()
	m.PodSettings = r.podSettings(m.Install.Sidecar)
	m.Install.MinProtocolVersion = r.minProtocolVersion()
	m.Externals = r.externals()
	m.Excluded = r.excluded()
	m.Services = make([]Service, len(r.services))
	r.inParts(len(r.services), func(part *resolver, i int) { m.Services[i] = part.service(r.services[i]) })
	m.MTLS = r.mtls()
	m.VirtualHosts = r.virtualHosts()
	r.reportDelegated()
	m.Sidecars = r.sidecars()
	m.VirtualHosts = append(m.VirtualHosts, r.health(m.VirtualHosts)...)
	m.Authentications, m.Authorizations = r.access()
	m.Telemetries = r.telemetry()
	r.closedProviders()
	m.Authorizations = append(m.Authorizations, r.egressAccess(m.Externals)...)
	m.Gateways, m.EgressGateway = r.egressGateways(m.Externals)
	for _, g := range r.gateways {
		m.Gateways = append(m.Gateways, g.Gateway)
	}
	return m
}

// installation is the installation with what is reported.
func (r *resolver) installation() Install {
	in := r.install()
	r.checkProviders()
	r.definedProviders(in.Overrides)
	in.Providers, in.Reports = r.installedProviders(), r.reports()
	return in
}

func (r *resolver) metadata() {
	at := r.doc.Path.Key("metadata")
	switch name := r.doc.Value.Metadata.Name; {
	case name == "":
		r.ds.Errorf(diag.CodeMissing, at.Key("name"), "write a name; it is the owner label of all that is rendered")
	default:
		r.names.label(at.Key("name"), name)
	}
	if ns := r.doc.Value.Metadata.Namespace; ns != "" {
		r.names.label(at.Key("namespace"), ns)
	}
}

// complete puts the default layers under the document.
func (r *resolver) complete() {
	r.kyma = cmp.Or(r.spec.Kyma, "module")
	r.oneOf(r.at().Key("kyma"), r.kyma, choice{values: spec.Generations, unknown: "no generation %s; 0.6, 1.24, 2.18 or module"})
	if !slices.Contains(spec.Generations, r.kyma) {
		r.kyma = "module" // to go on with
	}
	r.platform = r.oneOf(r.at().Key("platform"), cmp.Or(r.spec.Platform, "cluster"), choice{
		values:  []string{"cluster", "minikube", "k3d", "gardener", "gke"},
		unknown: "no platform %s; cluster, minikube, k3d, gardener or gke",
	})
	if r.kyma == "module" && r.platform == "minikube" {
		r.ds.Infof(diag.CodePlatform, r.at().Key("platform"), "Kyma's module knows no Minikube; k3d is recommended")
	}
	r.profile = r.effectiveProfile()
	r.stack = stackOf(r.kyma, r.profile, r.platform, r.existing())
	r.layer = r.stack.merged()
	r.facts = r.layer.Facts
	fill(reflect.ValueOf(&r.spec).Elem(), reflect.ValueOf(r.layer.Spec))
	if !isDomain(r.spec.Domain) {
		r.ds.Errorf(diag.CodeName, r.at().Key("domain"), "%q is no DNS name; write it as shop.example.com", r.spec.Domain)
	}
}

// effectiveProfile is the profile whose layers lie under the document.
func (r *resolver) effectiveProfile() string {
	at, written := r.at().Key("profile"), cmp.Or(r.spec.Profile, "default")
	generation := layers()["generation-"+r.kyma+".yaml"]().Facts
	profiles := []string{"default", "evaluation", "production"}
	if slices.Contains(profiles, written) && written != "default" && !slices.Contains(generation.Profiles, written) {
		r.ds.Errorf(diag.CodeValue, at, "Kyma %s had no profiles; leave it out", r.kyma)
		return "default"
	}
	written = r.oneOf(at, written, choice{values: profiles, unknown: "no profile %s; default, evaluation or production"})
	if written == "default" {
		return cmp.Or(generation.DefaultProfile, written)
	}
	return written
}

// choice is what a word may be.
type choice struct {
	values  []string
	later   []string // words of the vocabulary that are not rendered yet
	unknown string   // what to say of anything else, with %s for it
}

// oneOf reports a value that is none of the choice and returns one that is.
func (r *resolver) oneOf(at diag.Path, value string, c choice) string {
	switch {
	case slices.Contains(c.values, value):
		return value
	case slices.Contains(c.later, value):
		r.ds.Errorf(diag.CodeNotYet, at, "%s is not rendered yet by this version of kymamesh; %s", value, either(c.values))
	default:
		message := strings.ReplaceAll(c.unknown, "%s", quotedIfOdd(value))
		if like, ok := diag.Nearest(value, append(slices.Clone(c.values), c.later...)); ok {
			message += ". Did you mean " + like + "?"
		}
		r.ds.Errorf(diag.CodeValue, at, "%s", message)
	}
	return c.values[0]
}

// quotedIfOdd keeps messages short for ordinary values and clear for others.
func quotedIfOdd(s string) string {
	if isLabelText(s) && s != "" {
		return s
	}
	return `"` + s + `"`
}

// either lists values as a sentence does.
func either(values []string) string {
	if len(values) == 1 {
		return "write " + values[0]
	}
	last := len(values) - 1
	return "write " + strings.Join(values[:last], ", ") + " or " + values[last]
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	if len(m) == 0 {
		return nil // as most words of most services
	}
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
