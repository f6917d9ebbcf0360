// Package pattern has regular expressions that are compiled when they are first
// asked. Compiled when a program starts, as package variables of package regexp
// are, those of this module cost a small call more time than rendering does, and
// few calls ask more than a handful of them.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression in the syntax of package regexp. Its methods are
// those of [regexp.Regexp], and may be called by many at once.
type Pattern struct {
	text string
	once sync.Once
	re   *regexp.Regexp
}

// New keeps the text of a regular expression. One that cannot be compiled panics
// when it is first asked; a test of this package compiles all that are written in
// the module.
func New(text string) *Pattern { return &Pattern{text: text} }

func (p *Pattern) compiled() *regexp.Regexp {
	p.once.Do(func() { p.re = regexp.MustCompile(p.text) })
	return p.re
}

// MatchString tells whether s holds what the pattern describes.
func (p *Pattern) MatchString(s string) bool { return p.compiled().MatchString(s) }

// FindString is the first match in s, empty if there is none.
func (p *Pattern) FindString(s string) string { return p.compiled().FindString(s) }

// FindStringSubmatch is the first match in s and its groups, nil if there is none.
func (p *Pattern) FindStringSubmatch(s string) []string { return p.compiled().FindStringSubmatch(s) }

// FindAllStringSubmatch are the first n matches in s with their groups, all if n is
// negative.
func (p *Pattern) FindAllStringSubmatch(s string, n int) [][]string {
	return p.compiled().FindAllStringSubmatch(s, n)
}
