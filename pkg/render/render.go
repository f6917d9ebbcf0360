// Package render turns KymaMesh documents into Istio resources. It is the import
// for installers and other programs; it reads no file, no cluster, no clock and
// no environment, so the same documents give the same bytes for ever.
//
// [YAML] renders text, [Node] a parsed document, [Objects] a document built in
// Go. Each returns typed resources, to be written by [manifest.Encode], and a
// list of diagnostics. With an error in the list there are no resources.
//
// It is safe for concurrent use: nothing is kept between calls, and what is given
// is only read, so that goroutines may even share a document.
package render

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/parallel"
	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/istioop"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Document is one document of a call: a KymaMesh or a MeshService, or an object of
// the package for which [IsOverride] holds.
type Document struct {
	// File is what diagnostics call the document.
	File string
	// Line is the line of File on which Text begins, counted from 1. 0 says that
	// the text was re-written on its way here, so that its lines are nobody's.
	Line int
	// Text is the document as YAML or JSON.
	Text []byte
	// Node is the parsed document; it is read when there is no Text.
	Node *yaml.Node
	// Package tells packages of one call apart that must not meet, such as kpt
	// sub-packages. Empty for the only one.
	Package string
	// Aside says that an object of the package is given to be known only, since the
	// call installs nothing; see [IsInstallation].
	Aside bool
}

// IsDocument tells whether an item with this apiVersion is one that Documents
// takes, also to refuse it: every version and kind of our group.
func IsDocument(apiVersion string) bool {
	return strings.HasPrefix(apiVersion, spec.Group+"/")
}

// YAML renders the documents in src, a stream of YAML documents or one of JSON.
// Documents of other groups are left alone. The file name appears in
// diagnostics only.
func YAML(file string, src []byte) ([]manifest.Object, diag.List) {
	docs, ds := Split(file, src)
	if ds.HasErrors() {
		return nil, ds
	}
	objects, ds := Documents(docs...)
	if len(docs) == 0 {
		ds[0].Pos.File = file
	}
	return objects, ds
}

// Split finds the documents of ours in a stream, without parsing the others.
func Split(file string, src []byte) ([]Document, diag.List) {
	_, docs, ds := SplitPackage(file, src)
	return docs, ds
}

// SplitPackage is [Split] for a file of a package, whose other objects are wanted
// too: it gives the whole stream, nil when it cannot be read.
func SplitPackage(file string, src []byte) (*resourcelist.List, []Document, diag.List) {
	var ds diag.List
	stream, err := resourcelist.ParseStream(src)
	if err != nil {
		at, message := diag.Pos{File: file, Line: 1, Col: 1}, err.Error()
		if e := (*resourcelist.Error)(nil); errors.As(err, &e) {
			at.Line, message = e.Line, e.Message
		}
		return nil, nil, append(ds, diag.Diagnostic{Code: diag.CodeSyntax, Pos: at, Message: message})
	}
	var docs []Document
	for _, item := range stream.Items() {
		if IsDocument(item.APIVersion()) {
			docs = append(docs, Document{File: file, Line: item.Line(), Text: item.Bytes()})
		}
	}
	return stream, docs, nil
}

// Node renders one parsed document, for example a function's configuration.
// Diagnostics have paths and no positions.
func Node(n *yaml.Node) ([]manifest.Object, diag.List) {
	return Documents(Document{Node: n})
}

// Objects renders documents built in Go. apiVersion and kind may be left out.
func Objects(doc spec.KymaMesh, services ...spec.MeshService) ([]manifest.Object, diag.List) {
	c := call{docs: make([]Document, 1+len(services))}
	c.meshes = append(c.meshes, mesh.Document[spec.KymaMesh]{Value: doc})
	for i, s := range services {
		c.services = append(c.services, &mesh.Document[spec.MeshService]{Value: s, Path: diag.Document(i + 1)})
	}
	return c.render()
}

// Documents renders all documents of one call together. A word that changes
// objects of the package is an error: they are not seen here (see [InPackage]).
func Documents(docs ...Document) ([]manifest.Object, diag.List) {
	c := readCall(docs)
	return c.render()
}

// readTogether is how many documents one processor reads before it asks for more.
const readTogether = 64

// readCall parses and decodes all documents of a call.
func readCall(docs []Document) *call {
	c := &call{docs: docs, sources: make([]strictyaml.Source, len(docs))}
	parts := make([]call, (len(docs)+readTogether-1)/readTogether)
	parallel.Do(len(parts), func(part int) {
		read := call{docs: c.docs, sources: c.sources}
		first := part * readTogether
		for i := first; i < min(first+readTogether, len(docs)); i++ {
			read.read(i)
		}
		parts[part] = read
	})
	for i := range parts {
		c.add(&parts[i])
	}
	return c
}

// add takes what another part of the call's documents gave.
func (c *call) add(read *call) {
	c.meshes = append(c.meshes, read.meshes...)
	c.services = append(c.services, read.services...)
	c.operators = append(c.operators, read.operators...)
	c.ds = append(c.ds, read.ds...)
	c.unread = c.unread || read.unread
	c.endless = c.endless || read.endless
}

// Locate fills in the positions of diagnostics about the documents of a call
// that were found later, such as those of pkg/check, and sorts them. Objects of
// the package may follow the documents, by the numbers that the model gave them.
func Locate(ds diag.List, docs ...Document) diag.List {
	c := call{docs: docs, sources: make([]strictyaml.Source, len(docs)), keep: true}
	read := make([]bool, len(docs))
	for _, d := range ds {
		if i := d.Path.Document(); i < len(docs) && !read[i] {
			read[i] = true
			c.read(i)
		}
	}
	return ds.Locate(c.pos)
}

// call is one call: what was given, read so far.
type call struct {
	docs     []Document
	sources  []strictyaml.Source // empty for documents built in Go
	keep     bool                // the trees of documents of ours; see read
	meshes   []mesh.Document[spec.KymaMesh]
	services []*mesh.Document[spec.MeshService]
	// operators are the IstioOperators around the documents.
	operators []mesh.Document[mesh.Operator]
	ds        diag.List
	unread    bool // a document could not be parsed, so nobody knows what it is
	endless   bool // a document is too deep or too much aliased to look into
}

// read parses and decodes one document. The tree of one of ours is only wanted
// again when there is something to say of it, and takes more room than all else: it
// is parsed again then.
func (c *call) read(i int) {
	c.parse(i)
	root := c.sources[i].Root
	if root == nil {
		return
	}
	c.decode(root, c.docs[i], diag.Document(i))
	if !c.keep && c.docs[i].Text != nil && IsDocument(scalarAt(root, "apiVersion")) {
		c.sources[i].Root = nil
	}
}

func (c *call) parse(i int) {
	doc, at := c.docs[i], diag.Document(i)
	source := strictyaml.Source{File: doc.File, Root: doc.Node, NoLines: true}
	if doc.Text != nil {
		var ds diag.List
		source, ds = strictyaml.Parse(doc.File, max(doc.Line, 1), doc.Text, at)
		source.NoLines = doc.Line == 0
		c.unread = c.unread || len(ds) > 0
		if source.NoLines && len(ds) > 0 {
			ds[0].Pos = diag.Pos{File: doc.File}
		}
		c.ds = append(c.ds, ds...)
	}
	if source.Root != nil && source.Root.Kind == yaml.DocumentNode && len(source.Root.Content) == 1 {
		source.Root = source.Root.Content[0]
	}
	c.sources[i] = source
}

func (c *call) decode(root *yaml.Node, doc Document, at diag.Path) {
	apiVersion, kind := scalarAt(root, "apiVersion"), scalarAt(root, "kind")
	switch {
	case isOperator(apiVersion, kind):
		c.operator(root, doc, at)
	case isConfigMap(apiVersion, kind):
		c.installerConfig(root, doc, at)
	case !IsDocument(apiVersion):
		c.ds.Errorf(diag.CodeDocument, at.Key("apiVersion"), "%q is not ours; write %s", apiVersion, spec.APIVersion)
	case apiVersion != spec.APIVersion:
		c.ds.Errorf(diag.CodeDocument, at.Key("apiVersion"), "no version %s here; this kymamesh reads %s", apiVersion, spec.APIVersion)
	case kind == spec.KindKymaMesh:
		m := mesh.Document[spec.KymaMesh]{Path: at, Package: doc.Package}
		c.decoded(strictyaml.Decode(root, at, &m.Value))
		c.meshes = append(c.meshes, m)
	case kind == spec.KindMeshService:
		s := &mesh.Document[spec.MeshService]{Path: at, Package: doc.Package}
		c.decoded(strictyaml.Decode(root, at, &s.Value))
		c.services = append(c.services, s)
	default:
		c.ds.Errorf(diag.CodeDocument, at.Key("kind"), "no kind %q in %s; KymaMesh or MeshService", kind, spec.APIVersion)
	}
}

// decoded takes what a document's reader had to say. Of a document that was
// built to be endless, only that is said.
func (c *call) decoded(ds diag.List) {
	if i := slices.IndexFunc(ds, func(d diag.Diagnostic) bool { return d.Code == diag.CodeLimit }); i >= 0 {
		c.endless = true
		ds = ds[i : i+1]
	}
	c.ds = append(c.ds, ds...)
}

// scalarAt is the text below some keys; what is wrong with it is found later.
func scalarAt(root *yaml.Node, keys ...string) string {
	if _, n := strictyaml.Entry(root, keys...); n != nil {
		return n.Value
	}
	return ""
}

// render resolves, renders and locates. What could not be decoded is resolved as
// far as it was read, so that all faults are found in one run.
func (c *call) render() ([]manifest.Object, diag.List) {
	meshes, objects := c.meshesAndObjects()
	if unseen := edit.Unseen(c.edits(meshes)); unseen != nil {
		c.ds = append(c.ds, unseen...).Locate(c.pos)
		return nil, c.ds
	}
	for _, m := range meshes {
		if m.Install.Existing {
			c.ds.Infof(diag.CodeNoPackage, m.Path.Key("spec").Key("install").Key("mode"), "rendered as an overlay; where the package is seen (transformers:, kpt, a directory), its IstioOperator is changed in place")
		}
	}
	return objects, c.ds.Locate(c.pos)
}

func (c *call) meshesAndObjects() ([]*mesh.Mesh, []manifest.Object) {
	var meshes []*mesh.Mesh
	if (len(c.meshes) > 0 || !c.unread) && !c.endless {
		var ds diag.List
		meshes, ds = mesh.Resolve(mesh.Documents{Meshes: c.meshes, Services: c.services, Operators: c.operators})
		c.ds = append(c.ds, notFollowing(ds, c.ds)...)
		c.checkOverrides(meshes)
	}
	if len(c.meshes)+len(c.services) == 0 && !c.ds.HasErrors() {
		c.ds.Errorf(diag.CodeDocument, diag.Path{}, "no KymaMesh in this call; give it with the package, or with -f")
	}
	var objects []manifest.Object
	if !c.ds.HasErrors() {
		objects = c.objects(meshes)
	}
	c.ds = c.ds.Locate(c.pos)
	if c.ds.HasErrors() {
		return nil, nil
	}
	return meshes, objects
}

// checkOverrides adds what is wrong with overrides once they are merged. Warnings
// wait until all can be read, as those of resolving do.
func (c *call) checkOverrides(meshes []*mesh.Mesh) {
	for _, m := range meshes {
		failed := c.ds.HasErrors()
		for _, d := range istioop.Check(m) {
			if !failed || d.Severity == diag.Error {
				c.ds = append(c.ds, d)
			}
		}
	}
}

// objects renders every kind of every mesh, in the order of the table. Kinds know
// nothing of each other.
func (c *call) objects(meshes []*mesh.Mesh) []manifest.Object {
	identity := c.identities()
	all, faults := make([][]manifest.Object, len(kinds)), make([]diag.List, len(kinds))
	parallel.Do(len(kinds), func(i int) {
		all[i] = kinds[i].objects(meshes, identity)
		faults[i] = c.apart(all[i])
	})
	c.ds = append(c.ds, slices.Concat(faults...)...)
	return slices.Concat(all...)
}

// objects renders one kind of every mesh, sorted.
func (k kind) objects(meshes []*mesh.Mesh, identity []string) []manifest.Object {
	var all []manifest.Object
	for _, m := range meshes {
		objects, version := k.render(m), m.Version(k.kind.Group)
		for i := range objects {
			o := &objects[i]
			o.Version = version
			o.Owner, o.Source = m.Name, identity[o.Origin.Document()]
			if o.Namespace == mesh.Root {
				o.Root = mesh.Root
			}
		}
		if all == nil {
			all = objects
		} else {
			all = append(all, objects...)
		}
	}
	manifest.Sort(all, mesh.Root)
	return all
}

// identities are KIND/NAMESPACE/NAME of the documents.
func (c *call) identities() []string {
	all := make([]string, len(c.docs))
	add := func(i int, kind string, m spec.Metadata) {
		namespace := m.Namespace
		if namespace == "" {
			namespace = "-"
		}
		all[i] = kind + "/" + namespace + "/" + m.Name
	}
	for _, m := range c.meshes {
		add(m.Path.Document(), spec.KindKymaMesh, m.Value.Metadata)
	}
	for _, s := range c.services {
		add(s.Path.Document(), spec.KindMeshService, s.Value.Metadata)
	}
	return all
}

// apart reports two objects of one identity; objects are of one kind and
// sorted, so that those of one name stand together. Documents of two packages
// never meet.
func (c *call) apart(objects []manifest.Object) diag.List {
	var ds diag.List
	first := map[string]int{} // of one name, by package
	for i := range objects {
		o := &objects[i]
		if i > 0 && (objects[i-1].Name != o.Name || objects[i-1].Namespace != o.Namespace) {
			clear(first)
		}
		pkg := c.docs[o.Origin.Document()].Package
		if before, twice := first[pkg]; twice {
			ds.Errorf(diag.CodeClash, o.Origin, "%s %s/%s is also asked for by %s", o.Kind.Name, o.Namespace, o.Name, c.place(objects[before]))
			continue
		}
		first[pkg] = i
	}
	return ds
}

// place names what asked for an object: the path, and the document when there
// are several.
func (c *call) place(o manifest.Object) string {
	if len(c.docs) == 1 {
		return o.Origin.String()
	}
	text := o.Source
	if file := c.docs[o.Origin.Document()].File; file != "" {
		text += " in " + file
	}
	if path := o.Origin.String(); path != "" {
		text += " (" + path + ")"
	}
	return text
}

// pos is where a path stands in its document.
func (c *call) pos(p diag.Path) diag.Pos {
	i := p.Document()
	if i >= len(c.sources) {
		return diag.Pos{}
	}
	if c.sources[i].Root == nil && c.docs[i].Text != nil {
		again := call{docs: c.docs, sources: c.sources}
		again.parse(i) // its faults are told
	}
	return c.sources[i].Pos(p)
}
