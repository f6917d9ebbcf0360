package check

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var policyChecks = []Check{
	{
		Code: diag.CodeUnenforced, Severity: diag.Warning, find: unenforced, Needs: pods,
		Hurts: "Nobody enforces the policy: requests that it would refuse get through.",
		Mend:  "Give the pods a sidecar, or remove the policy.",
	},
	{
		Code: diag.CodeNobodySelected, Severity: diag.Warning, find: nobodySelected, Needs: pods, Istio: "IST0127",
		Hurts: "The object does nothing.",
		Mend:  "Write labels of the pods, from their pod template.",
	},
	{
		Code: diag.CodeAmbient, Severity: diag.Warning, find: ambientSidecars, Needs: []string{"networking.istio.io/Sidecar"}, Istio: "IST0167",
		Hurts: "The object does nothing: node proxies and waypoints do not read it.",
		Mend:  "Remove it, or give the namespace sidecars.",
	},
}

// ambientLabel is the label by which a namespace takes part in the mesh without
// sidecars.
const ambientLabel = "istio.io/dataplane-mode"

func ambientSidecars(f *finder) {
	for _, s := range f.Sidecars() {
		n, ok := f.Namespace(s.Namespace)
		if ok && n.Labels()[ambientLabel] == "ambient" && n.Labels()[topology.NamespaceLabel] != "enabled" {
			f.say(s.Object, s.At(), "pods of %s have no sidecar: its label %s says ambient", s.Namespace, ambientLabel)
		}
	}
}

// enforcing are the kinds that only a pod's own proxy can carry out.
var enforcing = []string{"AuthorizationPolicy", "RequestAuthentication", "PeerAuthentication"}

func unenforced(f *finder) {
	for _, p := range f.Policies() {
		if len(p.Selector) == 0 || !slices.Contains(enforcing, p.Kind) {
			continue
		}
		for _, w := range f.Found(p) {
			if in := f.Injection(w); in.Sidecar == topology.No {
				f.say(p.Object, p.At(p.SelectorAt...), "%s has no sidecar to enforce it: %s", w, in.Why)
				break
			}
		}
	}
}

// nobodySelected finds hand-written policies; the selectors check tells of those
// that documents ask for. In the root namespace a selector means pods of any
// package.
func nobodySelected(f *finder) {
	for _, p := range f.Policies() {
		workloads := f.Workloads(p.Namespace)
		if p.Rendered || len(workloads) == 0 || p.Namespace == f.RootNamespace() {
			continue
		}
		if p.Namespace != "" && len(f.Workloads("")) > 0 || len(f.Found(p)) > 0 {
			continue
		}
		f.say(p.Object, p.At(p.SelectorAt...), "no workload has %s", text(p.Selector, "=", ","))
	}
}
