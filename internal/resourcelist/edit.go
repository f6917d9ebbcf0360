package resourcelist

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Replace puts an object in the place of an item: indented as the item was, its
// lists too, and behind the comments that stood in front of it.
func (l *List) Replace(it *Item, node *yaml.Node) error {
	text, err := encode(node, it.layout())
	if err != nil {
		return err
	}
	return l.ReplaceText(it, text)
}

// ReplaceText puts a document in the place of an item, as [List.Replace] does an
// object, and keeps how it is written.
func (l *List) ReplaceText(it *Item, text string) error {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	tree, err := parseOne(text)
	if err != nil {
		return err
	}
	var f found
	if err := f.identify(tree); err != nil {
		return err
	}
	f.step, f.seqInset = it.step, it.seqInset
	text = strings.ReplaceAll(text, "\n", l.newline)
	switch it.form {
	case entry:
		// kpt writes what stands in front of an object behind the dash, and doubles it
		// when it comes back in front of it.
		behind := strings.HasPrefix(strings.TrimLeft(it.text, " "), "- #")
		var head string
		head, it.text = entryText(text, it.dash, behind)
		it.head += head
		f.column = it.dash + 2
	case document:
		begin, end := "---\n", ""
		switch {
		case it.contentEnd > 0:
			begin, end = it.text[:it.content], it.text[it.contentEnd:]
		case marks(text), it.from == 0 && !strings.Contains("\n"+it.text, "\n---"):
			begin = "" // it has its mark, or needs none in front of the first document
		}
		it.content, it.contentEnd = len(begin), len(begin)+len(text)
		it.text = begin + text + end
	default:
		return errors.New("the functionConfig is the client's; it cannot be replaced")
	}
	it.found, it.parsed, it.anew, it.meta = f, onlyMetadata(tree), false, ""
	it.changed, l.changed = true, true
	return nil
}

// marks tells whether a text begins with a mark of a document, or a directive.
func marks(text string) bool { return strings.HasPrefix(text, "---") || strings.HasPrefix(text, "%") }

// Remove takes an item out, with the comments in front of it.
func (l *List) Remove(it *Item) {
	it.removed, l.changed = true, true
}

// Append adds an object at the end of the items. The document is kept as it is
// written, only indented as the list is.
func (l *List) Append(doc []byte) (*Item, error) {
	one, err := ParseStream(doc)
	if err != nil {
		return nil, err
	}
	if len(one.items) != 1 {
		return nil, fmt.Errorf("%d documents to append; append one at a time", len(one.items))
	}
	it := one.items[0]
	text, err := it.mapping()
	if err != nil {
		return nil, err
	}
	it.added, it.changed, l.changed = true, true, true
	it.line = 0
	if it.layoutUnknown() && len(l.items) > 0 {
		it.step, it.seqInset = l.items[0].step, l.items[0].seqInset
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", l.newline)
	if l.stream {
		begin := "---" + l.newline
		it.text, it.content, it.contentEnd = begin+text, len(begin), len(begin)+len(text)
	} else {
		it.form, it.dash, it.column, it.meta = entry, l.dash, l.dash+2, ""
		it.head, it.text = entryText(text, it.dash, false)
	}
	l.items = append(l.items, it)
	return it, nil
}

func (f *found) layoutUnknown() bool { return f.step == 0 && !f.seqKnown }

// mapping is the text of a document as a block mapping at column 0, with a line
// break at its end.
func (it *Item) mapping() (string, error) {
	if it.contentEnd > 0 {
		text := it.text[it.content:it.contentEnd]
		if !strings.HasSuffix(text, "\n") {
			text += "\n" // lastLine has seen to it that this says the same
		}
		return text, nil
	}
	n, err := parseOne(it.text)
	if err != nil {
		return "", err
	}
	if n.Kind != yaml.MappingNode {
		return "", errors.New("what is appended is no object; write one with apiVersion, kind and metadata")
	}
	if n, err = expand(n, false); err != nil {
		return "", err
	}
	n.Style, n.Tag = 0, ""
	return encode(n, it.layout())
}

// entryText makes an entry of a list of a document at column 0: the comments in
// front of its first key, unless they are to stand behind the dash, and the entry from
// its dash on.
func entryText(doc string, dash int, behind bool) (head, text string) {
	var b strings.Builder
	b.Grow(len(doc) + len(doc)/4)
	margin := strings.Repeat(" ", dash)
	for l := range strings.Lines(doc) {
		switch empty := strings.TrimRight(l, "\r\n") == ""; {
		case text == "" && !behind && remark(l):
			if !empty {
				head += margin + strings.TrimLeft(l, " ")
			}
			continue
		case text == "":
			text = "begun"
			b.WriteString(margin)
			b.WriteString("- ")
		case !empty:
			b.WriteString(margin)
			b.WriteString("  ")
		}
		b.WriteString(l)
	}
	return head, b.String()
}

// AppendResults adds what the function has to say, a list as the specification
// of KRM functions has it, behind the results of those that ran before.
func (l *List) AppendResults(results *yaml.Node) error {
	switch {
	case l.stream:
		return errors.New("a stream of documents has no results; write them to another place")
	case results.Kind != yaml.SequenceNode:
		return errors.New("results are a list")
	case len(results.Content) == 0:
		return nil
	}
	all, prior := slices.Concat(l.added, results.Content), l.results
	margin := 0
	if prior != nil && prior.Kind == yaml.SequenceNode && len(prior.Content) > 0 {
		if prior.Style&yaml.FlowStyle == 0 && prior.Anchor == "" {
			margin = prior.Column - 1
		} else {
			all = slices.Concat(prior.Content, all)
			prior = nil
		}
	} else {
		prior = nil
	}
	whole, err := expand(&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: all}, false)
	if err != nil {
		return err
	}
	text, err := encode(whole, layout{step: 2})
	if err != nil {
		return err
	}
	if prior == nil {
		text = "results:\n" + text
	} else {
		text = indented(text, margin)
		l.resultsFrom = l.resultsTo
	}
	l.added = slices.Concat(l.added, results.Content)
	l.addedText = strings.ReplaceAll(text, "\n", l.newline)
	l.changed = true
	return nil
}

func indented(text string, margin int) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if l != "\n" {
			b.WriteString(strings.Repeat(" ", margin))
		}
		b.WriteString(l)
	}
	return b.String()
}

// resultsSplice puts the results where they were, else at the end.
func (l *List) resultsSplice() splice {
	switch {
	case l.addedText == "":
		return splice{from: l.end, to: l.end}
	case l.resultsTo == 0:
		return splice{l.end, l.end, l.addedText, true}
	default:
		return splice{l.resultsFrom, l.resultsTo, l.addedText, true}
	}
}
