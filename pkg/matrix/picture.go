package matrix

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The measures of the picture, in pixels; a letter of its type is letter wide at
// most.
const (
	cellWidth, cellHeight = 34, 24
	letter                = 7
	margin                = 12
	longest               = 44 // letters of a label
)

// look is how a word stands in the picture: a sign for those who see no colours,
// and the colours of the cell and the sign.
var look = map[Word][3]string{
	MTLS:      {"M", "#1b7f4b", "#ffffff"},
	Plaintext: {"P", "#f2c94c", "#222222"},
	OwnTLS:    {"T", "#2f6fb5", "#ffffff"},
	Depends:   {"D", "#a8d5ba", "#222222"},
	Mixed:     {"X", "#f2994a", "#222222"},
	Refused:   {"R", "#c0392b", "#ffffff"},
	Denied:    {"N", "#7b241c", "#ffffff"},
	Unknown:   {"?", "#d0d3d6", "#222222"},
}

// SVG is the matrix as a picture: a row for each group of callers, a column for each
// of targets, and a legend. A viewer shows the reasons of a cell under the pointer.
func (x Matrix) SVG() string {
	left, top := margin+width(x.Callers), margin+width(x.Targets)
	legend := top + len(x.Callers)*cellHeight + 2*margin
	wide := max(left+len(x.Targets)*cellWidth+margin, 2*margin+cellWidth+letter*60)
	high := legend + len(Words)*cellHeight + margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="monospace" font-size="11">`+"\n", wide, high, wide, high)
	b.WriteString("<title>Who can talk to whom</title>\n")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", wide, high)
	for j, g := range x.Targets {
		at := left + j*cellWidth + cellWidth/2 + 4
		fmt.Fprintf(&b, `<text transform="translate(%d %d) rotate(-90)">%s<title>%s</title></text>`+"\n", at, top-6, escaped(short(g.Label())), escaped(g.names()))
	}
	for i, g := range x.Callers {
		y := top + i*cellHeight
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s<title>%s</title></text>`+"\n", left-6, y+cellHeight-8, escaped(short(g.Label())), escaped(g.names()))
		for j, to := range x.Targets {
			c := x.Cells[i][j]
			title := g.Label() + " to " + to.Label() + ": " + string(c.Word)
			for _, why := range c.reasons() {
				title += "; " + why
			}
			box(&b, left+j*cellWidth, y, c.Word, title)
		}
	}
	for i, w := range Words {
		y := legend + i*cellHeight
		box(&b, margin, y, w.Word, string(w.Word))
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", margin+cellWidth+8, y+cellHeight-8, escaped(string(w.Word)+": "+w.Means))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// width is the space that the longest label takes.
func width(groups []Group) int {
	most := 0
	for _, g := range groups {
		most = max(most, utf8.RuneCountInString(short(g.Label())))
	}
	return most*letter + 6
}

func short(text string) string {
	if letters := []rune(text); len(letters) > longest {
		return string(letters[:longest/2]) + "…" + string(letters[len(letters)-longest/2+1:])
	}
	return text
}

func box(b *strings.Builder, x, y int, w Word, title string) {
	l := look[w]
	fmt.Fprintf(b, `<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" fill="%s" stroke="#ffffff"/>`, escaped(title), x, y, cellWidth, cellHeight, l[1])
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" fill="%s">%s</text></g>`+"\n", x+cellWidth/2, y+cellHeight-8, l[2], l[0])
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
