package mesh

import (
	"regexp"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

type (
	match       = networking.HTTPMatchRequest
	stringMatch = networking.StringMatch
)

// mostMatches bounds what the lists of one when multiply out to.
const mostMatches = 64

// claimHeader begins the header under which Istio matches a token's claims.
const claimHeader = "@request.auth.claims"

// longestName bounds names of headers, parameters and claims. YAML has no plain
// keys above 1024 characters, and not all of Kubernetes' tools can write others.
const longestName = 256

func (r *resolver) shortName(at diag.Path, name string) {
	if len(name) > longestName {
		r.ds.Errorf(diag.CodeName, at, "a name of %d characters, at most %d", len(name), longestName)
	}
}

// dimension is one word of a condition: what each item of its list adds to a
// match.
type dimension []func(*match)

// when multiplies conditions out into Istio's matches, of which one has to hold.
// The lists keep their order. nil conditions are no matches: every request.
func (r *resolver) when(at diag.Path, conditions []spec.Condition, atGateway bool) []*match {
	if conditions == nil {
		return nil
	}
	if len(conditions) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write a condition, or leave when out")
	}
	var all []*match
	for i, c := range conditions {
		where := at.Index(i)
		if atGateway {
			r.noSource(where, c)
		}
		all = append(all, r.multiply(where, r.dimensions(where, c))...)
	}
	if len(all) > mostMatches {
		r.ds.Errorf(diag.CodeValue, at, "the lists multiply out to %d matches, at most %d; write a regex, or several routes", len(all), mostMatches)
	}
	return all
}

func (r *resolver) noSource(at diag.Path, c spec.Condition) {
	const message = "a gateway does not know who called; write it in routes"
	if c.SourceLabels != nil {
		r.ds.Errorf(diag.CodePlace, at.Key("sourceLabels"), message)
	}
	if c.SourceNamespace != "" {
		r.ds.Errorf(diag.CodePlace, at.Key("sourceNamespace"), message)
	}
	if c.DestinationSubnets != nil {
		r.ds.Errorf(diag.CodePlace, at.Key("destinationSubnets"), "a gateway is called at its own addresses; write it in routes")
	}
}

// dimensions are the words of one condition. The port comes first, so that
// matches of one port, which have one destination, stand together.
func (r *resolver) dimensions(at diag.Path, c spec.Condition) []dimension {
	var all []dimension
	before := len(*r.ds)
	add := func(d dimension) {
		if d != nil {
			all = append(all, d)
		}
	}
	add(r.ports(at.Key("port"), c.Port))
	add(r.uris(at.Key("uri"), c.URI, c.IgnoreURICase))
	add(r.methods(at.Key("method"), c.Method))
	for _, d := range r.headers(at.Key("headers"), c) {
		add(d)
	}
	add(r.without(at.Key("withoutHeaders"), c.WithoutHeaders))
	for _, d := range r.named(at.Key("queryParams"), c.QueryParams, true, func(m *match, name string, s *stringMatch) {
		put(&m.QueryParams, name, s)
	}) {
		add(d)
	}
	add(r.cookies(at.Key("cookies"), c))
	for _, d := range r.claims(at.Key("claims"), c.Claims) {
		add(d)
	}
	add(r.texts(at.Key("authority"), c.Authority, func(m *match, s *stringMatch) { m.Authority = s }))
	add(r.texts(at.Key("scheme"), c.Scheme, func(m *match, s *stringMatch) { m.Scheme = s }))
	add(r.source(at, c))
	if c.DestinationSubnets != nil {
		r.ds.Errorf(diag.CodePlace, at.Key("destinationSubnets"), "HTTP is routed by its requests; destinationSubnets is for protocol TCP")
	}
	if c.IgnoreURICase && c.URI == nil {
		r.ds.Errorf(diag.CodeUnused, at.Key("ignoreUriCase"), "there is no uri whose case could be ignored")
	}
	if len(all) == 0 && !(*r.ds)[before:].HasErrors() {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; it would match everything")
	}
	return all
}

// multiply gives a match for each choice of one item per word.
func (r *resolver) multiply(at diag.Path, dimensions []dimension) []*match {
	count := 1
	for _, d := range dimensions {
		if count *= len(d); count > mostMatches {
			r.ds.Errorf(diag.CodeValue, at, "the lists multiply out to more than %d matches; write a regex, or several routes", mostMatches)
			return nil
		}
	}
	all := []*match{{}}
	for _, d := range dimensions {
		var next []*match
		for _, m := range all {
			for _, set := range d {
				m := proto.CloneOf(m)
				set(m)
				next = append(next, m)
			}
		}
		all = next
	}
	return all
}

func put(m *map[string]*stringMatch, name string, s *stringMatch) {
	if *m == nil {
		*m = map[string]*stringMatch{}
	}
	(*m)[name] = s
}

func (r *resolver) ports(at diag.Path, ports []int) dimension {
	if ports != nil && len(ports) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; it would match everything")
	}
	var d dimension
	for i, port := range ports {
		r.port(at.Index(i), port)
		d = append(d, func(m *match) { m.Port = uint32(port) })
	}
	return d
}

// texts are the matches of one word.
func (r *resolver) texts(at diag.Path, written []*stringMatch, set func(*match, *stringMatch)) dimension {
	if written != nil && len(written) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; it would match everything")
	}
	var d dimension
	for i, s := range written {
		r.text(at.Index(i), s)
		d = append(d, func(m *match) { set(m, proto.CloneOf(s)) })
	}
	return d
}

// text checks one match; it has to say something.
func (r *resolver) text(at diag.Path, s *stringMatch) {
	switch {
	case s.GetExact()+s.GetPrefix()+s.GetRegex() == "":
		r.ds.Errorf(diag.CodeEmpty, at, "empty; it would match everything")
	case s.GetRegex() != "":
		r.regex(at, s.GetRegex())
	}
}

// regex checks a regular expression as Istio does, which bounds its length in
// place of Envoy's program size.
func (r *resolver) regex(at diag.Path, text string) {
	const most = 1024
	if len(text) > most {
		r.ds.Errorf(diag.CodeValue, at, "the regex has %d characters, at most %d", len(text), most)
		return
	}
	if _, err := regexp.Compile(text); err != nil {
		r.ds.Errorf(diag.CodeValue, at, "%q is no regex (RE2): %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
}

func (r *resolver) uris(at diag.Path, written []*stringMatch, ignoreCase bool) dimension {
	for i, s := range written {
		if path := s.GetExact() + s.GetPrefix(); path != "" && path[0] != '/' {
			r.ds.Errorf(diag.CodeValue, at.Index(i), "a path begins with /; write /%s", path)
		}
	}
	return r.texts(at, written, func(m *match, s *stringMatch) { m.Uri, m.IgnoreUriCase = s, ignoreCase })
}

func (r *resolver) methods(at diag.Path, written []*stringMatch) dimension {
	for i, s := range written {
		if upper := strings.ToUpper(s.GetExact()); upper != s.GetExact() {
			r.ds.Errorf(diag.CodeValue, at.Index(i), "methods are told apart by case; write %s", upper)
		}
	}
	return r.texts(at, written, func(m *match, s *stringMatch) { m.Method = s })
}

// headers are matched by their names in lower case, which is how they travel.
func (r *resolver) headers(at diag.Path, c spec.Condition) []dimension {
	lower := map[string]string{}
	for _, name := range sortedKeys(c.Headers) {
		r.headerName(at.Key(name), name)
		if first, twice := lower[strings.ToLower(name)]; twice {
			r.ds.Errorf(diag.CodeDuplicate, at.Key(name), "the same header as %s; names are the same in any case", first)
		}
		lower[strings.ToLower(name)] = name
	}
	if _, both := lower["cookie"]; both && c.Cookies != nil {
		r.ds.Errorf(diag.CodeExclusive, at.Key(lower["cookie"]), "headers and cookies both match the cookie header; keep one")
	}
	return r.named(at, c.Headers, true, func(m *match, name string, s *stringMatch) {
		put(&m.Headers, strings.ToLower(name), s)
	})
}

var headerName = pattern.New("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

// notHeaders are the names that Istio takes for its own words and passes over.
var notHeaders = map[string]bool{"uri": true, "scheme": true, "method": true, "authority": true}

func (r *resolver) headerName(at diag.Path, name string) {
	switch {
	case strings.HasPrefix(strings.ToLower(name), claimHeader):
		r.ds.Errorf(diag.CodeName, at, "a claim of a token is no header; write it under claims")
	case strings.HasPrefix(name, ":"):
		r.ds.Errorf(diag.CodeName, at, "%s is a part of the request; write uri, method, authority or scheme", name)
	case notHeaders[strings.ToLower(name)]:
		r.ds.Errorf(diag.CodeName, at, "Istio passes over a header of this name; write %s beside headers", strings.ToLower(name))
	case !headerName.MatchString(name):
		r.ds.Errorf(diag.CodeName, at, "%q is no header name", name)
	}
}

// named are the matches of a mapping by name, one dimension for each name.
// presence says that {} means that the name is there.
func (r *resolver) named(at diag.Path, written map[string]spec.StringMatches, presence bool, set func(*match, string, *stringMatch)) []dimension {
	if written != nil && len(written) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; it would match everything")
	}
	var all []dimension
	for _, name := range sortedKeys(written) {
		where := at.Key(name)
		if name == "" {
			r.ds.Errorf(diag.CodeName, where, "empty; write a name")
		}
		r.shortName(where, name)
		if len(written[name]) == 0 {
			r.ds.Errorf(diag.CodeEmpty, where, "empty; write {} for any value")
		}
		var d dimension
		for i, s := range written[name] {
			if !presence || s.GetMatchType() != nil {
				r.text(where.Index(i), s)
			}
			d = append(d, func(m *match) { set(m, name, proto.CloneOf(s)) })
		}
		all = append(all, d)
	}
	return all
}

// without are headers that must not match, all of them.
func (r *resolver) without(at diag.Path, written map[string]spec.StringMatches) dimension {
	if written == nil {
		return nil
	}
	if len(written) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; it would match everything")
	}
	lower := map[string]*stringMatch{}
	for _, name := range sortedKeys(written) {
		where := at.Key(name)
		r.headerName(where, name)
		r.shortName(where, name)
		if len(written[name]) != 1 {
			r.ds.Errorf(diag.CodeType, where, "one value; for several write {regex: \"a|b\"}")
			continue
		}
		s := written[name][0]
		if s.GetMatchType() != nil {
			r.text(where, s)
		}
		if _, twice := lower[strings.ToLower(name)]; twice {
			r.ds.Errorf(diag.CodeDuplicate, where, "the same header in another case; names are the same in any case")
		}
		lower[strings.ToLower(name)] = s
	}
	return dimension{func(m *match) {
		for name, s := range lower {
			put(&m.WithoutHeaders, name, proto.CloneOf(s))
		}
	}}
}

// cookies match one cookie in the header that holds all of them.
func (r *resolver) cookies(at diag.Path, c spec.Condition) dimension {
	if c.Cookies == nil {
		return nil
	}
	names := sortedKeys(c.Cookies)
	if len(names) != 1 {
		r.ds.Errorf(diag.CodeExclusive, at, "one name in one condition; Istio matches the cookie header once")
		return dimension{func(*match) {}}
	}
	name, s := names[0], c.Cookies[names[0]]
	if !headerName.MatchString(name) {
		r.ds.Errorf(diag.CodeName, at.Key(name), "%q is no cookie name", name)
	}
	if s.GetMatchType() != nil {
		r.text(at.Key(name), s)
	}
	text := `^(.*;\s*)?` + regexp.QuoteMeta(name) + "=" + cookieValue(s) + "(;.*)?$"
	r.regex(at.Key(name), text)
	return dimension{func(m *match) {
		put(&m.Headers, "cookie", &stringMatch{MatchType: &networking.StringMatch_Regex{Regex: text}})
	}}
}

// cookieValue is the regex of a cookie's value, which ends where the next cookie
// begins.
func cookieValue(s *stringMatch) string {
	switch t := s.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return regexp.QuoteMeta(t.Exact)
	case *networking.StringMatch_Prefix:
		return regexp.QuoteMeta(t.Prefix) + "[^;]*"
	case *networking.StringMatch_Regex:
		return "(" + t.Regex + ")"
	}
	return "[^;]*"
}

// claims are matched under a header that no client can send. A name with a dot
// would be taken for a claim inside another one, unless it stands in brackets.
func (r *resolver) claims(at diag.Path, written map[string]spec.StringMatches) []dimension {
	for _, name := range sortedKeys(written) {
		if strings.ContainsAny(name, "[]") {
			r.ds.Errorf(diag.CodeName, at.Key(name), "%q is no claim that Istio can match", name)
		}
	}
	return r.named(at, written, false, func(m *match, name string, s *stringMatch) {
		key := claimHeader + "." + name
		if strings.Contains(name, ".") {
			key = claimHeader + "[" + name + "]"
		}
		put(&m.Headers, key, s)
	})
}

// source is who calls.
func (r *resolver) source(at diag.Path, c spec.Condition) dimension {
	if c.SourceLabels == nil && c.SourceNamespace == "" {
		return nil
	}
	if c.SourceLabels != nil && len(c.SourceLabels) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at.Key("sourceLabels"), "empty; it would match everything")
	}
	r.names.labels(at.Key("sourceLabels"), c.SourceLabels)
	if c.SourceNamespace != "" {
		r.names.label(at.Key("sourceNamespace"), c.SourceNamespace)
	}
	return dimension{func(m *match) {
		m.SourceNamespace = c.SourceNamespace
		for key, value := range c.SourceLabels {
			if m.SourceLabels == nil {
				m.SourceLabels = map[string]string{}
			}
			m.SourceLabels[key] = value
		}
	}}
}

// onMesh tells whether a sidecar can match m: tokens are checked at gateways.
func onMesh(m *match) bool { return !matchesClaims(m) }

func matchesClaims(m *match) bool {
	for name := range m.Headers {
		if strings.HasPrefix(name, claimHeader) {
			return true
		}
	}
	return false
}

// onGateway tells whether a gateway can match m: it does not know who called,
// and the called port is its own.
func onGateway(m *match) bool {
	return m.SourceLabels == nil && m.SourceNamespace == "" && m.Port == 0
}

// those keeps the matches that one side can say. none says that there were
// matches and the side can say none of them, so that it has no such route.
func those(all []*match, can func(*match) bool) (some []*match, none bool) {
	for _, m := range all {
		if can(m) {
			some = append(some, m)
		}
	}
	return some, len(all) > 0 && len(some) == 0
}
