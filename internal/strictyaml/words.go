package strictyaml

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Word is one word of a struct type, for what describes the vocabulary: schemas
// and pages.
type Word struct {
	Name string
	// Owner is the struct that declares the field; it differs from the asked one
	// where that is inlined.
	Owner reflect.Type
	Field reflect.StructField
	// One lets a single item stand without its list; at a mapping the lists are its
	// values. Ones are lists of the message that the field holds.
	One  bool
	Ones []string
	// Bare lets a number stand for text.
	Bare bool
}

// Words are the words that Decode takes for a struct type, in the order of its
// fields.
func Words(t reflect.Type) []Word {
	vocabulary := vocabulary(t)
	all := make([]Word, 0, len(vocabulary.written))
	for _, name := range vocabulary.written {
		f := vocabulary.fields[name]
		owner := t
		if n := len(f.index) - 1; n > 0 {
			owner = t.FieldByIndex(f.index[:n]).Type
		}
		all = append(all, Word{
			Name: name, Owner: owner, Field: t.FieldByIndex(f.index),
			One: f.options.one, Ones: slices.Clone(f.options.ones), Bare: f.options.bare,
		})
	}
	return all
}

// words is the vocabulary of one struct type.
type words struct {
	fields    map[string]field
	written   []string // names of the fields, in their order
	later     []string
	elsewhere map[string]string
	names     []string // written and later: what a misspelt word may mean
}

type field struct {
	index   []int
	options options
}

// vocabularies holds one *words per struct type, which never changes.
var vocabularies sync.Map

func vocabulary(t reflect.Type) *words {
	if w, ok := vocabularies.Load(t); ok {
		return w.(*words)
	}
	w := &words{fields: map[string]field{}, elsewhere: map[string]string{}}
	w.collect(t, nil)
	w.names = append(append(w.names, w.written...), w.later...)
	actual, _ := vocabularies.LoadOrStore(t, w)
	return actual.(*words)
}

// collect adds the words of t, whose fields lie below index in the outer type.
// What the outer type says of a word wins over an inlined one.
func (w *words) collect(t reflect.Type, index []int) {
	zero := reflect.New(t).Elem().Interface()
	if e, ok := zero.(elsewhere); ok {
		for word, text := range e.Elsewhere() {
			if _, said := w.elsewhere[word]; !said {
				w.elsewhere[word] = text
			}
		}
	}
	if l, ok := zero.(later); ok {
		w.later = append(w.later, l.Later()...)
	}
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(append([]int{}, index...), i)
		name, inline, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if inline != "" {
			w.collect(f.Type, at)
			continue
		}
		if _, refused := w.elsewhere[name]; refused {
			continue
		}
		w.fields[name] = field{at, optionsOf(f.Tag.Get("mesh"))}
		w.written = append(w.written, name)
	}
}

// optionsOf reads a mesh tag: one, bare, and one=FIELD for a list of the message
// that the field holds.
func optionsOf(tag string) options {
	var o options
	for word := range strings.SplitSeq(tag, ",") {
		switch field, inside := strings.CutPrefix(word, "one="); {
		case inside:
			o.ones = append(o.ones, field)
		case word == "one":
			o.one = true
		case word == "bare":
			o.bare = true
		}
	}
	return o
}
