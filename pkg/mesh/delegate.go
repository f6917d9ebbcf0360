package mesh

import (
	"cmp"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// delegate checks whom requests are handed to. Nobody here knows whether that
// VirtualService is there, which is said once.
func (r *resolver) delegate(at diag.Path, w *networking.Delegate, s *service) {
	if w == nil {
		return
	}
	if w.Name == "" {
		r.ds.Errorf(diag.CodeMissing, at.Key("name"), "write the name of the VirtualService that has the routes")
		return
	}
	if !isDNSName(w.Name) {
		r.ds.Errorf(diag.CodeName, at.Key("name"), "%q is no name of a VirtualService; lower case letters, digits, - and .", w.Name)
		return
	}
	if w.Namespace != "" && !r.names.label(at.Key("namespace"), w.Namespace) {
		return
	}
	d := s.delegate(w)
	r.delegated = append(r.delegated, delegated{d.Namespace + "/" + d.Name, at})
}

// delegated is a VirtualService of somebody else's that a place hands requests to.
type delegated struct {
	id string
	at diag.Path
}

func (r *resolver) reportDelegated() {
	said := map[string]bool{}
	for _, d := range r.delegated {
		if !said[d.id] {
			said[d.id] = true
			r.ds.Infof(diag.CodeReference, d.at, "VirtualService %s is not checked; it has no hosts and no gateways, and exportTo lets this one's namespace see it", d.id)
		}
	}
}

// delegate is the VirtualService with its namespace. Ours may lie in the gateway's.
func (s *service) delegate(w *networking.Delegate) *networking.Delegate {
	return &networking.Delegate{Name: w.Name, Namespace: cmp.Or(w.Namespace, s.Namespace)}
}
