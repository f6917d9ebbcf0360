package mesh

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// What proxies do not look into: TCP, told apart by port, caller and address, and
// TLS that passes a gateway unopened, by the name that the caller asks for.

type (
	tcpMatch = networking.L4MatchAttributes
	tlsMatch = networking.TLSMatchAttributes
)

const (
	protocolTCP = "TCP"
	protocolTLS = "TLS"
)

// opaque tells whether no proxy looks into the service's traffic.
func (s *service) opaque() bool { return s.Protocol == protocolTCP || s.Protocol == protocolTLS }

// connections checks the words of an opaque service and resolves what sidecars
// do with connections to it.
func (r *resolver) connections(s *service) []TCPRoute {
	own := s.own().Route
	allowed := "to, split, routes, expose, connectionPool, outlierDetection, loadBalancer"
	if s.Protocol == protocolTLS {
		allowed = "to, split, expose, connectionPool, outlierDetection, loadBalancer"
	}
	r.noHTTP(s.at, s.Protocol, own, allowed)
	r.noHTTPPolicy(s.at, s.Protocol, s.policyWords())
	for _, name := range sortedKeys(s.Versions) {
		r.noHTTPPolicy(s.at("versions").Key(name).Key, s.Protocol, versionPolicy(s.Versions[name]))
	}
	r.target(s.at, own, s)
	if own.Port != 0 {
		r.port(s.at("port"), own.Port)
	}
	if s.Protocol == protocolTCP {
		return r.tcpRoutes(s)
	}
	if s.Routes != nil {
		r.ds.Errorf(diag.CodePlace, s.at("routes"), "TLS is not opened inside the mesh and cannot be routed there; write to or split at expose")
	}
	for _, word := range []struct {
		name string
		said bool
	}{{"to", s.To != ""}, {"split", s.Split != nil}} {
		if word.said && len(s.Expose) == 0 {
			r.ds.Errorf(diag.CodePlace, s.at(word.name), "TLS is not opened inside the mesh and cannot be split there; expose it")
		}
	}
	return nil
}

// noHTTP refuses the words of a route that only HTTP has.
func (r *resolver) noHTTP(at place, protocol string, w spec.Route, allowed string) {
	for _, word := range []struct {
		name string
		said bool
	}{
		{"name", w.Name != ""}, {"redirect", w.Redirect != nil}, {"directResponse", w.DirectResponse != nil}, {"delegate", w.Delegate != nil},
		{"rewrite", w.Rewrite != nil}, {"timeout", w.Timeout != nil}, {"retries", w.Retries != nil}, {"fault", w.Fault != nil},
		{"mirror", w.Mirror != nil}, {"headers", w.Headers != nil}, {"corsPolicy", w.CORSPolicy != nil},
	} {
		if word.said {
			r.ds.Errorf(diag.CodePlace, at(word.name), "%s has no %s; allowed here: %s", protocol, word.name, allowed)
		}
	}
}

// noHTTPConditions does the same for the words of a condition.
func (r *resolver) noHTTPConditions(at diag.Path, protocol string, c spec.Condition, allowed string) {
	for _, word := range []struct {
		name string
		said bool
	}{
		{"uri", c.URI != nil}, {"method", c.Method != nil}, {"headers", c.Headers != nil}, {"withoutHeaders", c.WithoutHeaders != nil},
		{"queryParams", c.QueryParams != nil}, {"cookies", c.Cookies != nil}, {"claims", c.Claims != nil},
		{"authority", c.Authority != nil}, {"scheme", c.Scheme != nil}, {"ignoreUriCase", c.IgnoreURICase},
	} {
		if word.said {
			r.ds.Errorf(diag.CodePlace, at.Key(word.name), "%s has no %s; allowed here: %s", protocol, word.name, allowed)
		}
	}
}

// noHTTPPolicy refuses policies about requests, which Istio would pass over.
func (r *resolver) noHTTPPolicy(at place, protocol string, w policyWords) {
	if w.connectionPool.GetHttp() != nil {
		r.ds.Errorf(diag.CodePlace, at("connectionPool").Key("http"), "%s has no requests; allowed here: tcp", protocol)
	}
	if hash := w.loadBalancer.GetConsistentHash(); hash.GetHttpHeaderName() != "" || hash.GetHttpCookie() != nil || hash.GetHttpQueryParameterName() != "" {
		r.ds.Errorf(diag.CodePlace, at("loadBalancer").Key("consistentHash"), "%s has no requests; allowed here: useSourceIp", protocol)
	}
}

// tcpRoutes are the routes that sidecars follow, the service's own the last one;
// none when Kubernetes decides.
func (r *resolver) tcpRoutes(s *service) []TCPRoute {
	var all []TCPRoute
	before := tcpIndex{}
	for i, w := range s.Routes {
		at := s.at("routes").Index(i)
		faults := len(*r.ds)
		matches := r.tcpConditions(at.Key("when"), w.When)
		if w.When == nil {
			r.ds.Errorf(diag.CodeMissing, at, "it has no when and would hide everything after it; write its words at the service itself")
		}
		r.noHTTP(at.Key, protocolTCP, w, "when, to, split, port")
		r.target(at.Key, w, s)
		if w.Port != 0 {
			r.port(at.Key("port"), w.Port)
		}
		if (*r.ds)[faults:].HasErrors() {
			continue
		}
		if first := before.all(matches); first >= 0 {
			r.ds.Errorf(diag.CodeUnused, at, "it is never reached: %s matches all of it", shortPath(s.at("routes").Index(first)))
		}
		before.add(i, matches)
		all = append(all, s.tcpRoute(w, matches)...)
	}
	if len(all) > 0 || s.To != "" || s.Split != nil {
		all = append(all, s.tcpRoute(spec.Route{}, nil)...)
	}
	return all
}

// tcpRoute is a route with the words of the service under it. Each called port is
// a destination of its own, as in HTTP.
func (s *service) tcpRoute(w spec.Route, matches []*tcpMatch) []TCPRoute {
	if len(matches) == 0 {
		matches = []*tcpMatch{{}}
	}
	var all []TCPRoute
	before := uint32(0) // the port of the match before
	for i, written := range matches {
		m := proto.CloneOf(written)
		m.Port = cmp.Or(m.Port, uint32(s.Port))
		if i > 0 && before == m.Port {
			last := &all[len(all)-1]
			last.Match = append(last.Match, m)
			continue
		}
		before = m.Port
		inner := words{Route: w}
		inner.Port = cmp.Or(w.Port, int(written.Port))
		route := TCPRoute{To: s.destinations(complete(inner, s.own()).Route)}
		if !emptyTCP(m) {
			route.Match = []*tcpMatch{m}
		}
		all = append(all, route)
	}
	return all
}

func emptyTCP(m *tcpMatch) bool {
	return m.Port == 0 && len(m.SourceLabels) == 0 && m.SourceNamespace == "" && len(m.DestinationSubnets) == 0
}

// tcpConditions are Istio's matches for the conditions of one route.
func (r *resolver) tcpConditions(at diag.Path, conditions []spec.Condition) []*tcpMatch {
	if conditions != nil && len(conditions) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write a condition")
	}
	var all []*tcpMatch
	for i, c := range conditions {
		where, before := at.Index(i), len(*r.ds)
		r.noHTTPConditions(where, protocolTCP, c, "port, sourceLabels, sourceNamespace, destinationSubnets")
		if c.DestinationSubnets != nil && len(c.DestinationSubnets) == 0 {
			r.ds.Errorf(diag.CodeEmpty, where.Key("destinationSubnets"), "empty; it would match everything")
		}
		r.addresses(where.Key("destinationSubnets"), c.DestinationSubnets)
		var dimensions []dimension
		for _, d := range []dimension{r.ports(where.Key("port"), c.Port), r.source(where, c)} {
			if d != nil {
				dimensions = append(dimensions, d)
			}
		}
		if len(dimensions) == 0 && c.DestinationSubnets == nil && !(*r.ds)[before:].HasErrors() {
			r.ds.Errorf(diag.CodeEmpty, where, "empty; it would match everything")
		}
		for _, m := range r.multiply(where, dimensions) {
			all = append(all, &tcpMatch{
				Port: m.Port, SourceLabels: m.SourceLabels, SourceNamespace: m.SourceNamespace, DestinationSubnets: slices.Clone(c.DestinationSubnets),
			})
		}
	}
	if len(all) > mostMatches {
		r.ds.Errorf(diag.CodeValue, at, "the lists multiply out to %d matches, at most %d; write several routes", len(all), mostMatches)
	}
	return all
}

// addresses checks single addresses and blocks of them.
func (r *resolver) addresses(at diag.Path, written []string) {
	for i, text := range written {
		if problem := addressText(text); problem != "" {
			r.ds.Errorf(diag.CodeValue, at.Index(i), "%s", problem)
		}
	}
}

// tcpCovers tells whether each connection that b matches is matched by a as well.
func tcpCovers(a, b *tcpMatch) bool {
	caller := func(m *tcpMatch) *match {
		return &match{SourceLabels: m.SourceLabels, SourceNamespace: m.SourceNamespace}
	}
	if a.Port != 0 && a.Port != b.Port || !sourceCovers(caller(a), caller(b)) {
		return false
	}
	if len(a.DestinationSubnets) == 0 {
		return true
	}
	outside := func(subnet string) bool { return !slices.Contains(a.DestinationSubnets, subnet) }
	return len(b.DestinationSubnets) > 0 && !slices.ContainsFunc(b.DestinationSubnets, outside)
}
