package matrix

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Text is the matrix as a table for a terminal: columns have numbers, which the
// lines below explain, as they do groups and reasons.
func (x Matrix) Text() string {
	var b strings.Builder
	if x.empty(&b) {
		return b.String()
	}
	first, widths := 0, make([]int, len(x.Targets))
	for _, g := range x.Callers {
		first = max(first, utf8.RuneCountInString(g.Label()))
	}
	for j := range x.Targets {
		widths[j] = len(fmt.Sprint(j + 1))
		for i := range x.Callers {
			widths[j] = max(widths[j], len(x.Cells[i][j].Word))
		}
	}
	line := func(head string, cells func(j int) string) {
		text := fmt.Sprintf("%-*s", first, head)
		for j, width := range widths {
			text += fmt.Sprintf("  %-*s", width, cells(j))
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	line("", func(j int) string { return fmt.Sprint(j + 1) })
	for i, g := range x.Callers {
		line(g.Label(), func(j int) string { return string(x.Cells[i][j].Word) })
	}
	b.WriteString("\n")
	for j, g := range x.Targets {
		fmt.Fprintf(&b, "%d: %s\n", j+1, g.names())
	}
	for _, g := range x.Callers {
		if len(g) > 1 {
			fmt.Fprintf(&b, "%s: %s\n", g.Label(), g.names())
		}
	}
	for i, g := range x.Callers {
		for _, n := range x.notes(i) {
			var numbers []string
			for _, j := range n.targets {
				numbers = append(numbers, fmt.Sprint(j+1))
			}
			fmt.Fprintf(&b, "%s -> %s %s: %s\n", g.Label(), strings.Join(numbers, ", "), n.word, n.why)
		}
	}
	return b.String()
}

// empty says what there is no table of.
func (x Matrix) empty(b *strings.Builder) bool {
	if len(x.Targets) == 0 {
		b.WriteString("The package holds no Service that somebody could call.\n")
	} else if len(x.Callers) == 0 {
		b.WriteString("The package holds no workload that could call its Services.\n")
	}
	return b.Len() > 0
}

func (g Group) names() string {
	var all []string
	for _, p := range g {
		all = append(all, p.String())
	}
	return strings.Join(all, ", ")
}

// note is a reason of a row, with the columns that have it.
type note struct {
	word    Word
	why     string
	targets []int
}

func (x Matrix) notes(row int) []note {
	var all []note
	for j, c := range x.Cells[row] {
		for _, why := range c.reasons() {
			i := slices.IndexFunc(all, func(n note) bool { return n.word == c.Word && n.why == why })
			if i < 0 {
				i = len(all)
				all = append(all, note{word: c.Word, why: why})
			}
			all[i].targets = append(all[i].targets, j)
		}
	}
	return all
}

func (c Cell) reasons() []string {
	all := c.Why
	if c.More > 0 {
		all = append(all[:len(all):len(all)], fmt.Sprintf("and %d more reasons", c.More))
	}
	return all
}

// Markdown is the matrix as a table for a page.
func (x Matrix) Markdown() string {
	var b strings.Builder
	if x.empty(&b) {
		return b.String()
	}
	b.WriteString("| from \\ to |")
	for _, g := range x.Targets {
		b.WriteString(" " + cell(g.Label()) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(x.Targets)) + "\n")
	for i, g := range x.Callers {
		b.WriteString("| " + cell(g.Label()) + " |")
		for _, c := range x.Cells[i] {
			word := string(c.Word)
			if c.Word == Refused || c.Word == Denied {
				word = "**" + word + "**"
			}
			b.WriteString(" " + word + " |")
		}
		b.WriteString("\n")
	}
	var notes []string
	for _, groups := range [][]Group{x.Callers, x.Targets} {
		for _, g := range groups {
			if len(g) > 1 {
				notes = append(notes, fmt.Sprintf("- %s: %s\n", cell(g.Label()), cell(g.names())))
			}
		}
	}
	for i, g := range x.Callers {
		for _, n := range x.notes(i) {
			var names []string
			for _, j := range n.targets {
				names = append(names, cell(x.Targets[j].Label()))
			}
			notes = append(notes, fmt.Sprintf("- %s to %s, %s: %s\n", cell(g.Label()), strings.Join(names, ", "), n.word, cell(n.why)))
		}
	}
	if len(notes) > 0 {
		b.WriteString("\n" + strings.Join(notes, ""))
	}
	return b.String()
}

// cell is a text that does not end a cell of Markdown, or begin something else.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "_", "\\_", "`", "\\`", "\n", " ").Replace(text)
}

// Mermaid is the matrix as a flowchart, which forges draw in pages: an arrow for
// each group of callers and of targets; a dotted one is no connection for sure.
func (x Matrix) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i, g := range x.Callers {
		fmt.Fprintf(&b, "  c%d[\"%s\"]\n", i+1, label(g))
	}
	for j, g := range x.Targets {
		fmt.Fprintf(&b, "  t%d([\"%s\"])\n", j+1, label(g))
	}
	for i := range x.Callers {
		for j := range x.Targets {
			arrow := "-->"
			switch x.Cells[i][j].Word {
			case Refused, Denied:
				arrow = "-.-x"
			case Unknown, Mixed, Depends:
				arrow = "-.->"
			}
			fmt.Fprintf(&b, "  c%d %s|%s| t%d\n", i+1, arrow, x.Cells[i][j].Word, j+1)
		}
	}
	return b.String()
}

// shown is how many names of a group stand in a picture.
const shown = 4

// label are the names of a group as Mermaid takes them, each on a line.
func label(g Group) string {
	var all []string
	for _, p := range g[:min(len(g), shown)] {
		all = append(all, p.String())
	}
	if len(g) > shown {
		all = append(all, fmt.Sprintf("and %d more", len(g)-shown))
	}
	escape := strings.NewReplacer("#", "#35;", "\"", "#quot;", "<", "#lt;", ">", "#gt;")
	for i := range all {
		all[i] = escape.Replace(all[i])
	}
	return strings.Join(all, "<br>")
}
