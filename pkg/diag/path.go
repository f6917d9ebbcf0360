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
//
// Most paths are made in case there is something to say, and there seldom is: so
// the last keys are joined by String and not before. Which ones depends on the
// steps alone, so that two paths of the same steps are equal.
type Path struct {
	doc  int32
	n    uint8     // how many of keys there are
	flat string    // all in front of them, as String writes it
	keys [3]string // behind the last index; a path that has more joins them
}

// Document is the path of the i-th document of a call as a whole. A call that
// holds one KymaMesh and nothing else never needs it.
func Document(i int) Path { return Path{doc: int32(i)} }

// Root is the path of a top-level key of the first document.
func Root(key string) Path { return Path{}.Key(key) }

// Document says which document of the call the path lies in.
func (p Path) Document() int { return int(p.doc) }

// Key is the path of the entry k of the mapping at p. A key that could be
// mistaken for path syntax is quoted: labels["a.b/c"].
func (p Path) Key(k string) Path {
	if int(p.n) == len(p.keys) {
		p = Path{doc: p.doc, flat: p.String()}
	}
	p.keys[p.n] = k
	p.n++
	return p
}

// Index is the path of the i-th item, counted from 0, of the list at p.
func (p Path) Index(i int) Path {
	var room [128]byte
	text := append(strconv.AppendInt(append(p.appendTo(room[:0]), '['), int64(i), 10), ']')
	return Path{doc: p.doc, flat: string(text)}
}

// String is the path as messages print it; the document as a whole is "".
func (p Path) String() string {
	if p.n == 0 {
		return p.flat
	}
	var room [128]byte
	return string(p.appendTo(room[:0]))
}

func (p *Path) appendTo(text []byte) []byte {
	text = append(text, p.flat...)
	for _, k := range p.keys[:p.n] {
		switch {
		case needsQuotes(k):
			text = append(strconv.AppendQuote(append(text, '['), k), ']')
		case len(text) == 0:
			text = append(text, k...)
		default:
			text = append(append(text, '.'), k...)
		}
	}
	return text
}

// Parent is the path of the mapping or list that holds p. It is false for the
// document as a whole, which nothing holds.
func (p Path) Parent() (Path, bool) {
	steps := p.Steps()
	if len(steps) == 0 {
		return p, false
	}
	outer := Path{doc: p.doc}
	for _, step := range steps[:len(steps)-1] {
		if step.IsIndex {
			outer = outer.Index(step.Index)
		} else {
			outer = outer.Key(step.Key)
		}
	}
	return outer, true
}

// Step is one part of a path: a key, or an index when IsIndex is set.
type Step struct {
	Key     string
	Index   int
	IsIndex bool
}

// Steps are the parts of the path from the document inwards.
func (p Path) Steps() []Step {
	var steps []Step
	for rest := p.String(); rest != ""; {
		step, n := firstStep(rest)
		steps = append(steps, step)
		rest = rest[n:]
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
