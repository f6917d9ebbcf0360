package mesh

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// tokens are whose tokens are checked at a place, and where one is demanded.
func (r *resolver) tokens(p *accessPlace) (check []Authentication, demand []Authorization) {
	if p.JWT == nil {
		return nil, nil
	}
	at := p.at("jwt")
	if issuers := r.issuers(at.Key("issuers"), p); len(issuers) > 0 {
		check = append(check, Authentication{Namespace: p.namespace, Name: p.name, Selector: p.selector, Issuers: issuers, Origin: at})
		r.alsoChecked(at, p)
	}
	switch {
	case p.JWT.Required == nil && !p.workload():
		r.ds.Errorf(diag.CodeMissing, at.Key("required"), "say required: true (calls between services need a token too) or false (services ask for themselves)")
	case p.JWT.Required != nil && !*p.JWT.Required:
		r.notRequired(at, p)
	case !r.issuersReach(p):
		r.ds.Errorf(diag.CodeToken, at, "%s; every request would be refused", r.noIssuer(p))
	default:
		demand = append(demand, r.demand(at, p))
	}
	return check, demand
}

// notRequired checks a place that demands no token.
func (r *resolver) notRequired(at diag.Path, p *accessPlace) {
	for _, w := range p.wider {
		if w.JWT != nil && w.JWT.Required != nil && *w.JWT.Required {
			r.ds.Errorf(diag.CodeToken, at.Key("required"), "%s demands a token and cannot be lifted here; write notPaths there", w.called)
		}
	}
	for _, word := range []struct {
		name string
		said bool
	}{{"paths", p.JWT.Paths != nil}, {"notPaths", p.JWT.NotPaths != nil}, {"ports", p.JWT.Ports != nil}} {
		if word.said {
			r.ds.Errorf(diag.CodeExclusive, at.Key(word.name), "says where a token is required, and required: false says nowhere; keep one")
		}
	}
}

// demand refuses requests without a token. It denies, so that it adds to whatever
// is allowed and turns on no refusal of everything else.
func (r *resolver) demand(at diag.Path, p *accessPlace) Authorization {
	j := p.JWT
	for _, list := range []struct {
		word  string
		empty bool
	}{{"paths", j.Paths != nil && len(j.Paths) == 0}, {"notPaths", j.NotPaths != nil && len(j.NotPaths) == 0}, {"ports", j.Ports != nil && len(j.Ports) == 0}} {
		if list.empty {
			r.ds.Errorf(diag.CodeEmpty, at.Key(list.word), "empty; a token would be required everywhere, leave it out for that")
		}
	}
	if len(j.Paths) > 0 && len(j.NotPaths) > 0 {
		r.ds.Errorf(diag.CodeExclusive, at.Key("notPaths"), "paths and notPaths exclude each other")
	}
	o := &security.Operation{
		Paths: r.checked(at.Key("paths"), j.Paths, r.pathText), NotPaths: r.checked(at.Key("notPaths"), j.NotPaths, r.pathText),
		Ports: r.portTexts(at.Key("ports"), j.Ports),
	}
	r.exactPaths(diag.CodeToken, at.Key("paths"), j.Paths, ", or better notPaths for what is public")
	rule := &security.Rule{From: []*security.Rule_From{{Source: &security.Source{NotRequestPrincipals: []string{"*"}}}}}
	if !proto.Equal(o, &security.Operation{}) {
		rule.To = []*security.Rule_To{{Operation: o}}
	}
	policy := Authorization{
		Namespace: p.namespace, Name: p.name + "-jwt", Selector: p.selector,
		Action: security.AuthorizationPolicy_DENY, Rules: []*security.Rule{rule}, Origin: at,
	}
	r.preflights(at, p)
	r.refusesTCP(at, p, denying, rule)
	r.hasRequests(at, p, rule)
	if p.gateway != nil {
		policy.Rules = r.limited(p, denying, at, rule)
	}
	return policy
}

// preflights warns of a demand at a gateway that answers browsers for a service:
// access is decided before CORS, and a browser asks without a token.
func (r *resolver) preflights(at diag.Path, p *accessPlace) {
	if p.gateway == nil {
		return
	}
	for _, s := range r.services {
		for j, e := range s.Expose {
			x := r.exposingGateway(s, j)
			if x == nil || x.known != p.gateway || s.opaque() {
				continue
			}
			if says := func(w *networking.CorsPolicy) bool { return filled(w) != nil }; says(s.CORSPolicy) || says(e.CORSPolicy) ||
				slices.ContainsFunc(s.Routes, func(w spec.Route) bool { return says(w.CORSPolicy) }) {
				r.ds.Warnf(diag.CodeToken, at, "preflight requests carry no token; corsPolicy of %s/%s will not be reached; demand the token at the service", s.Namespace, s.Name)
				break
			}
		}
	}
}

// exactPaths warns of a path that refuses without what lies below it. hint is
// what else would be right.
func (r *resolver) exactPaths(code diag.Code, at diag.Path, paths []string, hint string) {
	for i, path := range paths {
		if path == "/" || strings.ContainsAny(path, "*{") || slices.Contains(paths, path+"/*") || slices.Contains(paths, path+"*") || slices.Contains(paths, path+"/{**}") {
			continue
		}
		r.ds.Warnf(code, at.Index(i), "%s does not hold for %[1]s/…; write [%[1]s, %[1]s/*]%s", strings.TrimSuffix(path, "/"), hint)
	}
}

// issuersReach tells whether anybody's tokens are checked at a place.
func (r *resolver) issuersReach(p *accessPlace) bool {
	places := append(slices.Clone(p.wider), p)
	if slices.ContainsFunc(places, func(p *accessPlace) bool { return p.JWT != nil && len(p.JWT.Issuers) > 0 }) {
		return true
	}
	return p.gateway != nil && slices.ContainsFunc(r.podMates(p.gateway), func(g *gateway) bool {
		return g.access.JWT != nil && len(g.access.JWT.Issuers) > 0 && contained(g.Selector, p.gateway.Selector)
	})
}

// noIssuer says where an issuer was looked for.
func (r *resolver) noIssuer(p *accessPlace) string {
	switch {
	case p.isMesh():
		return "no issuer in the mesh"
	case p.service != nil:
		return "no issuer here, in namespaces." + p.namespace + " or in the mesh"
	}
	return "no issuer here or in the mesh"
}

// alsoChecked says that a check of tokens cannot be limited to hosts.
func (r *resolver) alsoChecked(at diag.Path, p *accessPlace) {
	if p.gateway == nil {
		return
	}
	for _, mate := range r.podMates(p.gateway) {
		r.ds.Infof(diag.CodeToken, at, "tokens of %s are also checked for the hosts of %s, which runs on the same pods", p.gateway.Name, mate.Name)
	}
}

// issuers are the place's own issuers, checked and copied.
func (r *resolver) issuers(at diag.Path, p *accessPlace) []*security.JWTRule {
	written := p.JWT.Issuers
	if written != nil && len(written) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; those of wider places hold anyway, write an issuer or leave issuers out")
	}
	var all []*security.JWTRule
	for i, rule := range written {
		at := at.Index(i)
		r.issuer(at, rule)
		for j, before := range written[:i] {
			if before.Issuer == rule.Issuer && rule.Issuer != "" {
				r.ds.Errorf(diag.CodeDuplicate, at.Key("issuer"), "%s is also issuers[%d]; keep one", quote(rule.Issuer), j)
				break
			}
		}
		r.otherKeys(at, p, rule)
		all = append(all, proto.CloneOf(rule))
	}
	return all
}

// otherKeys refuses an issuer that another place of the same pods knows by other
// keys: Istio takes either, so that a team could sign in the name of the
// platform's issuer.
func (r *resolver) otherKeys(at diag.Path, p *accessPlace, rule *security.JWTRule) {
	compare := func(j *spec.JWT, place diag.Path) {
		if j == nil {
			return
		}
		for i, other := range j.Issuers {
			if other.Issuer == rule.Issuer && (other.JwksUri != rule.JwksUri || other.Jwks != rule.Jwks) {
				r.ds.Errorf(diag.CodeDuplicate, at, "%s has other keys at %s; whoever holds either could sign for it", quote(rule.Issuer), wideText(at, place.Key("issuers").Index(i)))
			}
		}
	}
	for _, w := range p.wider {
		compare(w.JWT, w.at("jwt"))
	}
	if p.gateway != nil {
		for _, mate := range r.podMates(p.gateway) {
			compare(mate.access.JWT, mate.path.Key("security").Key("jwt"))
		}
	}
}

// issuer checks one issuer.
func (r *resolver) issuer(at diag.Path, rule *security.JWTRule) {
	switch {
	case rule.Jwks != "" && rule.JwksUri != "":
		r.ds.Errorf(diag.CodeExclusive, at, "jwks and jwksUri exclude each other")
	case rule.Issuer == "":
		r.ds.Errorf(diag.CodeMissing, at.Key("issuer"), "write the issuer of the tokens; without it the keys would speak for every issuer")
	case rule.Jwks != "":
		r.keys(at.Key("jwks"), rule.Jwks)
	case rule.JwksUri != "" && !isURL(rule.JwksUri, "https", "http"):
		r.ds.Errorf(diag.CodeValue, at.Key("jwksUri"), "%q is no URL; write it as https://idp.example.com/keys", rule.JwksUri)
	case rule.JwksUri == "" && !isURL(rule.Issuer, "https"):
		r.ds.Errorf(diag.CodeToken, at, "no jwksUri or jwks, and %q is no https URL to ask; every token would be refused", rule.Issuer)
	}
	if rule.Timeout != nil && (rule.Timeout.AsDuration() < 1e6 || rule.Timeout.AsDuration()%1e6 != 0) {
		r.ds.Errorf(diag.CodeValue, at.Key("timeout"), "want a duration of at least one millisecond, in whole ones")
	}
	r.tokenPlaces(at, rule)
	needs(r, at, rule)
}

// tokenPlaces checks where the token is looked for and where its claims go.
func (r *resolver) tokenPlaces(at diag.Path, rule *security.JWTRule) {
	for word, values := range eachList(rule) {
		if i := slices.Index(values, ""); i >= 0 {
			r.ds.Errorf(diag.CodeEmpty, at.Key(word).Index(i), "empty; write a value or remove the line")
		}
	}
	header := func(at diag.Path, name string) {
		if !plainHeader.MatchString(name) {
			r.ds.Errorf(diag.CodeName, at, "%q is no header; letters, digits and -", name)
		}
	}
	for i, from := range rule.FromHeaders {
		header(at.Key("fromHeaders").Index(i).Key("name"), from.Name)
	}
	for i, out := range rule.OutputClaimToHeaders {
		at := at.Key("outputClaimToHeaders").Index(i)
		header(at.Key("header"), out.Header)
		if out.Claim == "" {
			r.ds.Errorf(diag.CodeMissing, at.Key("claim"), "write the claim that goes into the header")
		}
	}
	if rule.OutputPayloadToHeader != "" {
		header(at.Key("outputPayloadToHeader"), rule.OutputPayloadToHeader)
	}
}

var plainHeader = pattern.New(`^[-_A-Za-z0-9]+$`)

// eachList are the lists of plain text of an issuer.
func eachList(rule *security.JWTRule) func(yield func(string, []string) bool) {
	return func(yield func(string, []string) bool) {
		_ = yield("audiences", rule.Audiences) && yield("fromParams", rule.FromParams) &&
			yield("fromCookies", rule.FromCookies) && yield("spaceDelimitedClaims", rule.SpaceDelimitedClaims)
	}
}

func isURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, u.Scheme) && u.Hostname() != ""
}

// keys checks a set of keys: a private one is nobody's but the issuer's.
func (r *resolver) keys(at diag.Path, text string) {
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil || len(set.Keys) == 0 {
		r.ds.Errorf(diag.CodeValue, at, `no set of keys; it is JSON: {"keys": [...]}`)
		return
	}
	for i, key := range set.Keys {
		if key["d"] != nil || key["k"] != nil {
			r.ds.Errorf(diag.CodeValue, at, "key %d is private; write the public one, and take a new pair: this one is known now", i)
		}
	}
}
