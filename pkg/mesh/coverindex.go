package mesh

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// coverIndex finds the first route that covers a match without comparing it with
// all: a match can be covered only by those that ask for something that it says
// itself, and these lie under one key.
type coverIndex map[uriKey]map[askedKey][]indexed

type indexed struct {
	route int
	match *match
}

// uriKey is what a match asks of the path, in lower case since some do not tell
// case apart. The zero value is nothing.
type uriKey struct {
	how  rune // = for a whole path, / for its beginning, ~ for an expression
	text string
}

// askedKey is one thing beside the path of which a match asks for one value: a
// header, for example. The zero value is nothing.
type askedKey struct{ what, name, value string }

// add takes the matches of a route; routes are added in their order.
func (x coverIndex) add(route int, matches []*match) {
	for _, m := range matches {
		uri := keyOfURI(m)
		if x[uri] == nil {
			x[uri] = map[askedKey][]indexed{}
		}
		key := askedKey{}
		if asked := askedBy(m); len(asked) > 0 {
			key = asked[0]
		}
		x[uri][key] = append(x[uri][key], indexed{route, m})
	}
}

// first is the first route with a match that covers m, or -1.
func (x coverIndex) first(m *match) int {
	found := -1
	said := append(askedBy(m), askedKey{})
	look := func(uri uriKey) {
		near := x[uri]
		if near == nil {
			return
		}
		for _, key := range said {
			for _, other := range near[key] {
				if found >= 0 && other.route >= found {
					break
				}
				if covers(other.match, m) {
					found = other.route
					break
				}
			}
		}
	}
	look(uriKey{})
	own := keyOfURI(m)
	look(own)
	if own.how == '=' || own.how == '/' {
		for end := range len(own.text) + 1 {
			if begins := (uriKey{'/', own.text[:end]}); begins != own {
				look(begins)
			}
		}
	}
	return found
}

func keyOfURI(m *match) uriKey {
	switch t := m.Uri.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return uriKey{'=', strings.ToLower(t.Exact)}
	case *networking.StringMatch_Prefix:
		return uriKey{'/', strings.ToLower(t.Prefix)}
	case *networking.StringMatch_Regex:
		return uriKey{'~', t.Regex}
	}
	return uriKey{}
}

// askedBy is all of which m asks for one value, what tells most matches apart first.
func askedBy(m *match) []askedKey {
	var all []askedKey
	add := func(what, name string, s *stringMatch) {
		if exact, ok := s.GetMatchType().(*networking.StringMatch_Exact); ok {
			all = append(all, askedKey{what, name, exact.Exact})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		add("header", name, m.Headers[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.QueryParams)) {
		add("query", name, m.QueryParams[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.SourceLabels)) {
		all = append(all, askedKey{"label", name, m.SourceLabels[name]})
	}
	add("authority", "", m.Authority)
	add("method", "", m.Method)
	add("scheme", "", m.Scheme)
	return all
}
