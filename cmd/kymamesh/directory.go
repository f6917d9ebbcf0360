package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// fileName is where an object lies below the directory of --output-dir. The
// parts are names that were checked when the documents were.
func fileName(o manifest.Object) string {
	namespace := o.Namespace
	if namespace == "" {
		namespace = "_cluster"
	}
	return filepath.Join(namespace, strings.ToLower(o.Kind.Name)+"_"+o.Name+".yaml")
}

// writeDir makes the directory say what is rendered: one object a file, and no
// file of an earlier run of ours that is no longer rendered. What is to be done
// is found out before anything is touched.
func (r *request) writeDir(objects []manifest.Object, owners []string, s streams) error {
	files := map[string][]byte{}
	for _, o := range objects {
		text, err := manifest.AppendYAML(nil, o)
		if err != nil {
			return err
		}
		files[fileName(o)] = text
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	changed, foreign, err := r.compare(names, files)
	if err != nil {
		return err
	}
	for _, name := range foreign {
		fmt.Fprintln(s.err, diag.Diagnostic{
			Code: diag.CodeNotOurs, Pos: diag.Pos{File: filepath.Join(r.dir, name)},
			Message: "exists and is not ours; move it away, or remove the words that ask for it",
		})
	}
	if len(foreign) > 0 {
		return errFaults
	}
	gone, err := r.gone(owners, files)
	if err != nil {
		return err
	}
	for _, name := range changed {
		if err := replaceFile(filepath.Join(r.dir, name), files[name]); err != nil {
			return err
		}
	}
	for _, path := range gone {
		if err := os.Remove(path); err != nil {
			return err
		}
		_ = os.Remove(filepath.Dir(path)) // a folder that is not empty stays
	}
	fmt.Fprintf(s.err, "%s: %d objects, %d files written, %d removed\n", r.dir, len(names), len(changed), len(gone))
	return nil
}

// compare says which files differ from what is there, and which are somebody
// else's.
func (r *request) compare(names []string, files map[string][]byte) (changed, foreign []string, err error) {
	for _, name := range names {
		there, err := os.ReadFile(filepath.Join(r.dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			changed = append(changed, name)
		case err != nil:
			return nil, nil, err
		case bytes.Equal(there, files[name]):
		default:
			if _, _, ours := marks(there); ours {
				changed = append(changed, name)
			} else {
				foreign = append(foreign, name)
			}
		}
	}
	return changed, foreign, nil
}

// gone are the files of ours, of the same KymaMesh and the same selection, that
// are no longer rendered.
func (r *request) gone(owners []string, files map[string][]byte) ([]string, error) {
	var gone []string
	dir := walkable(r.dir)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == dir {
			return nil // the first run makes it
		}
		if err != nil || !e.Type().IsRegular() || filepath.Ext(path) != ".yaml" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if _, wanted := files[name]; wanted || err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		item, owner, ours := marks(text)
		if ours && slices.Contains(owners, owner) && r.covers(item) {
			gone = append(gone, path)
		}
		return nil
	})
	return gone, err
}

// covers tells whether --part and --only speak of the item.
func (r *request) covers(item *resourcelist.Item) bool {
	source, _ := item.Annotation(manifest.SourceAnnotation)
	install := item.Kind() == "IstioOperator"
	return r.asked(source) && (r.part == string(render.PartAll) || install == (r.part == string(render.PartInstall)))
}

// marks reads whose a file is: ours when it holds one object, with both marks.
func marks(text []byte) (item *resourcelist.Item, name string, ours bool) {
	stream, err := resourcelist.ParseStream(text)
	if err != nil || len(stream.Items()) != 1 {
		return nil, "", false
	}
	item = stream.Items()[0]
	name, ours = owner(item)
	return item, name, ours
}

// replaceFile writes a file so that a reader sees the old text or the new one.
func replaceFile(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".kymamesh-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone when it was renamed
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
