package topology

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// ruleTable are DestinationRules by namespace and full host; those of all
// namespaces together are under everywhere.
type ruleTable map[string]map[string][]Config[*networking.DestinationRule]

const everywhere = "*"

func (m *Model) ruleTable() ruleTable {
	if m.rules == nil {
		m.rules = ruleTable{}
		for _, rule := range m.DestinationRules() {
			host := FullHost(rule.Spec.Host, rule.Namespace)
			for _, namespace := range []string{rule.Namespace, everywhere} {
				if m.rules[namespace] == nil {
					m.rules[namespace] = map[string][]Config[*networking.DestinationRule]{}
				}
				m.rules[namespace][host] = append(m.rules[namespace][host], rule)
			}
		}
	}
	return m.rules
}

// Rules are the DestinationRules that hold for a host as clients of a namespace
// see it: those of the client's namespace, else of the host's, else of the root
// namespace, each with the nearest host (pilot/pkg/model.PushContext.
// destinationRule). Several of one host are put together: the first
// trafficPolicy and all subsets, of one name the first.
type Rules []Config[*networking.DestinationRule]

// Rules finds the DestinationRules of a full host for clients of a namespace.
func (m *Model) Rules(client, host string) Rules {
	root := m.RootNamespace()
	if client != root {
		if found := m.nearest(client, client, host); found != nil {
			return found
		}
	}
	if namespace, _, ok := SplitHost(host); ok && namespace != client {
		if found := m.nearest(namespace, client, host); found != nil {
			return found
		}
	}
	for _, e := range m.EntriesOf(host) {
		if found := m.nearest(e.Namespace, client, host); found != nil {
			return found
		}
	}
	return m.nearest(root, client, host)
}

// RulesAbout are all DestinationRules whose host is a full host, or a wildcard
// that holds it, whoever may see them.
func (m *Model) RulesAbout(host string) Rules {
	hosts := m.ruleTable()[everywhere]
	var all Rules
	for _, h := range append([]string{host}, wider(host)...) {
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

// nearest are the rules of one namespace for a host that clients of another may
// see and that are for all of its pods.
func (m *Model) nearest(owner, client, host string) Rules {
	hosts := m.ruleTable()[owner]
	if hosts == nil {
		return nil
	}
	for _, h := range append([]string{host}, wider(host)...) {
		var found Rules
		for _, rule := range hosts[h] {
			if rule.Spec.WorkloadSelector == nil && visible(rule.Spec.ExportTo, owner, client) {
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
func (rs Rules) Subset(name string) (Config[*networking.DestinationRule], int, bool) {
	for _, rule := range rs {
		for i, s := range rule.Spec.Subsets {
			if s.Name == name {
				return rule, i, true
			}
		}
	}
	return Config[*networking.DestinationRule]{}, 0, false
}

// ClientTLS is the tls block that holds for a host, with its place.
type ClientTLS struct {
	*networking.ClientTLSSettings
	Rule Config[*networking.DestinationRule]
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

func over(outer *ClientTLS, rule Config[*networking.DestinationRule], policy *networking.TrafficPolicy, port int, at ...any) *ClientTLS {
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
