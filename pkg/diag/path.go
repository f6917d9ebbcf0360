package diag

import (
	"strconv"
	"strings"
)

// Path names a place in one of the documents of a call, for example
// spec.services[2].split. It is comparable, so it can be a map key, and its
// zero is the first document as a whole.
//
// A path says nothing about lines: whoever read the document turns paths into
// positions, once, at the end (see [List.Locate]). A document built in Go has
// paths and no lines, and its diagnostics read the same.
type Path struct {
	doc int
	s   string
}

// Document is the path of the i-th document of a call as a whole. A call that
// holds one KymaMesh and nothing else never needs it.
func Document(i int) Path { return Path{doc: i} }

// Root is the path of a top-level key of the first document.
func Root(key string) Path { return Path{}.Key(key) }

// Document says which document of the call the path lies in.
func (p Path) Document() int { return p.doc }

// Key is the path of the entry k of the mapping at p. A key that could be
// mistaken for path syntax is quoted: labels["a.b/c"].
func (p Path) Key(k string) Path {
	switch {
	case needsQuotes(k):
		p.s += "[" + strconv.Quote(k) + "]"
	case p.s == "":
		p.s = k
	default:
		p.s += "." + k
	}
	return p
}

// Index is the path of the i-th item, counted from 0, of the list at p.
func (p Path) Index(i int) Path {
	p.s += "[" + strconv.Itoa(i) + "]"
	return p
}

// String is the path as messages print it; the document as a whole is "".
func (p Path) String() string { return p.s }

// Parent is the path of the mapping or list that holds p. It is false for the
// document as a whole, which nothing holds.
func (p Path) Parent() (Path, bool) {
	if p.s == "" {
		return p, false
	}
	steps := p.Steps()
	p.s = p.s[:steps[len(steps)-1].start]
	return p, true
}

// Step is one part of a path: a key, or an index when IsIndex is set.
type Step struct {
	Key     string
	Index   int
	IsIndex bool
	start   int
}

// Steps are the parts of the path from the document inwards.
func (p Path) Steps() []Step {
	var steps []Step
	for rest, at := p.s, 0; rest != ""; rest = p.s[at:] {
		step, n := firstStep(rest)
		step.start = at
		steps = append(steps, step)
		at += n
	}
	return steps
}

// firstStep reads one step off the front of s, which Key and Index wrote.
func firstStep(s string) (Step, int) {
	if strings.HasPrefix(s, "[\"") {
		quoted, err := strconv.QuotedPrefix(s[1:])
		if err == nil {
			key, _ := strconv.Unquote(quoted)
			return Step{Key: key}, len(quoted) + 2
		}
	}
	if s[0] == '[' {
		end := strings.IndexByte(s, ']')
		i, _ := strconv.Atoi(s[1:end])
		return Step{Index: i, IsIndex: true}, end + 1
	}
	start := 0
	if s[0] == '.' {
		start = 1
	}
	end := len(s)
	if i := strings.IndexAny(s[start:], ".["); i >= 0 {
		end = start + i
	}
	return Step{Key: s[start:end]}, end
}

func needsQuotes(k string) bool {
	if k == "" {
		return true
	}
	for i := 0; i < len(k); i++ {
		c := k[i]
		plain := c == '-' || c == '_' || c == '/' ||
			'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !plain {
			return true
		}
	}
	return false
}
