package render

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/istioop"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Explained is one value of what is rendered, and who says it.
type Explained struct {
	// Object is KIND NAMESPACE/NAME.
	Object string
	// Path is the value's place in the object's spec. An item of a list that has a
	// name stands by it: ports[http2].port.
	Path string
	// Value is the value as text.
	Value string
	// Layer is the layer of defaults that says it, such as generation 1.24
	// production; empty where a document does.
	Layer string
	// Word is the place in the document, and Pos where that is.
	Word string
	Pos  diag.Pos
	// LeftOut says why the value is not rendered; empty where it is.
	LeftOut string
}

// Explain renders the documents of a call and says of every value of every spec
// where it comes from. Of an IstioOperator each value has its own source, also
// those that layers say and the mesh's Istio is too old for; another object comes
// from one place as a whole, but for what a way out changed. With errors in the list there is nothing else.
//
// generation replaces what the documents say of kyma, to see what another one
// would change; empty, it is theirs.
func Explain(generation string, docs ...Document) ([]Explained, diag.List) {
	c := readCall(docs)
	if generation != "" {
		for i := range c.meshes {
			c.meshes[i].Value.Spec.Kyma = generation
		}
	}
	meshes, objects := c.meshesAndObjects()
	var all []Explained
	for _, o := range objects {
		explained, err := c.explain(c.meshOf(meshes, o), o)
		if err != nil {
			c.ds.Errorf(diag.CodeType, o.Origin, "%v", err)
			return nil, c.ds
		}
		all = append(all, explained...)
	}
	return all, c.ds
}

// meshOf is the mesh that an object was rendered for. Two packages may each have
// one of the same name.
func (c *call) meshOf(meshes []*mesh.Mesh, o manifest.Object) *mesh.Mesh {
	of := func(document int) string { return c.docs[document].Package }
	i := slices.IndexFunc(meshes, func(m *mesh.Mesh) bool {
		return m.Name == o.Owner && of(m.Path.Document()) == of(o.Origin.Document())
	})
	if i < 0 { // a MeshService that names a mesh of another package
		i = slices.IndexFunc(meshes, func(m *mesh.Mesh) bool { return m.Name == o.Owner })
	}
	return meshes[i]
}

func (c *call) explain(m *mesh.Mesh, o manifest.Object) ([]Explained, error) {
	object := fmt.Sprintf("%s %s/%s", o.Kind.Name, o.Namespace, o.Name)
	var all []Explained
	if o.Kind == &istioop.Kind {
		for _, leaf := range istioop.Explain(m) {
			e := Explained{Object: object, Path: leaf.Path, Value: valueText(leaf.Value)}
			if leaf.Since > 0 {
				e.LeftOut = fmt.Sprintf("Istio takes it from 1.%d on", leaf.Since)
			}
			all = append(all, c.from(e, leaf.Source))
		}
		return all, nil
	}
	n, err := manifest.Node(o)
	if err != nil {
		return nil, err
	}
	source := mesh.Source{Path: o.Origin}
	if o.Origin.Document() == m.Path.Document() {
		source = m.Source(wordsOf(o.Origin)...)
		if source.Layer == "" {
			source.Path = o.Origin
		}
	}
	under, err := leavesUnder(o)
	if err != nil {
		return nil, err
	}
	eachSpecLeaf(n, func(path, value string) {
		e := Explained{Object: object, Path: path, Value: value}
		if was, said := under[path]; o.WayOut != nil && (!said || was != value) {
			all = append(all, c.from(e, mesh.Source{Path: o.WayOut.At}))
			return
		}
		all = append(all, c.from(e, source))
	})
	return all, nil
}

// leavesUnder are the values of an object without what a way out changed.
func leavesUnder(o manifest.Object) (map[string]string, error) {
	if o.WayOut == nil {
		return nil, nil
	}
	o.Spec = o.WayOut.Under
	n, err := manifest.Node(o)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	eachSpecLeaf(n, func(path, value string) { all[path] = value })
	return all, nil
}

// eachSpecLeaf yields the values of an object's spec.
func eachSpecLeaf(object *yaml.Node, yield func(path, value string)) {
	for i := 0; i+1 < len(object.Content); i += 2 {
		if object.Content[i].Value == "spec" {
			eachLeaf("", object.Content[i+1], yield)
		}
	}
}

func valueText(v any) string {
	if t, ok := v.(manifest.Tree); ok && len(t) == 0 {
		return "{}"
	}
	return fmt.Sprint(v)
}

// from says where a value comes from.
func (c *call) from(e Explained, s mesh.Source) Explained {
	if e.Layer = s.Layer; s.Layer == "" {
		e.Word, e.Pos = s.Path.String(), c.pos(s.Path)
	}
	return e
}

// wordsOf are the words of a path below spec, up to the first list: a list is
// said as a whole.
func wordsOf(at diag.Path) []string {
	var words []string
	for _, step := range at.Steps() {
		if step.IsIndex {
			break
		}
		words = append(words, step.Key)
	}
	if len(words) > 0 && words[0] == "spec" {
		words = words[1:]
	}
	return words
}

// eachLeaf yields the scalars and the empty lists and mappings below a node.
func eachLeaf(at string, n *yaml.Node, yield func(path, value string)) {
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if at != "" {
				key = at + "." + key
			}
			eachLeaf(key, n.Content[i+1], yield)
		}
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		for i, item := range n.Content {
			name := scalarAt(item, "name")
			if name == "" {
				name = fmt.Sprint(i)
			}
			eachLeaf(at+"["+name+"]", item, yield)
		}
	case n.Kind == yaml.MappingNode:
		yield(at, "{}")
	case n.Kind == yaml.SequenceNode:
		yield(at, "[]")
	default:
		yield(at, n.Value)
	}
}

// ClusterNode is what one node of a cluster has, as Kubernetes quantities.
type ClusterNode = mesh.ClusterNode

// ProfileFor says which profile Kyma's module would choose for a cluster of these
// nodes, and why. An amount that is no quantity is an error.
func ProfileFor(nodes []ClusterNode) (profile, why string, err error) { return mesh.ProfileFor(nodes) }
