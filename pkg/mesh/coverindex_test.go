package mesh

import (
	"math/rand/v2"
	"slices"
	"testing"

	networking "istio.io/api/networking/v1alpha3"
)

// The index says the same as a comparison with all.
func TestCoverIndex(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	texts := []func() *stringMatch{
		func() *stringMatch { return nil },
		func() *stringMatch { return &stringMatch{} },
		func() *stringMatch { return exactText([]string{"/a", "/A", "/a/b", "/ab", ""}[random.IntN(5)]) },
		func() *stringMatch { return prefixText([]string{"/", "/a", "/A", "/a/", "/ab"}[random.IntN(5)]) },
		func() *stringMatch {
			return &stringMatch{MatchType: &networking.StringMatch_Regex{Regex: []string{"/a.*", "/A.*"}[random.IntN(2)]}}
		},
	}
	text := func() *stringMatch { return texts[random.IntN(len(texts))]() }
	several := func() map[string]*stringMatch {
		all := map[string]*stringMatch{}
		for _, name := range []string{"x", "y"} {
			if s := text(); s != nil && random.IntN(2) == 0 {
				all[name] = s
			}
		}
		return all
	}
	found := 0
	for range 2000 {
		var all []*match
		index := coverIndex{}
		for i := range 12 {
			m := &match{Uri: text(), IgnoreUriCase: random.IntN(3) == 0, Headers: several(), QueryParams: several()}
			if random.IntN(3) == 0 {
				m.Method = text()
			}
			if random.IntN(3) == 0 {
				m.SourceLabels = map[string]string{"app": []string{"a", "b"}[random.IntN(2)]}
			}
			want := slices.IndexFunc(all, func(other *match) bool { return covers(other, m) })
			if got := index.first(m); got != want {
				t.Fatalf("%v: covered by %d, want %d of %v", m, got, want, all)
			}
			if want >= 0 {
				found++
			}
			index.add(i, []*match{m})
			all = append(all, m)
		}
	}
	if found < 2000 {
		t.Errorf("only %d were covered: the test says little", found)
	}
}
