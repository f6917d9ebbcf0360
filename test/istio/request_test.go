package istio

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	route3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	fault3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	matcher3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"istio.io/istio/pilot/test/xdstest"
)

// request is what an experiment sends.
type request struct {
	path    string
	query   url.Values
	headers map[string]string // with those that begin with a colon
}

// newRequest reads the path with its query and the words behind it: a method in
// upper case, and headers as name=value.
func newRequest(path string, words []string) request {
	path, query, _ := strings.Cut(path, "?")
	values, _ := url.ParseQuery(query)
	r := request{path: path, query: values, headers: map[string]string{":method": "GET"}}
	for _, word := range words {
		name, value, header := strings.Cut(word, "=")
		if !header {
			name, value = ":method", word
		}
		r.headers[name] = value
	}
	return r
}

// meets tells whether the request meets a route's match.
func (r request) meets(m *route3.RouteMatch) bool {
	if len(m.DynamicMetadata) > 0 { // a claim of a token; experiments send none
		return false
	}
	for _, h := range m.Headers {
		value, there := r.headers[h.Name]
		if meetsHeader(h, value, there) == h.InvertMatch {
			return false
		}
	}
	for _, q := range m.QueryParameters {
		if !r.query.Has(q.Name) || q.GetStringMatch() != nil && !meetsText(q.GetStringMatch(), r.query.Get(q.Name)) {
			return false
		}
	}
	switch p := m.PathSpecifier.(type) {
	case *route3.RouteMatch_Path:
		return r.path == p.Path
	case *route3.RouteMatch_Prefix:
		return strings.HasPrefix(r.path, p.Prefix)
	case *route3.RouteMatch_PathSeparatedPrefix:
		return r.path == p.PathSeparatedPrefix || strings.HasPrefix(r.path, p.PathSeparatedPrefix+"/")
	case *route3.RouteMatch_SafeRegex:
		return whole(p.SafeRegex.Regex, r.path)
	}
	return false
}

func meetsHeader(h *route3.HeaderMatcher, value string, there bool) bool {
	if h.GetStringMatch() == nil {
		return there == h.GetPresentMatch()
	}
	if !there && !h.TreatMissingHeaderAsEmpty {
		return h.InvertMatch // Envoy: a header that is missing never matches, inverted or not
	}
	return meetsText(h.GetStringMatch(), value)
}

func meetsText(m *matcher3.StringMatcher, value string) bool {
	switch p := m.MatchPattern.(type) {
	case *matcher3.StringMatcher_Exact:
		return value == p.Exact
	case *matcher3.StringMatcher_Prefix:
		return strings.HasPrefix(value, p.Prefix)
	case *matcher3.StringMatcher_SafeRegex:
		return whole(p.SafeRegex.Regex, value)
	}
	return false
}

func whole(regex, text string) bool {
	return regexp.MustCompile("^(?:" + regex + ")$").MatchString(text)
}

// istioRetries is what Istio retries on when nobody says it, twice.
const istioRetries = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"

// treatment is what a route does to a request on the way.
func treatment(r *route3.Route) string {
	var texts []string
	add := func(format string, args ...any) { texts = append(texts, fmt.Sprintf(format, args...)) }
	a := r.GetRoute()
	if d := a.GetTimeout().AsDuration(); d > 0 {
		add("timeout %s", d)
	}
	switch p := a.GetRetryPolicy(); {
	case p.GetNumRetries().GetValue() == 0:
		add("no retries")
	case p.RetryOn != istioRetries || p.NumRetries.Value != 2:
		add("retries %d on %s", p.GetNumRetries().GetValue(), p.RetryOn)
		if d := p.GetPerTryTimeout().AsDuration(); d > 0 {
			add("each %s", d)
		}
	}
	if a.GetPrefixRewrite() != "" {
		add("path %s", a.GetPrefixRewrite())
	}
	if a.GetHostRewriteLiteral() != "" {
		add("host %s", a.GetHostRewriteLiteral())
	}
	for _, m := range a.GetRequestMirrorPolicies() {
		share := m.GetRuntimeFraction().GetDefaultValue()
		add("copy %s %s", clusterText(m.Cluster), strconv.FormatFloat(float64(share.GetNumerator())/10_000, 'f', -1, 64))
	}
	if any := r.TypedPerFilterConfig["envoy.filters.http.fault"]; any != nil {
		var f fault3.HTTPFault
		if err := any.UnmarshalTo(&f); err == nil {
			if f.Delay != nil {
				add("waits %s", f.Delay.GetFixedDelay().AsDuration().Round(time.Millisecond))
			}
			if f.Abort != nil {
				add("fails %d", f.Abort.GetHttpStatus())
			}
		}
	}
	for _, h := range r.RequestHeadersToAdd {
		add("%s=%s", h.Header.Key, h.Header.Value)
	}
	for _, h := range r.ResponseHeadersToRemove {
		add("without %s", h)
	}
	if r.TypedPerFilterConfig["envoy.filters.http.cors"] != nil {
		add("cors")
	}
	if len(texts) == 0 {
		return "plain"
	}
	return strings.Join(texts, ", ")
}

// calls says how clients choose among a service's pods and when they spare one.
func (p *pilot) calls(object string) (string, error) {
	address, subset, _ := strings.Cut(object, " ")
	host, port, _, err := hostPortPath(address)
	if err != nil {
		return "", err
	}
	c := xdstest.ExtractClusters(p.Clusters(p.client()))[fmt.Sprintf("outbound|%d|%s|%s", port, subset, host)]
	if c == nil {
		return "", fmt.Errorf("no cluster of %s", object)
	}
	texts := []string{c.LbPolicy.String()}
	if d := c.GetLeastRequestLbConfig().GetSlowStartConfig().GetSlowStartWindow(); d != nil {
		texts = append(texts, "warm-up "+d.AsDuration().String())
	}
	if o := c.OutlierDetection; o != nil {
		texts = append(texts, fmt.Sprintf("ejects after %d for %s", o.GetConsecutive_5Xx().GetValue(), o.GetBaseEjectionTime().AsDuration()))
	}
	for _, t := range c.GetCircuitBreakers().GetThresholds() {
		if n := t.GetMaxConnections().GetValue(); n != 1<<32-1 {
			texts = append(texts, fmt.Sprintf("connections %d", n))
		}
	}
	return strings.Join(texts, ", "), nil
}
