package topology

import (
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// domain is what a short name of a Service is completed by.
const domain = ".svc.cluster.local"

// FullHost is the host that Istio reads in a name written in an object of a
// namespace: a name without a dot is a Service of that namespace, and every
// other one is taken as it is, "reviews.shop" too
// (pilot/pkg/model.ResolveShortnameToFQDN).
func FullHost(name, namespace string) string {
	if name == "" || strings.ContainsAny(name, ".*") {
		return name
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	return name + "." + namespace + domain
}

// Host is the full name of a Service.
func (s *Service) Host() string { return s.Name + "." + s.Namespace + domain }

// SplitHost is the Service that a full host names. It is false for other hosts.
func SplitHost(host string) (namespace, name string, ok bool) {
	short, ok := strings.CutSuffix(host, domain)
	name, namespace, dot := strings.Cut(short, ".")
	if !ok || !dot || strings.ContainsAny(namespace, ".*") || strings.Contains(name, "*") {
		return "", "", false
	}
	return namespace, name, true
}

// ServiceOf is the Service of the package that a full host names.
func (m *Model) ServiceOf(host string) (*Service, bool) {
	namespace, name, ok := SplitHost(host)
	if !ok {
		return nil, false
	}
	return m.Service(namespace, name)
}

// HostMatches tells whether two hosts, each of which may begin with a wildcard,
// have a name in common.
func HostMatches(a, b string) bool {
	aRest, aWild := strings.CutPrefix(a, "*")
	bRest, bWild := strings.CutPrefix(b, "*")
	switch {
	case aWild && bWild:
		return strings.HasSuffix(aRest, bRest) || strings.HasSuffix(bRest, aRest)
	case aWild:
		return strings.HasSuffix(b, aRest)
	case bWild:
		return strings.HasSuffix(a, bRest)
	}
	return a == b
}

// wider are the wildcards that hold a host, the nearest first. Most begin a label;
// of those within one, *-v1.example.com, only what the package has is asked for.
func (m *Model) wider(host string) []string {
	host = strings.TrimPrefix(host, "*")
	var all []string
	for i := 0; i < len(host); i++ {
		if host[i] == '.' && i > 0 && i+1 < len(host) {
			all = append(all, "*"+host[i:])
		}
	}
	all = append(all, "*")
	ordered := len(all)
	for _, partial := range m.partialHosts() {
		if strings.HasSuffix(host, partial[1:]) {
			all = append(all, partial)
		}
	}
	if len(all) == ordered { // as nearly always, and every call asks
		return all
	}
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// partialHosts are the hosts that begin with a wildcard within a label, of the kinds
// of which Istio takes such hosts (pkg/config/labels.IsWildcardDNS1123Label); a
// Gateway and a Sidecar take none.
func (m *Model) partialHosts() []string {
	if m.partials != nil {
		return m.partials
	}
	m.partials = []string{}
	take := func(host string) {
		host = strings.ToLower(host)
		if strings.HasPrefix(host, "*") && len(host) > 1 && host[1] != '.' && !slices.Contains(m.partials, host) {
			m.partials = append(m.partials, host)
		}
	}
	for _, vs := range m.VirtualServices() {
		for _, host := range vs.Spec.Hosts {
			take(host)
		}
	}
	for _, rule := range m.DestinationRules() {
		take(rule.Spec.Host)
	}
	for _, e := range m.ServiceEntries() {
		for _, host := range e.Spec.Hosts {
			take(host)
		}
	}
	return m.partials
}

// entryTable are the hosts of ServiceEntries.
type entryTable struct {
	exact map[string][]Config[*networking.ServiceEntry]
	wild  map[string][]Config[*networking.ServiceEntry]
}

// EntriesOf are the ServiceEntries that hold a host: those that name it, else
// those of its nearest wildcard.
func (m *Model) EntriesOf(host string) []Config[*networking.ServiceEntry] {
	if m.outside == nil {
		t := &entryTable{map[string][]Config[*networking.ServiceEntry]{}, map[string][]Config[*networking.ServiceEntry]{}}
		for _, e := range m.ServiceEntries() {
			for _, h := range e.Spec.Hosts {
				if strings.HasPrefix(h, "*") {
					t.wild[h] = append(t.wild[h], e)
				} else {
					t.exact[h] = append(t.exact[h], e)
				}
			}
		}
		m.outside = t
	}
	if all := m.outside.exact[host]; all != nil {
		return all
	}
	if len(m.outside.wild) > 0 {
		for _, w := range m.wider(host) {
			if all := m.outside.wild[w]; all != nil {
				return all
			}
		}
	}
	return nil
}

// HasHost tells whether Istio would know a full host. No is said only of a
// Service in a namespace of which the package holds other Services, and only
// when every Service says where it lives.
func (m *Model) HasHost(host string) Answer {
	if _, ok := m.ServiceOf(host); ok || len(m.EntriesOf(host)) > 0 {
		return Yes
	}
	namespace, _, ok := SplitHost(host)
	if !ok || len(m.serviceIDs[namespace]) == 0 || namespace != "" && len(m.serviceIDs[""]) > 0 {
		return NotKnown
	}
	return No
}

// PortsOf are the ports of a full host, whoever may see them; false when they are
// not known.
func (m *Model) PortsOf(host string) ([]Port, bool) {
	if s, ok := m.ServiceOf(host); ok {
		return s.Ports(), s.ExternalName() == ""
	}
	var all []Port
	entries := m.EntriesOf(host)
	for _, e := range entries {
		all = append(all, entryPorts(e)...)
	}
	return all, len(entries) > 0
}

// portsFor are the ports of a full host as a client's proxy knows them: of several
// ServiceEntries only those that it sees. A Service that has the host has it alone.
func (m *Model) portsFor(c Client, host string) []Port {
	if s, ok := m.ServiceOf(host); ok {
		if !m.exported(c, s.Object, s.exportTo()) {
			return nil
		}
		return s.Ports()
	}
	var all []Port
	for _, e := range m.EntriesOf(host) {
		if m.exported(c, e.Object, e.Spec.ExportTo) {
			all = append(all, entryPorts(e)...)
		}
	}
	return all
}

func entryPorts(e Config[*networking.ServiceEntry]) []Port {
	var all []Port
	for _, p := range e.Spec.Ports {
		all = append(all, Port{
			Number: int(p.Number), Target: int(p.TargetPort), Name: p.Name, Protocol: Protocol(strings.ToLower(p.Protocol)),
		})
	}
	return all
}

// ShareClients tells whether there is a namespace for whose clients two objects
// hold, each by its exportTo and its namespace.
func ShareClients(a []string, ofA string, b []string, ofB string) bool {
	names := func(exportTo []string, owner string) []string {
		all := []string{}
		for _, to := range exportTo {
			if to == "." {
				to = owner
			}
			all = append(all, to)
		}
		return all
	}
	mine, theirs := names(a, ofA), names(b, ofB)
	return len(a) == 0 || len(b) == 0 || slices.Contains(mine, "*") || slices.Contains(theirs, "*") ||
		slices.ContainsFunc(mine, func(to string) bool { return slices.Contains(theirs, to) })
}

// visible tells whether an object of a namespace with this exportTo holds for
// clients of another namespace. Nothing written means everywhere.
func visible(exportTo []string, owner, client string) bool {
	if len(exportTo) == 0 {
		return true
	}
	for _, to := range exportTo {
		if to == "*" || to == client || to == "." && owner == client {
			return true
		}
	}
	return false
}
