package check

import (
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var visibilityChecks = []Check{
	{
		Code: diag.CodeIdleSubset, Severity: diag.Info, find: idleSubsets, Needs: []string{"networking.istio.io/DestinationRule"},
		Hurts: "The settings hold for nobody: a call without a route to the subset has those of the whole host.",
		Mend:  "Write a route to the subset, also where it gets all requests, or move the settings to the host.",
	},
	{
		Code: diag.CodeUnseenRule, Severity: diag.Warning, find: unseenRules, Needs: []string{"networking.istio.io/DestinationRule"},
		Hurts: "Nothing happens: a client looks into its own namespace, into the host's and into the mesh's, and into no other, whatever a rule's exportTo says.",
		Mend:  "Put the rule into the namespace of its host, or let exportTo name the rule's own.",
	},
	{
		Code: diag.CodeHiddenHost, Severity: diag.Warning, find: hiddenHosts, Needs: []string{"Service"},
		Hurts: "The caller's proxy does not know the Service: it passes the call on without mTLS and without routes, or refuses it where only known hosts may be called.",
		Mend:  "Let egress.hosts of the Sidecar, or exportTo of the Service, show it.",
	},
}

// idleSubsets finds hand-written settings of subsets to which nothing leads, of
// hosts that the package has: the routes of others may lie elsewhere as well.
func idleSubsets(f *finder) {
	led := map[subset]bool{}
	f.destinations(func(_ topology.Route, d topology.Destination) { led[subset{d.Host, d.Subset}] = true })
	for _, rule := range f.DestinationRules() {
		host := topology.FullHost(rule.Spec.Host, rule.Namespace)
		if !byHand(rule.Object) || f.HasHost(host) != topology.Yes {
			continue
		}
		for i, s := range rule.Spec.Subsets {
			if s.TrafficPolicy != nil && !led[subset{host, s.Name}] {
				f.say(rule.Object, rule.At("spec", "subsets", i, "trafficPolicy"), "no route of the package leads to the subset %s of %s", s.Name, host)
			}
		}
	}
}

// unseenRules finds rules that are for other namespaces and do not lie where those
// look (pilot/pkg/model.PushContext.destinationRule).
func unseenRules(f *finder) {
	for _, rule := range f.DestinationRules() {
		to := rule.Spec.ExportTo
		own := slices.ContainsFunc(to, func(name string) bool { return name == "*" || name == "." || name == rule.Namespace })
		if len(to) == 0 || own || rule.Spec.WorkloadSelector != nil || rule.Namespace == f.RootNamespace() || rule.Namespace == "" {
			continue
		}
		homes := f.Homes(topology.FullHost(rule.Spec.Host, rule.Namespace))
		if len(homes) == 0 || slices.Contains(homes, rule.Namespace) {
			continue
		}
		f.say(rule.Object, rule.At("spec", "exportTo"), "%s has the host, and clients of %s do not look into %s", homes[0], strings.Join(to, ", "), rule.Namespace)
	}
}

// hiddenHosts finds Services that the own configuration of a workload names and that
// its proxy is not shown. Routes that lead there make the proxy know the pods, and not
// the Service that is called.
func hiddenHosts(f *finder) {
	for _, w := range f.authored() {
		if f.Injection(w).Sidecar != topology.Yes {
			continue
		}
		client := f.ClientOf(w)
		said := map[string]bool{}
		f.calls(w, func(s *topology.Service, port topology.Port, at diag.Path) {
			hidden := f.Hides(client, s.Host(), port.Number)
			if hidden == nil || said[s.Host()] {
				return
			}
			said[s.Host()] = true
			f.say(w.Object, at, "%s calls port %d of %s, and %s does not show it to the caller's proxy", w, port.Number, s.Host(), hidden.Object)
		})
	}
}
