package check

import (
	"slices"

	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var httpRuleChecks = []Check{
	{
		Code: diag.CodeHTTPRules, Severity: diag.Warning, find: httpRules, Needs: []string{"Service"},
		Hurts: "Where a port is not HTTP Istio leaves out what a DENY rule asks about requests, and refuses more than was meant; an ALLOW rule that asks about requests lets nobody in there.",
		Mend:  "Let the rule name the ports that are HTTP, to.operation.ports, and write one of its own for the others.",
	},
}

// httpRules finds hand-written policies with rules about HTTP that name no ports, for
// pods behind a port that is said to be something else; documents were asked by
// [opaquePorts]. An ALLOW policy that has a rule for connections as well means it. Of
// a policy for the mesh only pods of its own namespace are asked.
func httpRules(f *finder) {
	for _, p := range f.AuthorizationPolicies() {
		denies, allows := p.Spec.Action == security.AuthorizationPolicy_DENY, p.Spec.Action == security.AuthorizationPolicy_ALLOW
		about := slices.ContainsFunc(p.Spec.Rules, refusesOpaque)
		others := slices.ContainsFunc(p.Spec.Rules, func(r *security.Rule) bool { return !refusesOpaque(r) })
		if !byHand(p.Object) || !about || !denies && (!allows || others) {
			continue
		}
		i := slices.IndexFunc(p.Spec.Rules, refusesOpaque)
		if s, port, ok := f.opaqueBehind(p); ok {
			does := "the rule refuses all callers that it names"
			if allows {
				does = "no rule lets anybody in"
			}
			f.say(p.Object, p.At("spec", "rules", i), "port %d of %s is %s, and there %s", port.Number, s, port.Protocol, does)
		}
	}
}

// opaqueBehind is the first port that is not HTTP of a Service whose pods a policy
// holds for, those that enforce it.
func (f *finder) opaqueBehind(p authorizationPolicy) (*topology.Service, topology.Port, bool) {
	for _, name := range f.ServiceNames(p.Namespace) {
		s, _ := f.Service(p.Namespace, name)
		i := slices.IndexFunc(s.Ports(), func(p topology.Port) bool { return p.Protocol.IsOpaque() && p.Protocol != topology.UDP })
		if i < 0 {
			continue
		}
		servers, _ := f.Behind(s)
		if slices.ContainsFunc(servers, func(w *topology.Workload) bool {
			return topology.Selects(p.Spec.GetSelector().GetMatchLabels(), w.Labels) && f.Injection(w).Sidecar == topology.Yes
		}) {
			return s, s.Ports()[i], true
		}
	}
	return nil, topology.Port{}, false
}
