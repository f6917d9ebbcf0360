package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// ignores are the .krmignore files met so far.
type ignores []ignore

// ignore is a .krmignore. It is read as kpt and kyaml read it, which is not quite
// as git does: a pattern without a slash in front holds at any depth, also when
// it has one in the middle; a slash at the end is for directories only; "*", "?"
// and "[a-z]" stay within one name, and there is no "**"; a pattern with "!"
// brings back what others name, wherever it stands. The library that those two
// use is not used here: it panics at "/" and at "!".
type ignore struct {
	dir          string
	ignore, keep []string
}

func (i *ignores) add(dir string) error {
	name := filepath.Join(dir, ".krmignore")
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file; links are not followed there", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	one := ignore{dir: dir}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		pattern, keep := strings.CutPrefix(line, "!")
		switch {
		case strings.HasPrefix(line, "#"):
		case keep:
			one.keep = append(one.keep, pattern)
		default:
			one.ignore = append(one.ignore, pattern)
		}
	}
	*i = append(*i, one)
	return nil
}

func (i ignores) match(path string, isDir bool) bool {
	return slices.ContainsFunc(i, func(one ignore) bool {
		below, err := filepath.Rel(one.dir, path)
		return err == nil && filepath.IsLocal(below) && one.match(filepath.ToSlash(below), isDir)
	})
}

// match tells whether a file or directory is to be left out.
func (i ignore) match(file string, isDir bool) bool {
	matches := func(pattern string) bool { return matchPattern(pattern, file, isDir) }
	return slices.ContainsFunc(i.ignore, matches) && !slices.ContainsFunc(i.keep, matches)
}

func matchPattern(pattern, file string, isDir bool) bool {
	if strings.HasSuffix(pattern, "/") && !isDir {
		return false
	}
	trimmed := strings.Trim(pattern, "/")
	steps := strings.Split(file, "/")
	above := len(steps) - strings.Count(trimmed, "/") - 1
	if above < 0 || above > 0 && strings.HasPrefix(pattern, "/") {
		return false
	}
	matched, err := path.Match(trimmed, strings.Join(steps[above:], "/"))
	return matched && err == nil // a malformed pattern names nothing
}
