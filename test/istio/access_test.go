package istio

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	extauthz3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	jwt3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	httprbac3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	tcprbac3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	"istio.io/istio/pilot/test/xdstest"
)

// The experiment access is one request and what the rules of the proxy before
// its target do with it:
//
//	access CALLER METHOD TARGET [token ISSUER [CLAIM=VALUE]...] [header NAME=VALUE]... -> RESULT
//
// CALLER is ACCOUNT.NAMESPACE of a caller with a certificate of the mesh, nobody
// for one without, or an address outside. METHOD is HTTP's, or TCP for a
// connection. TARGET is NAME.NAMESPACE:PORT/PATH with the port of the workload,
// a URL at the ingress gateway (tls:// for TLS that it does not open), or egress:
// and NAME:PORT/PATH of a host outside at the egress gateway. A claim's value is a list when it has commas.
//
// RESULT is let in, refused, or 401 for a token of nobody whom the proxy knows;
// with "; dry run: refused" where a rule that is tried would have refused. Before it
// stands "asks NAME.NAMESPACE, " for each authorizer that is asked first.

// access makes the experiment.
func (p *pilot) access(t *testing.T, object string) (string, error) {
	words := strings.Fields(object)
	if len(words) < 3 {
		return "", fmt.Errorf("%q: want CALLER METHOD TARGET", object)
	}
	r, err := requestOf(words)
	if err != nil {
		return "", err
	}
	chain, err := p.chainBefore(words[2], &r)
	if err != nil {
		return "", err
	}
	if chain == nil {
		return "refused", nil
	}
	if words[1] == "TCP" {
		return r.throughNetwork(t, chain), nil
	}
	return r.throughHTTP(t, chain)
}

func requestOf(words []string) (attempt, error) {
	r := attempt{headers: map[string]string{":method": words[1]}, address: netip.MustParseAddr("10.3.0.1")}
	caller := words[0]
	name, namespace, found := strings.Cut(caller, ".")
	if address, err := netip.ParseAddr(caller); err == nil {
		r.address = address
	} else if found {
		r.account = fmt.Sprintf("spiffe://cluster.local/ns/%s/sa/%s", namespace, name)
	} else if caller != "nobody" {
		return r, fmt.Errorf("%q: want ACCOUNT.NAMESPACE, nobody, or an address", caller)
	}
	for i := 3; i < len(words); i++ {
		key, value, pair := strings.Cut(words[i], "=")
		switch {
		case words[i] == "token" && i+1 < len(words):
			i++
			r.token = map[string]any{"iss": words[i], "sub": "somebody"}
		case words[i] == "header" && i+1 < len(words):
			i++
			key, value, _ = strings.Cut(words[i], "=")
			r.headers[strings.ToLower(key)] = value
		case pair && r.token != nil:
			r.claim(strings.Split(key, "."), value)
		default:
			return r, fmt.Errorf("%q: want token ISSUER, CLAIM=VALUE after it, or header NAME=VALUE", words[i])
		}
	}
	return r, nil
}

// claim puts a claim into the token.
func (r attempt) claim(path []string, value string) {
	into := r.token
	for _, key := range path[:len(path)-1] {
		inner, _ := into[key].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			into[key] = inner
		}
		into = inner
	}
	var claim any = value
	if strings.Contains(value, ",") {
		var list []any
		for _, v := range strings.Split(value, ",") {
			if v != "" {
				list = append(list, v)
			}
		}
		claim = list
	}
	into[path[len(path)-1]] = claim
}

// chainBefore is the filter chain that the request meets, nil when no chain takes
// it.
func (p *pilot) chainBefore(target string, r *attempt) (*listener3.FilterChain, error) {
	if outside, ok := strings.CutPrefix(target, "egress:"); ok {
		return p.chainAtEgress(outside, r)
	}
	if strings.Contains(target, "://") {
		return p.chainAtGateway(target, r)
	}
	host, port, path, err := hostPortPath(target)
	if err != nil {
		return nil, err
	}
	name, namespace, _ := strings.Cut(strings.TrimSuffix(host, clusterSuffix), ".")
	pods := p.cluster.podsOf(named{Namespace: namespace, Name: name})
	if len(pods) == 0 {
		return nil, fmt.Errorf("no pod of %s", target)
	}
	r.port, r.path = uint32(port), path
	r.headers[":authority"] = fmt.Sprintf("%s:%d", name, port)
	l := xdstest.ExtractListener("virtualInbound", p.Listeners(p.sidecar(pods[0])))
	return inboundChain(l, r), nil
}

// inboundChain is a chain for the port, else for every port, that takes callers
// with or without a certificate; for HTTP one that reads HTTP.
func inboundChain(l *listener3.Listener, r *attempt) *listener3.FilterChain {
	var best *listener3.FilterChain
	for _, chain := range l.GetFilterChains() {
		match := chain.GetFilterChainMatch()
		port := match.GetDestinationPort().GetValue()
		if port != 0 && port != r.port || (chain.TransportSocket != nil) != (r.account != "") ||
			chain.TransportSocket == nil && match.GetTransportProtocol() == "tls" {
			continue
		}
		reads := slices.ContainsFunc(chain.Filters, func(f *listener3.Filter) bool { return strings.HasSuffix(f.Name, "http_connection_manager") })
		if reads != (r.headers[":method"] != "TCP") {
			continue
		}
		if best == nil || best.GetFilterChainMatch().GetDestinationPort().GetValue() == 0 && port != 0 {
			best = chain
		}
	}
	return best
}

func (p *pilot) chainAtGateway(target string, r *attempt) (*listener3.FilterChain, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	port := map[string]int{"http": 80, "https": 443, "tls": 443}[u.Scheme]
	if u.Port() != "" {
		port, _ = strconv.Atoi(u.Port()) // url.Parse takes numbers only
	}
	proxy, at := p.ingressGateway(port)
	r.port, r.path = at, u.Path
	if r.headers[":authority"] == "" {
		r.headers[":authority"] = u.Host
	}
	if u.Scheme != "http" {
		r.sni = u.Hostname()
	}
	l := listening(p.Listeners(proxy), at)
	if l == nil {
		return nil, errors.New("nobody listens there")
	}
	return chainFor(l, r.sni), nil
}

// chainAtEgress is the chain of the egress gateway. Where nobody opens TLS there,
// nobody sees the caller's certificate.
func (p *pilot) chainAtEgress(target string, r *attempt) (*listener3.FilterChain, error) {
	host, port, path, err := hostPortPath(target)
	if err != nil {
		return nil, err
	}
	proxy, at, err := p.egressGateway(int32(port))
	if err != nil {
		return nil, err
	}
	r.port, r.path, r.sni = at, path, host
	r.headers[":authority"] = host
	l := listening(p.Listeners(proxy), at)
	if l == nil {
		return nil, errors.New("nobody listens there")
	}
	chain := chainFor(l, host)
	if chain != nil && chain.TransportSocket == nil {
		r.account = ""
	}
	return chain, nil
}

func (r attempt) throughNetwork(t *testing.T, chain *listener3.FilterChain) string {
	var v verdict
	for _, f := range chain.Filters {
		if f.Name == "envoy.filters.network.rbac" {
			rules := xdstest.UnmarshalAny[tcprbac3.RBAC](t, f.GetTypedConfig())
			v.refused = v.refused || !r.passes(rules.GetRules())
			v.tried = v.tried || !r.passes(rules.GetShadowRules())
		}
	}
	return v.String()
}

func (r attempt) throughHTTP(t *testing.T, chain *listener3.FilterChain) (string, error) {
	manager := xdstest.ExtractHTTPConnectionManager(t, chain)
	if manager == nil {
		return "", errors.New("no HTTP there")
	}
	var v verdict
	checked, asks := false, false
	for _, f := range manager.HttpFilters {
		switch f.Name {
		case "envoy.filters.http.jwt_authn":
			checked = true
			if config := xdstest.UnmarshalAny[jwt3.JwtAuthentication](t, f.GetTypedConfig()); r.token != nil && !knows(config, r.token["iss"]) {
				return "401", nil
			}
		case "envoy.filters.http.rbac":
			rules := xdstest.UnmarshalAny[httprbac3.RBAC](t, f.GetTypedConfig())
			r := r
			if !checked {
				r.token = nil // nobody has looked at it by then
			}
			v.refused = v.refused || !r.passes(rules.GetRules())
			if rules.ShadowRulesStatPrefix == "istio_ext_authz_" {
				asks = !r.passes(rules.GetShadowRules())
				continue
			}
			v.tried = v.tried || !r.passes(rules.GetShadowRules())
		case "envoy.filters.http.ext_authz":
			if config := xdstest.UnmarshalAny[extauthz3.ExtAuthz](t, f.GetTypedConfig()); asks {
				cluster := config.GetHttpService().GetServerUri().GetCluster() + config.GetGrpcService().GetEnvoyGrpc().GetClusterName()
				v.asked = append(v.asked, hostOf(cluster))
			}
		}
	}
	return v.String(), nil
}

// knows tells whether a proxy checks tokens of an issuer.
func knows(config *jwt3.JwtAuthentication, issuer any) bool {
	for _, provider := range config.Providers {
		if provider.Issuer == issuer {
			return true
		}
	}
	return false
}

// verdict is what the rules did, and what those would have done that are tried.
type verdict struct {
	refused, tried bool
	asked          []string
}

func (v verdict) String() string {
	text := "let in"
	if v.refused {
		text = "refused"
	}
	if v.tried {
		text += "; dry run: refused"
	}
	for _, who := range slices.Backward(v.asked) {
		text = "asks " + who + ", " + text
	}
	return text
}
