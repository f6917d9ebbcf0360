package resourcelist

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// List is a ResourceList or a stream of documents: its text, its items, and what
// is to become of them.
type List struct {
	src     string
	stream  bool
	newline string
	items   []*Item // also those removed; added ones at the end
	config  *Item
	changed bool

	// Places in src. Where nothing has to be found they are 0.
	keyEnd, valueEnd int  // behind "items:" and behind its [] or null; keyEnd is -1 without the key
	block            bool // the items stand below their key
	dash             int  // the column of their dashes
	insert           int  // where an item can be added
	end              int  // behind the last content

	results                *yaml.Node
	resultsFrom, resultsTo int
	added                  []*yaml.Node // results
	addedText              string
}

// Parse reads a ResourceList, the input of a KRM function, in YAML or JSON.
func Parse(src []byte) (*List, error) {
	text, err := input(src)
	if err != nil {
		return nil, err
	}
	if odd(text) {
		return rewrite(text)
	}
	spans := slices.DeleteFunc(documents(text), func(s span) bool { return s.empty(text) })
	switch len(spans) {
	case 0:
		return nil, errEmpty
	case 1:
	default:
		return nil, tooMany(len(spans))
	}
	l, err := split(text, spans[0])
	if errors.Is(err, errUnsure) && len(text) > MaxParsed {
		return nil, tooLong(text, err)
	}
	if errors.Is(err, errUnsure) {
		return rewrite(text)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

var errEmpty = errors.New("the input is empty; a function reads a ResourceList")

func tooMany(n int) error {
	return fmt.Errorf("the input holds %d documents; a ResourceList is one", n)
}

// versions are those of the ResourceList that clients send: the ones before v1
// have the same fields.
var versions = []string{"config.kubernetes.io/v1", "config.kubernetes.io/v1beta1", "config.kubernetes.io/v1alpha1"}

func (l *List) check(root *yaml.Node) error {
	for _, key := range []string{"items", "functionConfig", "results"} {
		if _, twice := child(root, key); twice {
			return fmt.Errorf("%s is written twice; write it once", key)
		}
	}
	var f found
	if err := f.identify(root); err != nil {
		return err
	}
	if f.kind != "ResourceList" {
		return fmt.Errorf("the input is %s; want kind: ResourceList", orNone("kind", f.kind))
	}
	if !slices.Contains(versions, f.apiVersion) {
		return fmt.Errorf("the ResourceList has %s; want %s", orNone("apiVersion", f.apiVersion), versions[0])
	}
	return nil
}

func orNone(field, s string) string {
	if s == "" {
		return "without " + field
	}
	return field + ": " + s
}

// Items gives the items in their order, without those removed, with those
// added at the end. The slice is the caller's.
func (l *List) Items() []*Item {
	all := make([]*Item, 0, len(l.items))
	for _, it := range l.items {
		if !it.removed {
			all = append(all, it)
		}
	}
	return all
}

// FunctionConfig gives the functionConfig; nil when it is absent or null, and
// in a stream.
func (l *List) FunctionConfig() *Item { return l.config }

// Results gives the results that came with the list; nil when there are none.
// They are not the caller's to change.
func (l *List) Results() *yaml.Node { return l.results }

// Bytes gives the input back with the changes made: the text of all that was
// not changed is the one that was read.
func (l *List) Bytes() []byte {
	if !l.changed {
		return []byte(l.src)
	}
	var cuts []splice
	for _, it := range l.items {
		if !it.added && (it.changed || it.removed) {
			cuts = append(cuts, splice{from: it.from, to: it.to, text: it.current()})
		}
	}
	if l.stream {
		for _, it := range l.items {
			cuts = append(cuts, splice{len(l.src), len(l.src), it.addition(), true})
		}
		return apply(l.src, cuts)
	}
	if l.resultsTo > 0 {
		// Both may be put at the end: what is added to the section results has to
		// come before a new section items.
		cuts = append(cuts, l.resultsSplice())
		cuts = append(cuts, l.additions()...)
	} else {
		cuts = append(cuts, l.additions()...)
		cuts = append(cuts, l.resultsSplice())
	}
	slices.SortStableFunc(cuts, func(a, b splice) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	return apply(l.src, cuts)
}

// current is the text of an item that was there, as it is now.
func (it *Item) current() string {
	if it.removed {
		return ""
	}
	return it.head + it.text
}

// addition is the text of an item that was not there.
func (it *Item) addition() string {
	if !it.added || it.removed {
		return ""
	}
	return it.head + it.text
}

// additions puts the added items behind the others, and keeps the key items
// right when the first one comes or the last one goes.
func (l *List) additions() []splice {
	var b strings.Builder
	left := false
	for _, it := range l.items {
		b.WriteString(it.addition())
		left = left || !it.removed
	}
	switch text := b.String(); {
	case l.block && !left:
		return []splice{{from: l.keyEnd, to: l.keyEnd, text: " []"}}
	case text == "":
		return nil
	case l.keyEnd < 0:
		return []splice{{l.end, l.end, "items:" + l.newline + text, true}}
	default:
		return []splice{{from: l.keyEnd, to: l.valueEnd}, {l.insert, l.insert, text, true}}
	}
}

// splice is a piece of the text with what takes its place.
type splice struct {
	from, to int
	text     string
	fresh    bool // has to begin on a line of its own, also behind a text without a last line break
}

// apply makes the splices, which are in order.
func apply(src string, cuts []splice) []byte {
	size := len(src)
	for _, c := range cuts {
		size += len(c.text) + 1
	}
	out, pos := make([]byte, 0, size), 0
	for _, c := range cuts {
		out = append(out, src[pos:c.from]...)
		pos = c.to
		if n := len(out); c.fresh && c.text != "" && n > 0 && out[n-1] != '\n' {
			out = append(out, '\n')
		}
		out = append(out, c.text...)
	}
	return append(out, src[pos:]...)
}
