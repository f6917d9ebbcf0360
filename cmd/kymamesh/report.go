package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// report writes every diagnostic on stderr, one a line as editors parse it; for
// a person with its source below.
func (in *input) report(s streams) {
	for _, d := range in.ds {
		fmt.Fprintln(s.err, d)
		if s.terminal {
			showSource(s.err, d.Pos, in.text[d.Pos.File])
		}
	}
}

// showSource writes the line of a position, and a caret under the column.
func showSource(w io.Writer, pos diag.Pos, src []byte) {
	if pos.Line == 0 {
		return
	}
	line := sourceLine(src, pos.Line)
	if line == "" {
		return
	}
	fmt.Fprintf(w, "    %s\n    %s^\n", line, margin(line, pos.Col))
}

func sourceLine(src []byte, number int) string {
	src = bytes.TrimPrefix(src, []byte("\uFEFF")) // no column counts it
	for range number - 1 {
		_, src, _ = bytes.Cut(src, []byte("\n"))
	}
	line, _, _ := bytes.Cut(src, []byte("\n"))
	return printable(strings.TrimRight(string(line), "\r"))
}

// printable takes the life out of characters that would move the cursor or turn
// the text around; tabs stay, margin repeats them.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) && r != utf8.RuneError {
			return r
		}
		return '?'
	}, line)
}

// margin is as wide as the line before the column, which counts characters.
func margin(line string, col int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		switch {
		case i >= col-1:
			return b.String()
		case r == '\t':
			b.WriteByte('\t')
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}
