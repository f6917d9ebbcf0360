package resourcelist

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What follows changes the text of an item. Each gives the texts that may be the
// wanted one, the likeliest first, and none where it knows no place: [Keys.become]
// holds them against what is wanted.

// withKey is the text with the key.
func (k *Keys) withKey(path []string, value *yaml.Node) []string {
	e := entryOf{n: k.root}
	for i, step := range path {
		_, isItem := selected(step)
		if len(e.n.Content) == 0 || isItem != (e.n.Kind == yaml.SequenceNode) {
			return k.filled(e, nested(path[i:], value))
		}
		at := stepIndex(e.n, step)
		if at < 0 {
			return k.inserted(e, nested(path[i:], value))
		}
		e = e.entry(at)
	}
	return k.replaced(e, value)
}

// entryOf is a value with what it stands in: a key of a mapping, or a list.
type entryOf struct {
	n, key, around *yaml.Node
}

func (e entryOf) entry(at int) entryOf {
	if e.n.Kind == yaml.MappingNode {
		return entryOf{e.n.Content[at+1], e.n.Content[at], e.n}
	}
	return entryOf{n: e.n.Content[at], around: e.n}
}

// isQuoted tells whether what begins with a node is JSON, as far as it shows.
func isQuoted(n *yaml.Node) bool {
	for len(n.Content) > 0 {
		n = n.Content[0]
	}
	return n.Style&yaml.DoubleQuotedStyle != 0
}

func isFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// inserted puts an entry where [newPlace] says. In a block mapping that is right
// below its key, above what may be the comment of its first entry.
func (k *Keys) inserted(e entryOf, entry *yaml.Node) []string {
	n := e.n
	first, last := n.Content[0], n.Content[len(n.Content)-1]
	switch {
	case n.Kind == yaml.SequenceNode && isFlow(n):
		flow, ok := k.flow(entry, isQuoted(first))
		if !ok {
			return nil
		}
		var all []string
		from := k.offset(last.Line, last.Column)
		for _, end := range k.ends(from, "]") {
			all = append(all, k.text[:end]+", "+flow+k.text[end:])
		}
		return all
	case n.Kind == yaml.SequenceNode:
		return k.between(k.end(n.Column, entryOf{n: last}), 0, n.Column-1, entry)
	case isFlow(n):
		flow, ok := k.flow(entry, isQuoted(first))
		if !ok {
			return nil
		}
		at := k.offset(first.Line, first.Column)
		return []string{k.text[:at] + flow + ", " + k.text[at:]}
	case e.key != nil:
		return k.between(e.key.Line, 0, first.Column-1, entry)
	case e.around != nil:
		return k.between(k.end(first.Column, e.entry(0)), 0, first.Column-1, entry)
	}
	return k.between(k.end(first.Column, e.entry(len(n.Content)-2)), 0, first.Column-1, entry)
}

// filled puts an entry at a key whose value is empty or not there.
func (k *Keys) filled(e entryOf, entry *yaml.Node) []string {
	switch {
	case e.key == nil:
		return nil
	case e.n.Kind != yaml.ScalarNode:
		flow, ok := k.flow(entry, isQuoted(e.key))
		if !ok {
			return nil
		}
		at := k.offset(e.n.Line, e.n.Column) + len("{")
		return []string{k.text[:at] + flow + k.text[at:]}
	case e.n.Value != "":
		return nil // null, or ~
	case entry.Kind == yaml.SequenceNode && !k.lay.inset:
		return k.between(e.key.Line, 0, e.key.Column-1, entry)
	}
	return k.between(e.key.Line, 0, e.key.Column-1+max(k.lay.step, 2), entry)
}

// between puts an entry behind a line, in the place of the next cut ones.
func (k *Keys) between(line, cut, indent int, entry *yaml.Node) []string {
	text, err := encodeAs(entry, k.lay)
	if err != nil {
		return nil
	}
	lines := strings.SplitAfter(k.text, "\n")
	if line > 0 && !strings.HasSuffix(lines[line-1], "\n") {
		lines[line-1] += "\n"
	}
	return []string{strings.Join(slices.Replace(lines, line, line+cut, indented(text, indent)), "")}
}

// flow is the inside of an entry as it stands in a flow mapping or list; in JSON
// everything has quotes.
func (k *Keys) flow(entry *yaml.Node, quotes bool) (string, bool) {
	c := clone(entry)
	var style func(*yaml.Node)
	style = func(n *yaml.Node) {
		switch {
		case n.Kind != yaml.ScalarNode:
			n.Style = yaml.FlowStyle
		case n.ShortTag() == "!!str" && (quotes || n.Style != 0):
			n.Style = yaml.DoubleQuotedStyle
		}
		for _, c := range n.Content {
			style(c)
		}
	}
	style(c)
	text, err := encodeAs(c, layout{step: 2})
	text = strings.TrimSuffix(text, "\n")
	if err != nil || strings.Contains(text, "\n") || len(text) < 2 {
		return "", false
	}
	return text[1 : len(text)-1], true
}

// replaced puts a value in the place of another one: a scalar in its line, and all
// else in the lines or between the brackets of the other.
func (k *Keys) replaced(e entryOf, value *yaml.Node) []string {
	if e.around == nil {
		return nil
	}
	if e.n.Kind == yaml.ScalarNode && value.Kind == yaml.ScalarNode {
		if all := k.rewritten(e.n, value); all != nil {
			return all
		}
	}
	switch {
	case isFlow(e.around):
		text, ok := k.flow(&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{value}}, isQuoted(e.around.Content[0]))
		if !ok {
			return nil
		}
		var all []string
		from := k.offset(e.n.Line, e.n.Column)
		for _, end := range k.ends(from, ",]}") {
			all = append(all, k.text[:from]+text+k.text[end:], k.text[:from]+text+k.text[end+1:])
		}
		return all
	case e.key == nil:
		from := k.dash(e)
		whole := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{value}}
		return k.between(from-1, k.end(e.around.Column, e)-from+1, e.around.Column-1, whole)
	}
	whole := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{bare(e.key), value}}
	return k.between(e.key.Line-1, k.end(e.key.Column, e)-e.key.Line+1, e.key.Column-1, whole)
}

// bare is a key without its comments, whose lines are not replaced.
func bare(key *yaml.Node) *yaml.Node {
	c := *key
	c.HeadComment, c.LineComment, c.FootComment = "", "", ""
	return &c
}

// rewritten puts a scalar in the place of another one in the same line.
func (k *Keys) rewritten(n, value *yaml.Node) []string {
	text, err := encodeAs(value, layout{step: 2})
	text = strings.TrimSuffix(text, "\n")
	if err != nil || strings.Contains(text, "\n") {
		return nil
	}
	length := len(n.Value)
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		length += 2 // with an escape in it the result is not what is wanted
	}
	from := k.offset(n.Line, n.Column)
	if from+length > len(k.text) {
		return nil
	}
	quoted := text // in a flow mapping a comma would end it
	if value.ShortTag() == "!!str" && !strings.ContainsAny(text, `'"`) {
		quoted = "'" + text + "'"
	}
	return []string{k.text[:from] + text + k.text[from+length:], k.text[:from] + quoted + k.text[from+length:]}
}

// withoutKey is the text without the key or item.
func (k *Keys) withoutKey(path []string) []string {
	e := entryOf{n: k.root}
	for _, step := range path[:len(path)-1] {
		at := stepIndex(e.n, step)
		if at < 0 {
			return nil
		}
		e = e.entry(at)
	}
	at := stepIndex(e.n, path[len(path)-1])
	if at < 0 {
		return nil
	}
	head, gone := e.n.Content[at], e.entry(at)
	var next *yaml.Node
	if at+width(e.n) < len(e.n.Content) {
		next = e.n.Content[at+width(e.n)]
	}
	switch {
	case isFlow(e.n):
		return k.cut(head, next)
	case gone.key == nil:
		return k.without(k.dash(gone), k.end(e.n.Column, gone))
	}
	end := k.end(head.Column, gone)
	if e.key == nil && e.around != nil && at == 0 && next != nil && next.Line == end+1 {
		// It shares its line with the dash of its list.
		return []string{k.text[:k.offset(head.Line, head.Column)] + k.text[k.offset(next.Line, next.Column):]}
	}
	return k.without(head.Line, end)
}

// without is the text without some lines, the first and the last included.
func (k *Keys) without(from, to int) []string {
	lines := strings.SplitAfter(k.text, "\n")
	return []string{strings.Join(slices.Delete(lines, from-1, to), "")}
}

// cut takes an entry out of a flow mapping or list.
func (k *Keys) cut(head, next *yaml.Node) []string {
	from := k.offset(head.Line, head.Column)
	if next != nil {
		return []string{k.text[:from] + k.text[k.offset(next.Line, next.Column):]}
	}
	before := strings.TrimRight(k.text[:from], " \t\n")
	if strings.HasSuffix(before, ",") {
		from = len(before) - 1
	}
	var all []string
	for _, end := range k.ends(from, "]}") {
		all = append(all, k.text[:from]+k.text[end:])
	}
	return all
}

// mostEnds bounds how many brackets are tried for the end of a value.
const mostEnds = 200

// ends are the places of brackets and commas behind a place. One in a text or a
// comment is among them.
func (k *Keys) ends(from int, of string) []int {
	var all []int
	for at := from; at < len(k.text) && len(all) < mostEnds; at++ {
		if strings.IndexByte(of, k.text[at]) >= 0 {
			all = append(all, at)
		}
	}
	return all
}

// offset is a place of the text; yaml.v3 counts columns in characters.
func (k *Keys) offset(line, column int) int {
	at := 0
	for ; line > 1; line-- {
		n := strings.IndexByte(k.text[at:], '\n')
		if n < 0 {
			return len(k.text)
		}
		at += n + 1
	}
	for i := range k.text[at:] {
		if column--; column == 0 {
			return at + i
		}
	}
	return len(k.text)
}

// dash is the line on which the dash of a list's item stands.
func (k *Keys) dash(e entryOf) int {
	lines := strings.SplitAfter(k.text, "\n")
	for line := e.n.Line; line > 1; line-- {
		if rest := strings.TrimLeft(lines[line-1], " "); strings.HasPrefix(rest, "-") && len(lines[line-1])-len(rest) == e.around.Column-1 {
			return line
		}
	}
	return e.n.Line
}

// end is the last line of an entry whose key or dash stands in a column.
func (k *Keys) end(column int, e entryOf) int {
	lines := strings.SplitAfter(k.text, "\n")
	least := lastLine(e.n)
	if e.key != nil {
		least = max(least, e.key.Line)
	}
	end := least
	for end < len(lines) && deeper(lines[end], column-1) {
		end++
	}
	for end > least && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	return end
}

// lastLine is the last line on which a node of a tree begins.
func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, c := range n.Content {
		last = max(last, lastLine(c))
	}
	return last
}

// deeper tells whether a line belongs to a key that is indented so.
func deeper(line string, indent int) bool {
	rest := strings.TrimLeft(line, " ")
	return strings.TrimSpace(rest) == "" || len(line)-len(rest) > indent
}
