package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// errBusy is another call that writes into the same folder.
var errBusy = errors.New("another call is writing into it")

// atOnce makes the changed folder beside the old one and puts it there in one
// step, so that a call that is killed leaves one of the two and nothing between
// them: half a mesh may be an open one. What did not change is the same file, not
// a copy. It fails and changes nothing where a folder cannot be exchanged: it is
// a mount point, somebody stands in it, its parent is not ours to write to, the
// system knows no such step.
func (c changes) atOnce(dir string) (err error) {
	place, there, err := placeOfFolder(dir)
	if err != nil {
		return err
	}
	var s staging
	defer func() {
		if err != nil {
			s.undo()
		}
	}()
	if err := s.makeFolders(filepath.Dir(place)); err != nil {
		return err
	}
	d, err := openDraft(place)
	if err != nil {
		return err
	}
	defer d.remove()
	if !there {
		if err := os.Mkdir(d.tree, 0o777); err != nil {
			return err
		}
		if err := c.writeInto(d.tree); err != nil {
			return err
		}
		return os.Rename(d.tree, place)
	}
	if err := cloneTree(place, d.tree); err != nil {
		return err
	}
	if err := c.writeInto(d.tree); err != nil {
		return err
	}
	if err := exchange(d.tree, place); err != nil {
		return err
	}
	return c.carryOver(d.tree, place)
}

// carryOver takes into the new tree what somebody else wrote into the old one while
// the new one was made: an editor that saves, a checkout.
func (c changes) carryOver(from, to string) error {
	ours := map[string]bool{}
	for _, w := range c.write {
		ours[filepath.FromSlash(w.name)] = true
	}
	for _, name := range c.remove {
		ours[filepath.FromSlash(name)] = true
	}
	return filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		below := strings.TrimPrefix(strings.TrimPrefix(name, from), string(filepath.Separator))
		if err != nil || below == "" || ours[below] {
			return err
		}
		target := filepath.Join(to, below)
		has, err := os.Lstat(target)
		switch {
		case e.IsDir():
			if errors.Is(err, fs.ErrNotExist) {
				return cloneFolder(name, target)
			}
			return err
		case errors.Is(err, fs.ErrNotExist):
			return os.Link(name, target)
		case err != nil:
			return err
		}
		if is, err := e.Info(); err != nil || os.SameFile(is, has) {
			return err
		}
		return os.Rename(name, target)
	})
}

// placeOfFolder is where the folder really lies, and whether it is there.
func placeOfFolder(dir string) (place string, there bool, err error) {
	place, err = filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		// A link that leads nowhere is refused by what makes the folder.
		return filepath.Clean(dir), false, nil
	}
	if err != nil {
		return "", false, err
	}
	if place, err = filepath.Abs(place); err != nil {
		return "", false, err
	}
	// Who stands in a folder that is exchanged stands in one that is gone.
	here, err := os.Getwd()
	if err != nil {
		return "", false, err
	}
	if below, err := filepath.Rel(place, here); err != nil || filepath.IsLocal(below) {
		return "", false, errors.ErrUnsupported
	}
	return place, true, nil
}

// draft is the folder in which the new tree is made. It lies beside the output
// folder, since only what is on one file system can be exchanged.
type draft struct {
	dir, tree string
	unlock    func()
}

// clearDraft takes away what a call that was killed has left beside the folder.
func clearDraft(dir string) error {
	place, _, err := placeOfFolder(dir)
	if err != nil {
		return nil // nothing is made beside such a folder
	}
	if _, err := os.Lstat(draftOf(place)); err != nil {
		return nil
	}
	d, err := openDraft(place)
	if err != nil {
		return err
	}
	d.remove()
	return nil
}

func draftOf(place string) string {
	return filepath.Join(filepath.Dir(place), ".kymamesh-"+filepath.Base(place))
}

// openDraft makes it, and clears away what a call that was killed has left.
func openDraft(place string) (*draft, error) {
	d := &draft{dir: draftOf(place)}
	d.tree = filepath.Join(d.dir, "tree")
	if err := os.Mkdir(d.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	unlock, err := lock(d.dir)
	if err != nil {
		return nil, err
	}
	d.unlock = unlock
	if err := os.RemoveAll(d.tree); err != nil {
		unlock()
		return nil, err
	}
	return d, nil
}

// remove takes away what is left beside the folder, most often the old tree. What
// cannot be removed is tried again by the next call.
func (d *draft) remove() {
	_ = os.RemoveAll(d.dir)
	d.unlock()
}

// cloneTree makes a tree of the same files, and new folders that are like the old
// ones.
func cloneTree(from, to string) error {
	return filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := to + strings.TrimPrefix(name, from)
		if e.IsDir() {
			return cloneFolder(name, target)
		}
		return os.Link(name, target)
	})
}

// writeInto makes the changes in a tree that nobody else sees. A file that
// changes is another file afterwards: the old one is still the old tree's.
func (c changes) writeInto(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, w := range c.write {
		if err := root.MkdirAll(path.Dir(w.name), 0o777); err != nil {
			return err
		}
		if err := root.Remove(w.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := w.create(root, w.name); err != nil {
			return err
		}
	}
	for _, name := range c.remove {
		if err := root.Remove(name); err != nil {
			return err
		}
	}
	return nil
}
