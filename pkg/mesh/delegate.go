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
	if id := d.Namespace + "/" + d.Name; !r.delegates[id] {
		if r.delegates == nil {
			r.delegates = map[string]bool{}
		}
		r.delegates[id] = true
		r.ds.Infof(diag.CodeReference, at, "VirtualService %s is not checked; it has no hosts and no gateways, and exportTo lets this one's namespace see it", id)
	}
}

// delegate is the VirtualService with its namespace. Ours may lie in the gateway's.
func (s *service) delegate(w *networking.Delegate) *networking.Delegate {
	return &networking.Delegate{Name: w.Name, Namespace: cmp.Or(w.Namespace, s.Namespace)}
}
