package mesh

import (
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// Operator is an IstioOperator that a person keeps beside the KymaMesh, as an
// object or as text in the ConfigMap of Kyma's installer.
type Operator struct {
	// Name is KIND NAMESPACE/NAME of the object, for messages.
	Name string
	// Local says that nobody sends the object to a cluster, so that it is there to
	// be merged; without it, istioctl would get it beside ours.
	Local bool
	// Theirs is what it says as the installation that it is, where it is not Local.
	Theirs *Theirs
	// Aside says that this call installs nothing, so that it is no fault that the
	// object is there.
	Aside bool
	// Spec is its spec, with null as nil, and At where that stands.
	Spec map[string]any
	At   diag.Path
}

// Override is one partial spec of an IstioOperator that lies over all that words
// and defaults say. Its fields are known to be Istio's, and to hold what Istio's
// hold.
type Override struct {
	// Spec is not to be written to. nil deletes, and an item {$patch: replace} of a
	// list that merges by name replaces the list.
	Spec map[string]any
	// At is where the spec stands.
	At diag.Path
	// Object is KIND NAMESPACE/NAME of the object that holds it; empty for the word
	// install.override, which lies over all objects.
	Object string
}

// Place names a place of the override in a message about another word.
func (o Override) Place(at diag.Path) string {
	if o.Object == "" {
		return at.String()
	}
	return o.Object + " (" + at.String() + ")"
}

// overrides are all overrides of the mesh, the lowest first. Those that lie in
// objects are of one rank, and stand in the order of their names, so that it does
// not matter in which order a host gives them.
func (r *resolver) overrides(at diag.Path) []Override {
	var all []Override
	for _, o := range r.operators {
		if !o.Value.Local && (r.existing() || o.Value.Aside) {
			continue
		}
		if !o.Value.Local {
			r.ds.Errorf(diag.CodePlace, o.Path, `%s would be installed beside ours; mark it config.kubernetes.io/local-config: "true" to merge it, or write install.mode: existing`, o.Value.Name)
			continue
		}
		all = append(all, Override{Spec: o.Value.Spec, At: o.Value.At, Object: o.Value.Name})
	}
	slices.SortStableFunc(all, func(a, b Override) int { return strings.Compare(a.Object, b.Object) })
	if words := r.spec.Install.Override; words != nil {
		all = append(all, Override{Spec: words, At: at})
	}
	return slices.DeleteFunc(all, func(o Override) bool {
		if size(o.Spec) > maxOverride {
			r.ds.Errorf(diag.CodeLimit, o.At, "more than %d values; an IstioOperator has some hundred", maxOverride)
			return true
		}
		r.operatorFields(o)
		return false
	})
}

// maxOverride bounds the values of one override, since lists are merged item by
// item.
const maxOverride = 5000

// size is the number of values in a tree.
func size(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			n += size(inner)
		}
	case []any:
		for _, inner := range v {
			n += size(inner)
		}
	}
	return n
}

// operatorsOf says for each KymaMesh which IstioOperators beside it are its own:
// those of its package, else those of a package without one, if the call holds a
// single KymaMesh.
func operatorsOf(ds Documents, list *diag.List) [][]Document[Operator] {
	own := make([][]Document[Operator], len(ds.Meshes))
	for _, o := range ds.Operators {
		var found []int
		for i, m := range ds.Meshes {
			if m.Package == o.Package {
				found = append(found, i)
			}
		}
		if len(found) == 0 && len(ds.Meshes) == 1 {
			found = []int{0}
		}
		if len(found) == 1 {
			own[found[0]] = append(own[found[0]], o)
		} else if len(ds.Meshes) > 0 {
			list.Errorf(diag.CodeReference, o.Path, "this call holds several KymaMesh (%s), and nothing says which one %s is for; write it as install.override of that one", meshNames(ds.Meshes), o.Value.Name)
		}
	}
	return own
}
