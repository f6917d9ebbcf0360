package mesh

import (
	"slices"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// definedProviders are the providers that proxies know in the end: those of the
// document and its layers, and what overrides make of them. They merge by name, as
// pkg/istioop merges the list. An old Istio is told its tracer and its log without
// the list, so that nothing is taken away there.
func (r *resolver) definedProviders(overrides []Override) {
	r.providers, r.removed = slices.Clone(r.spec.ExtensionProviders), map[string]string{}
	for _, o := range overrides {
		for _, field := range [][]string{{"meshConfig"}, {"meshConfig", "extensionProviders"}} {
			at, v, said := fieldOf(o, field)
			switch list, isList := v.([]any); {
			case said && v == nil:
				r.overProviders(o, at, nil, true)
			case isList:
				r.overProviders(o, at, list, len(list) == 0 || slices.ContainsFunc(list, IsReplaceMark))
			}
		}
	}
}

// overProviders puts an override's list over the providers, or in their place.
func (r *resolver) overProviders(o Override, at diag.Path, list []any, replaces bool) {
	was := r.providers
	if replaces && !r.oldTelemetry() {
		r.providers = nil
	}
	for i, item := range list {
		var p *extensionProvider
		if ds := strictyaml.Decode(node(item), at.Index(i), &p); ds.HasErrors() || IsReplaceMark(item) {
			continue // a fault of the item has been reported
		}
		r.providers = mergeProviders(r.providers, []*extensionProvider{p})
	}
	for _, p := range was {
		gone := !slices.ContainsFunc(r.providers, func(q *extensionProvider) bool { return q.GetName() == p.GetName() })
		if gone {
			r.removed[p.GetName()] = o.Place(at)
		}
	}
}
