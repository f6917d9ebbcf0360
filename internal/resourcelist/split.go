package resourcelist

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// errUnsure says that only a parser can tell how the text is to be split.
var errUnsure = errors.New("not split")

// section is one key of the list with what stands below it.
type section struct {
	key      string
	from, to int // from its line to the last one with content of its own
	colon    int // behind the colon
}

// splitter splits one document into its sections and the items.
type splitter struct {
	reader
	span     span
	list     *List
	sections []section
	slab     []Item // items are made by the hundred
	line     int    // the line at counted
	counted  int
}

// split finds the items of a list in block form. It believes the reader only
// about items the reader understood; all the rest is parsed, and has to agree
// with how it was split.
func split(src string, sp span) (*List, error) {
	s := &splitter{reader: reader{src: src, pos: sp.content, limit: sp.end}, span: sp, line: 1}
	s.list = &List{src: src, newline: newlineOf(src), keyEnd: -1, insert: -1}
	for s.pos < s.limit {
		l := s.reader.line(s.pos)
		if l.blank() || l.comment(src) {
			s.pos = l.next
			continue
		}
		if err := s.section(l); err != nil {
			return nil, err
		}
	}
	if err := s.frame(); err != nil {
		return nil, err
	}
	return s.list, s.lastLine()
}

// section reads the section whose key stands on the line l.
func (s *splitter) section(l line) error {
	if l.indent() != 0 {
		return errUnsure
	}
	key, _, ok := plainPair(s.src[l.text:l.end])
	if !ok {
		return errUnsure
	}
	sec := section{key: key, from: l.start}
	sec.colon = l.text + len(key) + strings.IndexByte(s.src[l.text+len(key):l.end], ':') + 1
	if key == "items" {
		if s.list.keyEnd >= 0 {
			return errors.New("items is written twice; a ResourceList has one list of items")
		}
		if err := s.items(&sec, l); err != nil {
			return err
		}
	} else {
		s.begin(l.start, 0, true, frame{-1, true}, frame{0, false})
		if !s.read() {
			s.pass(l.start)
		}
		sec.to = s.last
	}
	s.sections = append(s.sections, sec)
	s.list.end = sec.to
	return nil
}

// items reads the list of items: nothing, null or [] behind the key, or entries
// below it.
func (s *splitter) items(sec *section, l line) error {
	list := s.list
	list.keyEnd, list.valueEnd, list.insert = sec.colon, sec.colon, l.next
	sec.to = l.next
	rest := strings.TrimLeft(s.src[sec.colon:l.end], " ")
	if rest != "" && rest[0] != '#' {
		val, comment, _ := strings.Cut(rest, " ")
		if comment = strings.TrimLeft(comment, " "); comment != "" && comment[0] != '#' {
			return errUnsure
		}
		if val != "[]" && val != "null" && val != "~" {
			return errUnsure
		}
		list.valueEnd = l.end - len(rest) + len(val)
		s.pos = l.next
		return nil
	}
	s.pos = l.next
	first, ok := s.content(l.next)
	if !ok || !first.dash(s.src) {
		return nil
	}
	list.dash = first.indent()
	for l, ok := first, true; ok && l.indent() == list.dash && l.dash(s.src); l, ok = s.content(s.pos) {
		if err := s.item(l); err != nil {
			return err
		}
		if len(list.items) > MaxItems {
			return errItems
		}
	}
	list.block = true
	list.insert, sec.to = s.last, s.last
	return nil
}

// content finds the next line with content.
func (s *splitter) content(pos int) (line, bool) {
	for pos < s.limit {
		l := s.reader.line(pos)
		if !l.blank() && !l.comment(s.src) {
			return l, true
		}
		pos = l.next
	}
	return line{}, false
}

// item reads the item whose dash stands on the line l.
func (s *splitter) item(l line) error {
	it := s.next()
	it.dash, it.from = l.indent(), s.list.insert
	s.begin(l.start, it.dash, false, frame{it.dash, true})
	sure := s.read()
	if !sure {
		s.pass(l.start)
		s.column = columnBehindDash(s.src[l.text:l.end], it.dash)
	}
	it.found, it.to = s.found, s.last
	it.head, it.text = s.src[it.from:l.start], s.src[l.start:s.last]
	it.line = s.lineOf(l.start)
	s.list.insert = s.last
	s.list.items = append(s.list.items, it)
	marked := marksDocument(it.text, s.column)
	if sure && !s.doubt && !marked {
		if s.metaFrom > 0 && !s.metaWrapped {
			it.meta = s.src[s.metaFrom:s.metaTo]
		}
		return nil
	}
	tree, err := single(it.text)
	if err != nil {
		return fmt.Errorf("%w: items[%d], %w", errUnsure, len(s.list.items)-1, documentError(err, it.text, it.line))
	}
	if err := it.settle(tree, !sure || marked); err != nil {
		return fmt.Errorf("items[%d], %w", len(s.list.items)-1, err)
	}
	return nil
}

// marksDocument says whether a line of an entry would end the document if the
// entry stood alone, with column moved to 0: a key or text that begins so.
func marksDocument(text string, column int) bool {
	if !strings.Contains(text, "---") && !strings.Contains(text, "...") {
		return false
	}
	for l := range strings.Lines(text) {
		if len(l) > column && isMarker(l[column:]) {
			return true
		}
	}
	return false
}

// columnBehindDash is where the content of an entry begins, when it begins on
// the line of its dash.
func columnBehindDash(s string, dash int) int {
	rest := strings.TrimLeft(s[1:], " ")
	if rest == "" || rest[0] == '#' {
		return dash + 2
	}
	return dash + len(s) - len(rest)
}

func (s *splitter) next() *Item {
	if len(s.slab) == 0 {
		s.slab = make([]Item, min(256, 16+2*len(s.list.items)))
	}
	it := &s.slab[0]
	s.slab = s.slab[1:]
	return it
}

func (s *splitter) lineOf(pos int) int {
	s.line += strings.Count(s.src[s.counted:pos], "\n")
	s.counted = pos
	return s.line
}

// frame parses what is not in an item, and checks that the parser finds the
// keys where the splitter found them.
func (s *splitter) frame() error {
	cutFrom, cutTo := s.span.to, s.span.to
	if n := len(s.list.items); n > 0 {
		cutFrom, cutTo = s.list.items[0].from, s.list.items[n-1].to
	}
	text := s.src[s.span.from:cutFrom] + s.src[cutTo:s.span.to]
	root, err := parseOne(text)
	if err != nil || root.Kind != yaml.MappingNode || len(root.Content) != 2*len(s.sections) {
		return errUnsure
	}
	for i, sec := range s.sections {
		at := sec.from
		if at >= cutTo {
			at -= cutTo - cutFrom
		}
		k := root.Content[2*i]
		if k.Value != sec.key || k.Column != 1 || k.Line != 1+strings.Count(text[:at-s.span.from], "\n") {
			return errUnsure
		}
	}
	if err := s.list.check(root); err != nil {
		return err
	}
	return s.fields(root)
}

// fields takes functionConfig and results from the parsed frame.
func (s *splitter) fields(root *yaml.Node) error {
	for i, sec := range s.sections {
		key, val := root.Content[2*i], root.Content[2*i+1]
		switch sec.key {
		case "functionConfig":
			it, err := s.config(sec, key, val)
			if err != nil {
				return err
			}
			s.list.config = it
		case "results":
			if val.Kind == yaml.AliasNode {
				return errUnsure
			}
			if val.Kind != yaml.SequenceNode && val.ShortTag() != "!!null" {
				return errors.New("results is no list; write a list, or leave it out")
			}
			s.list.results = val
			s.list.resultsFrom, s.list.resultsTo = sec.from, sec.to
		}
	}
	return nil
}

// config makes an item of the functionConfig.
func (s *splitter) config(sec section, key, val *yaml.Node) (*Item, error) {
	if val.Kind == yaml.AliasNode {
		return nil, errUnsure // rewrite puts in its place what it stands for
	}
	if val.ShortTag() == "!!null" {
		return nil, nil
	}
	if val.Kind != yaml.MappingNode {
		return nil, errors.New("functionConfig is no object; write one with apiVersion, kind and metadata")
	}
	tree, err := expand(val, false)
	if err != nil {
		return nil, err
	}
	it := &Item{form: value, anew: true, line: 1 + strings.Count(s.src[:sec.from], "\n")}
	if val.Line > key.Line {
		l := s.reader.line(sec.from)
		it.line++
		it.text, it.column, it.anew = s.src[l.next:sec.to], val.Column-1, false
	}
	if err := it.settle(tree, true); err != nil {
		return nil, fmt.Errorf("functionConfig, %w", err)
	}
	return it, nil
}

// lastLine sees to a text that ends without a line break: something may be put
// behind it, and a block scalar at its end must not gain a line break by that.
func (s *splitter) lastLine() error {
	if strings.HasSuffix(s.src, "\n") || s.list.end < len(s.src) || len(s.sections) == 0 {
		return nil
	}
	last := s.src[s.sections[len(s.sections)-1].from:]
	if n := len(s.list.items); n > 0 && s.list.items[n-1].to == len(s.src) {
		last = s.list.items[n-1].text
	}
	if !indifferent(last) {
		return errUnsure
	}
	return nil
}

// indifferent says whether text means the same with a line break behind it.
func indifferent(text string) bool {
	a, err := parseOne(text)
	if err != nil {
		return false
	}
	b, err := parseOne(text + "\n")
	return err == nil && sameTree(a, b)
}

func newlineOf(src string) string {
	if n := strings.IndexByte(src, '\n'); n > 0 && src[n-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
