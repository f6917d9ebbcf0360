package istio

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	core3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbac3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	route3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	template3 "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
	matcher3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// attempt is what Envoy's rules ask of a request or a connection.
type attempt struct {
	// endsOnly says that only account and port are known of it.
	endsOnly bool

	// account is the caller's SPIFFE name, empty without a certificate.
	account string
	address netip.Addr
	// sni is the name that a TLS client asks for.
	sni  string
	port uint32
	path string
	// headers hold :method and :authority as well.
	headers map[string]string
	// token is the payload of a token that was checked.
	token map[string]any
}

// matches tells whether any policy of the rules holds for a request, and which does
// for certain.
func (r attempt) matches(rules *rbac3.RBAC) (topology.Answer, string) {
	result, name := topology.No, ""
	for id, p := range rules.GetPolicies() {
		holds := bothOfTwo(some(p.Permissions, r.permission), some(p.Principals, r.principal))
		if holds == topology.Yes && (name == "" || id < name) {
			name = id
		}
		result = oneOfTwo(result, holds)
	}
	return result, name
}

// passes tells whether the rules let a request on of which all is known.
func (r attempt) passes(rules *rbac3.RBAC) bool {
	if rules == nil {
		return true
	}
	matched, _ := r.matches(rules)
	return (matched == topology.Yes) == (rules.Action == rbac3.RBAC_ALLOW)
}

func (r attempt) permission(p *rbac3.Permission) topology.Answer {
	switch rule := p.Rule.(type) {
	case *rbac3.Permission_Any:
		return certain(rule.Any)
	case *rbac3.Permission_AndRules:
		return every(rule.AndRules.Rules, r.permission)
	case *rbac3.Permission_OrRules:
		return some(rule.OrRules.Rules, r.permission)
	case *rbac3.Permission_NotRule:
		return opposite(r.permission(rule.NotRule))
	case *rbac3.Permission_DestinationPort:
		return certain(r.port == rule.DestinationPort)
	}
	if r.endsOnly {
		return topology.NotKnown
	}
	return certain(r.asksFor(p))
}

// asksFor reads what a permission says of the contents of a request.
func (r attempt) asksFor(p *rbac3.Permission) bool {
	switch rule := p.Rule.(type) {
	case *rbac3.Permission_Header:
		return r.header(rule.Header)
	case *rbac3.Permission_UrlPath:
		return stringMatches(rule.UrlPath.GetPath(), r.path)
	case *rbac3.Permission_RequestedServerName:
		return stringMatches(rule.RequestedServerName, r.sni)
	case *rbac3.Permission_UriTemplate:
		var template template3.UriTemplateMatchConfig
		return rule.UriTemplate.TypedConfig.UnmarshalTo(&template) == nil && templateMatches(template.PathTemplate, r.path)
	}
	panic("rbac: no evaluation of " + p.String())
}

func (r attempt) principal(p *rbac3.Principal) topology.Answer {
	switch id := p.Identifier.(type) {
	case *rbac3.Principal_Any:
		return certain(id.Any)
	case *rbac3.Principal_AndIds:
		return every(id.AndIds.Ids, r.principal)
	case *rbac3.Principal_OrIds:
		return some(id.OrIds.Ids, r.principal)
	case *rbac3.Principal_NotId:
		return opposite(r.principal(id.NotId))
	case *rbac3.Principal_FilterState: // the caller's certificate, as Istio keeps it
		return certain(r.account != "" && stringMatches(id.FilterState.GetStringMatch(), r.account))
	case *rbac3.Principal_Authenticated_:
		return certain(r.account != "" && stringMatches(id.Authenticated.PrincipalName, r.account))
	}
	if r.endsOnly {
		return topology.NotKnown
	}
	return certain(r.comesWith(p))
}

// comesWith reads what a principal says of addresses, headers and tokens.
func (r attempt) comesWith(p *rbac3.Principal) bool {
	switch id := p.Identifier.(type) {
	case *rbac3.Principal_Header:
		return r.header(id.Header)
	case *rbac3.Principal_DirectRemoteIp:
		return r.within(id.DirectRemoteIp)
	case *rbac3.Principal_RemoteIp:
		return r.within(id.RemoteIp)
	case *rbac3.Principal_Metadata:
		//lint:ignore SA1019 Istio writes it
		return r.metadata(id.Metadata)
	}
	panic("rbac: no evaluation of " + p.String())
}

func (r attempt) within(c *core3.CidrRange) bool {
	prefix := netip.PrefixFrom(netip.MustParseAddr(c.AddressPrefix), int(c.PrefixLen.GetValue()))
	return r.address.IsValid() && prefix.Contains(r.address)
}

func (r attempt) header(m *route3.HeaderMatcher) bool {
	value, present := r.headers[strings.ToLower(m.Name)]
	if m.GetStringMatch() != nil {
		return present && stringMatches(m.GetStringMatch(), value)
	}
	return present == m.GetPresentMatch()
}

// metadata reads the checked token, the only metadata that our rules ask for.
func (r attempt) metadata(m *matcher3.MetadataMatcher) bool {
	var value any = map[string]any{"payload": r.token}
	if r.token == nil || m.Filter != "envoy.filters.http.jwt_authn" {
		return false
	}
	for _, segment := range m.Path {
		inner, ok := value.(map[string]any)
		if !ok {
			return false
		}
		value = inner[segment.GetKey()]
	}
	return valueMatches(m.Value, value)
}

func valueMatches(m *matcher3.ValueMatcher, value any) bool {
	if or := m.GetOrMatch(); or != nil {
		return slices.ContainsFunc(or.ValueMatchers, func(m *matcher3.ValueMatcher) bool { return valueMatches(m, value) })
	}
	if list := m.GetListMatch(); list != nil {
		values, _ := value.([]any)
		return slices.ContainsFunc(values, func(v any) bool { return valueMatches(list.GetOneOf(), v) })
	}
	text, ok := value.(string)
	return ok && stringMatches(m.GetStringMatch(), text)
}

func stringMatches(m *matcher3.StringMatcher, value string) bool {
	if m.GetIgnoreCase() {
		value = strings.ToLower(value)
	}
	switch p := m.GetMatchPattern().(type) {
	case *matcher3.StringMatcher_Exact:
		return value == p.Exact
	case *matcher3.StringMatcher_Prefix:
		return strings.HasPrefix(value, p.Prefix)
	case *matcher3.StringMatcher_Suffix:
		return strings.HasSuffix(value, p.Suffix)
	case *matcher3.StringMatcher_SafeRegex:
		return regexp.MustCompile("^(?:" + p.SafeRegex.Regex + ")$").MatchString(value)
	}
	panic("rbac: no evaluation of " + m.String())
}

// templateMatches tells whether a path fits * for one segment and ** for any.
func templateMatches(template, path string) bool {
	pattern := strings.NewReplacer(`\*\*`, ".*", `\*`, "[^/]+").Replace(regexp.QuoteMeta(template))
	return regexp.MustCompile("^" + pattern + "$").MatchString(path)
}
