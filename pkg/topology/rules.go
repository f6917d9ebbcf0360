package topology

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// destinationRule is a DestinationRule.
type destinationRule = Config[*networking.DestinationRule]

// ruleTable are DestinationRules by namespace and full host; those of all
// namespaces together are under everywhere.
type ruleTable map[string]map[string][]destinationRule

const everywhere = "*"

func (m *Model) ruleTable() ruleTable {
	if m.rules == nil {
		m.rules = ruleTable{}
		for _, rule := range m.DestinationRules() {
			host := FullHost(rule.Spec.Host, rule.Namespace)
			for _, namespace := range []string{rule.Namespace, everywhere} {
				if m.rules[namespace] == nil {
					m.rules[namespace] = map[string][]destinationRule{}
				}
				m.rules[namespace][host] = append(m.rules[namespace][host], rule)
			}
		}
		for _, hosts := range m.rules {
			for _, all := range hosts {
				slices.SortStableFunc(all, olderRule)
			}
		}
	}
	return m.rules
}

// Rules are the DestinationRules that hold for a host as clients see it: those of
// the client's namespace, else of the host's, else of the root namespace, each with
// the nearest host (pilot/pkg/model.PushContext.destinationRule). Several of one
// host and one exportTo are put together, the oldest first: the first
// trafficPolicy and all subsets, of one name the first.
type Rules []destinationRule

// Rules finds the DestinationRules of a full host for a client. One with a
// workloadSelector holds for clients of its own namespace that have the labels, and
// before all that have none.
func (m *Model) Rules(c Client, host string) Rules {
	root := m.RootNamespace()
	own := func(rule destinationRule) bool {
		to := exportOf(rule)
		return len(to) == 0 || visible(to, rule.Namespace, rule.Namespace)
	}
	if c.Namespace == root {
		// The root namespace has rules for others; those for itself alone come first.
		own = m.private
	}
	if found := m.nearest(c.Namespace, host, own); found != nil {
		return together(found).of(c)
	}
	exported := func(rule destinationRule) bool { return !m.private(rule) }
	for _, owner := range append(m.Homes(host), root) {
		found := slices.DeleteFunc(m.nearest(owner, host, exported), func(rule destinationRule) bool {
			to := exportOf(rule)
			return len(to) > 0 && !slices.Contains(to, "*") && !slices.Contains(to, c.Namespace)
		})
		if len(found) > 0 {
			return together(found).of(c)
		}
	}
	return nil
}

// Homes are the namespaces of a full host: a Service's is in its name, others have
// those of their ServiceEntries.
func (m *Model) Homes(host string) []string {
	var all []string
	if namespace, _, ok := SplitHost(host); ok {
		all = append(all, namespace)
	}
	for _, e := range m.EntriesOf(host) {
		all = append(all, e.Namespace)
	}
	return all
}

// exportOf is the exportTo of a rule; one for some pods is for its namespace.
func exportOf(rule destinationRule) []string {
	if rule.Spec.WorkloadSelector != nil {
		return []string{"."}
	}
	return rule.Spec.ExportTo
}

// private tells whether a rule is for its own namespace alone.
func (m *Model) private(rule destinationRule) bool {
	to := exportOf(rule)
	if len(to) == 0 {
		return slices.Contains(m.Install().RulesTo, ".")
	}
	return len(to) == 1 && (to[0] == "." || to[0] == rule.Namespace)
}

// groups are lists of rules that Istio puts together.
type groups []Rules

// together are rules of one host and one namespace by what Istio puts together
// (pilot/pkg/model.PushContext.mergeDestinationRule).
func together(rules Rules) groups {
	var all groups
	for _, rule := range rules {
		alone := true
		for i, group := range all {
			if !sameTexts(exportOf(group[0]), exportOf(rule)) {
				alone = true
				continue
			}
			a, b := group[0].Spec.WorkloadSelector, rule.Spec.WorkloadSelector
			if alone = a != nil && b != nil && !maps.Equal(a.MatchLabels, b.MatchLabels); !alone {
				all[i] = append(all[i], rule)
			}
		}
		if alone {
			all = append(all, Rules{rule})
		}
	}
	return all
}

func sameTexts(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// of are the rules for a client: the first that are for its pods, else the last of
// those for all (pilot/pkg/model.SidecarScope.DestinationRule).
func (g groups) of(c Client) Rules {
	var found Rules
	for _, rules := range g {
		selector := rules[0].Spec.WorkloadSelector
		switch {
		case selector == nil:
			found = rules
		case rules[0].Namespace == c.Namespace && Selects(selector.MatchLabels, c.Labels):
			return rules
		}
	}
	return found
}

// olderRule orders those that are for some pods first.
func olderRule(a, b destinationRule) int {
	if one, two := a.Spec.WorkloadSelector != nil, b.Spec.WorkloadSelector != nil; one != two {
		if one {
			return -1
		}
		return 1
	}
	return older(a.Object, b.Object)
}

// RulesAbout are all DestinationRules whose host is a full host, or a wildcard
// that holds it, whoever may see them.
func (m *Model) RulesAbout(host string) Rules {
	hosts := m.ruleTable()[everywhere]
	var all Rules
	for _, h := range append([]string{host}, m.wider(host)...) {
		all = append(all, hosts[h]...)
	}
	return all
}

// RulesIn tells whether the package holds any DestinationRule of a namespace.
func (m *Model) RulesIn(namespace string) bool { return len(m.ruleTable()[namespace]) > 0 }

// ServicesOf are the Services of the package that a full host names, which may be
// a wildcard.
func (m *Model) ServicesOf(host string) []*Service {
	if !strings.HasPrefix(host, "*") {
		if s, ok := m.ServiceOf(host); ok {
			return []*Service{s}
		}
		return nil
	}
	return slices.DeleteFunc(m.Services(), func(s *Service) bool { return !HostMatches(host, s.Host()) })
}

// nearest are the rules of one namespace for a host, of those that are asked for.
func (m *Model) nearest(owner, host string, asked func(destinationRule) bool) Rules {
	hosts := m.ruleTable()[owner]
	if hosts == nil {
		return nil
	}
	for _, h := range append([]string{host}, m.wider(host)...) {
		var found Rules
		for _, rule := range hosts[h] {
			if asked(rule) {
				found = append(found, rule)
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// Subset finds a subset of the host.
func (rs Rules) Subset(name string) (destinationRule, int, bool) {
	for _, rule := range rs {
		for i, s := range rule.Spec.Subsets {
			if s.Name == name {
				return rule, i, true
			}
		}
	}
	return destinationRule{}, 0, false
}

// ClientTLS is the tls block that holds for a host, with its place.
type ClientTLS struct {
	*networking.ClientTLSSettings
	Rule destinationRule
	at   []any
}

// At is the place of the mode.
func (t ClientTLS) At() diag.Path { return t.Rule.At(append(append([]any{}, t.at...), "mode")...) }

// TLS is the tls block for a port of the host, and for a subset of it unless
// that is "". A port's settings take the place of all others, of the subset or
// of the whole; a subset's own tls takes that of the whole. Nothing written is
// nil: mTLS is automatic then.
func (rs Rules) TLS(subset string, port int) *ClientTLS {
	var found *ClientTLS
	for _, rule := range rs {
		if policy := rule.Spec.TrafficPolicy; policy != nil {
			found = over(nil, rule, policy, port, "spec", "trafficPolicy")
			break
		}
	}
	if rule, i, ok := rs.Subset(subset); ok && subset != "" {
		if policy := rule.Spec.Subsets[i].TrafficPolicy; policy != nil {
			found = over(found, rule, policy, port, "spec", "subsets", i, "trafficPolicy")
		}
	}
	return found
}

func over(outer *ClientTLS, rule destinationRule, policy *networking.TrafficPolicy, port int, at ...any) *ClientTLS {
	found := outer
	if policy.Tls != nil {
		found = &ClientTLS{policy.Tls, rule, append(append([]any{}, at...), "tls")}
	}
	for i, p := range policy.PortLevelSettings {
		if port != 0 && int(p.GetPort().GetNumber()) == port {
			if p.Tls == nil {
				return nil
			}
			return &ClientTLS{p.Tls, rule, append(append([]any{}, at...), "portLevelSettings", i, "tls")}
		}
	}
	return found
}

// Policy is the traffic policy that holds for a port of the host, and for a subset
// of it unless that is "": what a port's settings say takes the place of all
// others, and of the rest the subset's word that of the whole (pilot/pkg/networking/
// util.MergeSubsetTrafficPolicy). It has no settings of ports, and is nil where
// nothing is written.
func (rs Rules) Policy(subset string, port int) *networking.TrafficPolicy {
	var found *networking.TrafficPolicy
	for _, rule := range rs {
		if policy := rule.Spec.TrafficPolicy; policy != nil {
			found, _ = atPort(policy, port)
			break
		}
	}
	if rule, i, ok := rs.Subset(subset); ok && subset != "" && rule.Spec.Subsets[i].TrafficPolicy != nil {
		inner, alone := atPort(rule.Spec.Subsets[i].TrafficPolicy, port)
		found = laidOver(found, inner, alone)
	}
	return found
}

// atPort is what a policy says for a port, and whether the port has words of its
// own.
func atPort(policy *networking.TrafficPolicy, port int) (*networking.TrafficPolicy, bool) {
	for _, p := range policy.PortLevelSettings {
		if port != 0 && p.Port != nil && int(p.Port.Number) == port {
			return &networking.TrafficPolicy{
				ConnectionPool: p.ConnectionPool, OutlierDetection: p.OutlierDetection, LoadBalancer: p.LoadBalancer, Tls: p.Tls,
			}, true
		}
	}
	return laidOver(nil, policy, false), false
}

// laidOver is a policy over another. Alone, what it leaves out is left out.
func laidOver(outer, inner *networking.TrafficPolicy, alone bool) *networking.TrafficPolicy {
	merged := &networking.TrafficPolicy{}
	into := merged.ProtoReflect()
	for _, policy := range []*networking.TrafficPolicy{outer, inner} {
		if policy == nil {
			continue
		}
		from := policy.ProtoReflect()
		for i := range from.Descriptor().Fields().Len() {
			field := from.Descriptor().Fields().Get(i)
			switch name := field.TextName(); {
			case name == "port_level_settings":
			case from.Has(field):
				into.Set(field, from.Get(field))
			case alone && policy == inner && !beyondPorts[name]:
				into.Clear(field)
			}
		}
	}
	return merged
}

// beyondPorts are what the settings of a port cannot say.
var beyondPorts = map[string]bool{"tunnel": true, "proxy_protocol": true, "retry_budget": true}
