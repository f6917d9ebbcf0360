package check

import (
	"iter"
	"maps"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// selecting are the policies that find their workload by labels, with the
// labels and the service that asked for them.
func selecting(objects []manifest.Object) iter.Seq2[manifest.Object, map[string]string] {
	return func(yield func(manifest.Object, map[string]string) bool) {
		for o, policy := range manifest.Of[*security.PeerAuthentication](objects) {
			if labels := policy.GetSelector().GetMatchLabels(); len(labels) > 0 && !yield(o, labels) {
				return
			}
		}
	}
}

// selectors finds policies that would hold for no pod, or for other pods than
// the service's: they would do nothing, in silence.
func selectors(ds *diag.List, objects []manifest.Object, p *topology.Package) {
	for o, labels := range selecting(objects) {
		at := word(o.Origin, "selector")
		if s, ok := p.Service(o.Namespace, o.Name); ok && len(s.Selector) > 0 {
			if !maps.Equal(s.Selector, labels) {
				ds.Errorf(diag.CodeSelector, at, "the Service %s/%s selects %s; write selector: {%s}",
					o.Namespace, o.Name, text(s.Selector, "=", ","), text(s.Selector, ": ", ", "))
			}
			continue
		}
		workloads := p.Workloads(o.Namespace)
		if len(workloads) == 0 || len(p.Workloads("")) > 0 {
			continue
		}
		selected := func(w topology.Workload) bool { return contains(w.Labels, labels) }
		if !slices.ContainsFunc(workloads, selected) {
			ds.Errorf(diag.CodeSelector, at, "no workload of %s has %s; write the labels of the service's pods", o.Namespace, text(labels, "=", ","))
		}
	}
}

// word is the place of a word of the service that a path lies in.
func word(p diag.Path, name string) diag.Path {
	for {
		outer, ok := p.Parent()
		if !ok {
			return p
		}
		if last := p.String()[len(outer.String()):]; last == ".security" {
			return outer.Key(name)
		}
		p = outer
	}
}

// contains tells whether labels has all of want.
func contains(labels, want map[string]string) bool {
	for k, v := range want {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

func text(labels map[string]string, equals, between string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, k+equals+labels[k])
	}
	return strings.Join(all, between)
}
