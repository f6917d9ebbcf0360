package mesh

import (
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// exportTo checks who sees what is said of a service's traffic.
func (r *resolver) exportTo(s *service) []string {
	at := s.at("exportTo")
	if s.ExportTo != nil && len(s.ExportTo) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; leave it out for all namespaces, or write . for the service's own")
	}
	seen := map[string]bool{}
	for i, text := range s.ExportTo {
		namespace := text
		switch {
		case text == ".":
			namespace = s.Namespace
		case text == "*" && len(s.ExportTo) > 1:
			r.ds.Errorf(diag.CodeExclusive, at.Index(i), "* is every namespace; leave the others out")
		case text != "*":
			r.names.label(at.Index(i), text)
		}
		if seen[namespace] {
			r.ds.Errorf(diag.CodeDuplicate, at.Index(i), "%s is written twice; keep one", namespace)
		}
		seen[namespace] = true
	}
	if len(s.ExportTo) > 0 && !seen["*"] {
		r.hidden(at, s, seen)
	}
	return slices.Clone(s.ExportTo)
}

// hidden refuses to hide from a gateway the versions that it leads to.
func (r *resolver) hidden(at diag.Path, s *service, seen map[string]bool) {
	for _, x := range r.exposingGateways(s) {
		namespace := Root
		switch {
		case x.known == nil:
			continue // nobody says where its pods are
		case x.known.account != "":
			namespace, _, _ = strings.Cut(x.known.account, "/")
		case !onIngressPods(x.known.Selector):
			continue
		}
		if !seen[namespace] {
			r.ds.Errorf(diag.CodeReference, at, "exportTo hides %s from the gateway in %s; add %[2]s", s.Name, namespace)
			return
		}
	}
	for i, host := range r.spec.Security.MTLS.Exclude {
		if host == s.host() {
			r.ds.Warnf(diag.CodeUnused, at, "security.mtls.exclude[%d] is this service; it then holds for the callers in these namespaces only", i)
		}
	}
}
