// Package strictyaml turns one YAML document into a Go value, strictly: every
// fault is reported with its path, all in one run, and nothing is guessed.
//
// yaml.Decoder.KnownFields would print Go types, give no paths and no
// suggestion; this reader walks the node and the Go type together instead, so
// one pass both checks and decodes.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

const (
	// MaxBytes is the size of one document: 100,000 services with a canary each
	// fit, and the nodes of a hostile one do not fill a small machine.
	MaxBytes = 32 << 20
	// maxDepth is far above what the vocabulary needs (about ten).
	maxDepth = 100
	// maxAliased bounds the nodes that are read through aliases, which is what
	// makes a small document explode.
	maxAliased = 10_000
	// maxKey is below the 1,024 characters that YAML allows for a key on the line of
	// its value, which is how JSON has all keys.
	maxKey = 1000
)

// Source is a parsed document that remembers where all stood.
type Source struct {
	// File is the name that positions carry.
	File string
	// Root is the document's value, nil when there is none.
	Root *yaml.Node
	// Lines are added to the parser's lines; a document that is not the first of
	// its stream begins further down.
	Lines int
	// NoLines says that the text was re-written by a host on its way to us, so
	// that its line numbers are nobody's.
	NoLines bool
}

// Parse reads the one document that text holds. A fault is placed at file:line,
// lines counting from firstLine.
func Parse(file string, firstLine int, text []byte, at diag.Path) (Source, diag.List) {
	s := Source{File: file, Lines: firstLine - 1}
	var ds diag.List
	if d, bad := unreadable(text); bad {
		ds.Errorf(d.code, at, "%s", d.message)
		ds[0].Pos = diag.Pos{File: file, Line: firstLine, Col: 1}
		return s, ds
	}
	if s.Root = readPlain(string(text)); s.Root != nil {
		return s, ds
	}
	var doc yaml.Node
	switch err := decodeNode(text, &doc); {
	case errors.Is(err, io.EOF):
	case err != nil:
		line, message := SyntaxError(err, text)
		ds.Errorf(diag.CodeSyntax, at, "%s", message)
		ds[0].Pos = diag.Pos{File: file, Line: firstLine + line - 1, Col: 1}
	case len(doc.Content) == 1:
		s.Root = doc.Content[0]
	}
	return s, ds
}

type fault struct {
	code    diag.Code
	message string
}

// unreadable finds the texts that the YAML reader would misread in silence or
// that would cost too much to read.
func unreadable(text []byte) (fault, bool) {
	switch {
	case len(text) > MaxBytes:
		return fault{diag.CodeLimit, fmt.Sprintf("the document has %d MB; at most %d MB are read", len(text)>>20, MaxBytes>>20)}, true
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return fault{diag.CodeSyntax, "the text is UTF-16; save it as UTF-8"}, true
	case bytes.IndexByte(text, 0) >= 0:
		return fault{diag.CodeSyntax, "the text holds a NUL byte; YAML is plain UTF-8 text"}, true
	case !utf8.Valid(text):
		return fault{diag.CodeSyntax, "the text is not UTF-8; save it as UTF-8"}, true
	}
	return fault{}, false
}

// decodeNode turns a panic of the parser, which hostile input has provoked
// before, into an error.
func decodeNode(text []byte, doc *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	return yaml.NewDecoder(bytes.NewReader(text)).Decode(doc)
}

var lineInError = pattern.New(`^yaml: line (\d+): `)

// SyntaxError splits what yaml.v3 says about a text into the line of the text
// and the message.
func SyntaxError[T string | []byte](err error, text T) (line int, message string) {
	line, message = 1, err.Error()
	if m := lineInError.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
		// yaml.v3 counts the lines of its scanner from 1, those of its parser,
		// whose messages all begin so, from 0.
		if strings.HasPrefix(message, "did not find expected ") {
			line++
		}
	}
	// An end that is missing is missed behind the last line.
	line = min(line, 1+strings.Count(strings.TrimSuffix(string(text), "\n"), "\n"))
	return line, "not YAML: " + strings.TrimPrefix(message, "yaml: ")
}

// Pos is where the path stands in the document: the key of an entry, the
// beginning of a list item. What is not written stands at the nearest thing
// around it that is.
func (s Source) Pos(p diag.Path) diag.Pos {
	if s.Root == nil || s.NoLines {
		return diag.Pos{File: s.File}
	}
	at, n := s.Root, s.Root
	for _, step := range p.Steps() {
		if n = follow(n); n == nil {
			break
		}
		mark, value := child(n, step)
		if value == nil {
			break
		}
		at, n = mark, value
	}
	return diag.Pos{File: s.File, Line: at.Line + s.Lines, Col: at.Column}
}

// child is the entry of n that the step names: the node that marks its place
// and its value.
func child(n *yaml.Node, step diag.Step) (mark, value *yaml.Node) {
	switch {
	case step.IsIndex && n.Kind == yaml.SequenceNode && step.Index < len(n.Content):
		return n.Content[step.Index], n.Content[step.Index]
	case step.IsIndex && n.Kind != yaml.SequenceNode && step.Index == 0:
		return n, n // one item that stands without its list
	case !step.IsIndex:
		return Entry(n, step.Key)
	}
	return nil, nil
}

// Entry is what stands below some keys, with the last of them; nil where nothing
// does. It follows no aliases.
func Entry(n *yaml.Node, keys ...string) (key, value *yaml.Node) {
	value = n
	for _, want := range keys {
		in := value
		if key, value = nil, nil; in == nil || in.Kind != yaml.MappingNode {
			return nil, nil
		}
		for i := 0; i+1 < len(in.Content) && value == nil; i += 2 {
			if in.Content[i].Value == want {
				key, value = in.Content[i], in.Content[i+1]
			}
		}
	}
	return key, value
}

// follow is the node that n stands for. Aliases cannot form a chain, the
// parser resolves an alias to the anchored node itself.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
