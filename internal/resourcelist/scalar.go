package resourcelist

import "strings"

// stop says what ended a plain scalar.
type stop int

const (
	stopEnd     stop = iota // the end of the line
	stopComment             // a comment behind it
	stopKey                 // a colon that makes it a key
	stopTab                 // a tab, which the reader leaves to the parser
)

// plainEnd finds where the plain scalar at i ends on its line.
func plainEnd(src string, i, end int) (int, stop) {
	for s := src[:end]; i < len(s); i++ {
		switch s[i] {
		case ':':
			if i+1 == end || s[i+1] == ' ' {
				return i, stopKey
			}
		case '#':
			if i > 0 && s[i-1] == ' ' {
				return i, stopComment
			}
		case '\t':
			return i, stopTab
		}
	}
	return end, stopEnd
}

// plainStart says whether a plain scalar can begin at i. A "?" or ":" in front
// is allowed by YAML in places and left to the parser.
func plainStart(src string, i, end int) bool {
	switch src[i] {
	case '-':
		return i+1 < end && src[i+1] != ' ' && src[i+1] != '\t'
	case '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '\t':
		return false
	}
	return true
}

// plainValue is what a plain scalar of one line says where text is wanted.
func plainValue(s string) string {
	switch s = strings.TrimRight(s, " "); s {
	case "null", "Null", "NULL", "~":
		return ""
	}
	return s
}

// quotedEnd finds the byte behind the quoted scalar at i, or -1. simple says
// that the text between the quotes is the value: one line, nothing escaped.
func quotedEnd(src string, i, limit int) (end int, simple bool) {
	quote := src[i]
	simple = true
	for i++; i < limit; i++ {
		switch c := src[i]; {
		case c == '\n':
			simple = false
		case c == '\\' && quote == '"':
			simple = false
			i++
		case c == quote && quote == '\'' && i+1 < limit && src[i+1] == '\'':
			simple = false
			i++
		case c == quote:
			return i + 1, simple
		}
	}
	return -1, false
}

// knownEscapes says whether the double-quoted text holds only escapes that
// stand for one character and cannot be wrong.
func knownEscapes(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		i++
		if i == len(s) || strings.IndexByte("0abtnvfre \"\\", s[i]) < 0 {
			return false
		}
	}
	return true
}

func (r *reader) quoted(i int, l line) bool {
	end, simple := quotedEnd(r.src, i, r.limit)
	if end < 0 {
		return false
	}
	if simple {
		r.assign(r.src[i+1 : end-1])
	} else {
		r.wrap(end > l.end)
		if r.slot != noSlot || (r.src[i] == '"' && !knownEscapes(r.src[i:end])) {
			r.doubt = true
		}
	}
	return r.rest(end)
}

// wrap notes a value that goes on over lines whose indentation says nothing.
func (r *reader) wrap(several bool) {
	if several && r.inMeta {
		r.metaWrapped = true
	}
}

func (r *reader) flow(i int, l line) bool {
	if r.slot != noSlot {
		r.doubt = true
	}
	if end := simpleFlowEnd(r.src, i, l.end, 0); end >= 0 {
		return r.rest(end)
	}
	end := flowEnd(r.src, i, r.limit)
	if end < 0 {
		return false
	}
	r.doubt = true
	r.wrap(end > l.end)
	return r.rest(end)
}

// flowEnd finds the byte behind the flow collection at i, or -1. It only counts
// brackets outside of quotes and comments; whether what is inside is YAML, the
// parser has to say.
func flowEnd(src string, i, limit int) int {
	depth, fresh := 0, true // fresh: a quote here opens a quoted scalar
	for ; i < limit; i++ {
		switch c := src[i]; c {
		case '[', '{':
			depth++
			fresh = true
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
			fresh = false
		case ',', ':', '\n', '\r', ' ', '\t':
			fresh = true
		case '"', '\'':
			if fresh {
				end, _ := quotedEnd(src, i, limit)
				if end < 0 {
					return -1
				}
				i = end - 1
			}
			fresh = false
		case '#':
			if fresh && strings.IndexByte(" \t\n", src[i-1]) >= 0 {
				n := strings.IndexByte(src[i:limit], '\n')
				if n < 0 {
					return -1
				}
				i += n - 1
			}
		default:
			fresh = false
		}
	}
	return -1
}

// simpleFlowEnd finds the byte behind a flow collection of one line whose parts
// cannot be misread: "[]", "{}", quoted or plain words, key: value. Else -1.
func simpleFlowEnd(src string, i, end, depth int) int {
	last := byte(']')
	if src[i] == '{' {
		last = '}'
	}
	i = spaces(src, i+1, end)
	if i < end && src[i] == last {
		return i + 1
	}
	for i < end && depth < 16 {
		if last == '}' {
			key := i
			if i = simpleWordEnd(src, i, end); i < 0 || i-key > maxKey || i+1 >= end || src[i] != ':' || src[i+1] != ' ' {
				return -1
			}
			i = spaces(src, i+1, end)
		}
		if i < end && (src[i] == '[' || src[i] == '{') {
			i = simpleFlowEnd(src, i, end, depth+1)
		} else {
			i = simpleWordEnd(src, i, end)
		}
		if i < 0 {
			return -1
		}
		if i = spaces(src, i, end); i == end {
			return -1
		}
		if src[i] == last {
			return i + 1
		}
		if src[i] != ',' || i+1 == end || src[i+1] != ' ' {
			return -1
		}
		i = spaces(src, i+1, end)
	}
	return -1
}

func spaces(src string, i, end int) int {
	for i < end && src[i] == ' ' {
		i++
	}
	return i
}

// simpleWordEnd finds the byte behind a scalar inside a simple flow collection.
func simpleWordEnd(src string, i, end int) int {
	if i == end {
		return -1
	}
	if src[i] == '"' || src[i] == '\'' {
		if stop, simple := quotedEnd(src, i, end); simple {
			return stop
		}
		return -1
	}
	from := i
	for i < end && wordByte(src[i]) {
		i++
	}
	if i == from || (src[from] == '-' && i == from+1) {
		return -1
	}
	return i
}

func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '/' || c == '-' || c == '='
}

// blockScalar reads a | or > scalar: its header at i of line l, and every line
// that is indented at least like the first one with text. Whatever those say
// is text.
func (r *reader) blockScalar(i int, l line) bool {
	if r.slot != noSlot {
		r.doubt = true
	}
	given, ok := blockHeader(r.src, i+1, l.end)
	if !ok {
		return false
	}
	indent := 0
	if given > 0 {
		indent = r.top().col + given
	}
	r.pos = l.next
	blanks := 0
	for r.pos < r.limit {
		t := r.line(r.pos)
		if t.blank() {
			blanks = max(blanks, t.indent())
			r.pos = t.next
			continue
		}
		if indent == 0 {
			indent = max(t.indent(), r.top().col+1)
			if blanks > t.indent() || r.src[t.text] == '\t' {
				return false // the parser finds the indentation in another way, or none
			}
		}
		if t.indent() < indent {
			return r.src[t.text] != '\t'
		}
		r.pos = t.next
	}
	return true
}

// blockHeader reads what may stand behind | or >: a chomping and an indentation
// indicator, then a comment.
func blockHeader(src string, i, end int) (indent int, ok bool) {
	chomped := false
	for ; i < end && src[i] != ' '; i++ {
		switch c := src[i]; {
		case (c == '+' || c == '-') && !chomped:
			chomped = true
		case '1' <= c && c <= '9' && indent == 0:
			indent = int(c - '0')
		default:
			return 0, false
		}
	}
	j := spaces(src, i, end)
	return indent, j == end || src[j] == '#'
}
