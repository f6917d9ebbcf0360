package istioop

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// merged is the whole spec: the layers, the words over them, and over all the
// overrides.
func merged(in mesh.Install, said sayings) manifest.Tree {
	layer := mergedLayers(in)
	if in.Existing {
		layer = patchOf(in, layer)
	}
	spec := merge(layer, words(said.replicas(in)))
	for _, o := range in.Overrides {
		mergeMaps("", spec, o.Spec)
	}
	return spec
}

// statement is one thing that an override says.
type statement struct {
	// path is the place as in Leaf.
	path string
	// value is a scalar, a list or an item that replaces, or nil, which deletes.
	value any
	// idle says that there is nothing to delete.
	idle bool
	at   diag.Path
}

// saying is what one override says, by path.
type saying struct {
	mesh.Override
	byPath map[string]statement
}

// sayings are what all overrides of a mesh say, the lowest first.
type sayings []saying

// reader walks an override over what lies below it.
type reader struct {
	byPath map[string]statement
	ds     *diag.List
}

// readOverrides finds what the overrides say.
func readOverrides(in mesh.Install) sayings {
	said, _ := readAll(in)
	return said
}

// readAll finds also what is wrong with the lists of the overrides.
func readAll(in mesh.Install) (sayings, diag.List) {
	if len(in.Overrides) == 0 {
		return nil, nil
	}
	var said sayings
	var ds diag.List
	below := merge(mergedLayers(in), words(in))
	for _, o := range in.Overrides {
		r := reader{map[string]statement{}, &ds}
		r.mapping("", "", o.At, below, o.Spec)
		said = append(said, saying{o, r.byPath})
		below = merge(below, o.Spec)
	}
	return said, ds
}

func (r reader) say(path string, at diag.Path, value any) {
	r.byPath[path] = statement{path: path, value: value, at: at}
}

// mapping reads a mapping at a pattern of listRules and a path of Leaf.
func (r reader) mapping(pattern, path string, at diag.Path, below any, m manifest.Tree) {
	under, _ := below.(manifest.Tree)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		r.value(pattern+"/"+key, strings.TrimPrefix(path+"."+key, "."), at.Key(key), under[key], m[key])
	}
}

func (r reader) value(pattern, path string, at diag.Path, below, v any) {
	switch v := v.(type) {
	case nil:
		r.byPath[path] = statement{path: path, at: at, idle: below == nil}
		return
	case manifest.Tree:
		if len(v) > 0 {
			r.mapping(pattern, path, at, below, v)
			return
		}
	case []any:
		if rule, isKeyed := ruleAt(pattern); isKeyed && len(v) > 0 {
			r.list(rule, pattern, path, at, below, v)
			return
		}
		r.noMarks(at, v)
	}
	r.say(path, at, v)
}

// noMarks refuses marks in lists that are replaced anyway, and in what is data.
func (r reader) noMarks(at diag.Path, list []any) {
	for i, item := range list {
		if mesh.IsReplaceMark(item) {
			r.ds.Errorf(diag.CodeUnused, at.Index(i), "this list is replaced anyway; leave %s out", mesh.ReplaceKey)
		}
	}
}

// list reads a list whose items have names.
func (r reader) list(rule listRule, pattern, path string, at diag.Path, below any, list []any) {
	under, _ := below.([]any)
	replaces := slices.ContainsFunc(list, mesh.IsReplaceMark)
	if replaces {
		r.say(path, at, list)
		under = nil
	}
	for i, item := range list {
		m, isMapping := item.(manifest.Tree)
		if !isMapping || mesh.IsReplaceMark(item) {
			continue
		}
		at := at.Index(i)
		if rule.by != "" && !rule.sameItem(item, item) {
			r.ds.Errorf(diag.CodeMissing, at, "write %s; items of this list are merged by it", rule.by)
			continue
		}
		same := func(o any) bool { return rule.sameItem(o, item) }
		if first := slices.IndexFunc(list[:i], same); first >= 0 {
			r.ds.Errorf(diag.CodeDuplicate, at, "%s is also item %d of this list; keep one", itemName(i, item), first)
			continue
		}
		name, inner := itemName(i, item), any(nil)
		if j := slices.IndexFunc(under, same); j >= 0 {
			name, inner = itemName(j, under[j]), under[j]
		}
		if path := path + "[" + name + "]"; rule.whole {
			r.say(path, at, item)
		} else {
			r.mapping(pattern, path, at, inner, m)
		}
	}
}

// prefixes are the paths around a path, the longest first, and itself before them.
func prefixes(path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for end := len(path); end > 0; end = strings.LastIndexAny(path[:end], ".[") {
			if !yield(path[:end]) {
				return
			}
		}
	}
}

// about finds the statement that decides what stands at a path: of the highest
// override that says something at the path or around it.
func (said sayings) about(path string) (saying, statement, bool) {
	for _, s := range slices.Backward(said) {
		for prefix := range prefixes(path) {
			// An empty mapping says nothing of what stands in it.
			if found, ok := s.byPath[prefix]; ok && (prefix == path || !isEmpty(found.value)) {
				return s, found, true
			}
		}
	}
	return saying{}, statement{}, false
}

// source is the place of the override that says the value at a path.
func (said sayings) source(path string) (diag.Path, bool) {
	if _, found, ok := said.about(path); ok {
		return found.at, true
	}
	found, ok := said.twin(path)
	return found.at, ok
}

// scaled are the Deployments whose number of pods stands at two places: where an
// autoscaler's specification is, and in the values.
var scaled = []struct {
	k8s, values string
	of          func(*mesh.Install) *mesh.Component
}{
	{"components.pilot.k8s", "values.pilot", func(in *mesh.Install) *mesh.Component { return &in.Pilot }},
	{ingressAt + ".k8s", "values.gateways.istio-ingressgateway", func(in *mesh.Install) *mesh.Component { return &in.IngressGateway.Component }},
	{egressAt + ".k8s", "values.gateways.istio-egressgateway", func(in *mesh.Install) *mesh.Component { return &in.EgressGateway.Component }},
}

const (
	ingressAt = "components.ingressGateways[istio-ingressgateway]"
	egressAt  = "components.egressGateways[istio-egressgateway]"
)

// replicas is the installation with the numbers of pods that overrides say at one
// of the two places, so that the words say them at both. Kyma's charts made a
// disruption budget by one while the other said something else.
func (said sayings) replicas(in mesh.Install) mesh.Install {
	for _, s := range scaled {
		c := s.of(&in)
		c.MinReplicas = cmp.Or(said.number(s.k8s+".hpaSpec.minReplicas"), said.number(s.values+".autoscaleMin"), c.MinReplicas)
		c.MaxReplicas = cmp.Or(said.number(s.k8s+".hpaSpec.maxReplicas"), said.number(s.values+".autoscaleMax"), c.MaxReplicas)
	}
	return in
}

// number is the number that an override says at a path, else 0.
func (said sayings) number(path string) int {
	_, found, _ := said.about(path)
	if found.path != path {
		return 0
	}
	n, _ := found.value.(int)
	return n
}

// twin finds the statement from which a number of pods follows at the place where
// no override says it.
func (said sayings) twin(path string) (statement, bool) {
	for _, s := range scaled {
		low, high := []string{s.k8s + ".hpaSpec.minReplicas", s.values + ".autoscaleMin"}, []string{s.k8s + ".hpaSpec.maxReplicas", s.values + ".autoscaleMax"}
		var from []string
		switch {
		case slices.Contains(low, path):
			from = low
		case slices.Contains(high, path):
			from = high
		case path == s.values+".autoscaleEnabled", path == s.k8s+".replicaCount":
			from = append(high, low...)
		}
		for _, p := range from {
			if said.number(p) != 0 {
				_, found, _ := said.about(p)
				return found, true
			}
		}
	}
	return statement{}, false
}
