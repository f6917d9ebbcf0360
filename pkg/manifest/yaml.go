package manifest

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlSink writes block YAML: two spaces a level, and the dash of a list item
// under the key of the list, as kubectl prints.
type yamlSink struct {
	buf   []byte
	stack []level
	odd   map[string]string // quoted text, since asking yaml.v3 is slow
	// unfit is set when something does not fit into lines of this layout, such
	// as a key that is too long: the object must be written by yaml.v3 instead.
	unfit bool
}

// level is a mapping or sequence that is being written.
type level struct {
	sequence bool
	filled   bool
	indent   int
}

func (y *yamlSink) openMapping()  { y.open(level{}) }
func (y *yamlSink) openSequence() { y.open(level{sequence: true}) }

func (y *yamlSink) open(l level) {
	if n := len(y.stack); n > 0 {
		y.item()
		parent := y.stack[n-1]
		l.indent = parent.indent + 2
		if l.sequence && !parent.sequence {
			l.indent = parent.indent
		}
	}
	y.stack = append(y.stack, l)
}

// close writes what is only known now: that nothing was in it.
func (y *yamlSink) close() {
	l := y.stack[len(y.stack)-1]
	y.stack = y.stack[:len(y.stack)-1]
	switch {
	case l.filled:
	case l.sequence:
		y.value("[]")
	default:
		y.value("{}")
	}
}

func (y *yamlSink) key(k string) {
	y.line()
	if surelyPlain(k) && len(k) <= maxKey {
		y.buf = append(y.buf, k...)
	} else {
		y.unfit = y.unfit || len(k) > maxKey || strings.ContainsAny(k, "\n"+otherBreaks)
		y.buf = append(y.buf, y.quoted(k)...)
	}
	y.buf = append(y.buf, ':')
}

// maxKey is the length up to which yaml.v3 surely puts a key before its colon.
const maxKey = 128

func (y *yamlSink) text(s string) {
	y.item()
	if surelyPlain(s) {
		y.value(s)
		return
	}
	s = y.quoted(s)
	if strings.Contains(s, "\n") {
		s = y.indented(s)
	}
	y.value(s)
}

func (y *yamlSink) literal(s string) {
	y.item()
	y.value(s)
}

// item begins the next item if the value to come is one.
func (y *yamlSink) item() {
	if y.stack[len(y.stack)-1].sequence {
		y.line()
		y.buf = append(y.buf, '-')
	}
}

// line goes to where the next key or dash of the innermost level stands. The
// first of an item of a sequence stands behind the dash.
func (y *yamlSink) line() {
	n := len(y.stack) - 1
	l := &y.stack[n]
	switch {
	case l.filled:
	case n == 0:
		l.filled = true
	case y.stack[n-1].sequence:
		l.filled = true
		y.buf = append(y.buf, ' ')
		return
	default:
		l.filled = true
		y.buf = append(y.buf, '\n')
	}
	for range l.indent {
		y.buf = append(y.buf, ' ')
	}
}

// value ends the line that a key or a dash began.
func (y *yamlSink) value(s string) {
	y.buf = append(y.buf, ' ')
	y.buf = append(y.buf, s...)
	y.buf = append(y.buf, '\n')
}

// indented moves the lines of a block scalar from where quoted has them, under
// a key in the first column, to the innermost level.
func (y *yamlSink) indented(s string) string {
	pad := "\n" + strings.Repeat(" ", y.stack[len(y.stack)-1].indent)
	lines := strings.Split(s, "\n")
	var b strings.Builder
	b.WriteString(lines[0])
	for _, line := range lines[1:] {
		if line == "" {
			b.WriteByte('\n')
			continue
		}
		b.WriteString(pad)
		b.WriteString(line)
	}
	return b.String()
}

// quoted is s as yaml.v3 writes it as the value of a key in the first column.
func (y *yamlSink) quoted(s string) string {
	if q, ok := y.odd[s]; ok {
		return q
	}
	switch {
	case surelySingle(s):
		return "'" + s + "'"
	case surelyDouble(s):
		return `"` + s + `"`
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{textNode("k"), textNode(s)}}
	out, err := marshal(n)
	if err != nil { // yaml.v3 is asked once more, for the whole object, and its error told
		y.unfit = true
		return ""
	}
	q := strings.TrimSuffix(strings.TrimPrefix(string(out), "k: "), "\n")
	y.odd[s] = q
	return q
}
