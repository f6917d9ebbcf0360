package mesh

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// percentUnit makes whole numbers of percentages with four decimals.
const percentUnit = 10_000

// target checks to and split of one place.
func (r *resolver) target(at func(string) diag.Path, w spec.Route, s *service) {
	if w.To != "" && w.Split != nil {
		r.ds.Errorf(diag.CodeExclusive, at("split"), "to and split exclude each other")
		return
	}
	if w.To != "" {
		r.knows(at("to"), s, w.To)
	}
	if w.Split != nil {
		r.split(at("split"), s, w.Split)
	}
}

// knows reports a version that the service does not have.
func (r *resolver) knows(at diag.Path, s *service, name string) {
	if _, ok := s.known[name]; ok {
		return
	}
	known := sortedKeys(s.known)
	hint := ""
	if like, ok := diag.Nearest(name, known); ok {
		hint = ". Did you mean " + strconv.Quote(like) + "?"
	}
	r.ds.Errorf(diag.CodeReference, at, "%s has no version %q; versions: %s%s", s.Name, name, cmp.Or(strings.Join(known, ", "), "none"), hint)
}

// split checks that percentages are some and make 100.
func (r *resolver) split(at diag.Path, s *service, split map[string]spec.Percent) {
	if len(split) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write a version and its percentage, or to: with one version")
		return
	}
	names, sum := sortedKeys(split), 0
	for _, name := range names {
		r.knows(at.Key(name), s, name)
		weight, ok := wholePercent(split[name])
		if !ok {
			r.ds.Errorf(diag.CodeSplit, at.Key(name), "want 0 to 100 with at most four decimals, got %v", float64(split[name]))
			return
		}
		sum += weight
	}
	if sum != 100*percentUnit {
		r.ds.Errorf(diag.CodeSplit, at, "%s = %s; the sum must be 100", sumText(names, split), percentText(float64(sum)/percentUnit))
	}
}

// wholePercent is a percentage in units of which 10,000 make one percent.
func wholePercent(p spec.Percent) (int, bool) {
	scaled := float64(p) * percentUnit
	ok := scaled >= 0 && scaled <= 100*percentUnit && math.Abs(scaled-math.Round(scaled)) <= 1e-6
	return int(math.Round(scaled)), ok
}

// weighted turns percentages into the smallest whole weights that Istio can say:
// 99.5 and 0.5 become 995 and 5.
func (s *service) weighted(w spec.Route) []Destination {
	names := sortedKeys(w.Split)
	weights := make([]int, len(names))
	for i, name := range names {
		weights[i], _ = wholePercent(w.Split[name])
	}
	for divisor := percentUnit; divisor > 1; divisor /= 10 {
		if !slices.ContainsFunc(weights, func(w int) bool { return w%divisor != 0 }) {
			for i := range weights {
				weights[i] /= divisor
			}
			break
		}
	}
	var to []Destination
	for i, name := range names {
		if weights[i] > 0 {
			to = append(to, destination(s, name, s.known[name], w.Port, weights[i]))
		}
	}
	if len(to) == 1 {
		to[0].Weight = 0
	}
	return to
}

func sumText(names []string, split map[string]spec.Percent) string {
	var terms []string
	for _, name := range names {
		terms = append(terms, percentText(float64(split[name])))
	}
	return strings.Join(terms, " + ")
}

func percentText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
