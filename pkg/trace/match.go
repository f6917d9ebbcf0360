package trace

import (
	"fmt"
	"regexp"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

type virtualService = topology.Config[*networking.VirtualService]

// meets tells whether a request meets one condition of a route, and why that is
// not known; nil asks nothing.
func meets(c Call, m *networking.HTTPMatchRequest) (topology.Answer, string) {
	if m == nil {
		return topology.Yes, ""
	}
	r := c.request()
	if !meetsPath(m, r.Path) || !meetsText(m.Scheme, c.Scheme) || !meetsText(m.Method, r.Method) || !meetsText(m.Authority, r.Authority) {
		return topology.No, ""
	}
	for name, want := range m.QueryParams {
		if !c.Query.Has(name) || !present(want) && !meetsText(want, c.Query.Get(name)) {
			return topology.No, ""
		}
	}
	return meetsHeaders(r, m)
}

// claims begins what looks like a header and is a part of the caller's token.
const claims = "@request.auth.claims"

func meetsHeaders(r *topology.Request, m *networking.HTTPMatchRequest) (topology.Answer, string) {
	open := ""
	for name, want := range m.Headers {
		if strings.HasPrefix(name, claims) {
			if r.Token == topology.No {
				return topology.No, ""
			}
			open = name
			continue
		}
		value, there := r.Headers[strings.ToLower(name)]
		if !there || !present(want) && !meetsText(want, value) {
			return topology.No, ""
		}
	}
	for name, want := range m.WithoutHeaders {
		if strings.HasPrefix(name, claims) {
			if r.Token != topology.No {
				open = name
			}
			continue
		}
		value, there := r.Headers[strings.ToLower(name)]
		if present(want) && there || !present(want) && meetsText(want, value) {
			return topology.No, ""
		}
	}
	if open != "" {
		return topology.NotKnown, "it depends on what the token says (" + open + ")"
	}
	return topology.Yes, ""
}

// present tells whether the condition asks only that something is there.
func present(m *networking.StringMatch) bool {
	return m == nil || m.MatchType == nil || m.GetRegex() == "*"
}

func meetsPath(m *networking.HTTPMatchRequest, path string) bool {
	want := m.Uri
	if m.IgnoreUriCase && want.GetRegex() == "" {
		path = strings.ToLower(path)
		switch {
		case want.GetExact() != "":
			return path == strings.ToLower(want.GetExact())
		case want.GetPrefix() != "":
			return strings.HasPrefix(path, strings.ToLower(want.GetPrefix()))
		}
	}
	return meetsText(want, path)
}

// meetsText holds a text against a condition; nil asks nothing. A regular
// expression is about the whole text.
func meetsText(m *networking.StringMatch, text string) bool {
	if m == nil {
		return true
	}
	switch want := m.MatchType.(type) {
	case *networking.StringMatch_Exact:
		return text == want.Exact
	case *networking.StringMatch_Prefix:
		return strings.HasPrefix(text, want.Prefix)
	case *networking.StringMatch_Regex:
		re, err := regexp.Compile("^(?:" + want.Regex + ")$")
		return err == nil && re.MatchString(text)
	}
	return true
}

// asked are the conditions of a match as people read them.
func asked(m *networking.HTTPMatchRequest) string {
	all := conditions(m)
	if len(all) == 0 {
		return "every request"
	}
	return strings.Join(all, ", ")
}

func conditions(m *networking.HTTPMatchRequest) []string {
	if m == nil {
		return nil
	}
	var all []string
	for _, c := range []struct {
		name string
		m    *networking.StringMatch
	}{{"uri", m.Uri}, {"scheme", m.Scheme}, {"method", m.Method}, {"authority", m.Authority}} {
		if c.m != nil {
			all = append(all, c.name+" "+condition(c.m))
		}
	}
	for _, list := range []struct {
		name string
		of   map[string]*networking.StringMatch
	}{{"header", m.Headers}, {"without header", m.WithoutHeaders}, {"query", m.QueryParams}} {
		for _, name := range sorted(list.of) {
			all = append(all, strings.TrimSpace(list.name+" "+name+" "+condition(list.of[name])))
		}
	}
	if m.Port != 0 {
		all = append(all, fmt.Sprint("port ", m.Port))
	}
	return all
}

func condition(m *networking.StringMatch) string {
	if present(m) {
		return ""
	}
	switch want := m.MatchType.(type) {
	case *networking.StringMatch_Exact:
		return "= " + want.Exact
	case *networking.StringMatch_Prefix:
		return "prefix " + want.Prefix
	case *networking.StringMatch_Regex:
		return "like " + want.Regex
	}
	return ""
}
