package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// changes are what a call does to its output folder.
type changes struct {
	write  []newFile
	remove []string
}

// newFile is one file to be written.
type newFile struct {
	name string
	mode fs.FileMode
	text []byte
}

// create writes the file under a name that is free.
func (w newFile) create(root *os.Root, name string) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, w.mode)
	if err != nil {
		return err
	}
	_, err = f.Write(w.text)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = root.Remove(name)
	}
	return err
}

// apply makes all changes or none.
func (c changes) apply(dir string) error {
	if err := clearDraft(dir); errors.Is(err, errBusy) {
		return fmt.Errorf("%s: %w", dir, err)
	}
	switch len(c.write) + len(c.remove) {
	case 0:
		return nil
	case 1:
		return c.oneByOne(dir) // one file is moved in one step anyhow
	}
	err := c.atOnce(dir)
	if errors.Is(err, errBusy) {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if err != nil {
		return c.oneByOne(dir) // which finds what is wrong, if anything is
	}
	return nil
}

// oneByOne writes all files beside their places first, and moves them there when
// nothing can run out any more.
func (c changes) oneByOne(dir string) (err error) {
	s := staging{}
	defer func() {
		if err != nil {
			s.undo()
		}
		if s.root != nil {
			_ = s.root.Close()
		}
	}()
	if err := s.open(dir); err != nil {
		return err
	}
	for _, w := range c.write {
		if err := s.stage(w); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	for i, w := range c.write {
		if err := s.root.Rename(s.temporary[i], w.name); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	for _, name := range c.remove {
		if err := s.root.Remove(name); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

// staging is what was made so far, to be undone when the rest fails.
type staging struct {
	root      *os.Root
	temporary []string
	made      []func() error
}

// open opens the folder and makes it when it is not there.
func (s *staging) open(dir string) error {
	if err := s.makeFolders(dir); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	s.root = root
	return err
}

// makeFolders makes a folder, and those that it lies in, where they are not there.
func (s *staging) makeFolders(dir string) error {
	var missing []string
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, at)
	}
	for _, at := range slices.Backward(missing) {
		if err := os.Mkdir(at, 0o777); err != nil {
			return err
		}
		s.made = append(s.made, func() error { return os.Remove(at) })
	}
	return nil
}

// stage writes a file under a name that no reader of the folder looks at.
func (s *staging) stage(w newFile) error {
	if err := s.mkdir(path.Dir(w.name)); err != nil {
		return err
	}
	name := path.Join(path.Dir(w.name), fmt.Sprintf(".kymamesh-%d-%d", os.Getpid(), len(s.temporary)))
	if err := w.create(s.root, name); err != nil {
		return err
	}
	s.temporary = append(s.temporary, name)
	return nil
}

func (s *staging) mkdir(dir string) error {
	if _, err := s.root.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	if err := s.root.Mkdir(dir, 0o777); err != nil {
		return err
	}
	s.made = append(s.made, func() error { return s.root.Remove(dir) })
	return nil
}

// undo removes what was made. A folder that somebody else put a file into
// meanwhile stays.
func (s *staging) undo() {
	for _, name := range s.temporary {
		_ = s.root.Remove(name)
	}
	for _, remove := range slices.Backward(s.made) {
		_ = remove()
	}
}
