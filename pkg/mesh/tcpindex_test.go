package mesh

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The index finds what comparing with every route finds.
func TestTCPIndex(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	some := func() *tcpMatch {
		m := &tcpMatch{Port: uint32(random.IntN(3)), SourceNamespace: pick("", "", "a", "b")}
		for _, name := range []string{"app", "version"} {
			if value := pick("", "", "a", "b"); value != "" {
				if m.SourceLabels == nil {
					m.SourceLabels = map[string]string{}
				}
				m.SourceLabels[name] = value
			}
		}
		for _, subnet := range []string{"10.0.0.0/8", "10.1.0.0/16", "::1"} {
			if random.IntN(3) == 0 {
				m.DestinationSubnets = append(m.DestinationSubnets, subnet)
			}
		}
		return m
	}
	covered := 0
	for range 2000 {
		x, before := tcpIndex{}, [][]*tcpMatch{}
		for route := range 6 {
			matches := []*tcpMatch{some(), some()}
			for _, m := range matches {
				want := slices.IndexFunc(before, func(b []*tcpMatch) bool {
					return slices.ContainsFunc(b, func(a *tcpMatch) bool { return tcpCovers(a, m) })
				})
				if got := x.first(m); got != want {
					t.Fatalf("%v: route %d, want %d of %v", m, got, want, before)
				}
				if want >= 0 {
					covered++
				}
			}
			x.add(route, matches)
			before = append(before, matches)
		}
	}
	if covered < 1000 {
		t.Errorf("only %d matches were covered", covered)
	}
}
