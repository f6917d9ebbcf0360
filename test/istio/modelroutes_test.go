package istio

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	route3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tcpproxy3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	matcher3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/test/xdstest"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// meshRoutes compares the HTTP routes of a sidecar, host by host and port by port.
func (c contest) meshRoutes(v configured) {
	client := c.client(v)
	there := map[string]bool{}
	for _, config := range v.routes {
		for _, host := range config.VirtualHosts {
			if host.Name == "allow_any" || host.Name == "block_all" {
				continue
			}
			i := strings.LastIndexByte(host.Name, ':')
			name := host.Name[:i]
			port, err := strconv.Atoi(host.Name[i+1:])
			if err != nil {
				c.Fatalf("virtual host %s", host.Name)
			}
			there[host.Name] = true
			want := c.routeTexts(client, topology.Mesh, nil, name, port)
			if want == nil {
				want = []string{"prefix / -> " + clusterName(port, "", name)}
			}
			c.sameList(v, "routes", fmt.Sprintf("host %s, port %d", name, port), pilotRoutes(host.Routes), want)
		}
	}
	for host, ports := range c.hosts() {
		for _, p := range ports {
			if p.Protocol.IsOpaque() || c.Hides(client, host, p.Number) != nil {
				continue
			}
			c.same(v, "ports with routes", "host "+host, fmt.Sprintf("port %d has routes", p.Number), fmt.Sprint(there[fmt.Sprintf("%s:%d", host, p.Number)]), fmt.Sprint(!p.Kept()))
		}
	}
}

// gatewayRoutes compares the routes of a gateway. Which Gateways share a list of
// routes is Pilot's word.
func (c contest) gatewayRoutes(v configured) {
	for _, config := range v.routes {
		var sides []topology.Side
		ports := map[int]bool{}
		for _, server := range v.proxy.MergedGateway.ServersByRouteName[config.Name] {
			side := topology.Side(v.proxy.MergedGateway.GatewayNameForServer[server])
			if !slices.Contains(sides, side) {
				sides = append(sides, side)
			}
			ports[int(server.Port.Number)] = true
		}
		if len(ports) != 1 {
			c.tally.notKnown("gateway routes", "servers of two ports lead to one port of the pods")
			continue
		}
		for port := range ports {
			for _, host := range config.VirtualHosts {
				for _, domain := range host.Domains {
					if strings.HasPrefix(host.Name, "blackhole:") {
						continue
					}
					want := c.routeTexts(c.client(v), sides[0], sides[1:], domain, port)
					c.sameList(v, "gateway routes", fmt.Sprintf("host %s, port %d of %s", domain, port, sides), pilotRoutes(host.Routes), want)
				}
			}
		}
	}
}

// sameList compares two lists of routes, item by item.
func (c contest) sameList(v configured, kind, object string, pilot, model []string) {
	c.Helper()
	pilot, model = eachOnce(pilot), eachOnce(model)
	if len(pilot) != len(model) {
		c.same(v, kind, object, "routes", strings.Join(pilot, "\n      "), strings.Join(model, "\n      "))
		return
	}
	for i := range pilot {
		c.same(v, kind, object, fmt.Sprintf("route %d", i), pilot[i], model[i])
	}
}

// eachOnce leaves out what was said before: of two equal routes the second is never
// reached, and Pilot writes some twice.
func eachOnce(texts []string) []string {
	said := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
		again := said[text]
		said[text] = true
		return again
	})
}

// routeTexts are the HTTP routes of the model as texts.
func (c contest) routeTexts(client topology.Client, side topology.Side, beside []topology.Side, host string, port int) []string {
	var all []string
	for _, r := range c.Routes(client, host, port, side, beside...) {
		if r.Protocol == "http" {
			all = append(all, matchText(r.HTTPMatch)+" -> "+c.actionText(client, r, side, port))
		}
	}
	return all
}

func matchText(m *networking.HTTPMatchRequest) string {
	if m == nil {
		return "prefix /"
	}
	var asks []string
	path := "prefix /"
	if m.Uri != nil {
		path = textMatch(m.Uri)
	}
	if m.IgnoreUriCase {
		path += " in any case"
	}
	header := func(name string, m *networking.StringMatch, not string) {
		if claim, ok := strings.CutPrefix(name, "@request.auth.claims"); ok {
			claim = strings.NewReplacer("[", ".", "]", "").Replace(claim)
			asks = append(asks, not+"claim "+strings.TrimPrefix(claim, "."))
			return
		}
		asks = append(asks, not+name+" "+textMatch(m))
	}
	for name, match := range m.Headers {
		header(name, match, "")
	}
	for name, match := range m.WithoutHeaders {
		header(name, match, "not ")
	}
	for name, match := range map[string]*networking.StringMatch{":method": m.Method, ":authority": m.Authority, ":scheme": m.Scheme} {
		if match != nil {
			header(name, match, "")
		}
	}
	for name, match := range m.QueryParams {
		header("?"+name, match, "")
	}
	slices.Sort(asks)
	return strings.Join(append([]string{path}, asks...), ", ")
}

func textMatch(m *networking.StringMatch) string {
	switch t := m.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return "exact " + t.Exact
	case *networking.StringMatch_Prefix:
		return "prefix " + t.Prefix
	case *networking.StringMatch_Regex:
		if t.Regex != "*" {
			return "regex " + t.Regex
		}
	}
	return "there"
}

// actionText is what a route does with a request that was sent to a port.
func (c contest) actionText(client topology.Client, r topology.Route, side topology.Side, port int) string {
	if to := r.HTTP.Redirect; to != nil {
		return fmt.Sprintf("redirect %s%s%s", to.Authority, to.Uri, to.PrefixRewrite)
	}
	if answer := r.HTTP.DirectResponse; answer != nil {
		return fmt.Sprintf("answer %d", answer.Status)
	}
	var to, copies []string
	for _, d := range r.Destinations {
		host, number := c.Reached(client, side, r, d, port)
		name := clusterName(number, d.Subset, host)
		switch {
		case d.Mirror:
			copies = append(copies, name)
		case r.Idle(d):
		case len(r.HTTP.Route) > 1:
			to = append(to, fmt.Sprintf("%s %d", name, d.Weight))
		default:
			to = append(to, name)
		}
	}
	text := strings.Join(to, ", ")
	// A share of none is no copy.
	if len(copies) > 0 && (r.HTTP.MirrorPercentage == nil || r.HTTP.MirrorPercentage.Value > 0) {
		text += ", copies to " + strings.Join(copies, ", ")
	}
	if d := r.HTTP.Timeout.AsDuration(); d > 0 {
		text += ", timeout " + d.String()
	}
	attempts, each := 2, time.Duration(0)
	if p := r.HTTP.Retries; p != nil {
		attempts, each = int(p.Attempts), p.PerTryTimeout.AsDuration()
	}
	return text + retryText(attempts, each) + rewriteText(r.HTTP.Rewrite.GetUri(), r.HTTP.Rewrite.GetUriRegexRewrite().GetRewrite(), hostOfRequest(r.HTTP))
}

// hostOfRequest is the host that a route writes into requests, "" for none.
func hostOfRequest(r *networking.HTTPRoute) string {
	if host := r.Rewrite.GetAuthority(); host != "" {
		return host
	}
	headers := []*networking.Headers{r.Headers}
	if len(r.Route) == 1 {
		headers = append(headers, r.Route[0].Headers)
	}
	for _, h := range headers {
		for _, set := range []map[string]string{h.GetRequest().GetSet(), h.GetRequest().GetAdd()} {
			for name, value := range set {
				if strings.EqualFold(name, "host") || strings.EqualFold(name, ":authority") {
					return value
				}
			}
		}
	}
	return ""
}

func retryText(attempts int, each time.Duration) string {
	switch {
	case attempts <= 0:
		return ", no retries"
	case attempts == 2 && each == 0:
		return "" // Istio's own
	}
	return fmt.Sprintf(", retries %d of %s", attempts, each)
}

func rewriteText(path, regex, host string) string {
	text := ""
	if regex != "" {
		path = "regex " + regex
	}
	if path != "" {
		text += ", path " + path
	}
	if host != "" {
		text += ", host " + host
	}
	return text
}

// pilotRoutes are Pilot's routes as texts.
func pilotRoutes(routes []*route3.Route) []string {
	var all []string
	for _, r := range routes {
		all = append(all, pilotMatch(r.Match)+" -> "+pilotAction(r))
	}
	return all
}

func pilotMatch(m *route3.RouteMatch) string {
	path := ""
	switch p := m.PathSpecifier.(type) {
	case *route3.RouteMatch_Path:
		path = "exact " + p.Path
	case *route3.RouteMatch_Prefix:
		path = "prefix " + p.Prefix
	case *route3.RouteMatch_PathSeparatedPrefix:
		path = "prefix " + p.PathSeparatedPrefix + "/"
	case *route3.RouteMatch_SafeRegex:
		path = "regex " + p.SafeRegex.Regex
	}
	if m.CaseSensitive != nil && !m.CaseSensitive.Value {
		path += " in any case"
	}
	var asks []string
	for _, h := range m.Headers {
		not := ""
		if h.InvertMatch {
			not = "not "
		}
		asks = append(asks, not+h.Name+" "+pilotText(h.GetStringMatch()))
	}
	for _, q := range m.QueryParameters {
		asks = append(asks, "?"+q.Name+" "+pilotText(q.GetStringMatch()))
	}
	for _, d := range m.DynamicMetadata {
		not, keys := "", []string{}
		if d.Invert {
			not = "not "
		}
		for _, segment := range d.Path[1:] {
			keys = append(keys, segment.GetKey())
		}
		asks = append(asks, not+"claim "+strings.Join(keys, "."))
	}
	slices.Sort(asks)
	return strings.Join(append([]string{path}, asks...), ", ")
}

func pilotText(m *matcher3.StringMatcher) string {
	switch p := m.GetMatchPattern().(type) {
	case *matcher3.StringMatcher_Exact:
		return "exact " + p.Exact
	case *matcher3.StringMatcher_Prefix:
		return "prefix " + p.Prefix
	case *matcher3.StringMatcher_SafeRegex:
		return "regex " + p.SafeRegex.Regex
	}
	return "there"
}

func pilotAction(r *route3.Route) string {
	if to := r.GetRedirect(); to != nil {
		return fmt.Sprintf("redirect %s%s%s", to.HostRedirect, to.GetPathRedirect(), to.GetPrefixRewrite())
	}
	if answer := r.GetDirectResponse(); answer != nil {
		return fmt.Sprintf("answer %d", answer.Status)
	}
	var to, copies []string
	for _, d := range targets(r) {
		if d.Weight != nil {
			to = append(to, fmt.Sprintf("%s %d", d.Name, d.Weight.Value))
		} else {
			to = append(to, d.Name)
		}
	}
	a := r.GetRoute()
	for _, p := range a.GetRequestMirrorPolicies() {
		copies = append(copies, p.Cluster)
	}
	text := strings.Join(to, ", ")
	if len(copies) > 0 {
		text += ", copies to " + strings.Join(copies, ", ")
	}
	if d := a.GetTimeout().AsDuration(); d > 0 {
		text += ", timeout " + d.String()
	}
	return text + retryText(int(a.GetRetryPolicy().GetNumRetries().GetValue()), a.GetRetryPolicy().GetPerTryTimeout().AsDuration()) +
		rewriteText(a.GetPrefixRewrite(), a.GetRegexRewrite().GetSubstitution(), a.GetHostRewriteLiteral())
}

// connections compares where a sidecar leads connections that it does not look
// into, by the name that TLS asks for or by the address alone.
func (c contest) connections(v configured) {
	client := c.client(v)
	there := map[string]bool{}
	for _, l := range v.listeners {
		port := l.GetAddress().GetSocketAddress().GetPortValue()
		for _, chain := range append(slices.Clone(l.FilterChains), l.GetDefaultFilterChain()) {
			if chain == nil {
				continue
			}
			for _, f := range chain.Filters {
				if f.Name == "envoy.filters.network.tcp_proxy" {
					text := fmt.Sprintf("%d -> %s", port, proxied(xdstest.UnmarshalAny[tcpproxy3.TcpProxy](c.T, f.GetTypedConfig())))
					there[text] = true
					for _, name := range chain.GetFilterChainMatch().GetServerNames() {
						there[name+" "+text] = true
					}
				}
			}
		}
	}
	for host, ports := range c.hosts() {
		for _, p := range ports {
			if !p.Protocol.IsOpaque() || p.Protocol == topology.UDP || c.Hides(client, host, p.Number) != nil {
				continue
			}
			for _, want := range c.connectionTexts(client, host, p) {
				c.tally.compared("connections of TCP and TLS")
				if !there[want] {
					c.say(v, "host "+host, fmt.Sprintf("port %d", p.Number), "has only\n      "+sortedLines(there), want)
				}
			}
		}
	}
}

// connectionTexts are the connections of the model: of its TLS routes each name, of
// its TCP routes the first, which takes all; without any of both the host itself.
func (c contest) connectionTexts(client topology.Client, host string, p topology.Port) []string {
	var all []string
	byAddress := false
	for _, r := range c.Routes(client, host, p.Number, topology.Mesh) {
		text := fmt.Sprintf("%d -> %s", p.Number, c.ledTo(client, topology.Mesh, r, p.Number))
		switch {
		case r.Protocol == "tls" && (p.Protocol == topology.TLS || p.Protocol == topology.HTTPS):
			for _, name := range r.TLSMatch.SniHosts {
				all = append(all, name+" "+text)
			}
		case r.Protocol == "tcp" && !byAddress && len(r.TCPMatch.GetDestinationSubnets()) == 0:
			byAddress = true
			all = append(all, text)
		}
	}
	if all == nil {
		return []string{fmt.Sprintf("%d -> %s", p.Number, clusterName(p.Number, "", host))}
	}
	return all
}

// proxied is where a filter leads connections.
func proxied(proxy *tcpproxy3.TcpProxy) string {
	var to []string
	for _, d := range proxy.GetWeightedClusters().GetClusters() {
		to = append(to, fmt.Sprintf("%s %d", d.Name, d.Weight))
	}
	if name := proxy.GetCluster(); name != "" {
		to = append(to, name)
	}
	return strings.Join(to, ", ")
}

func sortedLines(set map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(set)), "\n      ")
}
