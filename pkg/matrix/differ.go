package matrix

import (
	"fmt"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// differ is what objects of the package can tell callers and Services apart by. To
// tell apart more than it takes costs time and changes nothing.
type differ struct {
	// namespaces and accounts, NAMESPACE/NAME, are those that some object names, or
	// that have objects of their own about what they call; wide are patterns of
	// callers.
	namespaces, accounts map[string]bool
	wide                 []string
	// everybody tells whether each caller is a kind of its own.
	everybody bool
	// labelled are namespaces with objects for some of its callers' pods, and peers
	// those with a PeerAuthentication.
	labelled, peers map[string]bool
	// scoped tells whether there are Sidecars: then the namespace of a Service
	// matters, and shown are the hosts that they name.
	scoped bool
	shown  []string
}

// distinctions reads who is named anywhere.
func (b *builder) distinctions() {
	b.namespaces, b.accounts, b.labelled, b.peers = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, rule := range b.DestinationRules() {
		b.namespaces[rule.Namespace] = true
		b.see(rule.Namespace, rule.Spec.ExportTo)
		if rule.Spec.WorkloadSelector != nil {
			b.labelled[rule.Namespace] = true
		}
	}
	for _, e := range b.ServiceEntries() {
		b.see(e.Namespace, e.Spec.ExportTo)
	}
	for _, s := range b.Sidecars() {
		b.scoped = true
		if s.Spec.WorkloadSelector != nil {
			b.labelled[s.Namespace] = true
		}
		for _, l := range s.Spec.Egress {
			b.shown = append(b.shown, l.Hosts...)
		}
	}
	for _, s := range b.Services() {
		b.scoped = b.scoped || b.unexported(s)
	}
	for _, p := range b.PeerAuthentications() {
		b.peers[p.Namespace] = true
	}
	slices.Sort(b.shown)
	b.shown = slices.Compact(b.shown)
	for _, p := range b.AuthorizationPolicies() {
		for _, rule := range p.Spec.Rules {
			b.sources(p.Namespace, rule)
		}
	}
	slices.Sort(b.wide)
	b.wide = slices.Compact(b.wide)
	b.everybody = b.everybody || len(b.wide) > 50
}

// unexported tells whether somebody does not get to see a Service.
func (b *builder) unexported(s *topology.Service) bool {
	return b.Hides(topology.Client{Gateway: true}, s.Host(), 0) != nil
}

func (d *differ) see(owner string, exportTo []string) {
	for _, to := range exportTo {
		d.namespaces[to] = true
	}
	if len(exportTo) > 0 {
		d.namespaces[owner] = true
	}
}

// sources are the callers that a rule names.
func (d *differ) sources(namespace string, rule *security.Rule) {
	for _, f := range rule.From {
		s := f.GetSource()
		d.name(namespace, "principal", s.GetPrincipals(), s.GetNotPrincipals())
		d.name(namespace, "namespace", s.GetNamespaces(), s.GetNotNamespaces())
		d.name(namespace, "account", s.GetServiceAccounts(), s.GetNotServiceAccounts())
	}
	for _, w := range rule.When {
		switch w.Key {
		case "source.principal":
			d.name(namespace, "principal", w.Values, w.NotValues)
		case "source.namespace":
			d.name(namespace, "namespace", w.Values, w.NotValues)
		case "source.serviceAccount":
			d.name(namespace, "account", w.Values, w.NotValues)
		}
	}
}

func (d *differ) name(namespace, what string, lists ...[]string) {
	for _, value := range slices.Concat(lists...) {
		parts := strings.Split(value, "/")
		switch {
		case strings.Contains(value, "*"):
			d.wide = append(d.wide, what+" "+value)
		case what == "namespace":
			d.namespaces[value] = true
		case what == "account" && len(parts) == 1:
			d.accounts[namespace+"/"+value] = true
		case what == "account":
			d.accounts[value] = true
		case len(parts) == 5:
			d.accounts[parts[2]+"/"+parts[4]] = true
		}
	}
}

// callerKey is equal for callers that nothing tells apart.
func (b *builder) callerKey(c caller) string {
	key := []string{fmt.Sprint(c.client.Sidecar, c.client.Gateway)}
	id := c.client.Namespace + "/" + c.account
	if b.everybody || b.scoped || b.namespaces[c.client.Namespace] {
		key = append(key, "namespace "+c.client.Namespace)
	}
	if b.everybody || b.accounts[id] {
		key = append(key, "account "+id)
	}
	if b.labelled[c.client.Namespace] {
		key = append(key, fmt.Sprint(c.client.Labels)) // fmt sorts keys
	}
	for _, pattern := range b.wide {
		what, value, _ := strings.Cut(pattern, " ")
		text := map[string]string{
			"principal": "/ns/" + c.client.Namespace + "/sa/" + c.account, "namespace": c.client.Namespace, "account": id,
		}[what]
		if value != "*" && fits(value, text) {
			key = append(key, pattern)
		}
	}
	return strings.Join(key, "\n")
}

// fits is wider than what policies do: it is about telling apart.
func fits(pattern, text string) bool {
	before, after, _ := strings.Cut(pattern, "*")
	if i := strings.Index(before, "/ns/"); i >= 0 {
		before = before[i:] // whatever the trust domain
	}
	return strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}

// podKey is equal for workloads behind a port that nothing tells apart.
func (b *builder) podKey(w *topology.Workload, port topology.Port) string {
	in := b.Injection(w)
	target, ok := w.TargetOf(port)
	mode := b.ServerMode(w, target)
	key := []string{fmt.Sprint(in.Sidecar, w.Gateway(), ok, target, mode.Mode, port.Protocol)}
	if b.peers[w.Namespace] {
		key = append(key, w.Namespace)
	}
	if mode.From != nil {
		key = append(key, mode.From.String())
	}
	for _, p := range b.PoliciesOf(w) {
		if p.Kind == "AuthorizationPolicy" {
			key = append(key, p.Object.String())
		}
	}
	return strings.Join(key, " ")
}

// serviceKey is equal for Services that nothing tells apart.
func (b *builder) serviceKey(s *topology.Service, port topology.Port) string {
	key := []string{fmt.Sprint(s.Headless())}
	rules := len(key)
	for _, rule := range b.RulesAbout(s.Host()) {
		key = append(key, rule.Object.String(), fmt.Sprint(port.Number))
	}
	if len(key) > rules {
		key = append(key, s.Namespace)
	}
	if b.unexported(s) {
		key = append(key, s.Host())
	}
	if b.scoped {
		key = append(key, s.Namespace, fmt.Sprint(port.Number))
		for _, written := range b.shown {
			if _, host, _ := strings.Cut(written, "/"); host != "*" && topology.HostMatches(host, s.Host()) {
				key = append(key, written)
			}
		}
	}
	return strings.Join(key, " ")
}
