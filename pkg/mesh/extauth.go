package mesh

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// extAuth are the policies of a place that ask authorizers, one for each.
func (r *resolver) extAuth(p *accessPlace) []Authorization {
	at := p.at(asking.word)
	if p.ExtAuth != nil && len(p.ExtAuth) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "an empty extAuth list asks nobody; leave it out")
	}
	byProvider := map[string]*Authorization{}
	for i, rule := range p.ExtAuth {
		at := at.Index(i)
		if rule.DryRun { // Go literals only, YAML refuses the word
			r.ds.Errorf(diag.CodePlace, at.Key("dryRun"), "Istio has no dry run for external authorization")
		}
		if rule.Provider == "" {
			r.ds.Errorf(diag.CodeMissing, at.Key("provider"), "write who is asked; authorizers here are %s", orNone(strings.Join(r.providersOf(authorizers), ", ")))
			continue
		}
		provider := r.provider(at.Key("provider"), rule.Provider, authorizers)
		if provider.GetEnvoyExtAuthzHttp() != nil && p.service != nil && (p.service.Protocol == "TCP" || p.service.Protocol == "TLS") {
			r.ds.Errorf(diag.CodeAccess, at.Key("provider"), "%s is asked over HTTP, which cannot be done for %s; write an envoyExtAuthzGrpc provider", rule.Provider, p.service.Protocol)
		}
		policy := byProvider[rule.Provider]
		if policy == nil {
			policy = &Authorization{
				Namespace: p.namespace, Name: p.name + "-ext-auth-" + rule.Provider, Selector: p.selector,
				Action: asking.does, Provider: rule.Provider, Origin: p.at(asking.word),
			}
			byProvider[rule.Provider] = policy
		}
		policy.Rules = append(policy.Rules, r.rule(at, p, asking, rule.Rule)...)
	}
	var all []Authorization
	for _, name := range sortedKeys(byProvider) {
		all = append(all, *byProvider[name])
	}
	return all
}

// manyAuthorizers is the flag of istiod without which it refuses every request to
// a workload with two authorizers (istio
// pilot/pkg/security/authz/builder/builder.go). Istio 1.30 is the first to read it: the
// thread of github.com/istio/istio/pull/58082 says so, and issue 59730 that 1.29.1 does
// not.
const manyAuthorizers = "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS"

// oneAuthorizer refuses two authorizers for one workload.
func (r *resolver) oneAuthorizer(places []*accessPlace) {
	if enabled, err := strconv.ParseBool(r.spec.Install.Pilot.Env[manyAuthorizers]); err == nil && enabled && !r.istio.before(1, 30) {
		return
	}
	for _, p := range places {
		if len(p.ExtAuth) == 0 {
			continue
		}
		asked := r.authorizersOf(p)
		for _, w := range p.wider {
			asked = append(asked, r.authorizersOf(w)...)
		}
		if p.gateway != nil {
			for _, q := range places {
				if q.gateway != nil && q.gateway.Name != p.gateway.Name && sharePods(*p.gateway, *q.gateway) {
					asked = append(asked, r.authorizersOf(q)...)
				}
			}
		}
		slices.Sort(asked)
		if asked = slices.Compact(asked); len(asked) > 1 {
			r.ds.Errorf(diag.CodeAccess, p.at(asking.word), "%s are asked about one workload, and Istio would refuse every request; keep one, or from Istio 1.30 on write install.pilot.env: {%s: \"true\"}", strings.Join(asked, " and "), manyAuthorizers)
		}
	}
}

func (r *resolver) authorizersOf(p *accessPlace) []string {
	var all []string
	known := r.providersOf(authorizers)
	for _, rule := range p.ExtAuth {
		if slices.Contains(known, rule.Provider) {
			all = append(all, rule.Provider)
		}
	}
	return all
}
