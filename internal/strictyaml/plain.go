package strictyaml

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// plainReader reads the YAML that nearly all documents are: keys of letters,
// digits and a few signs, one value in a line, lists with dashes, flow lists and
// mappings in one line. It is several times faster than the parser, and no
// second one: whatever it does not know is not guessed at, it gives up and the
// parser reads the text. The tree is the parser's but for the comments, which
// nobody asks a document for; a fuzz test compares the two.
type plainReader struct {
	src  string
	i    int // where the next token begins
	line int // of i, from 1
	from int // where the line begins
	slab []yaml.Node
}

// maxPlainDepth is far above what a document needs.
const maxPlainDepth = 64

// readPlain is the value of the document, nil where the parser has to be asked.
func readPlain(src string) *yaml.Node {
	r := plainReader{src: src, line: 1}
	if strings.HasPrefix(src, "---\n") {
		r.i, r.from, r.line = 4, 4, 2
	}
	if !r.content() {
		return nil
	}
	n := r.block(0)
	if n == nil || r.i < len(src) {
		return nil
	}
	return n
}

func (r *plainReader) column() int { return r.i - r.from }

func (r *plainReader) node(kind yaml.Kind, tag string) *yaml.Node {
	if len(r.slab) == 0 {
		r.slab = make([]yaml.Node, min(256, 8+len(r.src)/64))
	}
	n := &r.slab[0]
	r.slab = r.slab[1:]
	n.Kind, n.Tag, n.Line, n.Column = kind, tag, r.line, r.column()+1
	return n
}

// content moves to the first token of the next line with content, or to the end.
// False is something that the parser has to see.
func (r *plainReader) content() bool {
	for r.i < len(r.src) {
		r.spaces()
		switch {
		case r.i == len(r.src):
			return true
		case r.src[r.i] == '\n' || r.src[r.i] == '#':
			if !r.endLine() {
				return false
			}
		default:
			return r.column() > 0 || !strings.HasPrefix(r.src[r.i:], "---") && !strings.HasPrefix(r.src[r.i:], "...")
		}
	}
	return true
}

// endLine passes a comment and the line break. False: there is something else.
func (r *plainReader) endLine() bool {
	start := r.i
	r.spaces()
	if r.i < len(r.src) && r.src[r.i] == '#' {
		if r.i > r.from && r.i == start && r.src[r.i-1] != ' ' {
			return false
		}
		for r.i < len(r.src) && r.src[r.i] != '\n' {
			if c := r.src[r.i]; c < ' ' || c > '~' {
				return false // it may be another line break, or forbidden
			}
			r.i++
		}
	}
	switch {
	case r.i == len(r.src):
		return true
	case r.src[r.i] != '\n':
		return false
	}
	r.i++
	r.line++
	r.from = r.i
	return true
}

// block reads the mapping or list that begins here. Behind it stands the first
// token of a line that is not part of it, or the end.
func (r *plainReader) block(depth int) *yaml.Node {
	switch {
	case depth > maxPlainDepth || r.i == len(r.src):
		return nil
	case r.dash():
		return r.list(depth)
	}
	return r.mapping(depth)
}

// dash tells whether an item of a list begins here.
func (r *plainReader) dash() bool {
	return r.src[r.i] == '-' && r.i+1 < len(r.src) && (r.src[r.i+1] == ' ' || r.src[r.i+1] == '\n')
}

func (r *plainReader) mapping(depth int) *yaml.Node {
	column := r.column()
	n := r.node(yaml.MappingNode, "!!map")
	n.Content = make([]*yaml.Node, 0, 8)
	for r.i < len(r.src) && r.column() == column {
		key := r.key()
		if key == nil {
			return nil
		}
		r.i++ // the colon
		value := r.value(depth, column, true)
		if value == nil {
			return nil
		}
		n.Content = append(n.Content, key, value)
	}
	if r.i < len(r.src) && r.column() > column {
		return nil // the last value may go on in this line
	}
	return n
}

func (r *plainReader) list(depth int) *yaml.Node {
	column := r.column()
	n := r.node(yaml.SequenceNode, "!!seq")
	for r.i < len(r.src) && r.column() == column && r.dash() {
		r.i++
		value := r.value(depth, column, false)
		if value == nil {
			return nil
		}
		n.Content = append(n.Content, value)
	}
	if r.i < len(r.src) && r.column() > column {
		return nil // the last value may go on in this line
	}
	return n
}

// value reads what stands behind a key or a dash at a column: in the line, or
// below it. A list may stand right below the key that it belongs to.
func (r *plainReader) value(depth, column int, ofKey bool) *yaml.Node {
	r.spaces()
	if r.i == len(r.src) {
		return nil
	}
	if r.src[r.i] == '\n' || r.src[r.i] == '#' {
		if !r.endLine() || !r.content() || r.i == len(r.src) {
			return nil
		}
		if r.column() > column || ofKey && r.column() == column && r.dash() {
			return r.block(depth + 1)
		}
		return nil
	}
	if !ofKey && (r.dash() || r.isKey()) {
		return r.block(depth + 1)
	}
	n := r.single(depth)
	if n == nil || !r.endLine() || !r.content() {
		return nil
	}
	return n
}

// isKey tells whether a key stands here, with its colon.
func (r *plainReader) isKey() bool {
	end := r.word(false)
	if end == r.i || end == len(r.src) || r.src[end] != ':' {
		return false
	}
	return end+1 == len(r.src) || r.src[end+1] == ' ' || r.src[end+1] == '\n'
}

// key reads the key of an entry, up to its colon.
func (r *plainReader) key() *yaml.Node {
	const most = 512 // YAML has no keys above 1024 characters
	if !r.isKey() || r.word(false)-r.i > most {
		return nil
	}
	return r.scalar(r.word(false))
}

// single reads a value in one line.
func (r *plainReader) single(depth int) *yaml.Node {
	if depth > maxPlainDepth || r.i == len(r.src) {
		return nil
	}
	switch r.src[r.i] {
	case '{':
		return r.flow(yaml.MappingNode, "!!map", '}', depth+1)
	case '[':
		return r.flow(yaml.SequenceNode, "!!seq", ']', depth+1)
	case '"', '\'':
		return r.quoted()
	}
	end := r.word(true)
	if end == r.i {
		return nil
	}
	return r.scalar(end)
}

// flow reads a list or mapping in brackets.
func (r *plainReader) flow(kind yaml.Kind, tag string, end byte, depth int) *yaml.Node {
	n := r.node(kind, tag)
	n.Style = yaml.FlowStyle
	r.i++
	for first := true; ; first = false {
		r.spaces()
		switch {
		case r.i == len(r.src):
			return nil
		case r.src[r.i] == end && (first || len(n.Content) == 0):
			r.i++
			return n
		}
		if kind == yaml.MappingNode {
			key := r.key()
			if key == nil {
				return nil
			}
			n.Content = append(n.Content, key)
			r.i++
			r.spaces()
		}
		value := r.single(depth)
		if value == nil {
			return nil
		}
		n.Content = append(n.Content, value)
		r.spaces()
		switch {
		case r.i == len(r.src):
			return nil
		case r.src[r.i] == end:
			r.i++
			return n
		case r.src[r.i] != ',':
			return nil
		}
		r.i++
	}
}

func (r *plainReader) spaces() {
	for r.i < len(r.src) && r.src[r.i] == ' ' {
		r.i++
	}
}

// quoted reads quoted text in one line that says what it says.
func (r *plainReader) quoted() *yaml.Node {
	quote := r.src[r.i]
	end := r.i + 1
	for ; end < len(r.src) && r.src[end] != quote; end++ {
		if c := r.src[end]; c < ' ' || c > '~' || c == '\\' {
			return nil
		}
	}
	if end == len(r.src) || end+1 < len(r.src) && r.src[end+1] == quote {
		return nil
	}
	n := r.node(yaml.ScalarNode, "!!str")
	n.Value, n.Style = r.src[r.i+1:end], yaml.DoubleQuotedStyle
	if quote == '\'' {
		n.Style = yaml.SingleQuotedStyle
	}
	r.i = end + 1
	return n
}

// scalar makes plain text up to end a node.
func (r *plainReader) scalar(end int) *yaml.Node {
	n := r.node(yaml.ScalarNode, "")
	n.Value = r.src[r.i:end]
	n.Tag = plainTag(n)
	r.i = end
	return n
}

// plainTag is the type that YAML gives a plain scalar. The parser is asked of all
// but words and whole numbers.
func plainTag(n *yaml.Node) string {
	c := n.Value[0]
	switch {
	case c >= '1' && c <= '9' && len(n.Value) < 10 && strings.Trim(n.Value, "0123456789") == "":
		return "!!int"
	case c <= '9' || len(n.Value) <= len("false") && strings.IndexByte("tTfFnN", c) >= 0:
		return n.ShortTag()
	}
	return "!!str"
}

// word is the end of the plain scalar that begins here; where it cannot be one,
// it is here. A value may have a colon inside.
func (r *plainReader) word(value bool) int {
	i := r.i
	if i == len(r.src) || !inWord(r.src[i]) || strings.IndexByte(".-*@+=~", r.src[i]) >= 0 {
		return i
	}
	for i < len(r.src) && (inWord(r.src[i]) || value && r.src[i] == ':' && i+1 < len(r.src) && inWord(r.src[i+1])) {
		i++
	}
	return i
}

// inWord tells whether plain text may hold a byte, wherever it stands.
func inWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '-' <= c && c <= '9' || c == '_' || c == '*' || c == '@' || c == '+' || c == '=' || c == '~'
}
