package istioop

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// merge lays one partial IstioOperator spec over another and leaves both as they
// are; the result shares nothing with them. Mappings merge by key, lists of named
// things by what names them (see listRules), all else is replaced, and null
// deletes. An empty list replaces every list: whoever writes [] wants none. So does
// one with the item {$patch: replace}, by the items beside it.
//
// istioctl merges otherwise, and differently before and after 1.24, so what is
// merged here is handed to it complete.
func merge(below, above manifest.Tree) manifest.Tree {
	out := copyMap(below)
	mergeMaps("", out, above)
	return out
}

// mergeMaps merges above into a mapping that stands at the path at, whose steps
// are keys led in by slashes; items of a list have the path of the list.
func mergeMaps(at string, into, above manifest.Tree) {
	for key, value := range above {
		if value == nil {
			delete(into, key)
			continue
		}
		into[key] = mergeValues(at+"/"+key, into[key], value)
	}
}

func mergeValues(at string, into, above any) any {
	switch above := above.(type) {
	case manifest.Tree:
		if into, ok := into.(manifest.Tree); ok {
			mergeMaps(at, into, above)
			return into
		}
	case []any:
		into, isList := into.([]any)
		rule, isKeyed := ruleAt(at)
		if isList && isKeyed && len(above) > 0 && !slices.ContainsFunc(above, mesh.IsReplaceMark) {
			return mergeLists(at, rule, into, above)
		}
	}
	return copyValue(above)
}

// mergeLists keeps the order of the list below and puts what is new after it.
func mergeLists(at string, rule listRule, into, above []any) []any {
	for _, item := range above {
		i := slices.IndexFunc(into, func(o any) bool { return rule.sameItem(o, item) })
		switch {
		case i < 0:
			into = append(into, copyValue(item))
		case rule.whole:
			into[i] = copyValue(item)
		default:
			mergeMaps(at, into[i].(manifest.Tree), item.(manifest.Tree))
		}
	}
	return into
}

// listRule says how the list at one place merges.
type listRule struct {
	// at is the place, a pattern of [path.Match].
	at string
	// same is whether two items stand for the same thing.
	same func(a, b manifest.Tree) bool
	// by is what names an item, for messages; empty where it may have no name and is
	// then put to the others.
	by string
	// whole is whether an item replaces the one below it. It must where the fields
	// of an item exclude each other: value and valueFrom of an env entry, the
	// provider types of an extension provider, the target types of a metric.
	whole bool
}

var listRules = []listRule{
	{at: "/components/ingressGateways", same: sameField("name"), by: "name"},
	{at: "/components/egressGateways", same: sameField("name"), by: "name"},
	{at: "/components/*/k8s/env", same: sameField("name"), by: "name", whole: true},
	{at: "/components/*/k8s/hpaSpec/metrics", same: sameMetric, whole: true},
	{at: "/components/*/k8s/service/ports", same: samePort, by: "name"},
	{at: "/components/*/k8s/overlays", same: sameObject, by: "kind and name"},
	{at: "/components/*/k8s/overlays/patches", same: samePatch, whole: true},
	{at: "/meshConfig/extensionProviders", same: sameField("name"), by: "name", whole: true},
	{at: "/values/gateways/*/secretVolumes", same: sameField("name"), by: "name"},
}

func ruleAt(at string) (listRule, bool) {
	i := slices.IndexFunc(listRules, func(r listRule) bool {
		matches, err := path.Match(r.at, at)
		return matches && err == nil
	})
	if i < 0 {
		return listRule{}, false
	}
	return listRules[i], true
}

func (r listRule) sameItem(a, b any) bool {
	am, aok := a.(manifest.Tree)
	bm, bok := b.(manifest.Tree)
	return aok && bok && r.same(am, bm)
}

// text is the string at a field, and "" when there is none. An item that lacks
// its name is never the same as another.
func text(m manifest.Tree, field string) string {
	s, _ := m[field].(string)
	return s
}

func sameField(field string) func(a, b manifest.Tree) bool {
	return func(a, b manifest.Tree) bool {
		return text(a, field) != "" && text(a, field) == text(b, field)
	}
}

// sameObject leaves out apiVersion, as istioctl does: an overlay is for the
// object of that kind and name.
func sameObject(a, b manifest.Tree) bool {
	return sameField("kind")(a, b) && sameField("name")(a, b)
}

// samePatch goes by path, but for patches that append: each adds an item.
func samePatch(a, b manifest.Tree) bool {
	return sameField("path")(a, b) && !strings.HasSuffix(text(a, "path"), "[-1]")
}

func sameMetric(a, b manifest.Tree) bool {
	return sameField("type")(a, b) && metricName(a) != "" && metricName(a) == metricName(b)
}

// metricName is the resource or the metric that an autoscaler looks at.
func metricName(m manifest.Tree) string {
	for _, field := range []string{"resource", "containerResource", "pods", "object", "external"} {
		of, _ := m[field].(manifest.Tree)
		metric, _ := of["metric"].(manifest.Tree)
		if name := cmp.Or(text(of, "name"), text(metric, "name")); name != "" {
			return name
		}
	}
	return ""
}

// samePort goes by name, and where one of the two has none, by the number and
// protocol that a Service may hold once.
func samePort(a, b manifest.Tree) bool {
	if text(a, "name") != "" && text(b, "name") != "" {
		return sameField("name")(a, b)
	}
	number, ok := a["port"].(int)
	return ok && number == b["port"] && protocol(a) == protocol(b)
}

// protocol is TCP where it is not written, as in a Kubernetes Service.
func protocol(port manifest.Tree) string {
	if p := text(port, "protocol"); p != "" {
		return p
	}
	return "TCP"
}
