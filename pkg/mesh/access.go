package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// accessPlace is one place that can say who may call: the mesh, a namespace, a
// service, or a gateway.
type accessPlace struct {
	spec.Access
	// namespace and name are those of the policies; what a policy says is added to
	// the name.
	namespace, name string
	selector        map[string]string
	// at is where the place says, or could say, a word of security.
	at func(word string) diag.Path
	// called is the place in sentences.
	called string
	// wider are the places whose words hold here as well, the mesh first.
	wider []*accessPlace
	// One of the two is set at a service and a gateway; neither for the mesh and a
	// namespace.
	service *service
	gateway *gateway
}

func (p *accessPlace) isMesh() bool {
	return p.gateway == nil && p.service == nil && p.namespace == Root
}

// workload tells whether the place is a service or a gateway, which have pods of
// their own.
func (p *accessPlace) workload() bool { return p.gateway != nil || p.service != nil }

// restricts tells whether a list lets in only what it says. Dry runs refuse
// nobody, but none at all refuses everybody.
func restricts(list []spec.Rule) bool {
	return list != nil && (len(list) == 0 || slices.ContainsFunc(list, enforced))
}

func enforced(rule spec.Rule) bool { return !rule.DryRun }

// access are the policies of all places, the mesh first.
func (r *resolver) access() ([]Authentication, []Authorization) {
	var tokens []Authentication
	var rules []Authorization
	r.gatewayAccounts()
	r.ownPods()
	r.guarded = slices.ContainsFunc(r.gateways, func(g gateway) bool { return g.guarded() })
	places := r.accessPlaces()
	r.oneAuthorizer(places)
	for _, p := range places {
		rules = append(rules, r.extAuth(p)...)
		rules = append(rules, r.accessRules(p, allowing)...)
		rules = append(rules, r.accessRules(p, denying)...)
		r.addsUp(p)
		r.closedElsewhere(p)
		authentication, demand := r.tokens(p)
		tokens = append(tokens, authentication...)
		rules = append(rules, demand...)
	}
	return tokens, rules
}

func (r *resolver) accessPlaces() []*accessPlace {
	mesh := &accessPlace{
		Access: r.spec.Security.Access, namespace: Root, name: "default", called: "the mesh",
		at: r.at().Key("security").Key,
	}
	places, namespaces := []*accessPlace{mesh}, map[string]*accessPlace{}
	for _, name := range sortedKeys(r.spec.Namespaces) {
		if name == Root {
			continue // said by rootNamespace
		}
		namespaces[name] = &accessPlace{
			Access: r.spec.Namespaces[name].Security.Access, namespace: name, name: "default", called: "namespaces." + name,
			at: r.at().Key("namespaces").Key(name).Key("security").Key, wider: []*accessPlace{mesh},
		}
		places = append(places, namespaces[name])
	}
	for _, s := range r.services {
		around := namespaces[s.Namespace]
		if !saysAccess(s.Security.Access) && !restricts(mesh.Allow) && (around == nil || !restricts(around.Allow)) {
			continue // as most: it says nothing, and nothing has to be let in
		}
		p := &accessPlace{
			Access: s.Security.Access, namespace: s.Namespace, name: s.Name, called: s.Namespace + "/" + s.Name,
			selector: s.selector(), service: s, wider: []*accessPlace{mesh},
			at: func(word string) diag.Path { return s.at("security." + word) },
		}
		if around != nil {
			p.wider = append(p.wider, around)
		}
		places = append(places, p)
	}
	for i := range r.gateways {
		g := &r.gateways[i]
		places = append(places, &accessPlace{
			Access: g.access, namespace: Root, name: g.Name, called: g.Name,
			selector: maps.Clone(g.Selector), gateway: g, wider: []*accessPlace{mesh},
			at: g.path.Key("security").Key,
		})
	}
	return places
}

// action is one of the lists of rules.
type action struct {
	word string
	does security.AuthorizationPolicy_Action
}

var (
	allowing = action{"allow", security.AuthorizationPolicy_ALLOW}
	denying  = action{"deny", security.AuthorizationPolicy_DENY}
	asking   = action{"extAuth", security.AuthorizationPolicy_CUSTOM}
)

// accessRules are the policies of one list: what holds, and what is a dry run.
func (r *resolver) accessRules(p *accessPlace, a action) []Authorization {
	list, at := p.Allow, p.at(a.word)
	if a == denying {
		list = p.Deny
	}
	policy := Authorization{
		Namespace: p.namespace, Name: p.name + "-" + a.word, Selector: p.selector, Action: a.does, Origin: at,
	}
	trial := policy
	trial.Name, trial.DryRun = policy.Name+"-dry-run", true
	for i, rule := range list {
		resolved := r.rule(at.Index(i), p, a, rule)
		if rule.DryRun {
			trial.Rules = append(trial.Rules, resolved...)
		} else {
			policy.Rules = append(policy.Rules, resolved...)
		}
	}
	r.swallowed(at, list)
	var all []Authorization
	switch {
	case a == denying && list != nil && len(list) == 0:
		r.ds.Errorf(diag.CodeEmpty, at, "an empty deny list denies nothing; leave it out")
	case restricts(list):
		all = append(all, policy)
	case a == allowing:
		all = append(all, r.implied(p, policy)...)
	}
	if len(trial.Rules) > 0 {
		all = append(all, trial)
	}
	return all
}

// implied is what has to be let in where the place says nothing itself: what the
// service's gateways send, and what comes to a gateway.
func (r *resolver) implied(p *accessPlace, policy Authorization) []Authorization {
	switch {
	case p.service != nil && p.widerAllows() != nil:
		if accounts := r.exposingAccounts(p); len(accounts) > 0 {
			policy.Rules = []*security.Rule{fromPrincipals(accounts)}
			policy.Origin = p.service.at("expose")
			return []Authorization{policy}
		}
	case p.gateway != nil && r.closed(p):
		policy.Origin = p.gateway.path
		policy.Rules = r.limited(p, allowing, p.at(allowing.word), &security.Rule{})
		return []Authorization{policy}
	}
	return nil
}

func fromPrincipals(accounts []string) *security.Rule {
	return &security.Rule{From: []*security.Rule_From{{Source: &security.Source{Principals: accounts}}}}
}

// widerAllows are the wider places whose lists refuse what they do not say.
func (p *accessPlace) widerAllows() []*accessPlace {
	var all []*accessPlace
	for _, w := range p.wider {
		if restricts(w.Allow) {
			all = append(all, w)
		}
	}
	return all
}

// guarded tells whether a gateway lets in only what it says.
func (g *gateway) guarded() bool { return restricts(g.access.Allow) }

// closed tells whether some list refuses what it does not say on a gateway's
// pods.
func (r *resolver) closed(p *accessPlace) bool {
	return p.widerAllows() != nil || r.guarded && slices.ContainsFunc(r.podMates(p.gateway), (*gateway).guarded)
}

// swallowed warns of rules beside one that matches everything.
func (r *resolver) swallowed(at diag.Path, list []spec.Rule) {
	all := slices.IndexFunc(list, func(w spec.Rule) bool {
		return enforced(w) && w.From == nil && w.To == nil && w.When == nil
	})
	for i, rule := range list {
		if all >= 0 && i != all && enforced(rule) {
			r.ds.Warnf(diag.CodeUnused, at.Index(i), "%s is {} and matches every request; this rule has no effect", shortPath(at.Index(all)))
		}
	}
}

// addsUp says what the lists of wider places do to the one of this place: Istio
// adds them up, and nothing that they let in can be refused by a narrower list.
func (r *resolver) addsUp(p *accessPlace) {
	at, wider := p.at(allowing.word), []string{}
	for _, w := range p.widerAllows() {
		for i := range w.Allow {
			if enforced(w.Allow[i]) {
				wider = append(wider, wideText(at, w.at(allowing.word).Index(i)))
			}
		}
	}
	switch {
	case !restricts(p.Allow):
		return
	case len(wider) > 0 && len(p.Allow) == 0:
		r.ds.Errorf(diag.CodeAccess, at, "[] closes nothing: %s lets callers in and lists add up; write deny: [{}], or move that rule to the services that need it", wider[0])
	case len(wider) > 0:
		r.ds.Infof(diag.CodeAccess, at, "also let in by %s", strings.Join(wider, ", "))
	}
	if p.service != nil {
		r.letsGatewaysIn(p)
	}
}

// closedElsewhere warns of a Gateway that is not in gateways: the mesh's list
// holds for its pods too, and nobody opens them.
func (r *resolver) closedElsewhere(p *accessPlace) {
	if p.service == nil || !restricts(r.spec.Security.Allow) {
		return
	}
	for _, x := range r.exposingGateways(p.service) {
		if x.known == nil {
			r.ds.Warnf(diag.CodeAccess, x.at.Key("gateway"), "%s holds for the pods of %s as well, and nothing here opens them; list the gateway in gateways, or open it where it is kept", r.at().Key("security").Key(allowing.word), x.id)
		}
	}
}

// wideText is a path of a wider place in a sentence about at.
func wideText(at, path diag.Path) string {
	if path.Document() != at.Document() {
		return "KymaMesh " + path.String()
	}
	return path.String()
}

// exposing is a gateway that leads to a service, and the entry that says so.
type exposing struct {
	gatewayRef
	at diag.Path
}

// exposingGateways are the gateways that lead to a service, once each; what is
// wrong with an entry of expose is said by exposures.
func (r *resolver) exposingGateways(s *service) []exposing {
	var all []exposing
	for i := range s.Expose {
		x := r.exposingGateway(s, i)
		if x != nil && !slices.ContainsFunc(all, func(other exposing) bool { return other.id == x.id }) {
			all = append(all, *x)
		}
	}
	return all
}

// exposingGateway is the gateway of one entry of expose, nil for one that is not
// there.
func (r *resolver) exposingGateway(s *service, entry int) *exposing {
	quiet := *r
	quiet.ds = &diag.List{}
	at := s.at("expose").Index(entry)
	ref, ok := quiet.gatewayOf(at, &s.Expose[entry])
	if !ok {
		return nil
	}
	return &exposing{ref, at}
}

// exposingAccounts are the principals of the gateways that lead to a service.
func (r *resolver) exposingAccounts(p *accessPlace) []string {
	s := p.service
	gateways := r.exposingGateways(s)
	if len(gateways) > 0 && s.Namespace == Root && s.Selector == nil {
		r.inRoot(s.at("expose"), s)
	}
	var accounts []string
	for _, x := range gateways {
		if x.known == nil {
			r.ds.Errorf(diag.CodeAccess, x.at.Key("gateway"), "%s lets only its own callers in, and nobody says whose account the pods of %s run as; write security.allow: [{from: {serviceAccounts: [NAMESPACE/NAME]}}]",
				p.widerAllows()[0].at(allowing.word), x.id)
			continue
		}
		if account, ok := r.accountOf(x.at, x.known); ok && !slices.Contains(accounts, principal(account)) {
			accounts = append(accounts, principal(account))
		}
	}
	slices.Sort(accounts)
	return accounts
}

// letsGatewaysIn refuses an own list that shuts out a gateway which leads to the
// service: nothing is added to a list that somebody wrote.
func (r *resolver) letsGatewaysIn(p *accessPlace) {
	places := append(slices.Clone(p.wider), p)
	for _, x := range r.exposingGateways(p.service) {
		g := x.known
		if g == nil || g.account == "" {
			continue // nobody knows its account
		}
		admits := func(rule spec.Rule) bool { return enforced(rule) && r.admits(p, rule, g) }
		if !slices.ContainsFunc(places, func(p *accessPlace) bool { return slices.ContainsFunc(p.Allow, admits) }) {
			r.ds.Errorf(diag.CodeAccess, x.at, "%s is not let in by security.allow; add {from: {gateways: [%[1]s]}}", g.Name)
		}
	}
}

// admits tells whether a rule can match what a gateway sends.
func (r *resolver) admits(p *accessPlace, rule spec.Rule, g *gateway) bool {
	f := rule.From
	if f == nil {
		return true
	}
	namespace, _, _ := strings.Cut(g.account, "/")
	own := principal(g.account)
	any := func(values []string, text string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return wildcardMatches(v, text) })
	}
	accounts := append(r.accounts(p, f.ServiceAccounts), f.Principals...)
	for _, name := range f.Gateways {
		if named := r.findGateway(name); named != nil && named.account != "" {
			accounts = append(accounts, principal(named.account))
		}
	}
	switch {
	case len(accounts) > 0 && !any(accounts, own),
		len(accounts) == 0 && f.Gateways != nil,
		f.Namespaces != nil && !any(f.Namespaces, namespace),
		f.TrustDomains != nil && !any(f.TrustDomains, "cluster.local"),
		any(append(r.accounts(p, f.NotServiceAccounts), f.NotPrincipals...), own),
		any(f.NotNamespaces, namespace),
		any(f.NotTrustDomains, "cluster.local"):
		return false
	}
	return true
}

// wildcardMatches tells whether text is what a value with * stands for.
func wildcardMatches(value, text string) bool {
	before, after, found := strings.Cut(value, "*")
	if !found {
		return value == text
	}
	return len(text) >= len(before)+len(after) && strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}

// rootNamespace refuses words that would hold for more than they seem to: what
// lies in the root namespace holds in all of them.
func (r *resolver) rootNamespace() {
	if saysTelemetry(r.spec.Namespaces[Root].Telemetry) {
		r.ds.Errorf(diag.CodePlace, r.at().Key("namespaces").Key(Root).Key("telemetry"), "istio-system is the root namespace, what is said there holds for the whole mesh; write it under spec.telemetry")
	}
	if saysSecurity(r.spec.Namespaces[Root].Security) {
		r.ds.Errorf(diag.CodePlace, r.at().Key("namespaces").Key(Root).Key("security"), "istio-system is the root namespace, its policies hold for the whole mesh; write it under spec.security")
	}
	for _, s := range r.services {
		if s.Namespace == Root && s.Selector == nil && saysSecurity(s.Security) {
			r.inRoot(s.at("security"), s)
		}
	}
}

func (r *resolver) inRoot(at diag.Path, s *service) {
	r.ds.Errorf(diag.CodePlace, at, "istio-system is the root namespace; this would hold for app=%s in every namespace. Add a label only these pods have to selector and write selector explicitly", s.Name)
}

func saysSecurity(s spec.Security) bool {
	return saysMTLS(s.MTLS) || saysAccess(s.Access)
}

func saysAccess(a spec.Access) bool {
	return a.JWT != nil || a.Allow != nil || a.Deny != nil || a.ExtAuth != nil
}

// ownPods keeps a team from speaking for the pods of other services of its
// namespace.
func (r *resolver) ownPods() {
	byNamespace := map[string][]*service{}
	for _, s := range r.services {
		byNamespace[s.Namespace] = append(byNamespace[s.Namespace], s)
	}
	for _, s := range r.services {
		if len(s.Selector) == 0 || !s.team(s.path) {
			continue
		}
		for _, other := range byNamespace[s.Namespace] {
			if other.Name != s.Name && (contained(s.Selector, other.selector()) || contained(other.selector(), s.Selector)) {
				r.ds.Errorf(diag.CodePlace, s.path.Key("selector"), "%s selects pods of %s/%s as well; a MeshService speaks for its own pods", labelText(s.Selector), other.Namespace, other.Name)
				break
			}
		}
	}
}

// gatewayAccounts checks whose account the gateways' pods run as.
func (r *resolver) gatewayAccounts() {
	for i, g := range r.gateways {
		if g.account == "" && OnIngressPods(g.Selector) && !r.existing() {
			r.gateways[i].account = ingressAccount
		}
		if g.account == "" || isAccount(g.account) && strings.Contains(g.account, "/") {
			continue
		}
		r.ds.Errorf(diag.CodeName, g.path.Key("serviceAccount"), "%q is no account; write NAMESPACE/NAME", g.account)
	}
}

// ingressAccount is the account that the installed ingress pods run as: the name
// of the gateway in the IstioOperator with -service-account.
const ingressAccount = Root + "/istio-ingressgateway-service-account"

// accountOf is the account of a gateway's pods as NAMESPACE/NAME.
func (r *resolver) accountOf(at diag.Path, g *gateway) (string, bool) {
	if g.account == "" {
		r.ds.Errorf(diag.CodeMissing, at, "whose account do the pods of %q run as? write %s.serviceAccount: NAMESPACE/NAME", g.Name, shortPath(g.path))
		return "", false
	}
	return g.account, true
}

// principal is an account NAMESPACE/NAME as Istio writes it. cluster.local stands
// for the mesh's own trust domain, also where that has another name.
func principal(account string) string {
	namespace, name, _ := strings.Cut(account, "/")
	return fmt.Sprintf("cluster.local/ns/%s/sa/%s", namespace, name)
}
