package main

import (
	"bytes"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// run renders and brings the list to what is rendered. With errors the list is
// as it came, and so it is where only checks are wanted.
func (c *call) run() error {
	if c.ds.HasErrors() {
		return nil
	}
	c.collect()
	if len(c.docs) == 0 && !c.whole() {
		c.ds.Infof(diag.CodeDocument, diag.Path{}, "no KymaMesh in this call; nothing is rendered")
		return nil
	}
	if len(c.docs) > 0 {
		c.render()
	}
	if c.ds.HasErrors() {
		return nil
	}
	var found diag.List
	changes := c.edit(&found)
	found = append(found, c.check(changes)...)
	actions := c.plan(&found)
	c.ds = render.Locate(append(c.ds, found...), c.docs...)
	if c.ds.HasErrors() || c.checks == checkOnly {
		return nil
	}
	for _, change := range changes {
		actions.replace = append(actions.replace, replacement{item: change.Item, text: change.Text})
	}
	return c.apply(actions)
}

// seesPackage tells whether the host shows the package: a kustomize generator
// sees nothing but its own configuration.
func (c *call) seesPackage() bool {
	return slices.ContainsFunc(c.list.Items(), func(i *resourcelist.Item) bool { return !render.IsDocument(i.APIVersion()) })
}

// render renders the documents, for the package if there is one.
func (c *call) render() {
	if c.seesPackage() {
		c.all, c.edits, c.ds = render.InPackage(c.docs...)
		c.all = edit.Package{Items: c.list.Items()}.Keeps(c.all)
	} else {
		c.all, c.ds = render.Documents(c.docs...)
	}
	c.objects = render.Select(c.all, c.part)
}

// check holds the objects against the package, and the package against itself
// where that is wanted.
func (c *call) check(changes []edit.Change) diag.List {
	var ds diag.List
	if !c.seesPackage() && !c.whole() {
		if check.NeedsPackage(c.objects) {
			ds.Infof(diag.CodeSelector, diag.Path{}, "selectors could not be checked here; a generator does not see the package")
		}
		return ds
	}
	around := topology.New(c.all, edit.After(c.list.Items(), changes), len(c.docs))
	ds = append(check.Package(c.objects, around), check.Edits(c.edits, around)...)
	if c.whole() {
		found, _ := check.Examine(around, render.Ignored(c.docs...)...)
		ds = append(ds, found...)
	}
	return ds
}

// identity is what makes two items the same resource of the same package.
type identity struct{ pkg, group, kind, namespace, name string }

func (c *call) identityOf(item *resourcelist.Item) identity {
	pkg, _ := item.Annotation(packagePath)
	return identity{pkg, manifest.GroupOf(item.APIVersion()), item.Kind(), item.Namespace(), item.Name()}
}

// actions are what there is to do to the list.
type actions struct {
	replace []replacement
	remove  []*resourcelist.Item
	add     []manifest.Object
}

// replacement is what an item becomes: an object, or a text that differs from
// the item's in one place.
type replacement struct {
	item *resourcelist.Item
	node *yaml.Node
	text string
}

// plan compares the items with the objects, without touching anything.
func (c *call) plan(ds *diag.List) actions {
	wanted := make(map[identity]int, len(c.objects))
	for i, o := range c.objects {
		wanted[c.objectIdentity(o)] = i
	}
	var a actions
	met := make([]bool, len(c.objects))
	files := map[[2]string]bool{} // package and file of what is not ours
	for _, item := range c.list.Items() {
		owner, mine := render.OwnerOf(item)
		id := c.identityOf(item)
		o, want := wanted[id]
		switch {
		case want && !mine:
			met[o] = true
			c.notOurs(ds, c.objects[o], item)
		case want && met[o]:
			a.remove = append(a.remove, item) // a second copy of ours
		case want:
			met[o] = true
			c.update(ds, &a, item, c.objects[o])
		case mine && item.Kind() == "Namespace":
			// Never removed, for all that lives in it; its keys are, as an edit.
		case mine && c.prunes(owner, id.pkg):
			a.remove = append(a.remove, item)
		default:
			files[[2]string{id.pkg, fileOf(item)}] = true
		}
		if render.IsDocument(item.APIVersion()) {
			c.markLocal(&a, item)
		}
	}
	c.leadsOut(ds)
	for i, o := range c.objects {
		if met[i] {
			continue
		}
		if p := c.places[o.Origin.Document()]; c.files && files[[2]string{p.pkg, c.file(o)}] {
			ds.Errorf(diag.CodeNotOurs, o.Origin, "%s is there and is not ours; move it away, %s %s/%s is written there", c.file(o), o.Kind.Name, o.Namespace, o.Name)
		}
		a.add = append(a.add, o)
	}
	return a
}

// leadsOut refuses documents whose path annotation leads out of the package. The
// host would be asked to write what is rendered beside them.
func (c *call) leadsOut(ds *diag.List) {
	for i, p := range c.places {
		if c.files && p.kept && !filepath.IsLocal(path.Clean(p.file)) {
			ds.Errorf(diag.CodeItem, diag.Document(i), "its path annotation %s leads out of the package; write a path below it", p.file)
		}
	}
}

func (c *call) objectIdentity(o manifest.Object) identity {
	return identity{c.places[o.Origin.Document()].pkg, o.Kind.Group, o.Kind.Name, o.Namespace, o.Name}
}

func (c *call) notOurs(ds *diag.List, o manifest.Object, item *resourcelist.Item) {
	where := ""
	if file := fileOf(item); file != "" {
		where = " in " + file
	}
	ds.Errorf(diag.CodeNotOurs, o.Origin, "%s %s/%s exists%s and is not ours; remove it, or the words that ask for it", o.Kind.Name, o.Namespace, o.Name, where)
}

// prunes tells whether what an owner no longer renders is to go: the owner is a
// KymaMesh of this call, in the item's package or one around it. Two KymaMesh of
// one name in two packages leave each other's output alone.
func (c *call) prunes(owner, pkg string) bool {
	return slices.ContainsFunc(c.places, func(p place) bool {
		return p.kind == "KymaMesh" && p.name == owner && p.around(pkg)
	})
}

// update plans to make an item of ours say what is rendered now, if it does not.
func (c *call) update(ds *diag.List, a *actions, item *resourcelist.Item, o manifest.Object) {
	old, err := item.Node()
	if err != nil {
		ds.Errorf(diag.CodeItem, o.Origin, "%s %s/%s, as rendered before, cannot be read: %v", o.Kind.Name, o.Namespace, o.Name, err)
		return
	}
	want, err := manifest.Node(o)
	if err != nil {
		ds.Errorf(diag.CodeItem, o.Origin, "%v", err)
		return
	}
	*ds = append(*ds, check.Step(o, old)...)
	changed, dropped := resourcelist.Update(old, want)
	if !changed {
		return
	}
	a.replace = append(a.replace, replacement{item: item, node: old})
	for _, comment := range dropped {
		ds.Infof(diag.CodeComment, o.Origin, "%s %s/%s: the comment in line %d went with what it stood at: %s", o.Kind.Name, o.Namespace, o.Name, comment.Line, strings.ReplaceAll(comment.Text, "\n", " "))
	}
}

// apply carries out the plan. Items keep their places, new ones come last.
func (c *call) apply(a actions) error {
	for _, r := range a.replace {
		if err := c.replace(r); err != nil {
			return err
		}
	}
	for _, item := range a.remove {
		c.list.Remove(item)
	}
	for _, o := range a.add {
		text, err := c.newItem(o)
		if err != nil {
			return err
		}
		if _, err := c.list.Append(text); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) replace(r replacement) error {
	if r.text != "" {
		return c.list.ReplaceText(r.item, r.text)
	}
	return c.list.Replace(r.item, r.node)
}

// newItem is an object that the list did not hold, as a document.
func (c *call) newItem(o manifest.Object) ([]byte, error) {
	if !c.files {
		return manifest.AppendYAML(nil, o)
	}
	n, err := manifest.Node(o)
	if err != nil {
		return nil, err
	}
	c.placeNew(n, o)
	return encode(n)
}

// file is where a new object is written, beside the document that asked for it.
func (c *call) file(o manifest.Object) string {
	namespace := o.Namespace
	if namespace == "" {
		namespace = "_cluster"
	}
	dir := path.Dir(c.places[o.Origin.Document()].file)
	return path.Join(dir, "rendered", namespace, strings.ToLower(o.Kind.Name)+"_"+o.Name+".yaml")
}

// placeNew says where a new object lies: one object a file, in the package of
// the document. Without the package, kpt would write it into the outer one.
func (c *call) placeNew(n *yaml.Node, o manifest.Object) {
	_, annotations := strictyaml.Entry(n, "metadata", "annotations")
	set := func(key, value string) {
		annotations.Content = append(annotations.Content, text(key), quoted(value))
	}
	set(legacyIndex, "0")
	set(legacyPath, c.file(o))
	set(internalIndex, "0")
	set(internalPath, c.file(o))
	if pkg := c.places[o.Origin.Document()].pkg; pkg != "" {
		set(packagePath, pkg)
	}
}

// encode writes a node as the encoder of pkg/manifest writes an object.
func encode(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	e.CompactSeqIndent()
	err := e.Encode(n)
	return b.Bytes(), err
}
