package mesh

import (
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// exportTo checks the namespaces that see objects of the given one, and gives
// them by name.
func (r *resolver) exportTo(at diag.Path, namespace string, list []string) map[string]bool {
	if list != nil && len(list) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write the namespaces that see it, or leave exportTo out for all")
	}
	seen := map[string]bool{}
	for i, name := range list {
		at := at.Index(i)
		if name == "." {
			name = namespace
		}
		switch {
		case name == "*" && len(list) > 1:
			r.ds.Errorf(diag.CodeExclusive, at, "* is all namespaces; leave the others out")
		case name != "*" && !isLabel(name):
			r.ds.Errorf(diag.CodeName, at, "%q is no namespace; write its name, . for its own, or *", name)
		case seen[name]:
			r.ds.Errorf(diag.CodeDuplicate, at, "%s is written twice; keep one", name)
		}
		seen[name] = true
	}
	return seen
}

// serviceExportTo is who sees what is said of a service's traffic.
func (r *resolver) serviceExportTo(s *service) []string {
	if s.ExportTo == nil {
		return nil
	}
	at := s.at("exportTo")
	if seen := r.exportTo(at, s.Namespace, s.ExportTo); len(seen) > 0 && !seen["*"] {
		r.hidden(at, s, seen)
	}
	return slices.Clone(s.ExportTo)
}

// hidden refuses to hide from a gateway the versions that it leads to.
func (r *resolver) hidden(at diag.Path, s *service, seen map[string]bool) {
	if from, ok := r.gatewayOutside(s, seen); ok {
		r.ds.Errorf(diag.CodeReference, at, "exportTo hides %s from the gateway in %s; add %[2]s", s.Name, from)
		return
	}
	for i, host := range r.spec.Security.MTLS.Exclude {
		if host == s.host() {
			r.ds.Warnf(diag.CodeUnused, at, "security.mtls.exclude[%d] is this service; it then holds for the callers in these namespaces only", i)
		}
	}
}

// gatewayOutside is a namespace that is not among those given, with the pods of a
// gateway that leads to the service.
func (r *resolver) gatewayOutside(s *service, namespaces map[string]bool) (string, bool) {
	for _, x := range r.exposingGateways(s) {
		namespace := Root
		switch {
		case x.known == nil:
			continue // nobody says where its pods are
		case x.known.account != "":
			namespace, _, _ = strings.Cut(x.known.account, "/")
		case !OnIngressPods(x.known.Selector):
			continue
		}
		if !namespaces[namespace] {
			return namespace, true
		}
	}
	return "", false
}

// hiddenVersion refuses a host outside as a version where those who call the service
// do not see it: its own namespace, and the gateways that lead to it.
func (r *resolver) hiddenVersion(at diag.Path, s *service, host string, x External) {
	seen := map[string]bool{}
	for _, name := range x.ExportTo {
		if name == "." {
			name = x.Namespace
		}
		seen[name] = true
	}
	if len(seen) == 0 || seen["*"] {
		return
	}
	from, hidden := s.Namespace, !seen[s.Namespace]
	if !hidden {
		from, hidden = r.gatewayOutside(s, seen)
	}
	if hidden {
		r.ds.Errorf(diag.CodeReference, at, "%s is exported to %s and not to %s, where it is called as %s; write exportTo at %s", host, strings.Join(sortedKeys(seen), ", "), from, s.Name, shortPath(x.Origin))
	}
}
