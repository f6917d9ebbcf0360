package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// packageFile is a file of the package with all its objects.
type packageFile struct {
	name string
	list *resourcelist.List
}

// edit plans what the documents change in objects of the package that somebody
// wrote, as far as --part and --only speak of it.
func (r *request) edit(in *input) []edit.Change {
	if len(in.items) == 0 || in.ds.HasErrors() {
		return nil
	}
	changes, found := in.planned(render.Part(r.part))
	in.ds = render.Locate(append(in.ds, found...), in.docs...)
	return slices.DeleteFunc(changes, func(c edit.Change) bool { return r.only != "" && c.Item.Namespace() != r.only })
}

// installation is what istioctl is to be given where the documents change an
// IstioOperator of the package: also one that says it all already, for istioctl
// installs Istio's own defaults when it gets nothing.
func (r *request) installation(in *input, changes []edit.Change) ([]edit.Change, error) {
	if r.part != string(render.PartInstall) {
		return nil, nil
	}
	var all []edit.Change
	for _, item := range in.items {
		edited := func(o manifest.Object) bool { return o.Namespace == item.Namespace() && o.Name == item.Name() }
		if !render.IsInstallation(item) || !slices.ContainsFunc(in.theirs, edited) {
			continue
		}
		if i := slices.IndexFunc(changes, func(c edit.Change) bool { return c.Item == item }); i >= 0 {
			all = append(all, changes[i])
			continue
		}
		keys, err := item.Keys()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.files[item].name, err)
		}
		all = append(all, edit.Change{Item: item, Text: keys.Text()})
	}
	return all, nil
}

// planned are the changes that the documents ask of what somebody else wrote.
func (in *input) planned(part render.Part) ([]edit.Change, diag.List) {
	p := edit.Package{Place: in.place, Part: func(item *resourcelist.Item) bool { return part.Changes(item) }}
	for _, item := range in.items {
		if _, ours := render.OwnerOf(item); !ours {
			p.Items = append(p.Items, item)
		}
	}
	return p.Plan(in.edits)
}

// place is a line of an item in its file.
func (in *input) place(item *resourcelist.Item, line int) string {
	return in.files[item].name + ":" + strconv.Itoa(item.Line()-1+line)
}

// editable finds what keeps the changes from being written where they belong.
func (r *request) editable(in *input, changes []edit.Change) error {
	if len(changes) == 0 {
		return nil
	}
	name := in.files[changes[0].Item].name
	switch {
	case !r.inPlace && r.dir != "":
		return fmt.Errorf("%s changes as well; write -i to have it changed in place", name)
	case !r.inPlace && r.format == "json":
		return fmt.Errorf("%s changes as well and is written as YAML; leave -o out, or write -i", name)
	}
	for _, c := range changes {
		if name := in.files[c.Item].name; r.inPlace && filepath.Ext(name) == ".json" {
			return fmt.Errorf("%s is JSON, which is not changed in place; write it as YAML", name)
		}
	}
	return nil
}

// printChanged writes the changed objects whole, behind what is rendered.
func printChanged(out io.Writer, behind bool, changes []edit.Change) error {
	for _, c := range changes {
		text := strings.TrimSuffix(c.Text, "\n") + "\n"
		if behind {
			text = "---\n" + text
		}
		if _, err := io.WriteString(out, text); err != nil {
			return err
		}
		behind = true
	}
	return nil
}

// writeInPlace writes the changed files of the package.
func (in *input) writeInPlace(edits []edit.Change) (written int, err error) {
	var files []packageFile
	for _, c := range edits {
		f := in.files[c.Item]
		if err := f.list.ReplaceText(c.Item, c.Text); err != nil {
			return 0, fmt.Errorf("%s: %w", f.name, err)
		}
		if !slices.Contains(files, f) {
			files = append(files, f)
		}
	}
	for _, f := range files {
		path, err := filepath.EvalSymlinks(f.name)
		if err != nil {
			return written, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return written, err
		}
		c := changes{write: []newFile{{filepath.Base(path), info.Mode().Perm(), f.list.Bytes()}}}
		if err := c.apply(filepath.Dir(path)); err != nil {
			return written, err
		}
		written++
	}
	return written, nil
}
