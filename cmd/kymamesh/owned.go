package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// openFolder looks for files of ours.
func openFolder(dir string) (*outputFolder, error) {
	f := &outputFolder{dir: dir, owned: map[string]*ownedFile{}, at: map[identity]*ownedFile{}}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f.root = root
	if err := fs.WalkDir(root.FS(), ".", f.visit); err != nil {
		f.close()
		return nil, err
	}
	for _, name := range f.names() {
		f.place(f.owned[name])
	}
	return f, nil
}

func (f *outputFolder) close() {
	if f.root != nil {
		_ = f.root.Close() // opened for reading
	}
}

// names are the files of ours in the order in which they are looked at, so that
// two copies of one object are told apart in every call alike.
func (f *outputFolder) names() []string { return slices.Sorted(maps.Keys(f.owned)) }

func (f *outputFolder) path(name string) string {
	return filepath.Join(f.dir, filepath.FromSlash(name))
}

// exists tells whether there is anything of this name, also a link that leads
// nowhere.
func (f *outputFolder) exists(name string) (bool, error) {
	if f.root == nil {
		return false, nil
	}
	_, err := f.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", f.dir, err)
	}
	return true, nil
}

// visit leaves links alone: what they lead to is not ours to change.
func (f *outputFolder) visit(name string, e fs.DirEntry, err error) error {
	hidden := strings.HasPrefix(e.Name(), ".") && name != "."
	switch {
	case err != nil:
		return err
	case e.IsDir() && hidden:
		return fs.SkipDir
	case hidden || !e.Type().IsRegular() || !slices.Contains([]string{".yaml", ".yml"}, path.Ext(name)):
		return nil
	}
	text, err := f.root.ReadFile(name)
	if err != nil {
		return err
	}
	file, ok := readOwned(name, text)
	if !ok {
		return nil
	}
	info, err := e.Info()
	if err != nil {
		return err
	}
	file.mode = info.Mode().Perm()
	f.owned[name] = file
	return nil
}

// readOwned tells whether a file holds one object that carries both marks, and
// nothing else.
func readOwned(name string, text []byte) (*ownedFile, bool) {
	if !bytes.Contains(text, []byte(manifest.OwnerLabel)) {
		return nil, false
	}
	list, err := resourcelist.ParseStream(text)
	if err != nil || len(list.Items()) != 1 {
		return nil, false
	}
	_, ours := render.OwnerOf(list.Items()[0])
	return &ownedFile{name: name, list: list, item: list.Items()[0]}, ours
}

// place notes where an object lies. Of two copies the one that a call would
// have written is the object, and the other one goes.
func (f *outputFolder) place(file *ownedFile) {
	id := identity{manifest.GroupOf(file.item.APIVersion()), file.item.Kind(), file.item.Namespace(), file.item.Name()}
	written, err := fileName(id.kind, id.namespace, id.name)
	if _, twice := f.at[id]; !twice || err == nil && file.name == written {
		f.at[id] = file
	}
}
