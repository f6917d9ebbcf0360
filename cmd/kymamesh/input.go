package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/internal/parallel"
	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// input is all that a call reads.
type input struct {
	docs []render.Document
	// items are all objects of the directories: the package around the documents.
	items []*resourcelist.Item
	// text is what was read, by the names that diagnostics use.
	text map[string][]byte
	// streams are the same texts with their objects, nil for what is none.
	streams map[string]*resourcelist.List
	// order are those names as they were read.
	order []string
	// names are those names by where the files really lie: one file may be called
	// by several paths.
	names map[string]string
	// roots are the paths of the call as they really lie: no link of a package
	// leads out of them.
	roots []string
	// packaged are the names whose objects are in items.
	packaged map[string]bool
	objects  []manifest.Object
	// edits are what the documents change in the package's own objects.
	edits []edit.Edit
	// theirs are objects that say what some of the edits say, for the checks.
	theirs []manifest.Object
	// files tells where each of the items is written.
	files map[*resourcelist.Item]packageFile
	ds    diag.List
}

// stdinName is what diagnostics call standard input.
const stdinName = "<stdin>"

// read reads every path once, in the order given. A file that cannot be read is
// an error; what is wrong inside is reported with the other faults.
func read(paths []string, stdin io.Reader) (*input, error) {
	in := &input{text: map[string][]byte{}, streams: map[string]*resourcelist.List{}, names: map[string]string{}, packaged: map[string]bool{}, files: map[*resourcelist.Item]packageFile{}}
	for _, path := range paths {
		in.roots = append(in.roots, placeOf(path))
	}
	for _, path := range paths {
		switch info, err := stat(path); {
		case err != nil:
			return nil, err
		case path == "-":
			if err := in.addReader(stdinName, stdin); err != nil {
				return nil, fmt.Errorf("%s: %w", stdinName, err)
			}
		case info.IsDir():
			if err := in.addDir(path); err != nil {
				return nil, err
			}
		default:
			if err := in.addFiles(in.name(path, placeOf(path))); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}

// addOverrides takes the objects that are merged into the installation, and those
// that are the installation. Without a document of ours they say nothing.
func (in *input) addOverrides(part render.Part) {
	if len(in.docs) == 0 {
		return
	}
	for _, item := range in.items {
		aside := part == render.PartResources
		if aside && render.IsInstallation(item) || !aside && render.IsOverride(item) {
			in.docs = append(in.docs, render.Document{File: in.files[item].name, Line: item.Line(), Text: item.Bytes(), Aside: aside})
		}
	}
}

func stat(path string) (fs.FileInfo, error) {
	if path == "-" {
		return nil, nil
	}
	return os.Stat(path)
}

func (in *input) addReader(name string, r io.Reader) error {
	if _, twice := in.text[name]; twice {
		return nil
	}
	f, err := readText(name, r)
	if err != nil {
		return err
	}
	in.add(f)
	return nil
}

// textFile is one text of a call, with its documents.
type textFile struct {
	name   string
	text   []byte
	stream *resourcelist.List // nil for what is no stream of objects
	docs   []render.Document
	ds     diag.List
}

func readText(name string, r io.Reader) (textFile, error) {
	src, err := io.ReadAll(io.LimitReader(r, resourcelist.MaxBytes+1))
	if err != nil {
		return textFile{}, err
	}
	f := textFile{name: name, text: src}
	f.stream, f.docs, f.ds = render.SplitPackage(name, src)
	return f, nil
}

func readFile(name string) (textFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return textFile{}, err
	}
	defer f.Close()
	return readText(name, f)
}

// addFiles takes files by their names, each once.
func (in *input) addFiles(names ...string) error {
	var left []string
	seen := map[string]bool{}
	for _, name := range names {
		if _, twice := in.text[name]; !twice && !seen[name] {
			seen[name] = true
			left = append(left, name)
		}
	}
	files, faults := make([]textFile, len(left)), make([]error, len(left))
	parallel.Do(len(left), func(i int) { files[i], faults[i] = readFile(left[i]) })
	for i, f := range files {
		if faults[i] != nil {
			return faults[i]
		}
		in.add(f)
	}
	return nil
}

// add takes a text that was read, and the documents of ours in it.
func (in *input) add(f textFile) {
	in.text[f.name], in.streams[f.name] = f.text, f.stream
	in.order = append(in.order, f.name)
	in.docs, in.ds = append(in.docs, f.docs...), append(in.ds, f.ds...)
}

// name is the path by which the file that lies in a place was named first. What is
// no file of a folder, such as the pipe behind /dev/fd/63, leads nowhere and has its
// path only.
func (in *input) name(path, place string) string {
	path = filepath.Clean(path)
	if first, twice := in.names[place]; twice {
		return first
	}
	in.names[place] = path
	return path
}

// placeOf is where a file really lies, as far as that can be said.
func placeOf(path string) string {
	place := path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		place = target
	}
	if whole, err := filepath.Abs(place); err == nil {
		place = whole
	}
	return place
}

// within refuses a link that leads out of everything that was named. Whoever
// writes a file of the package would else choose what is read, and with -i what is
// written.
func (in *input) within(path string, e fs.DirEntry) error {
	if e.Type()&fs.ModeSymlink == 0 {
		return nil
	}
	place := placeOf(path)
	if slices.ContainsFunc(in.roots, func(root string) bool {
		below, err := filepath.Rel(root, place)
		return err == nil && filepath.IsLocal(below)
	}) {
		return nil
	}
	target, err := os.Readlink(path)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s leads to %s, out of the package; name that as well, or remove the link", path, target)
}

// addItems takes all objects of a file of a package. What is no stream of
// objects was reported with its documents. A file that was named by itself before
// is still part of the package that it lies in.
func (in *input) addItems(name string) {
	stream := in.streams[name]
	if stream == nil || in.packaged[name] {
		return
	}
	in.packaged[name] = true
	for _, item := range stream.Items() {
		in.items = append(in.items, item)
		in.files[item] = packageFile{name, stream}
	}
}

// addDir takes a package: every YAML and JSON file below the directory, sorted
// by path, but for dot files and what .krmignore names.
func (in *input) addDir(dir string) error {
	dir = walkable(dir)
	ignored, place := ignores{}, placeOf(dir)
	var names []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != dir && (strings.HasPrefix(e.Name(), ".") || ignored.match(path, e.IsDir())):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return ignored.add(path)
		case !isYAML(path) || isPipe(e):
			return nil
		}
		if err := in.within(path, e); err != nil {
			return err
		}
		lies := filepath.Join(place, strings.TrimPrefix(path, dir))
		if e.Type()&fs.ModeSymlink != 0 {
			lies = placeOf(path)
		}
		names = append(names, in.name(path, lies))
		return nil
	})
	if err != nil {
		return err
	}
	if err := in.addFiles(names...); err != nil {
		return err
	}
	for _, name := range names {
		in.addItems(name)
	}
	return nil
}

// walkable is how WalkDir has to be given a directory that may be a symbolic
// link: without the separator it would see the link, and nothing below.
func walkable(dir string) string {
	return strings.TrimSuffix(filepath.Clean(dir), string(filepath.Separator)) + string(filepath.Separator)
}

func isYAML(path string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path))
}

// render renders all documents together and checks what is selected of it
// against the package.
func (in *input) render(selected func([]manifest.Object) []manifest.Object) []manifest.Object {
	if in.ds.HasErrors() {
		return nil
	}
	all, ds := in.rendered()
	in.objects, in.ds = all, append(in.ds, ds...)
	objects := selected(all)
	if len(in.items) > 0 && !ds.HasErrors() {
		around := topology.New(append(slices.Clip(all), in.theirs...), in.items, len(in.docs))
		found := append(check.Package(objects, around), in.written(objects)...)
		found = append(found, check.Edits(in.edits, around)...)
		in.ds = render.Locate(append(in.ds, found...), in.docs...)
	}
	return objects
}

// rendered renders the documents, for the package if one was given.
func (in *input) rendered() ([]manifest.Object, diag.List) {
	if len(in.items) == 0 {
		return render.Documents(in.docs...)
	}
	objects, edits, ds := render.InPackage(in.docs...)
	in.edits, in.theirs = edits, render.Edited(objects)
	return edit.Package{Items: in.items}.Keeps(objects), ds
}

// isPipe is true for what would be waited for and never ends.
func isPipe(e fs.DirEntry) bool { return e.Type()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDevice) != 0 }

// written finds objects of the package that are rendered and that a person
// wrote: applied together, one of the two would win by chance.
func (in *input) written(objects []manifest.Object) diag.List {
	byHand := map[identity]bool{}
	for _, item := range in.items {
		if _, ours := render.OwnerOf(item); !ours {
			byHand[identity{manifest.GroupOf(item.APIVersion()), item.Kind(), item.Namespace(), item.Name()}] = true
		}
	}
	var ds diag.List
	for _, o := range objects {
		if byHand[identity{o.Kind.Group, o.Kind.Name, o.Namespace, o.Name}] {
			ds.Errorf(diag.CodeNotOurs, o.Origin, "%s %s/%s exists in the package and is not ours; remove it, or the words that ask for it", o.Kind.Name, o.Namespace, o.Name)
		}
	}
	return ds
}

// owners are the names of the KymaMesh documents that were rendered.
func (in *input) owners() []string {
	var names []string
	for _, o := range in.objects {
		if !slices.Contains(names, o.Owner) {
			names = append(names, o.Owner)
		}
	}
	return names
}
