package mesh

import (
	"regexp"
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// joining is what became of two conditions that both have to hold.
type joining int

const (
	joined joining = iota
	// apart says that no request meets both.
	apart
	// unsayable says that Istio has no match for both together.
	unsayable
)

// both is the match for what a and b match; neither is written to.
func both(a, b *match) (*match, joining) {
	out := proto.CloneOf(a)
	if a.Uri != nil && b.Uri != nil && (a.IgnoreUriCase || b.IgnoreUriCase) {
		return nil, unsayable
	}
	out.IgnoreUriCase = a.IgnoreUriCase || b.IgnoreUriCase
	result := joined
	join := func(x, y *stringMatch) *stringMatch {
		text, how := bothTexts(x, y)
		result = max(result, how)
		return text
	}
	out.Uri, out.Method = join(a.Uri, b.Uri), join(a.Method, b.Method)
	out.Authority, out.Scheme = join(a.Authority, b.Authority), join(a.Scheme, b.Scheme)
	for _, name := range sortedKeys(b.Headers) {
		put(&out.Headers, name, join(a.Headers[name], b.Headers[name]))
	}
	for _, name := range sortedKeys(b.QueryParams) {
		put(&out.QueryParams, name, join(a.QueryParams[name], b.QueryParams[name]))
	}
	for _, name := range sortedKeys(b.WithoutHeaders) {
		switch x, y := a.WithoutHeaders[name], b.WithoutHeaders[name]; {
		case x == nil, stringCovers(y, x):
			put(&out.WithoutHeaders, name, proto.CloneOf(y))
		case !stringCovers(x, y):
			result = unsayable
		}
	}
	return out, result
}

// bothTexts is the match of a text that both match; nil asks nothing.
func bothTexts(a, b *stringMatch) (*stringMatch, joining) {
	switch {
	case b == nil, a != nil && stringCovers(b, a):
		return proto.CloneOf(a), joined
	case a == nil, stringCovers(a, b):
		return proto.CloneOf(b), joined
	case a.GetRegex() != "" && b.GetExact() != "":
		return exactly(b, a.GetRegex())
	case b.GetRegex() != "" && a.GetExact() != "":
		return exactly(a, b.GetRegex())
	case a.GetRegex() != "" || b.GetRegex() != "":
		return nil, unsayable
	}
	return nil, apart
}

// exactly is the text if it matches the whole regex.
func exactly(text *stringMatch, regex string) (*stringMatch, joining) {
	re, err := regexp.Compile("^(?:" + regex + ")$")
	if err != nil {
		return nil, unsayable // reported where it is written
	}
	if !re.MatchString(text.GetExact()) {
		return nil, apart
	}
	return proto.CloneOf(text), joined
}

// below matches the path itself and all below it, and not /api2 for /api as
// Istio's own prefix would.
func below(path string) []*match {
	if path == "" {
		return nil
	}
	return []*match{{Uri: exactText(path)}, {Uri: prefixText(path + "/")}}
}

func exactText(s string) *stringMatch {
	return &stringMatch{MatchType: &networking.StringMatch_Exact{Exact: s}}
}

func prefixText(s string) *stringMatch {
	return &stringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: s}}
}

// crossed are the matches for one of as and one of bs together; no matches are
// every request. Pairs that no request meets are left out.
func crossed(as, bs []*match) ([]*match, joining) {
	if len(as) == 0 || len(bs) == 0 {
		return cloned(append(slices.Clone(as), bs...)), joined
	}
	var all []*match
	for _, b := range bs {
		for _, a := range as {
			m, how := both(a, b)
			if how == unsayable {
				return nil, unsayable
			}
			if how == joined && !slices.ContainsFunc(all, func(other *match) bool { return covers(other, m) }) {
				all = append(all, m)
			}
		}
	}
	if len(all) == 0 {
		return nil, apart
	}
	return all, joined
}

// covered tells whether each request that all match is matched by one of by;
// no matches are every request.
func covered(all, by []*match) bool {
	if len(by) == 0 {
		return true
	}
	for _, m := range all {
		if !slices.ContainsFunc(by, func(a *match) bool { return covers(a, m) }) {
			return false
		}
	}
	return len(all) > 0
}

// hostRoutes are the routes of one service on one host and path: the entry's
// own, or the service's with the entry around them.
func (r *resolver) hostRoutes(x *exposure) []Route {
	s := x.service
	entry := words{Route: x.entry.Route}
	if x.ownAction() {
		r.noLoop(x.at.Key("redirect"), entry.Route, x.around, x.host)
		r.prefixRedirect(x.at.Key("redirect"), entry.Route, x.around)
		return []Route{s.build(complete(entry, s.own()), cloned(x.around))}
	}
	all := reachable{taken: coverIndex{}}
	for _, one := range s.routes {
		matches, none := those(one.matches, onGateway)
		if none {
			continue
		}
		if len(x.when)*len(matches) > mostMatches {
			r.ds.Errorf(diag.CodeValue, x.at.Key("when"), "with %s it multiplies out to %d matches, at most %d", shortPath(one.at), len(x.when)*len(matches), mostMatches)
			continue
		}
		for _, route := range r.around(x, one, matches) {
			all.add(route)
		}
	}
	all.add(s.build(complete(entry, s.own()), cloned(x.around)))
	return all.routes
}

// reachable are routes without the matches that those before them take, which a
// path can bring about: below /a, / is everything.
type reachable struct {
	routes []Route
	taken  coverIndex
}

func (all *reachable) add(route Route) {
	asked := len(route.Match) > 0
	route.Match = slices.DeleteFunc(route.Match, func(m *match) bool { return all.taken.first(m) >= 0 })
	if asked && len(route.Match) == 0 {
		return
	}
	all.taken.add(len(all.routes), route.Match)
	all.routes = append(all.routes, route)
}

// ownAction tells whether the entry is the only route of its hosts.
func (x *exposure) ownAction() bool {
	return x.entry.To != "" || x.entry.Split != nil || ends(x.entry.Route)
}

// around puts the entry around one route of the service.
func (r *resolver) around(x *exposure, one route, matches []*match) []Route {
	w := complete(words{Route: one.Route}, complete(words{Route: x.entry.Route}, x.service.own()))
	r.oneHost(x.at, w.Route)
	var all []Route
	for _, part := range r.seen(x, one, matches) {
		list, how := crossed(part.around, part.matches)
		switch {
		case how == unsayable && x.path != "" && slices.ContainsFunc(part.matches, func(m *match) bool { return m.Uri.GetRegex() != "" }):
			r.ds.Errorf(diag.CodeExclusive, x.at.Key("path"), "a regex (%s) cannot be joined with path; give the entry its own action", shortPath(one.at))
		case how == unsayable:
			r.ds.Errorf(diag.CodeExclusive, x.at, "its conditions cannot be joined with those of %s; give the entry its own action", shortPath(one.at))
		case how == joined:
			w := w
			if part.rewrite != "" && !ends(one.Route) {
				w.Rewrite = proto.CloneOf(x.entry.Rewrite)
				w.Rewrite.Uri = part.rewrite
			}
			r.noLoop(one.at.Key("redirect"), one.Route, list, x.host)
			r.prefixRedirect(one.at.Key("redirect"), one.Route, list)
			all = append(all, x.service.build(w, list))
		}
	}
	return all
}

// part are matches of a route with what is put around them and what the path
// becomes, empty for what the words say.
type part struct {
	around, matches []*match
	rewrite         string
}

// seen turns the paths that a route matches into those that a caller writes. With
// path and rewrite: {uri: /} the service does not see the path, so that a route's
// uri is what follows it; each such uri needs a rewrite of its own.
func (r *resolver) seen(x *exposure, one route, matches []*match) []part {
	to := x.entry.Rewrite.GetUri()
	if one.Rewrite != nil || to == "" || !slices.ContainsFunc(matches, func(m *match) bool { return m.Uri != nil }) {
		return []part{{around: x.around, matches: matches}}
	}
	if x.path == "" || to != "/" {
		if !ends(one.Route) {
			r.ds.Errorf(diag.CodeExclusive, x.at.Key("rewrite"), "it would rewrite what uri of %s matches to one path; give that route its own rewrite, or the entry its own action", shortPath(one.at))
		}
		return []part{{around: x.around, matches: matches}}
	}
	var parts []part
	for _, m := range matches {
		p := x.below(m)
		if last := len(parts) - 1; last >= 0 && p.rewrite != "" && parts[last].rewrite == p.rewrite && p.rewrite != "/" {
			parts[last].matches = append(parts[last].matches, p.matches...)
			continue
		}
		parts = append(parts, p)
	}
	return parts
}

// below is a match of what the service sees as a caller writes it, below the
// entry's path.
func (x *exposure) below(m *match) part {
	inner := m.Uri.GetExact() + m.Uri.GetPrefix()
	if inner == "" || m.IgnoreUriCase { // nothing to move, or not to be joined with a path
		return part{around: x.around, matches: []*match{m}}
	}
	moved := func(uri *stringMatch) *match {
		out := proto.CloneOf(m)
		out.Uri = uri
		return out
	}
	switch {
	case m.Uri.GetPrefix() == "/":
		return part{around: x.around, matches: []*match{moved(nil)}, rewrite: "/"}
	case m.Uri.GetPrefix() != "":
		return part{around: x.when, matches: []*match{moved(prefixText(x.path + inner))}, rewrite: inner}
	case inner == "/": // the path itself becomes / as well
		return part{around: x.when, matches: []*match{moved(exactText(x.path)), moved(exactText(x.path + "/"))}, rewrite: "/"}
	}
	return part{around: x.when, matches: []*match{moved(exactText(x.path + inner))}, rewrite: inner}
}
