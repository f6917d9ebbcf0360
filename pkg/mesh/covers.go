package mesh

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// covers tells whether each request that b matches is matched by a as well. It
// never says yes wrongly; of regular expressions it knows only that equal ones
// are equal.
func covers(a, b *match) bool {
	return uriCovers(a, b) &&
		stringCovers(a.Method, b.Method) && stringCovers(a.Authority, b.Authority) && stringCovers(a.Scheme, b.Scheme) &&
		stringsCover(a.Headers, b.Headers) && stringsCover(a.QueryParams, b.QueryParams) && absenceCovers(a, b) &&
		(a.Port == 0 || a.Port == b.Port) && sourceCovers(a, b)
}

func uriCovers(a, b *match) bool {
	if a.Uri == nil {
		return true
	}
	if !a.IgnoreUriCase {
		return !b.IgnoreUriCase && stringCovers(a.Uri, b.Uri)
	}
	return stringCovers(lowerCase(a.Uri), lowerCase(b.Uri))
}

func lowerCase(s *stringMatch) *stringMatch {
	switch t := s.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return &stringMatch{MatchType: &networking.StringMatch_Exact{Exact: strings.ToLower(t.Exact)}}
	case *networking.StringMatch_Prefix:
		return &stringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: strings.ToLower(t.Prefix)}}
	}
	return s
}

// stringCovers compares the matches of one text; nil is not asked about it.
func stringCovers(a, b *stringMatch) bool {
	switch t := a.GetMatchType().(type) {
	case nil: // nothing is asked, or only that the text is there
		return a == nil || b != nil
	case *networking.StringMatch_Exact:
		_, exact := b.GetMatchType().(*networking.StringMatch_Exact)
		return exact && b.GetExact() == t.Exact
	case *networking.StringMatch_Prefix:
		return strings.HasPrefix(b.GetExact(), t.Prefix) || strings.HasPrefix(b.GetPrefix(), t.Prefix)
	case *networking.StringMatch_Regex:
		return b.GetRegex() == t.Regex
	}
	return false
}

func stringsCover(a, b map[string]*stringMatch) bool {
	for name, s := range a {
		if other, asked := b[name]; !asked || !stringCovers(s, other) {
			return false
		}
	}
	return true
}

// absenceCovers: the wider the text that must not be there, the fewer requests.
func absenceCovers(a, b *match) bool {
	for name, s := range a.WithoutHeaders {
		if other, asked := b.WithoutHeaders[name]; !asked || !stringCovers(other, s) {
			return false
		}
	}
	return true
}

func sourceCovers(a, b *match) bool {
	for key, value := range a.SourceLabels {
		if b.SourceLabels[key] != value {
			return false
		}
	}
	return a.SourceNamespace == "" || a.SourceNamespace == b.SourceNamespace
}
