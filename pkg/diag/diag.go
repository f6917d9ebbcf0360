// Package diag says what is wrong with a document, and where.
//
// Every stage of rendering reports into a [List] with paths; the host that read
// the bytes turns paths into file:line:col once, at the end, with [List.Locate].
// A Diagnostic is flat and comparable on purpose: two runs can be compared with
// ==, and a golden file shows all there is.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Severity says what a host does with a diagnostic: an error stops rendering,
// the others do not.
type Severity int

const (
	// Error stops rendering: no object is returned when a list holds one.
	Error Severity = iota
	// Warning is something that is allowed and probably not meant.
	Warning
	// Info is something the author may want to know and need not change.
	Info
)

// String is the word that messages and KRM results use: error, warning, info.
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Info:
		return "info"
	default:
		return "error"
	}
}

// Pos is a place in a file. Line and Col count from 1; Line 0 means that the
// place is not known (a document built in Go, or one that a host re-wrote on its
// way to us), and then only File, if any, is worth printing.
type Pos struct {
	File      string
	Line, Col int
}

// String is file:line:col, as compilers print it and editors parse it.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Col)
}

// Diagnostic is one thing to say about one place. Message is lower case, says
// what is wrong and then what would be right, and does not repeat the path.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Path     Path
	Pos      Pos
	Message  string
}

// String is the line that the command line prints:
// file:line:col: severity CODE: path: message.
func (d Diagnostic) String() string {
	var b strings.Builder
	if pos := d.Pos.String(); pos != "" {
		b.WriteString(pos)
		b.WriteString(": ")
	}
	b.WriteString(d.Severity.String())
	b.WriteByte(' ')
	b.WriteString(string(d.Code))
	b.WriteString(": ")
	if path := d.Path.String(); path != "" {
		b.WriteString(path)
		b.WriteString(": ")
	}
	b.WriteString(d.Message)
	return b.String()
}

// List is what a stage has to say; nil is success.
type List []Diagnostic

// Errorf adds an error about the place p.
func (l *List) Errorf(c Code, p Path, format string, args ...any) {
	l.add(c, Error, p, format, args)
}

// Warnf adds a warning about the place p.
func (l *List) Warnf(c Code, p Path, format string, args ...any) {
	l.add(c, Warning, p, format, args)
}

// Infof adds an information about the place p.
func (l *List) Infof(c Code, p Path, format string, args ...any) {
	l.add(c, Info, p, format, args)
}

func (l *List) add(c Code, s Severity, p Path, format string, args []any) {
	*l = append(*l, Diagnostic{Code: c, Severity: s, Path: p, Message: fmt.Sprintf(format, args...)})
}

// HasErrors tells whether anything in the list stops rendering.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Locate fills in positions, sorts by them and drops what is said twice. It is
// the only place where diagnostics are sorted, so every host prints one order.
// A diagnostic that has a position already keeps it.
func (l List) Locate(pos func(Path) Pos) List {
	for i := range l {
		if l[i].Pos == (Pos{}) {
			l[i].Pos = pos(l[i].Path)
		}
	}
	slices.SortStableFunc(l, compare)
	return slices.Compact(l)
}

// compare orders by document, then place, so that the faults of one file stand
// together in the order in which a reader meets them.
func compare(a, b Diagnostic) int {
	if place := cmp.Or(
		cmp.Compare(a.Path.doc, b.Path.doc),
		cmp.Compare(a.Pos.File, b.Pos.File),
		cmp.Compare(a.Pos.Line, b.Pos.Line),
		cmp.Compare(a.Pos.Col, b.Pos.Col),
		cmp.Compare(a.Severity, b.Severity),
	); place != 0 {
		return place
	}
	return cmp.Or(
		cmp.Compare(a.Path.String(), b.Path.String()),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Message, b.Message),
	)
}
