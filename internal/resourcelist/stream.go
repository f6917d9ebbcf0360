package resourcelist

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
)

// ParseStream reads documents separated by "---": a file of a person's, or what
// kustomize gives an exec plugin. A document may be JSON. Empty documents are no
// items, and a stream may have none.
func ParseStream(src []byte) (*List, error) {
	text, err := input(src)
	if err != nil {
		return nil, err
	}
	if odd(text) {
		return rewriteStream(text)
	}
	l := &List{src: text, stream: true, newline: newlineOf(text), end: len(text)}
	r := &reader{src: text}
	line, counted := 1, 0
	spans := documents(text)
	if len(spans) > MaxItems {
		return nil, errItems
	}
	for _, sp := range spans {
		if sp.empty(text) {
			continue
		}
		line += strings.Count(text[counted:sp.from], "\n")
		counted = sp.from
		if sp.late && !sp.marked {
			return nil, &Error{line, "a document behind \"...\" begins without \"---\"; write it"}
		}
		it, err := r.document(sp, line)
		if err != nil {
			return nil, err
		}
		if it != nil {
			l.items = append(l.items, it)
		}
	}
	return l, nil
}

// document makes an item of one document of a stream; nil when it is null.
func (r *reader) document(sp span, line int) (*Item, error) {
	src := r.src
	it := &Item{form: document, from: sp.from, to: sp.to, text: src[sp.from:sp.to], line: line}
	r.limit = sp.end
	r.begin(sp.content, -1, false, frame{-1, true})
	bare := sp.bare && !sp.directive(src)
	sure := bare && r.read() && !r.doubt
	if sure {
		it.found = r.found
		it.content, it.contentEnd = sp.content-sp.from, sp.end-sp.from
		if r.metaFrom > 0 && !r.metaWrapped {
			it.meta = src[r.metaFrom:r.metaTo]
		}
	} else {
		tree, err := parseOne(it.text)
		if err != nil {
			return nil, documentError(err, it.text, line)
		}
		if tree.ShortTag() == "!!null" {
			return nil, nil
		}
		if err := it.settle(tree, false); err != nil {
			return nil, err
		}
		if bare && tree.Kind == yaml.MappingNode && tree.Style&(yaml.FlowStyle|yaml.TaggedStyle) == 0 && tree.Column == 1 && tree.Anchor == "" {
			it.content, it.contentEnd = sp.content-sp.from, sp.end-sp.from
		}
	}
	return it, it.lastLine()
}

// documentError is what yaml.v3 says about a document that begins at line.
func documentError(err error, text string, line int) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return &Error{line + e.Line - 1, e.Message}
	}
	n, message := strictyaml.SyntaxError(err, text)
	return &Error{line + n - 1, message}
}

// lastLine writes a document anew that ends without a line break and would say
// something else with one.
func (it *Item) lastLine() error {
	if strings.HasSuffix(it.text, "\n") || indifferent(it.text) {
		return nil
	}
	tree, err := parseOne(it.text)
	if err != nil {
		return err
	}
	text, err := encode(tree, it.layout())
	if err != nil {
		return err
	}
	it.text = "---\n" + text
	it.content, it.contentEnd, it.changed = 4, len(it.text), true
	it.parsed, it.meta = onlyMetadata(tree), ""
	return nil
}

// rewriteStream parses a stream whose lines the reader cannot count, and writes
// it anew.
func rewriteStream(text string) (*List, error) {
	docs, err := parse(text)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	var lines []int
	for _, d := range docs {
		if len(d.Content) == 0 || d.Content[0].ShortTag() == "!!null" {
			continue
		}
		s, err := encode(d.Content[0], layout{})
		if err != nil {
			return nil, err
		}
		b.WriteString("---\n")
		b.WriteString(s)
		lines = append(lines, d.Content[0].Line)
	}
	l, err := ParseStream([]byte(b.String()))
	if err == nil && len(l.items) != len(lines) {
		err = errors.New("the stream cannot be told apart into documents; write --- between them")
	}
	if err != nil {
		return nil, err
	}
	for i, it := range l.items {
		it.line = lines[i]
	}
	return l, nil
}
