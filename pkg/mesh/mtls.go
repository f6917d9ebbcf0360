package mesh

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

var mtlsModes = choice{
	values:  []string{"STRICT", "PERMISSIVE", "DISABLE"},
	unknown: "no mode %s; STRICT, PERMISSIVE or DISABLE",
}

// mtls are the modes of the mesh, of namespaces and of services, in this order.
func (r *resolver) mtls() []MTLS {
	at := r.at().Key("security").Key("mtls")
	mesh := r.spec.Security.MTLS
	r.noPorts(at, mesh)
	mode := r.oneOf(at.Key("mode"), mesh.Mode, mtlsModes)
	places := []MTLS{{Namespace: Root, Name: "default", Mode: mode, Origin: at}}
	places = append(places, r.namespaceMTLS()...)
	said := &saidOfPods{}
	for _, s := range r.services {
		if place, ok := r.serviceMTLS(s); ok {
			places = append(places, place)
			r.onePods(place.Origin, s, said)
		}
	}
	return places
}

func (r *resolver) noPorts(at diag.Path, m spec.MTLS) {
	if m.Ports != nil {
		r.ds.Errorf(diag.CodePlace, at.Key("ports"), "ports need a workload; write it at a service")
	}
}

func (r *resolver) onlyForTheMesh(at diag.Path, m spec.MTLS) {
	if m.Exclude != nil {
		r.ds.Errorf(diag.CodePlace, at.Key("exclude"), "clients of the whole mesh are meant; write it at spec.security.mtls")
	}
	if m.MinProtocolVersion != "" {
		r.ds.Errorf(diag.CodePlace, at.Key("minProtocolVersion"), "it holds for the whole mesh; write it at spec.security.mtls")
	}
}

// minProtocolVersion is the oldest TLS between workloads, empty for Istio's.
func (r *resolver) minProtocolVersion() string {
	at, version := r.at().Key("security").Key("mtls").Key("minProtocolVersion"), r.spec.Security.MTLS.MinProtocolVersion
	if version == "" {
		return ""
	}
	// Change notes of Istio 1.14, "TLS configuration API for workloads"
	// (istio.io/latest/news/releases/1.14.x/announcing-1.14/change-notes).
	if r.istio.before(1, 14) {
		r.ds.Errorf(diag.CodeVersion, at, "Istio knows it from 1.14 on; this mesh has %s (install.istioVersion)", r.spec.Install.IstioVersion)
	}
	return r.oneOf(at, version, choice{values: []string{"TLSV1_2", "TLSV1_3"}, unknown: "no version %s; TLSV1_2 or TLSV1_3"})
}

func (r *resolver) namespaceMTLS() []MTLS {
	var places []MTLS
	for _, name := range sortedKeys(r.spec.Namespaces) {
		at := r.at().Key("namespaces").Key(name)
		r.names.label(at, name)
		m := r.spec.Namespaces[name].Security.MTLS
		said := at.Key("security").Key("mtls")
		if name == Root {
			continue // said by rootNamespace
		}
		r.noPorts(said, m)
		r.onlyForTheMesh(said, m)
		if m.Mode != "" {
			mode := r.oneOf(said.Key("mode"), m.Mode, mtlsModes)
			places = append(places, MTLS{Namespace: name, Name: "default", Mode: mode, Origin: said})
		}
	}
	return places
}

func (r *resolver) serviceMTLS(s *service) (MTLS, bool) {
	m := s.Security.MTLS
	if !saysMTLS(m) {
		return MTLS{}, false
	}
	at := s.at("security.mtls")
	r.onlyForTheMesh(at, m)
	if m.Mode == "" && len(m.Ports) == 0 {
		return MTLS{}, false
	}
	place := MTLS{Namespace: s.Namespace, Name: s.Name, Selector: s.selector(), Origin: at}
	if m.Mode != "" {
		place.Mode = r.oneOf(at.Key("mode"), m.Mode, mtlsModes)
		r.notWeaker(at.Key("mode"), s, place.Mode)
	}
	for _, port := range sortedKeys(m.Ports) {
		key := at.Key("ports").Key(itoa(port))
		r.port(key, port)
		mode := r.oneOf(key, m.Ports[port], mtlsModes)
		r.notWeaker(key, s, mode)
		place.Ports = append(place.Ports, PortMode{Port: port, Mode: mode})
	}
	return place, true
}

// modeOf is the mode of a service's servers where no port says another.
func (r *resolver) modeOf(s *service) string {
	return cmp.Or(s.Security.MTLS.Mode, r.modeIn(s.Namespace))
}

// modeIn is the mode of a namespace's servers.
func (r *resolver) modeIn(namespace string) string {
	return cmp.Or(r.spec.Namespaces[namespace].Security.MTLS.Mode, r.spec.Security.MTLS.Mode)
}

// strength orders the modes.
var strength = map[string]int{"DISABLE": 0, "PERMISSIVE": 1, "STRICT": 2}

// notWeaker keeps a team from loosening what the platform set.
func (r *resolver) notWeaker(at diag.Path, s *service, mode string) {
	if !s.team(at) {
		return
	}
	wide, whose := r.spec.Security.MTLS.Mode, "the mesh"
	if m := r.spec.Namespaces[s.Namespace].Security.MTLS.Mode; m != "" {
		wide, whose = m, "namespace "+s.Namespace
	}
	if strength[mode] < strength[wide] {
		r.ds.Errorf(diag.CodeMTLS, at, "%s is weaker than %s of %s; the platform team sets it in KymaMesh services[] or namespaces.%s", mode, wide, whose, s.Namespace)
	}
}

// The DestinationRules for these two hosts keep the names that Kyma gave them
// (kyma 1.24.11, resources/istio/files/destination-rules.yaml and
// destination-rules-minikube.yaml), so that an upgrade replaces them.
var knownExcluded = map[string]string{
	"kubernetes.default" + clusterSuffix:                "api-server",
	"istio-ingressgateway.istio-system" + clusterSuffix: "istio-ingressgateway",
}

// excluded are the hosts that are called without mTLS.
func (r *resolver) excluded() []Excluded {
	at := r.at().Key("security").Key("mtls").Key("exclude")
	var all []Excluded
	first := map[string]int{}
	for i, host := range r.spec.Security.MTLS.Exclude {
		e, ok := excludedHost(host)
		if x, external := r.external[host]; external {
			r.ds.Errorf(diag.CodePlace, at.Index(i), "its TLS is %s.tls", shortPath(x.Origin))
			continue
		}
		if !ok {
			r.ds.Errorf(diag.CodeName, at.Index(i), "%q is no full Service name; write NAME.NAMESPACE%s", host, clusterSuffix)
			continue
		}
		if j, twice := first[host]; twice {
			r.ds.Errorf(diag.CodeDuplicate, at.Index(i), "%s is also exclude[%d]; keep one", host, j)
			continue
		}
		first[host] = i
		e.Origin = at.Index(i)
		if e.Name == "api-server" {
			e.ConnectSeconds = r.facts.APIServerConnectSeconds
		}
		r.notStrict(e)
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b Excluded) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func excludedHost(host string) (Excluded, bool) {
	short, ok := strings.CutSuffix(host, clusterSuffix)
	name, namespace, found := strings.Cut(short, ".")
	if !ok || !found || !isLabel(namespace) || name != "*" && !isLabel(name) {
		return Excluded{}, false
	}
	e := Excluded{Namespace: namespace, Name: name, Host: host}
	if known, ok := knownExcluded[host]; ok {
		e.Namespace, e.Name = Root, known
	} else if name == "*" {
		e.Name = "any"
	}
	return e, true
}

// notStrict refuses to call a host in plain text whose own entry says that its
// sidecar takes nothing but mTLS. A service that says nothing of its own may
// well have no sidecar; that is what exclude is for.
func (r *resolver) notStrict(e Excluded) {
	for _, s := range r.services {
		if s.host() == e.Host && s.Security.MTLS.Mode == "STRICT" {
			r.ds.Errorf(diag.CodeMTLS, e.Origin, "%s/%s is in the mesh and STRICT; callers would be refused; use services[%s].security.mtls", s.Namespace, s.Name, s.Name)
		}
	}
}
