package resourcelist

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxBytes is the largest input that is read. The text is held in memory once
// and what changes a second time, so that a host can plan with it.
const MaxBytes = 512 << 20

const (
	// MaxItems is the largest number of objects of one input: entries of a list,
	// documents of a stream, also empty ones. Each costs about a thousand bytes,
	// however short it is.
	MaxItems = 1_000_000
	// MaxParsed is the largest text that is parsed at once, which costs up to two
	// hundred times its size: an object that is not written in plain block form,
	// or all of an input that cannot be split by its lines, such as JSON.
	MaxParsed = 32 << 20
)

var errItems = fmt.Errorf("the input holds more than %d objects; split the package", MaxItems)

// tooLong says why a text is not parsed; cause is what keeps it from being split,
// if that is known.
func tooLong(text string, cause error) error {
	message := fmt.Sprintf("%d MB would have to be parsed at once, and at most %d MB are; write objects in block form", len(text)>>20, MaxParsed>>20)
	if cause != nil && cause != errUnsure {
		message += ": " + cause.Error()
	}
	return &Error{1, message}
}

// Error is what makes an input unreadable, with the line where that is.
type Error struct {
	// Line counts from 1.
	Line    int
	Message string
}

// Error is the text with its line.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// input checks that src is text that YAML can be made of, and takes the byte
// order mark off.
func input(src []byte) (string, error) {
	if len(src) > MaxBytes {
		return "", fmt.Errorf("the input has %d bytes; the limit is %d", len(src), MaxBytes)
	}
	src = bytes.TrimPrefix(src, []byte("\uFEFF"))
	switch nul := bytes.IndexByte(src, 0); {
	case bytes.HasPrefix(src, []byte{0xFF, 0xFE}), bytes.HasPrefix(src, []byte{0xFE, 0xFF}), nul == 0 || nul == 1:
		return "", &Error{1, "the text is UTF-16; save it as UTF-8"}
	case nul > 0:
		return "", &Error{1 + bytes.Count(src[:nul], []byte("\n")), "the text holds a NUL byte; YAML is plain UTF-8 text"}
	}
	if !utf8.Valid(src) {
		return "", &Error{invalidLine(src), "the text is not UTF-8; save it as UTF-8"}
	}
	return string(src), nil
}

func invalidLine(src []byte) int {
	n := 1
	for l := range bytes.Lines(src) {
		if !utf8.Valid(l) {
			break
		}
		n++
	}
	return n
}

// odd says whether the text has characters that the reader must not count lines
// with: those that YAML refuses, and the line breaks that are not \n or \r\n
// (a lone \r, NEL, LS, PS), which YAML 1.1 knows and a splitter at \n does not.
func odd(s string) bool {
	for i := 0; i < len(s); i++ {
		switch oddByte[s[i]] {
		case never:
			return true
		case beforeNewline:
			if i+1 == len(s) || s[i+1] != '\n' {
				return true
			}
		case leads:
			r, _ := utf8.DecodeRuneInString(s[i:])
			if r < 0xA0 || r == '\u2028' || r == '\u2029' || r == '\uFEFF' || r == '\uFFFE' || r == '\uFFFF' {
				return true
			}
		}
	}
	return false
}

const (
	never         = 1 + iota // a control character
	beforeNewline            // \r
	leads                    // the first byte of a character that may be one of those
)

var oddByte = func() (t [256]byte) {
	for c := range byte(0x20) {
		t[c] = never
	}
	t[0x7F] = never
	t['\t'], t['\n'], t['\r'] = 0, 0, beforeNewline
	t[0xC2], t[0xE2], t[0xEF] = leads, leads, leads
	return t
}()

// span is one document of a stream. "---" and "..." at the beginning of a line
// end a document wherever they stand, in quotes and block scalars too, so that
// this needs no reader. Behind [MaxItems] it looks no further.
type span struct {
	from    int // with what stands before its "---"
	content int // behind the line of the "---"
	end     int // before a "..."
	to      int // where the next one begins
	marked  bool
	bare    bool // its markers have nothing behind them but a comment
	late    bool // follows a "..."
}

// documents finds the documents of a stream, also those that are empty.
func documents(src string) []span {
	var all []span
	cur := span{bare: true}
	for m := marker(src, 0); m >= 0; m = marker(src, m) {
		l := lineAt(src, m, len(src))
		switch {
		case src[m] == '.':
			cur.end, cur.to = m, l.next
			cur.bare = cur.bare && bareMarker(src[m:l.end])
			all = append(all, cur)
			cur = span{from: l.next, content: l.next, bare: true, late: true}
		case !cur.marked && preamble(src[cur.content:m]):
			cur.content, cur.marked, cur.bare = l.next, true, bareMarker(src[m:l.end])
		default:
			cur.end, cur.to = m, m
			all = append(all, cur)
			cur = span{from: m, content: l.next, marked: true, bare: bareMarker(src[m:l.end])}
		}
		if m = l.next; len(all) > MaxItems {
			break
		}
	}
	cur.end, cur.to = len(src), len(src)
	return append(all, cur)
}

// marker finds the next line from pos, the beginning of one, that is "---" or
// "...", or -1.
func marker(src string, pos int) int {
	for pos < len(src) {
		if c := src[pos]; (c == '-' || c == '.') && isMarker(src[pos:]) {
			return pos
		}
		n := strings.IndexByte(src[pos:], '\n')
		if n < 0 {
			break
		}
		pos += n + 1
	}
	return -1
}

func isMarker(s string) bool {
	if len(s) < 3 || (s[:3] != "---" && s[:3] != "...") {
		return false
	}
	return len(s) == 3 || strings.IndexByte(" \t\r\n", s[3]) >= 0
}

func bareMarker(s string) bool {
	rest := strings.TrimLeft(s[3:], " \t")
	return rest == "" || rest[0] == '#'
}

// preamble says whether text holds comments, blank lines and directives only.
func preamble(text string) bool {
	for l := range strings.Lines(text) {
		if l[0] != '%' && !remark(l) {
			return false
		}
	}
	return true
}

// remark says whether a line is blank or a comment.
func remark(l string) bool {
	l = strings.TrimLeft(strings.TrimRight(l, "\r\n"), " ")
	return l == "" || l[0] == '#'
}

// directive says whether a document has a directive in front of its "---".
func (s span) directive(src string) bool {
	head := src[s.from:s.content]
	return strings.HasPrefix(head, "%") || strings.Contains(head, "\n%")
}

// empty says whether a document has nothing in it, also nothing that can be
// wrong.
func (s span) empty(src string) bool {
	ended := !s.marked && !s.late && s.end < s.to // by a "..." that has nothing to end
	if !s.bare || ended || s.directive(src) {
		return false
	}
	for l := range strings.Lines(src[s.content:s.end]) {
		if !remark(l) {
			return false
		}
	}
	return true
}
