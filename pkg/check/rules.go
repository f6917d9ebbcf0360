package check

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var ruleChecks = []Check{
	{
		Code: diag.CodeTwoRules, Severity: diag.Error, find: twoRules, Needs: []string{"networking.istio.io/DestinationRule"},
		Hurts: "Istio puts them together: of two trafficPolicies, and of two subsets with one name, only the older holds.",
		Mend:  "Put both into one DestinationRule.",
	},
	{
		Code: diag.CodeEmptySubset, Severity: diag.Warning, find: emptySubsets, Needs: pods, Istio: "IST0101",
		Hurts: "Requests that a route sends to the subset get 503: no endpoint is in it.",
		Mend:  "Write the labels of the version's pods, in its pod template and not on the Deployment.",
	},
	{
		Code: diag.CodeUnverified, Severity: diag.Warning, find: unverified, Needs: []string{"install.istio.io/IstioOperator"}, Istio: "IST0128, IST0129",
		Hurts: "Whoever can answer for the host can read what is sent: before Istio 1.21 a sidecar without caCertificates takes any certificate.",
		Mend:  "Write caCertificates, such as /etc/ssl/certs/ca-certificates.crt.",
	},
}

type destinationRule = topology.Config[*networking.DestinationRule]

func twoRules(f *finder) {
	type place struct{ namespace, host string }
	seen := map[place][]destinationRule{}
	for _, rule := range f.DestinationRules() {
		at := place{rule.Namespace, topology.FullHost(rule.Spec.Host, rule.Namespace)}
		for _, first := range seen[at] {
			if lost := dropped(first, rule); lost != "" {
				f.say(rule.Object, rule.At("spec", "host"), "%s is for %s too; both have %s, and Istio takes the older one's", first, at.host, lost)
				break
			}
		}
		seen[at] = append(seen[at], rule)
	}
}

// dropped is what is lost when Istio puts two rules of one host together; ""
// when nothing is, or when they are for different pods.
func dropped(a, b destinationRule) string {
	if (a.Spec.WorkloadSelector == nil) != (b.Spec.WorkloadSelector == nil) {
		return ""
	}
	if mine, theirs := a.Spec.GetWorkloadSelector().GetMatchLabels(), b.Spec.GetWorkloadSelector().GetMatchLabels(); !sameLabels(mine, theirs) {
		return ""
	}
	if a.Spec.TrafficPolicy != nil && b.Spec.TrafficPolicy != nil {
		return "a trafficPolicy"
	}
	for _, s := range a.Spec.Subsets {
		if slices.ContainsFunc(b.Spec.Subsets, func(o *networking.Subset) bool { return o.Name == s.Name }) {
			return "the subset " + s.Name
		}
	}
	return ""
}

// subset is a subset of a host.
type subset struct{ host, name string }

// used are the subsets that a route sends requests to, now: one that nobody is
// sent to may well be empty until its version comes.
func (f *finder) used() map[subset]bool {
	used := map[subset]bool{}
	f.destinations(func(r topology.Route, d topology.Destination) {
		if !r.Idle(d) {
			used[subset{d.Host, d.Subset}] = true
		}
	})
	return used
}

func emptySubsets(f *finder) {
	used := f.used()
	for _, rule := range f.DestinationRules() {
		s, ok := f.ServiceOf(topology.FullHost(rule.Spec.Host, rule.Namespace))
		if !ok {
			continue
		}
		pods, _ := f.Behind(s)
		if len(pods) == 0 {
			continue
		}
		for i, of := range rule.Spec.Subsets {
			if byPlace(of.Labels) || !used[subset{s.Host(), of.Name}] {
				continue
			}
			has := func(w *topology.Workload) bool { return topology.Selects(of.Labels, w.Labels) }
			if !slices.ContainsFunc(pods, has) {
				f.say(rule.Object, rule.At("spec", "subsets", i, "labels"), "no pod of the Service %s has %s, and routes lead to the subset %s", s.ID(), text(of.Labels, "=", ","), of.Name)
			}
		}
	}
}

// byPlace tells whether the labels ask where a pod runs: its own do not say.
func byPlace(labels map[string]string) bool {
	for k := range labels {
		if strings.HasPrefix(k, "topology.") {
			return true
		}
	}
	return false
}

func sameLabels(a, b map[string]string) bool { return len(a) == len(b) && topology.Selects(a, b) }

// verifying is the first minor version of Istio 1 whose proxies check servers by
// the system's authorities (upgrade notes of 1.21).
const verifying = 21

func unverified(f *finder) {
	minor, known := f.Install().Minor()
	if !known || minor >= verifying {
		return
	}
	for _, rule := range f.DestinationRules() {
		policy := rule.Spec.GetTrafficPolicy()
		say := func(tls *networking.ClientTLSSettings, at ...any) {
			secret := tls.GetCredentialName() != "" && rule.Spec.WorkloadSelector != nil
			if byHand(rule.Object) && starts(tls) && tls.GetCaCertificates() == "" && !secret {
				f.say(rule.Object, rule.At(append([]any{"spec", "trafficPolicy"}, at...)...), "Istio 1.%d checks no server without caCertificates", minor)
			}
		}
		say(policy.GetTls(), "tls")
		for i, port := range policy.GetPortLevelSettings() {
			say(port.GetTls(), "portLevelSettings", i, "tls")
		}
	}
}
