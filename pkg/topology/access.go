package topology

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"
)

// Request is an HTTP request as a policy or a route sees it.
type Request struct {
	// Authority is the host as the caller writes it, with the port if it writes
	// one.
	Method, Authority string
	// Path is without the query.
	Path string
	// Headers have names in lower case.
	Headers map[string]string
	// Token tells whether it carries an end user's token. Nobody knows what a
	// token says.
	Token Answer
}

// Call is what an AuthorizationPolicy can ask about. An answer that depends on
// something that is not known is not known.
type Call struct {
	// HTTP tells whether the server's proxy reads requests on the port. On another
	// port an ALLOW rule that asks about requests is passed over, and a DENY rule
	// loses what it asks about them.
	HTTP Answer
	// Request is nil for any request.
	Request *Request
	// Certified tells whether the caller shows a certificate of the mesh, which
	// only mTLS does; Namespace and Account are who it is then, "" not known.
	Certified          Answer
	Namespace, Account string
	// Port is that of the pod, 0 when it is not known.
	Port int
}

// Ruling is what one AuthorizationPolicy says about a call.
type Ruling struct {
	Policy Config[*security.AuthorizationPolicy]
	// Matches tells whether a rule takes the call; Rule is its place when it does.
	Matches Answer
	Rule    int
	// Why is what it depends on when that is not known.
	Why string
}

// Access is what the AuthorizationPolicies of a pod do with a call.
type Access struct {
	Allowed Answer
	// By is the ruling that decides, nil when none has to.
	By  *Ruling
	Why string
	// Rulings are all of them in the order in which they are asked: CUSTOM, DENY,
	// ALLOW.
	Rulings []Ruling
}

// PoliciesOn are the policies that hold for pods of a namespace of which only
// labels are known, as for gateways of the installation.
func (m *Model) PoliciesOn(namespace string, labels map[string]string) []*Policy {
	root := m.RootNamespace()
	return slices.DeleteFunc(slices.Clone(m.Policies()), func(p *Policy) bool {
		return p.Namespace != root && p.Namespace != namespace || !Selects(p.Selector, labels)
	})
}

// actions are those that decide, in the order in which a proxy asks.
var actions = []security.AuthorizationPolicy_Action{
	security.AuthorizationPolicy_CUSTOM, security.AuthorizationPolicy_DENY, security.AuthorizationPolicy_ALLOW,
}

// Access tells whether the AuthorizationPolicies among policies let a call in
// (pilot/pkg/security/authz). Those on trial and those that only write logs
// decide nothing and are left out.
func (m *Model) Access(policies []*Policy, c Call) Access {
	var a Access
	for _, action := range actions {
		for _, p := range policies {
			if config, ok := m.authorization(p); ok && config.Spec.Action == action && !p.onTrial() {
				a.Rulings = append(a.Rulings, m.ruling(config, c))
			}
		}
	}
	a.decide()
	return a
}

func (m *Model) authorization(p *Policy) (Config[*security.AuthorizationPolicy], bool) {
	if m.access == nil {
		m.access = map[*Object]Config[*security.AuthorizationPolicy]{}
		for _, c := range m.AuthorizationPolicies() {
			m.access[c.Object] = c
		}
	}
	c, ok := m.access[p.Object]
	return c, ok
}

// decide asks the rulings in their order. What nobody knows early on is no
// matter where a later one refuses.
func (a *Access) decide() {
	a.Allowed = Yes
	unsure := func(r *Ruling, why string) {
		if a.Allowed == Yes {
			a.Allowed, a.By, a.Why = NotKnown, r, why
		}
	}
	var first, taken, open *Ruling
	for i := range a.Rulings {
		r := &a.Rulings[i]
		switch action := r.Policy.Spec.Action; {
		case action == security.AuthorizationPolicy_CUSTOM && r.Matches != No:
			unsure(r, "the authorizer "+r.Policy.Spec.GetProvider().GetName()+" decides")
		case action == security.AuthorizationPolicy_DENY && r.Matches == Yes:
			a.Allowed, a.By, a.Why = No, r, "rule "+strconv.Itoa(r.Rule)+" denies it"
			return
		case action == security.AuthorizationPolicy_DENY && r.Matches == NotKnown:
			unsure(r, r.Why)
		case action == security.AuthorizationPolicy_ALLOW:
			if first == nil {
				first = r
			}
			if r.Matches == Yes && taken == nil {
				taken = r
			}
			if r.Matches == NotKnown && open == nil {
				open = r
			}
		}
	}
	switch {
	case taken != nil && a.Allowed == Yes:
		a.By = taken
	case taken == nil && open != nil:
		unsure(open, open.Why)
	case taken == nil && first != nil:
		a.Allowed, a.By, a.Why = No, first, "no rule allows it"
	}
}

// onTrial tells whether the policy is there to be watched only.
func (o *Object) onTrial() bool {
	if o.item == nil {
		return o.trial
	}
	trial, _ := o.item.Annotation("istio.io/dry-run")
	return trial == "true"
}

func (m *Model) ruling(p Config[*security.AuthorizationPolicy], c Call) Ruling {
	ruling := Ruling{Policy: p, Matches: No}
	for i, rule := range p.Spec.Rules {
		e := evaluation{Call: c, trust: m.Install().TrustDomains, namespace: p.Namespace, known: m.Install().Known,
			allows: p.Spec.Action == security.AuthorizationPolicy_ALLOW}
		switch e.rule(rule) {
		case Yes:
			ruling.Matches, ruling.Rule, ruling.Why = Yes, i, ""
			return ruling
		case NotKnown:
			if ruling.Matches == No {
				ruling.Matches, ruling.Rule, ruling.Why = NotKnown, i, e.why
			}
		}
	}
	return ruling
}

// evaluation holds one rule against a call.
type evaluation struct {
	Call
	trust     []string
	known     bool
	namespace string
	allows    bool
	// void is a rule that Istio passes over, as it asks of TCP what only HTTP has.
	void bool
	why  string
}

func (e *evaluation) rule(rule *security.Rule) Answer {
	from, to := No, No
	for _, f := range rule.From {
		from = oneOf(from, e.source(f.GetSource()))
	}
	for _, t := range rule.To {
		to = oneOf(to, e.operation(t.GetOperation()))
	}
	if len(rule.From) == 0 {
		from = Yes
	}
	if len(rule.To) == 0 {
		to = Yes
	}
	result := both(from, to)
	for _, when := range rule.When {
		result = both(result, e.condition(when.Key, when.Values, when.NotValues))
	}
	if e.void {
		return No
	}
	return result
}

func (e *evaluation) source(s *security.Source) Answer {
	result := Yes
	for _, f := range []struct {
		key         string
		values, not []string
	}{
		{"source.principal", s.GetPrincipals(), s.GetNotPrincipals()},
		{"source.namespace", s.GetNamespaces(), s.GetNotNamespaces()},
		{"source.serviceAccount", s.GetServiceAccounts(), s.GetNotServiceAccounts()},
		{"source.trustDomain", s.GetTrustDomains(), s.GetNotTrustDomains()},
		{"source.ip", s.GetIpBlocks(), s.GetNotIpBlocks()},
		{"remote.ip", s.GetRemoteIpBlocks(), s.GetNotRemoteIpBlocks()},
		{"request.auth.principal", s.GetRequestPrincipals(), s.GetNotRequestPrincipals()},
	} {
		result = both(result, e.condition(f.key, f.values, f.not))
	}
	return result
}

func (e *evaluation) operation(o *security.Operation) Answer {
	result := Yes
	for _, f := range []struct {
		key         string
		values, not []string
	}{
		{"hosts", o.GetHosts(), o.GetNotHosts()},
		{"methods", o.GetMethods(), o.GetNotMethods()},
		{"paths", o.GetPaths(), o.GetNotPaths()},
		{"destination.port", o.GetPorts(), o.GetNotPorts()},
	} {
		result = both(result, e.condition(f.key, f.values, f.not))
	}
	return result
}

// condition holds what is asked of one attribute against the call.
func (e *evaluation) condition(key string, values, not []string) Answer {
	if len(values)+len(not) == 0 {
		return Yes
	}
	if isRequest := strings.HasPrefix(key, "request.") || slices.Contains([]string{"hosts", "methods", "paths"}, key); isRequest {
		switch {
		case e.HTTP == No:
			e.void = e.void || e.allows
			return Yes
		case e.HTTP == NotKnown:
			return e.unsure("nobody says whether the port carries HTTP")
		case e.Request == nil:
			return e.unsure("it depends on the request")
		}
	}
	result := Yes
	if len(values) > 0 {
		result = e.any(key, values)
	}
	if len(not) > 0 {
		result = both(result, opposite(e.any(key, not)))
	}
	return result
}

func (e *evaluation) unsure(why string) Answer {
	if e.why == "" {
		e.why = why
	}
	return NotKnown
}

func (e *evaluation) any(key string, values []string) Answer {
	result := No
	for _, value := range values {
		result = oneOf(result, e.value(key, value))
	}
	return result
}

func (e *evaluation) value(key, want string) Answer {
	switch key {
	case "source.principal", "source.namespace", "source.serviceAccount", "source.trustDomain":
		return e.identity(key, want)
	case "destination.port":
		if e.Port == 0 {
			return e.unsure("it asks for a port of the pod that is not known")
		}
		return answer(strconv.Itoa(e.Port) == want)
	case "hosts":
		return answer(fits(strings.ToLower(want), strings.ToLower(e.Request.Authority)))
	case "methods":
		return answer(fits(want, e.Request.Method))
	case "paths":
		return answer(fitsPath(want, e.Request.Path))
	}
	if name, ok := strings.CutPrefix(key, "request.headers["); ok {
		value, there := e.Request.Headers[strings.ToLower(strings.TrimSuffix(name, "]"))]
		return answer(there && fits(want, value))
	}
	if strings.HasPrefix(key, "request.auth.") {
		if e.Request.Token == No {
			return No
		}
		return e.unsure("it depends on what the token says (" + key + ")")
	}
	return e.unsure("it asks for " + key + ", which a package does not say")
}

// identity is what a caller's certificate says about it.
func (e *evaluation) identity(key, want string) Answer {
	switch {
	case e.Certified == No:
		return No
	case e.Certified == NotKnown:
		return e.unsure("it is not known whether the caller shows a certificate")
	case key == "source.namespace" && e.Namespace != "":
		return answer(wild(want).MatchString(e.Namespace))
	case e.Namespace == "" || e.Account == "":
		return e.unsure("it is not known which account the caller has")
	}
	switch key {
	case "source.serviceAccount":
		if !strings.Contains(want, "/") {
			want = e.namespace + "/" + want
		}
		return answer(want == e.Namespace+"/"+e.Account)
	case "source.trustDomain":
		return e.trusted(answer(slices.ContainsFunc(e.trust, func(domain string) bool { return wild(want).MatchString(domain) })), want)
	}
	rest := "/ns/" + e.Namespace + "/sa/" + e.Account
	for _, domain := range append([]string{"cluster.local"}, e.trust...) {
		if fits(want, domain+rest) {
			return Yes
		}
	}
	domain, path, _ := strings.Cut(want, "/")
	if "/"+path != rest {
		return No
	}
	return e.trusted(No, domain)
}

// trusted is an answer that another trust domain would change, where the package
// does not hold the installation that names them.
func (e *evaluation) trusted(result Answer, domain string) Answer {
	if result == No && !e.known {
		return e.unsure("it asks for the trust domain " + domain + ", and the package does not hold the installation")
	}
	return result
}

// fits tells whether a text is the pattern, or begins or ends as it says; "*" is
// any text that is not empty.
func fits(pattern, text string) bool {
	if pattern == "*" {
		return text != ""
	}
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(text, suffix)
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(text, prefix)
	}
	return pattern == text
}

// fitsPath knows templates too, in which {*} is one part of a path and {**} any
// number of them.
func fitsPath(pattern, path string) bool {
	if !strings.Contains(pattern, "{*") {
		return fits(pattern, path)
	}
	text := regexp.QuoteMeta(pattern)
	text = strings.NewReplacer(`\{\*\*\}`, `.*`, `\{\*\}`, `[^/]+`).Replace(text)
	return regexp.MustCompile("^" + text + "$").MatchString(path)
}

// wild is a text in which * is anything.
func wild(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
}

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

func both(a, b Answer) Answer {
	switch {
	case a == No || b == No:
		return No
	case a == Yes && b == Yes:
		return Yes
	}
	return NotKnown
}

func oneOf(a, b Answer) Answer { return opposite(both(opposite(a), opposite(b))) }

func opposite(a Answer) Answer {
	switch a {
	case Yes:
		return No
	case No:
		return Yes
	}
	return NotKnown
}
