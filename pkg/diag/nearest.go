package diag

import "strings"

// Nearest is the name that was probably meant: at most two letters away, and
// less than half of the word.
func Nearest(word string, names []string) (string, bool) {
	best, distance := "", 3
	for _, name := range names {
		if d := editDistance(strings.ToLower(word), strings.ToLower(name)); d < distance && 2*d < max(len(word), len(name)) {
			best, distance = name, d
		}
	}
	return best, best != ""
}

// editDistance counts the letters to insert, remove, change or swap with their
// neighbour.
func editDistance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 40 // nobody misspells that; and it keeps the cost bounded
	}
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	above := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row = above, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
