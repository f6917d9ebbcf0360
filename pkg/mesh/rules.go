package mesh

import (
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// ruleReader reads one rule of allow, deny or extAuth.
type ruleReader struct {
	*resolver
	place  *accessPlace
	action action
	at     diag.Path
	// identities are the words that ask for the caller's identity in the mesh.
	identities []identityWord
	// tokens are the words that ask for the caller's token.
	tokens []diag.Path
}

// identityWord is a word that asks for the caller's identity; not tells that it
// holds for everybody else.
type identityWord struct {
	at  diag.Path
	not bool
}

// rule is one rule as Istio has it. It is several where one word stands for
// alternatives.
func (r *resolver) rule(at diag.Path, p *accessPlace, a action, w spec.Rule) []*security.Rule {
	reader := &ruleReader{resolver: r, place: p, action: a, at: at}
	rule, before := &security.Rule{}, len(*r.ds)
	if w.From != nil {
		rule.From = reader.from(at.Key("from"), w.From)
	}
	if w.To != nil {
		rule.To = reader.to(at.Key("to"), w.To)
	}
	rule.When = append(rule.When, reader.attributes(at.Key("when"), w.When)...)
	var rules []*security.Rule
	for _, conditions := range reader.tokenConditions(at.Key("from"), w.From) {
		rules = append(rules, &security.Rule{From: rule.From, To: rule.To, When: append(conditions, rule.When...)})
	}
	if (*r.ds)[before:].HasErrors() {
		return rules // what follows would only follow from that
	}
	reader.checkIdentities(w)
	reader.checkTokens()
	for _, rule := range rules {
		r.refusesTCP(at, p, a, rule)
		r.hasRequests(at, p, rule)
	}
	reader.checkAddresses(w)
	if p.gateway == nil {
		return rules
	}
	var limited []*security.Rule
	for _, rule := range rules {
		limited = append(limited, r.limited(p, a, at, rule)...)
	}
	return limited
}

// valueCheck says what is wrong with a value, or nothing.
type valueCheck func(value string) string

// filled are the values of a list. An empty one would be no condition at all.
func (r *resolver) filled(at diag.Path, values []string, check valueCheck) []string {
	if values == nil {
		return nil
	}
	if len(values) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty would match everybody; write the values, or remove the rule")
	}
	return r.checked(at, values, check)
}

// checked are the values of a list, each of which is one.
func (r *resolver) checked(at diag.Path, values []string, check valueCheck) []string {
	for i, value := range values {
		if value == "" {
			r.ds.Errorf(diag.CodeEmpty, at.Index(i), "empty; write a value or remove the line")
		} else if problem := check(value); problem != "" {
			r.ds.Errorf(diag.CodeValue, at.Index(i), "%s", problem)
		}
	}
	return slices.Clone(values)
}

func (r *ruleReader) from(at diag.Path, f *spec.From) []*security.Rule_From {
	if empty(f) {
		r.ds.Errorf(diag.CodeEmpty, at, "empty would match everybody; write who may call, or leave from out")
		return nil
	}
	s := &security.Source{}
	for _, w := range r.sourceWords(f, s) {
		*w.to = r.filled(at.Key(w.name), w.values, w.check)
		if w.values == nil {
			continue
		}
		if w.identity {
			r.identities = append(r.identities, identityWord{at.Key(w.name), strings.HasPrefix(w.name, "not")})
		}
		if strings.HasSuffix(strings.ToLower(w.name), "requestprincipals") {
			r.tokens = append(r.tokens, at.Key(w.name))
		}
	}
	r.callers(at, f, s)
	if f.Claims == nil && f.RequiredScopes == nil || !sourceEmpty(s) {
		return []*security.Rule_From{{Source: s}}
	}
	return nil
}

// sourceWord is a word of from that is a field of Istio's as it is.
type sourceWord struct {
	name     string
	values   []string
	to       *[]string
	check    valueCheck
	identity bool // asks for the caller's identity in the mesh
}

func (r *ruleReader) sourceWords(f *spec.From, s *security.Source) []sourceWord {
	return []sourceWord{
		{"namespaces", f.Namespaces, &s.Namespaces, namespaceText, true},
		{"notNamespaces", f.NotNamespaces, &s.NotNamespaces, namespaceText, true},
		{"principals", f.Principals, &s.Principals, principalText, true},
		{"notPrincipals", f.NotPrincipals, &s.NotPrincipals, principalText, true},
		{"trustDomains", f.TrustDomains, &s.TrustDomains, r.trustDomainText, true},
		{"notTrustDomains", f.NotTrustDomains, &s.NotTrustDomains, r.trustDomainText, true},
		{"ipBlocks", f.IPBlocks, &s.IpBlocks, addressText, false},
		{"notIpBlocks", f.NotIPBlocks, &s.NotIpBlocks, addressText, false},
		{"remoteIpBlocks", f.RemoteIPBlocks, &s.RemoteIpBlocks, addressText, false},
		{"notRemoteIpBlocks", f.NotRemoteIPBlocks, &s.NotRemoteIpBlocks, addressText, false},
		{"requestPrincipals", f.RequestPrincipals, &s.RequestPrincipals, wildcardText, false},
		{"notRequestPrincipals", f.NotRequestPrincipals, &s.NotRequestPrincipals, wildcardText, false},
	}
}

// callers adds the accounts, which are principals to Istio: its own field for
// them came late, and took dots for any character before 1.27.9, 1.28.6 and
// 1.29.2 (CVE-2026-39350).
func (r *ruleReader) callers(at diag.Path, f *spec.From, s *security.Source) {
	r.filled(at.Key("serviceAccounts"), f.ServiceAccounts, r.accountText)
	r.filled(at.Key("notServiceAccounts"), f.NotServiceAccounts, r.accountText)
	s.Principals = append(s.Principals, r.accounts(r.place, f.ServiceAccounts)...)
	s.NotPrincipals = append(s.NotPrincipals, r.accounts(r.place, f.NotServiceAccounts)...)
	s.Principals = append(s.Principals, r.gatewayPrincipals(at, f)...)
	for _, word := range []struct {
		name string
		said bool
	}{{"serviceAccounts", f.ServiceAccounts != nil}, {"notServiceAccounts", f.NotServiceAccounts != nil}, {"gateways", f.Gateways != nil}} {
		if word.said {
			r.identities = append(r.identities, identityWord{at.Key(word.name), word.name == "notServiceAccounts"})
		}
	}
	if (f.ServiceAccounts != nil || f.Gateways != nil) && (f.Namespaces != nil || f.Principals != nil) {
		r.ds.Errorf(diag.CodeExclusive, at, "pick one kind of caller per rule: serviceAccounts and gateways, namespaces, or principals")
	}
}

// gatewayPrincipals are the accounts of the gateways that a rule names.
func (r *ruleReader) gatewayPrincipals(at diag.Path, f *spec.From) []string {
	at = at.Key("gateways")
	r.filled(at, f.Gateways, func(string) string { return "" })
	var principals []string
	for i, name := range f.Gateways {
		g := r.findGateway(name)
		if g == nil && name != "" {
			r.ds.Errorf(diag.CodeReference, at.Index(i), "no gateway %q in gateways; there are %s", name, orNone(r.gatewayNames()))
		}
		if g == nil {
			continue
		}
		account, ok := r.accountOf(at.Index(i), g)
		if !ok {
			continue
		}
		if text := principal(account); !slices.Contains(principals, text) {
			principals = append(principals, text)
		}
		r.alsoLetIn(at.Index(i), f, g)
	}
	return principals
}

// alsoLetIn warns of a second gateway behind one account.
func (r *ruleReader) alsoLetIn(at diag.Path, f *spec.From, g *gateway) {
	if r.action != allowing {
		return
	}
	for i := range r.gateways {
		other := &r.gateways[i]
		if other.account == g.account && !slices.Contains(f.Gateways, other.Name) && other.Name != g.Name {
			r.ds.Warnf(diag.CodeAccess, at, "%s and %s run as one account; this lets both in; add to: {hosts: [%s]}", g.Name, other.Name, strings.Join(g.http, ", "))
			return
		}
	}
}

// accounts are accounts as principals; a name alone lives in the place's own
// namespace.
func (r *resolver) accounts(p *accessPlace, names []string) []string {
	var principals []string
	for _, name := range names {
		if !strings.Contains(name, "/") {
			name = p.namespace + "/" + name
		}
		principals = append(principals, principal(name))
	}
	return principals
}

func (r *ruleReader) accountText(value string) string {
	switch {
	case !isAccount(value):
		return quote(value) + " is no account; write NAME or NAMESPACE/NAME"
	case !strings.Contains(value, "/") && (r.place.isMesh() || r.place.gateway != nil):
		return "say namespace/name; " + r.place.called + " has no namespace of its own"
	}
	return ""
}

// tokenConditions are the alternatives of conditions on the caller's token; one
// empty one when the rule asks for none.
func (r *ruleReader) tokenConditions(at diag.Path, f *spec.From) [][]*security.Condition {
	if f == nil {
		return [][]*security.Condition{nil}
	}
	claims := r.claims(at.Key("claims"), f.Claims)
	if f.RequiredScopes == nil {
		return [][]*security.Condition{claims}
	}
	r.tokens = append(r.tokens, at.Key("requiredScopes"))
	scopes := r.filled(at.Key("requiredScopes"), f.RequiredScopes, wildcardText)
	var all [][]*security.Condition
	for _, claim := range []string{"scp", "scope", "scopes"} {
		conditions := slices.Clone(claims)
		for _, scope := range scopes {
			conditions = append(conditions, &security.Condition{Key: "request.auth.claims[" + claim + "]", Values: []string{scope}})
		}
		all = append(all, conditions)
	}
	return all
}

func (r *ruleReader) claims(at diag.Path, claims map[string][]string) []*security.Condition {
	if claims == nil {
		return nil
	}
	r.tokens = append(r.tokens, at)
	if len(claims) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty would match everybody; write the claims, or remove the rule")
	}
	var all []*security.Condition
	for _, claim := range sortedKeys(claims) {
		if problem := claimText(claim); problem != "" {
			r.ds.Errorf(diag.CodeValue, at.Key(claim), "%s", problem)
		}
		key := "request.auth.claims[" + strings.ReplaceAll(claim, ".", "][") + "]"
		all = append(all, &security.Condition{Key: key, Values: r.filled(at.Key(claim), claims[claim], wildcardText)})
	}
	return all
}

func (r *ruleReader) to(at diag.Path, t *spec.To) []*security.Rule_To {
	if empty(t) {
		r.ds.Errorf(diag.CodeEmpty, at, "empty would match every request; write what is called, or leave to out")
		return nil
	}
	if r.action != allowing {
		r.exactPaths(diag.CodeAccess, at.Key("paths"), t.Paths, "")
	}
	return []*security.Rule_To{{Operation: &security.Operation{
		Hosts:      withPorts(r.filled(at.Key("hosts"), t.Hosts, r.hostText(r.action != allowing))),
		NotHosts:   withPorts(r.filled(at.Key("notHosts"), t.NotHosts, r.hostText(true))),
		Ports:      r.podPorts(at.Key("ports"), t.Ports),
		NotPorts:   r.podPorts(at.Key("notPorts"), t.NotPorts),
		Methods:    r.filled(at.Key("methods"), t.Methods, methodText),
		NotMethods: r.filled(at.Key("notMethods"), t.NotMethods, methodText),
		Paths:      r.filled(at.Key("paths"), t.Paths, r.pathText),
		NotPaths:   r.filled(at.Key("notPaths"), t.NotPaths, r.pathText),
	}}}
}

// filledPorts are ports of the workload as Istio's rules have them: text. An empty
// list would be no condition at all.
func (r *resolver) filledPorts(at diag.Path, ports []int) []string {
	if ports != nil && len(ports) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty would match everybody; write the values, or remove the rule")
	}
	return r.portTexts(at, ports)
}

func (r *resolver) portTexts(at diag.Path, ports []int) []string {
	var all []string
	for i, port := range ports {
		r.port(at.Index(i), port)
		all = append(all, itoa(port))
	}
	return all
}

// podPorts are ports, which at a gateway may be mistaken for its Service's.
func (r *ruleReader) podPorts(at diag.Path, ports []int) []string {
	for i, port := range ports {
		g := r.place.gateway
		if g == nil {
			break
		}
		if target := r.podPort(g, port); target != port {
			r.ds.Errorf(diag.CodePort, at.Index(i), "%d is the Service's port; the pods listen on %d", port, target)
		}
	}
	return r.filledPorts(at, ports)
}

func (r *ruleReader) attributes(at diag.Path, conditions []spec.AttributeCondition) []*security.Condition {
	if conditions != nil && len(conditions) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write a condition, or leave when out")
	}
	var all []*security.Condition
	for i, c := range conditions {
		at := at.Index(i)
		check, problem := r.attribute(c.Key)
		if problem != "" {
			r.ds.Errorf(diag.CodeValue, at.Key("key"), "%s", problem)
			continue
		}
		if c.Values == nil && c.NotValues == nil {
			r.ds.Errorf(diag.CodeMissing, at, "write values or notValues")
		}
		all = append(all, &security.Condition{
			Key: c.Key, Values: r.filled(at.Key("values"), c.Values, check), NotValues: r.filled(at.Key("notValues"), c.NotValues, check),
		})
		if strings.HasPrefix(c.Key, "request.auth.") {
			r.tokens = append(r.tokens, at)
		}
		if slices.Contains(identityAttributes, c.Key) {
			r.identities = append(r.identities, identityWord{at, c.NotValues != nil})
		}
	}
	return all
}

// hasRequests refuses a rule about HTTP at a service that is none: Istio would
// take it for nobody in allow, and for everybody in deny.
func (r *resolver) hasRequests(at diag.Path, p *accessPlace, rule *security.Rule) {
	if p.service != nil && (p.service.Protocol == "TCP" || p.service.Protocol == "TLS") && httpOnly(rule) {
		r.ds.Errorf(diag.CodeAccess, at, "%s is %s, and this asks for what only HTTP has; write accounts, addresses or ports", p.called, p.service.Protocol)
	}
}

// refusesTCP warns of a rule that refuses for the whole mesh by what only HTTP
// has: on a port that is not HTTP Istio leaves that out, and the rule refuses
// everything. A namespace and a service are held against the package.
func (r *resolver) refusesTCP(at diag.Path, p *accessPlace, a action, rule *security.Rule) {
	if o := operation(rule); p.isMesh() && a == denying && httpOnly(rule) && len(o.Ports)+len(o.NotPorts) == 0 {
		r.ds.Warnf(diag.CodeAccess, at, "refuses everything at ports of the mesh that are not HTTP; write the ports, or write it per namespace")
	}
}

// checkIdentities refuses rules that rest on an identity which callers may lack.
func (r *ruleReader) checkIdentities(w spec.Rule) {
	for _, word := range r.identities {
		switch {
		case r.action == asking:
			r.ds.Errorf(diag.CodeAccess, word.at, "Istio asks an authorizer before it looks at identities; write to, when or ipBlocks here, and identities in allow or deny")
		case r.place.gateway != nil, r.place.isMesh() && word.not && r.action == denying:
			r.ds.Errorf(diag.CodeAccess, word.at, "callers of a gateway have no mesh identity; this %s every request from outside; write it per namespace", r.does(word))
		case word.not || r.action == denying:
			if who := r.plaintext(r.place, w.To); who != "" {
				r.ds.Errorf(diag.CodeAccess, word.at, "%s: a caller without a certificate has no identity and would get through; make mtls STRICT or use ipBlocks", who)
			} else if r.place.isMesh() && w.To == nil {
				r.unseen(word.at)
			}
		}
	}
}

// does says what a rule about identities does with callers that have none.
func (r *ruleReader) does(word identityWord) string {
	if word.not == (r.action == denying) {
		return "denies"
	}
	return "lets in"
}

// plaintext names a server of the place that takes callers without mTLS.
func (r *resolver) plaintext(p *accessPlace, to *spec.To) string {
	if p.service != nil {
		return r.plaintextService(p.service, to)
	}
	if mode := r.modeIn(p.namespace); mode != "STRICT" && !p.isMesh() {
		return "namespace " + p.namespace + " is " + mode
	}
	if p.isMesh() {
		if mode := r.spec.Security.MTLS.Mode; mode != "STRICT" {
			return "the mesh is " + mode
		}
		for _, name := range sortedKeys(r.spec.Namespaces) {
			if mode := r.modeIn(name); mode != "STRICT" {
				return "namespace " + name + " is " + mode
			}
		}
	}
	for _, s := range r.services {
		if p.isMesh() || s.Namespace == p.namespace {
			if who := r.plaintextService(s, to); who != "" {
				return who
			}
		}
	}
	return ""
}

// plaintextService names what a service takes without mTLS, on the ports that the
// rule is about.
func (r *resolver) plaintextService(s *service, to *spec.To) string {
	name := s.Namespace + "/" + s.Name
	var about []int
	if to != nil {
		about = to.Ports
	}
	modes := s.Security.MTLS.Ports
	for _, port := range sortedKeys(modes) {
		if modes[port] != "STRICT" && (len(about) == 0 || slices.Contains(about, port)) {
			return "port " + itoa(port) + " of " + name + " is " + modes[port]
		}
	}
	strictPort := func(port int) bool { return modes[port] == "STRICT" }
	if mode := r.modeOf(s); mode != "STRICT" && (len(about) == 0 || !allOf(about, strictPort)) {
		return name + " is " + mode
	}
	return ""
}

func allOf(ports []int, holds func(int) bool) bool {
	return !slices.ContainsFunc(ports, func(p int) bool { return !holds(p) })
}

// checkTokens refuses words about a token that nobody checks: they would never
// match, and their opposites always.
func (r *ruleReader) checkTokens() {
	for _, at := range r.tokens {
		if r.action == asking {
			// Istio puts the question before the check of tokens (istio
			// pilot/pkg/networking/core/listener_builder.go).
			r.ds.Errorf(diag.CodeToken, at, "an authorizer is asked before tokens are looked at, so no request has one here; write it in allow or deny")
			continue
		}
		if !r.issuersReach(r.place) {
			r.ds.Errorf(diag.CodeToken, at, "%s; no token is checked; write jwt.issuers", r.noIssuer(r.place))
		}
	}
}

// checkAddresses warns of addresses that are not the client's.
func (r *ruleReader) checkAddresses(w spec.Rule) {
	if w.From == nil {
		return
	}
	behind := r.place.service != nil && len(r.place.service.Expose) > 0
	trusted := r.spec.Proxy.Config.GetGatewayTopology().GetNumTrustedProxies()
	for _, word := range []struct {
		name   string
		values []string
		remote bool
	}{
		{"ipBlocks", w.From.IPBlocks, false}, {"notIpBlocks", w.From.NotIPBlocks, false},
		{"remoteIpBlocks", w.From.RemoteIPBlocks, true}, {"notRemoteIpBlocks", w.From.NotRemoteIPBlocks, true},
	} {
		at := r.at.Key("from").Key(word.name)
		switch {
		case word.values == nil:
		case word.remote && trusted == 0 && (behind || r.place.gateway != nil):
			r.ds.Warnf(diag.CodeAccess, at, "write proxy.config.gatewayTopology.numTrustedProxies; without it the gateway's neighbour is taken for the client, whatever X-Forwarded-For says")
		case !word.remote && behind:
			r.ds.Warnf(diag.CodeAccess, at, "ipBlocks here sees the gateway's address; write it at gateways[]")
		}
	}
}
