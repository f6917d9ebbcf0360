package topology

import "maps"

// Selects tells whether labels has all of want; an empty want selects all.
func Selects(want, labels map[string]string) bool {
	for k, v := range want {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// pair is one label.
type pair struct{ key, value string }

// labelIndex finds things by labels they have, in the time that the rarest of
// the labels takes.
type labelIndex map[pair][]int

func (x labelIndex) add(i int, labels map[string]string) {
	for k, v := range labels {
		x[pair{k, v}] = append(x[pair{k, v}], i)
	}
}

// rarest are those that have the label of the selector which the fewest have: all
// that the selector can find are among them. A selector without labels is not
// for this index.
func (x labelIndex) rarest(selector map[string]string) []int {
	var best []int
	first := true
	for k, v := range maps.All(selector) {
		if found := x[pair{k, v}]; first || len(found) < len(best) {
			best, first = found, false
		}
	}
	return best
}
