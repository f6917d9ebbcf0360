package istioop

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Field is one value of an IstioOperator's spec that stands by itself: whoever says it
// says all of it.
type Field struct {
	// Path leads to it from spec inwards.
	Path []Step
	// Name is the path as in Leaf.
	Name string
	// Value is a scalar, a list or an item that means something as a whole only.
	Value any
	// Source is who says it, and Word the word of the document that does or would.
	Source mesh.Source
	Word   string
}

// Step is a key of a mapping or, with Item, the item of a list of which all this is
// true.
type Step struct {
	Key  string
	Item []Named
}

// Named is what names an item: a field and its value.
type Named struct {
	Field string
	Value any
}

// Fields are the values of the mesh's IstioOperator. Lists are walked from the first
// item on, and mappings from the last key back: for one who puts new items behind
// those that are there, and new keys in front.
func Fields(m *mesh.Mesh) []Field {
	w := fieldWalk{m: m, sources: map[string]mesh.Source{}}
	for _, leaf := range Explain(m) {
		w.sources[leaf.Path] = leaf.Source
	}
	w.mapping("", "", nil, Render(m)[0].Spec.(manifest.Tree))
	return w.all
}

type fieldWalk struct {
	m       *mesh.Mesh
	sources map[string]mesh.Source
	all     []Field
}

func (w *fieldWalk) mapping(pattern, name string, path []Step, m manifest.Tree) {
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(m))) {
		if len(path) > 0 && slices.ContainsFunc(path[len(path)-1].Item, func(n Named) bool { return n.Field == key }) {
			continue // who finds the item knows it
		}
		w.value(pattern+"/"+key, strings.TrimPrefix(name+"."+key, "."), slices.Concat(path, []Step{{Key: key}}), m[key])
	}
}

// value walks what stands at a pattern of listRules and a path of Leaf.
func (w *fieldWalk) value(pattern, name string, path []Step, v any) {
	if m, ok := v.(manifest.Tree); ok && len(m) > 0 {
		w.mapping(pattern, name, path, m)
		return
	}
	list, isList := v.([]any)
	if rule, isKeyed := ruleAt(pattern); isList && isKeyed && len(list) > 0 && !slices.ContainsFunc(list, nameless) {
		for i, item := range list {
			inner, at := slices.Concat(path, []Step{{Item: namesOf(item)}}), fmt.Sprintf("%s[%s]", name, itemName(i, item))
			if rule.whole {
				w.field(at, inner, item)
			} else {
				w.mapping(pattern, at, inner, item.(manifest.Tree))
			}
		}
		return
	}
	w.field(name, path, v)
}

func nameless(item any) bool { return namesOf(item) == nil }

// namesOf is what names an item of a list, nil where nothing does.
func namesOf(item any) []Named {
	m, _ := item.(manifest.Tree)
	switch {
	case text(m, "kind") != "" && text(m, "name") != "": // an overlay
		return []Named{{"kind", m["kind"]}, {"name", m["name"]}}
	case strings.HasSuffix(text(m, "path"), "[-1]"): // each such patch adds an item
		return []Named{{"path", m["path"]}, {"value", m["value"]}}
	case text(m, "path") != "":
		return []Named{{"path", m["path"]}}
	case text(m, "name") != "":
		return []Named{{"name", m["name"]}}
	}
	return nil
}

func (w *fieldWalk) field(name string, path []Step, v any) {
	f := Field{Path: path, Name: name, Value: v, Source: w.source(name), Word: "install.override"}
	if word := wordAt(w.m.Install, name); word != nil {
		f.Word = strings.Join(word, ".")
		if word[0] == "extensionProviders" {
			f.Word = word[0] // a list
		}
	}
	w.all = append(w.all, f)
}

// source finds who says a value, or the first value in it.
func (w *fieldWalk) source(name string) mesh.Source {
	for _, path := range slices.Sorted(maps.Keys(w.sources)) {
		if path == name || strings.HasPrefix(path, name+".") || strings.HasPrefix(path, name+"[") {
			return w.sources[path]
		}
	}
	return mesh.Source{Path: w.m.Path.Key("spec").Key("install").Key("mode")}
}
