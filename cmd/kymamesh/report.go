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
		_, rest, found := bytes.Cut(src, []byte("\n"))
		if !found {
			return ""
		}
		src = rest
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
			b.WriteString(strings.Repeat(" ", cells(r)))
		}
	}
	return b.String()
}

// cells is how many columns of a terminal a character takes.
func cells(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0xFF61 && r <= 0xFFDC: // the narrow forms of wide scripts
		return 1
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		r >= 0x3000 && r <= 0x303E, r >= 0xFF01 && r <= 0xFF60, // punctuation and wide Latin
		r >= 0x1F300 && r <= 0x1FAFF: // pictures
		return 2
	}
	return 1
}
