package edit

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// Package is the package that a host shows.
type Package struct {
	Items []*resourcelist.Item
	// Place names a line of an item in a message; line 1 is the first one of
	// Item.Bytes.
	Place func(item *resourcelist.Item, line int) string
	// Part tells whether an item belongs to what the call writes; nil is always.
	Part func(item *resourcelist.Item) bool
	// Reaches tells whether a document's words hold for an item; nil is always.
	Reaches func(origin diag.Path, item *resourcelist.Item) bool
	// Frees tells whether keys that no word asks for any more are to go; nil is
	// always. They stay where their document is not in the call.
	Frees func(item *resourcelist.Item) bool
}

// Change is what an item of the package becomes.
type Change struct {
	Item *resourcelist.Item
	// Text is the item's document, for [resourcelist.List.ReplaceText].
	Text string
}

// Plan says what the package becomes, without touching it. Errors are about the
// words that cannot be written.
func (p Package) Plan(edits []Edit) ([]Change, diag.List) {
	w := newWanted(edits)
	var changes []Change
	var ds diag.List
	met := make([]bool, len(edits))
	for _, item := range p.Items {
		set, before := item.Annotation(manifest.SetAnnotation)
		asked := w.about(item)
		if p.Reaches != nil {
			asked = slices.DeleteFunc(asked, func(i int) bool { return !p.Reaches(edits[i].Origin, item) })
		}
		for _, i := range asked {
			met[i] = true
		}
		switch {
		case p.Part != nil && !p.Part(item):
			continue
		case len(asked) > 0 && rendered(item):
			continue // it says already what the documents say
		case len(asked) == 0 && (!before || p.Frees != nil && !p.Frees(item)):
			continue
		}
		e := editor{pkg: p, item: item, ds: &ds}
		if text, changed := e.run(edits, asked, set); changed {
			changes = append(changes, Change{item, text})
		}
	}
	for i, e := range edits {
		if m := e.Missing; m != nil && !met[i] {
			ds = append(ds, diag.Diagnostic{Code: diag.CodeNoPackage, Severity: m.Severity, Path: e.Origin, Message: m.Message})
		}
	}
	return changes, ds
}

// After are the items as the changes make them, for whoever asks about the
// package that comes out.
func After(items []*resourcelist.Item, changes []Change) []*resourcelist.Item {
	becomes := map[*resourcelist.Item]*resourcelist.Item{}
	for _, c := range changes {
		if list, err := resourcelist.ParseStream([]byte(c.Text)); err == nil && len(list.Items()) == 1 {
			becomes[c.Item] = list.Items()[0]
		}
	}
	all := slices.Clone(items)
	for i, item := range items {
		all[i] = cmp.Or(becomes[item], item)
	}
	return all
}

// Keeps leaves out of the rendered objects what the package holds and somebody
// else wrote, for the kinds that are edited there.
func (p Package) Keeps(objects []manifest.Object) []manifest.Object {
	held := map[string]bool{}
	operators := map[[2]string]bool{}
	for _, item := range p.Items {
		switch {
		case isNamespace(item) && !rendered(item):
			held[item.Name()] = true
		case IsOperator(item) && !marked(item):
			operators[[2]string{item.Namespace(), item.Name()}] = true
		}
	}
	theirs := func(o manifest.Object) bool {
		return o.Kind.Name == "Namespace" && held[o.Name] || o.Edited && operators[[2]string{o.Namespace, o.Name}]
	}
	if !slices.ContainsFunc(objects, theirs) {
		return objects
	}
	return slices.DeleteFunc(slices.Clone(objects), theirs)
}

// IsOperator tells whether an item is one that says how Istio is installed.
func IsOperator(item *resourcelist.Item) bool {
	return manifest.GroupOf(item.APIVersion()) == "install.istio.io" && item.Kind() == "IstioOperator"
}

func isNamespace(item *resourcelist.Item) bool {
	return item.APIVersion() == "v1" && item.Kind() == "Namespace"
}

// rendered tells whether an earlier run rendered the item, and this one will
// again: of the kinds that are edited, Namespaces are rendered too.
func rendered(item *resourcelist.Item) bool { return marked(item) && isNamespace(item) }

// marked tells whether an item says that it was rendered.
func marked(item *resourcelist.Item) bool {
	_, owner := item.Label(manifest.OwnerLabel)
	_, source := item.Annotation(manifest.SourceAnnotation)
	return owner && source
}

// wanted finds the edits about an item: those of single objects by identity,
// those of pods by namespace and the first of their labels.
type wanted struct {
	edits  []Edit
	single map[object][]int
	pods   map[label][]int
}

// object is a target of one object.
type object struct{ apiVersion, kind, namespace, name string }

type label struct{ namespace, key, value string }

func newWanted(edits []Edit) wanted {
	w := wanted{edits, map[object][]int{}, map[label][]int{}}
	for i, e := range edits {
		t := e.Target
		if t.Pods == nil {
			id := object{t.APIVersion, t.Kind, t.Namespace, t.Name}
			w.single[id] = append(w.single[id], i)
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(t.Pods)) {
			id := label{t.Namespace, key, t.Pods[key]}
			w.pods[id] = append(w.pods[id], i)
			break
		}
	}
	return w
}

// about are the edits about an item, in their order.
func (w wanted) about(item *resourcelist.Item) []int {
	all := slices.Clone(w.single[object{item.APIVersion(), item.Kind(), item.Namespace(), item.Name()}])
	template, runsPods := topology.PodTemplate(item.APIVersion(), item.Kind())
	if len(w.pods) == 0 || !runsPods {
		return all
	}
	n, err := item.Node()
	if err != nil {
		return all
	}
	labels := topology.PodLabels(template, n)
	for key, value := range labels {
		for _, i := range w.pods[label{item.Namespace(), key, value}] {
			if topology.Selects(w.edits[i].Target.Pods, labels) {
				all = append(all, i)
			}
		}
	}
	slices.Sort(all)
	return all
}

// editor changes one item.
type editor struct {
	pkg  Package
	item *resourcelist.Item
	keys *resourcelist.Keys
	ds   *diag.List
	// ours are the pointers of the keys that an earlier run wrote, set of those
	// that are ours from now on, and empty those of what is a person's and would be
	// empty without them.
	ours, set, empty map[string]bool
}

// run makes the asked edits and takes back what was set before and is not asked
// for any more. What a person wrote is looked for first, as long as the lines
// are those of the person's text.
func (e *editor) run(edits []Edit, asked []int, set string) (text string, changed bool) {
	keys, err := e.item.Keys()
	if err != nil {
		for _, i := range asked {
			e.done(edits[i].Origin, err)
		}
		return "", false
	}
	e.keys, e.ours, e.set, e.empty = keys, map[string]bool{}, map[string]bool{}, map[string]bool{}
	was, kept, before := keys.Text(), map[string]bool{}, manifest.Pointers(set)
	for _, path := range before {
		e.ours[manifest.Pointer(path...)] = true
	}
	for _, path := range manifest.EmptyPointers(set) {
		e.empty[manifest.Pointer(path...)] = true
	}
	first := map[string]Edit{}
	for _, i := range asked {
		pointer := manifest.Pointer(e.path(edits[i].Target, edits[i].Path)...)
		if f, twice := first[pointer]; twice && !same(f.Value, edits[i].Value) {
			e.ds.Errorf(diag.CodeClash, edits[i].Origin, "%s: %s asks for another value of %s; one object has one", e.pkg.Place(e.item, 1), f.Origin, last(edits[i].Path))
		} else if !twice {
			first[pointer] = edits[i]
		}
		kept[pointer] = true
	}
	asked = slices.DeleteFunc(asked, func(i int) bool { return !e.admits(edits[i]) })
	for _, path := range before {
		if !kept[manifest.Pointer(path...)] {
			e.done(diag.Path{}, e.keys.Remove(path, e.stays))
		}
	}
	for _, i := range asked {
		e.edit(edits[i])
	}
	e.mark()
	return e.keys.Text(), e.keys.Text() != was
}

// path leads to a key from the object inwards.
func (e *editor) path(t Target, path []string) []string {
	if t.Pods == nil {
		return path
	}
	template, _ := topology.PodTemplate(e.item.APIVersion(), e.item.Kind())
	return slices.Concat(template, path)
}

// admits tells whether nobody wrote something else than the edit says.
func (e *editor) admits(edit Edit) bool {
	ok := true
	against := func(name string, have *yaml.Node, advice string) {
		ok = false
		e.ds.Errorf(diag.CodeByHand, edit.Origin, "%s says %s; %s", e.place(have), said(name, have), advice)
	}
	path := e.path(edit.Target, edit.Path)
	if have := e.keys.Get(path); have != nil && !e.ours[manifest.Pointer(path...)] && !same(have, edit.Value) {
		against(cmp.Or(edit.Name, last(path)), have, cmp.Or(edit.Advice, "change one"))
	}
	for _, r := range edit.Rivals {
		path := e.path(edit.Target, r.Path)
		have := e.keys.Get(path)
		switch {
		case have == nil || e.ours[manifest.Pointer(path...)]:
		case have.Kind != yaml.ScalarNode || have.Value != r.Agrees:
			against(cmp.Or(r.Name, last(path)), have, r.Advice)
		case r.Goes:
			e.ds.Infof(diag.CodeByHand, edit.Origin, "%s: %s goes, the two cannot stand together", e.place(have), said(last(path), have))
		}
	}
	return ok
}

// edit makes an edit that is admitted.
func (e *editor) edit(edit Edit) {
	for _, r := range edit.Rivals {
		if r.Goes {
			e.done(edit.Origin, e.keys.Remove(e.path(edit.Target, r.Path), nil))
		}
	}
	path := e.path(edit.Target, edit.Path)
	pointer := manifest.Pointer(path...)
	if have := e.keys.Get(path); have != nil && same(have, edit.Value) {
		e.set[pointer] = e.ours[pointer] // else it is a person's, who says the same
		return
	}
	e.noteEmpty(path)
	if e.done(edit.Origin, e.keys.Set(path, edit.Value)) {
		e.set[pointer] = true
	}
}

// noteEmpty notes what is empty around a key that is to be set.
func (e *editor) noteEmpty(path []string) {
	for i := 1; i < len(path); i++ {
		if n := e.keys.Get(path[:i]); n != nil && resourcelist.IsBare(n, path[:i]) {
			e.empty[manifest.Pointer(path[:i]...)] = true
		}
	}
}

// stays tells whether what is empty is to stay.
func (e *editor) stays(path []string) bool { return e.empty[manifest.Pointer(path...)] }

func (e *editor) place(n *yaml.Node) string { return e.pkg.Place(e.item, e.keys.Line(n)) }

func last(path []string) string { return path[len(path)-1] }

// said is a key with its value as a message names it.
func said(key string, value *yaml.Node) string {
	if value.Kind != yaml.ScalarNode || strings.Contains(value.Value, "\n") {
		return key + " otherwise"
	}
	return key + ": " + value.Value
}

// done reports an error and tells whether there was none.
func (e *editor) done(at diag.Path, err error) bool {
	if err != nil {
		e.ds.Errorf(diag.CodeItem, at, "%s: %v", e.pkg.Place(e.item, 1), err)
	}
	return err == nil
}

var setPath = []string{"metadata", "annotations", manifest.SetAnnotation}

// mark notes which keys are ours.
func (e *editor) mark() {
	maps.DeleteFunc(e.set, func(_ string, ours bool) bool { return !ours })
	all := slices.Sorted(maps.Keys(e.set))
	if len(all) == 0 {
		e.done(diag.Path{}, e.keys.Remove(setPath, e.stays))
		return
	}
	e.noteEmpty(setPath)
	own := manifest.Pointer(setPath...)
	for _, around := range slices.Sorted(maps.Keys(e.empty)) {
		within := func(pointer string) bool { return strings.HasPrefix(pointer, around+"/") }
		if slices.ContainsFunc(all, within) || within(own) {
			all = append(all, around+"/")
		}
	}
	if text, have := strings.Join(all, ","), e.keys.Get(setPath); have == nil || have.Value != text {
		e.done(diag.Path{}, e.keys.Set(setPath, Text(text)))
	}
}

// ByHand is what a document says without the keys that an earlier run set.
func ByHand(document []byte) (*yaml.Node, error) {
	stream, err := resourcelist.ParseStream(document)
	if err != nil {
		return nil, err
	}
	if len(stream.Items()) != 1 {
		return nil, errors.New("want one object")
	}
	item := stream.Items()[0]
	keys, err := item.Keys()
	if err != nil {
		return nil, err
	}
	set, _ := item.Annotation(manifest.SetAnnotation)
	e := editor{empty: map[string]bool{}}
	for _, path := range manifest.EmptyPointers(set) {
		e.empty[manifest.Pointer(path...)] = true
	}
	for _, path := range manifest.Pointers(set) {
		if err := keys.Remove(path, e.stays); err != nil {
			return nil, err
		}
	}
	return keys.Root(), nil
}

// same compares what two values say: the order of keys, and whether a text has
// quotes, is their author's.
func same(a, b *yaml.Node) bool {
	if a.Kind == yaml.AliasNode {
		a = a.Alias
	}
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	switch a.Kind {
	case yaml.ScalarNode:
		return a.Value == b.Value
	case yaml.MappingNode:
		values := map[string]*yaml.Node{}
		for i := 0; i+1 < len(a.Content); i += 2 {
			values[a.Content[i].Value] = a.Content[i+1]
		}
		for i := 0; i+1 < len(b.Content); i += 2 {
			if have := values[b.Content[i].Value]; have == nil || !same(have, b.Content[i+1]) {
				return false
			}
		}
		return true
	}
	return slices.EqualFunc(a.Content, b.Content, same)
}
