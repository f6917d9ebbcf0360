package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// outputFolder is the folder of --output-dir as an earlier call left it. All
// access goes through root, which links and ".." do not lead out of.
type outputFolder struct {
	dir   string
	root  *os.Root // nil when the folder is not there yet
	owned map[string]*ownedFile
	at    map[identity]*ownedFile // where each object of ours lies
}

// identity is what makes two objects the same resource.
type identity struct{ group, kind, namespace, name string }

// ownedFile is a file that holds one object of ours and nothing else.
type ownedFile struct {
	name string
	mode fs.FileMode
	list *resourcelist.List
	item *resourcelist.Item
}

// plan compares the folder with the objects, without touching it. What keeps an
// object from being written is a fault of the call's documents.
func (r *request) plan(in *input, objects []manifest.Object) (changes, error) {
	f, err := openFolder(r.dir)
	if err != nil {
		return changes{}, err
	}
	defer f.close()
	var c changes
	var found diag.List
	targets := map[string]bool{}
	for _, o := range objects {
		if err := f.plan(&found, &c, o, targets); err != nil {
			return changes{}, err
		}
	}
	in.ds = render.Locate(append(in.ds, found...), in.docs...)
	owners := in.owners()
	for _, name := range f.names() {
		file := f.owned[name]
		owner, _ := render.OwnerOf(file.item)
		switch {
		case targets[name] || !slices.Contains(owners, owner) || !r.covers(file.item):
		case file.item.Kind() == "Namespace":
			if err := f.free(&c, file); err != nil {
				return changes{}, err
			}
		default:
			c.remove = append(c.remove, name)
		}
	}
	return c, nil
}

// free takes our keys out of a Namespace. It is never removed, for all that
// lives in it.
func (f *outputFolder) free(c *changes, file *ownedFile) error {
	p := edit.Package{
		Items: []*resourcelist.Item{file.item},
		Place: func(*resourcelist.Item, int) string { return f.path(file.name) },
	}
	freed, _ := p.Plan(nil) // what nobody asks for cannot be refused
	for _, change := range freed {
		if err := file.list.ReplaceText(file.item, change.Text); err != nil {
			return fmt.Errorf("%s: %w", f.path(file.name), err)
		}
		c.write = append(c.write, newFile{file.name, file.mode, file.list.Bytes()})
	}
	return nil
}

// covers tells whether --part and --only speak of the item. What they do not
// speak of is not missing when it is not rendered.
func (r *request) covers(item *resourcelist.Item) bool {
	source, _ := item.Annotation(manifest.SourceAnnotation)
	install := item.Kind() == "IstioOperator"
	return r.asked(source) && (r.part == string(render.PartAll) || install == (r.part == string(render.PartInstall)))
}

// plan finds the file of one object: where an earlier call wrote it or a person
// moved it to, else a new one.
func (f *outputFolder) plan(ds *diag.List, c *changes, o manifest.Object, targets map[string]bool) error {
	if file, ok := f.at[identity{o.Kind.Group, o.Kind.Name, o.Namespace, o.Name}]; ok && !targets[file.name] {
		targets[file.name] = true
		return f.update(ds, c, file, o)
	}
	name, err := fileName(o.Kind.Name, o.Namespace, o.Name)
	if err != nil {
		return err
	}
	there, err := f.exists(name)
	if err != nil {
		return err
	}
	if targets[name] || there && f.owned[name] == nil {
		ds.Errorf(diag.CodeNotOurs, o.Origin, "%s exists and is not ours; move it away, or remove the words that ask for it", f.path(name))
		return nil
	}
	targets[name] = true
	text, err := manifest.AppendYAML(nil, o)
	if err != nil {
		return err
	}
	c.write = append(c.write, newFile{name, 0o666, text})
	return nil
}

// update brings a file of ours to what is rendered now, and keeps what a person
// did to it as the function does: comments, other labels.
func (f *outputFolder) update(ds *diag.List, c *changes, file *ownedFile, o manifest.Object) error {
	node, err := file.item.Node()
	if err != nil {
		return fmt.Errorf("%s: %w", f.path(file.name), err)
	}
	want, err := manifest.Node(o)
	if err != nil {
		return err
	}
	*ds = append(*ds, check.Step(o, node)...)
	changed, dropped := resourcelist.Update(node, want)
	if !changed {
		return nil
	}
	for _, comment := range dropped {
		*ds = append(*ds, diag.Diagnostic{
			Code: diag.CodeComment, Severity: diag.Info,
			Path:    diag.Document(o.Origin.Document()),
			Pos:     diag.Pos{File: f.path(file.name), Line: file.item.Line() - 1 + comment.Line, Col: 1},
			Message: "the comment went with what it stood at: " + strings.ReplaceAll(comment.Text, "\n", " "),
		})
	}
	if err := file.list.Replace(file.item, node); err != nil {
		return fmt.Errorf("%s: %w", f.path(file.name), err)
	}
	c.write = append(c.write, newFile{file.name, file.mode, file.list.Bytes()})
	return nil
}

// fileName is where a new object is written. Names come from documents that were
// checked; what a wrong one would overwrite is too dear to rely on that.
func fileName(kind, namespace, name string) (string, error) {
	folder, base := cmp.Or(namespace, "_cluster"), strings.ToLower(kind)+"_"+name+".yaml"
	for _, step := range []string{folder, base} {
		if !filepath.IsLocal(step) || step == "." || strings.ContainsAny(step, `/\`) {
			return "", fmt.Errorf("%s %s/%s: not a name that a file can have", kind, namespace, name)
		}
	}
	return folder + "/" + base, nil
}
