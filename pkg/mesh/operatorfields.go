package mesh

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/mesh/fields"
)

// settled are fields that decide where the mesh is and what it is called, which
// other objects have to know, with what to say of them. What is rendered for
// istio-system would hold for no mesh if Istio took another namespace for its root.
var settled = map[string]string{
	"revision":                     "write install.revision; other names follow from it",
	"values.revision":              "write install.revision; other names follow from it",
	"namespace":                    rootIsFixed,
	"meshConfig.rootNamespace":     rootIsFixed,
	"values.global.istioNamespace": rootIsFixed,
	"values.meshConfig":            "write meshConfig beside values, where what is merged is checked",
}

const rootIsFixed = "policies of the mesh are rendered for " + Root + "; leave it out"

// operatorFields checks that all that an override says is a field of an
// IstioOperator, and holds what that holds.
func (r *resolver) operatorFields(o Override) {
	f := fieldCheck{r: r}
	for _, path := range sortedKeys(settled) {
		if at, v, ok := fieldOf(o, strings.Split(path, ".")); ok && v != nil && (v != Root || settled[path] != rootIsFixed) {
			r.ds.Errorf(diag.CodePlace, at, "%s", settled[path])
		}
	}
	f.check(o.At, "IstioOperatorSpec", o.Spec)
	f.chartValues(o)
	if at, v, _ := fieldOf(o, []string{"hub"}); isOtherText(v, imageHub) {
		r.ds.Errorf(diag.CodeValue, at, "%q is no image registry; write it as registry.example.com/istio", v)
	}
	if at, v, _ := fieldOf(o, []string{"tag"}); isOtherText(v, imageTag) {
		r.ds.Errorf(diag.CodeValue, at, "%q is no tag of an image; write it as 1.31.1-distroless", v)
	}
	f.captured(o)
	for _, kind := range []string{"ingressGateways", "egressGateways"} {
		at, v, _ := fieldOf(o, []string{"components", kind})
		gateways, _ := v.([]any)
		for i, g := range gateways {
			m, _ := g.(map[string]any)
			if name, ok := m["name"].(string); ok {
				r.names.label(at.Index(i).Key("name"), name)
			}
		}
	}
}

// captured holds what sidecars capture against what istioctl reads of the lists in these
// texts (operator/pkg/apis/validation, validateValues).
func (f fieldCheck) captured(o Override) {
	isRange := func(s string) bool { _, err := netip.ParsePrefix(s); return err == nil }
	isPort := func(s string) bool {
		port, err := strconv.Atoi(s)
		return s == "*" || s == "" || err == nil && 0 <= port && port <= 65535
	}
	for _, field := range []struct {
		name, want string
		is         func(string) bool
	}{
		{"includeIPRanges", "no range of addresses; write some as 10.0.0.0/8,192.0.2.0/24, or * alone", isRange},
		{"excludeIPRanges", "no range of addresses; write some as 10.0.0.0/8,192.0.2.0/24, or * alone", isRange},
		{"includeInboundPorts", "no port; write some as 8080,9090, or *", isPort},
		{"excludeInboundPorts", "no port; write some as 8080,9090, or *", isPort},
	} {
		at, v, _ := fieldOf(o, []string{"values", "global", "proxy", field.name})
		text, ok := v.(string)
		if !ok || text == "*" || text == "" {
			continue
		}
		for item := range strings.SplitSeq(text, ",") {
			if !field.is(item) {
				f.r.ds.Errorf(diag.CodeValue, at, "%q is %s", item, field.want)
			}
		}
	}
}

var imageTag = pattern.New(`^[a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127}$`)

// isOtherText is true for text that does not match; anything else is judged by
// its type.
func isOtherText(v any, form *pattern.Pattern) bool {
	s, ok := v.(string)
	return ok && !form.MatchString(s)
}

// fieldOf finds a field of an override.
func fieldOf(o Override, path []string) (diag.Path, any, bool) {
	at, v := o.At, any(o.Spec)
	for _, key := range path {
		m, _ := v.(map[string]any)
		inner, ok := m[key]
		if !ok {
			return at, nil, false
		}
		at, v = at.Key(key), inner
	}
	return at, v, true
}

// fieldCheck walks a tree and the types of its fields together.
type fieldCheck struct{ r *resolver }

// check holds one value against what its field holds. nil deletes.
func (f fieldCheck) check(at diag.Path, holds string, v any) {
	if v == nil {
		return
	}
	if item, ok := strings.CutPrefix(holds, "list of "); ok {
		f.list(at, item, v)
		return
	}
	if value, ok := strings.CutPrefix(holds, "map of "); ok {
		f.mapping(at, v, func(at diag.Path, _ string, v any) { f.check(at, value, v) })
		return
	}
	if known, ok := fields.Types()[holds]; ok {
		f.mapping(at, v, func(at diag.Path, key string, v any) {
			if inner, ok := known[key]; ok {
				f.check(at, inner, v)
				return
			}
			f.unknown(at, holds, key)
		})
		return
	}
	f.scalar(at, holds, v)
}

func (f fieldCheck) list(at diag.Path, holds string, v any) {
	items, ok := v.([]any)
	if !ok {
		f.r.ds.Errorf(diag.CodeType, at, "want a list, got %s", shape(v))
		return
	}
	for i, item := range items {
		switch m, _ := item.(map[string]any); {
		case item == nil:
			f.r.ds.Errorf(diag.CodeEmpty, at.Index(i), "empty; null deletes a field, not an item of a list: write [%s: %s] and the items that stay", ReplaceKey, ReplaceValue)
		case m[ReplaceKey] != nil:
			if len(m) > 1 || m[ReplaceKey] != ReplaceValue {
				f.r.ds.Errorf(diag.CodeValue, at.Index(i), "write %s: %s alone; it replaces the list by the items beside it", ReplaceKey, ReplaceValue)
			}
		default:
			f.check(at.Index(i), holds, item)
		}
	}
}

// ReplaceKey and ReplaceValue are the item that makes a list replace the one below
// it, as in a strategic merge patch of Kubernetes.
const (
	ReplaceKey   = "$patch"
	ReplaceValue = "replace"
)

// IsReplaceMark is true for that item.
func IsReplaceMark(item any) bool {
	m, _ := item.(map[string]any)
	return m[ReplaceKey] != nil
}

func (f fieldCheck) mapping(at diag.Path, v any, each func(diag.Path, string, any)) {
	m, ok := v.(map[string]any)
	if !ok {
		f.r.ds.Errorf(diag.CodeType, at, "want a mapping, got %s", shape(v))
		return
	}
	for _, key := range sortedKeys(m) {
		each(at.Key(key), key, m[key])
	}
}

func (f fieldCheck) unknown(at diag.Path, holds, key string) {
	names := slices.Sorted(maps.Keys(fields.Types()[holds]))
	if text, ok := fields.Gone()[holds][key]; ok {
		f.r.ds.Errorf(diag.CodeUnknownWord, at, "no such word; %s", text)
	} else if like, ok := diag.Nearest(key, names); ok {
		f.r.ds.Errorf(diag.CodeUnknownWord, at, "no such word; did you mean %q?", like)
	} else {
		f.r.ds.Errorf(diag.CodeUnknownWord, at, "no such word in %s; there are %s", holds, strings.Join(names, ", "))
	}
}

// scalar holds a value against one of the types that are no struct.
func (f fieldCheck) scalar(at diag.Path, holds string, v any) {
	ds := f.r.ds
	list, isChoice := strings.CutPrefix(holds, "one of ")
	versions, isVersion := f.r.earlierIstios(holds)
	switch v := v.(type) {
	case string:
		switch {
		case isChoice:
			f.r.oneOf(at, v, choice{values: strings.Split(list, ", "), unknown: "no value %s; " + list})
		case isVersion && len(versions) == 0:
			f.r.since(at, 21)
		case isVersion && !slices.Contains(versions, v):
			ds.Errorf(diag.CodeValue, at, "no version that Istio 1.%d can behave like; %s", f.r.istio[1], strings.Join(versions, ", "))
		case isVersion:
		case holds == "quantity":
			f.r.quantity(at, v)
		case !slices.Contains([]string{"text", "int32 or text", "anything"}, holds):
			f.wrong(at, holds, v)
		}
	case int:
		switch {
		case holds == "text" || isChoice || isVersion:
			ds.Errorf(diag.CodeNotText, at, "%d is a number in YAML; write %q", v, strconv.Itoa(v))
		case slices.Contains([]string{"number", "quantity", "anything"}, holds):
		case ranges[holds] == [2]int{}:
			f.wrong(at, holds, v)
		case v < ranges[holds][0] || v > ranges[holds][1]:
			ds.Errorf(diag.CodeValue, at, "%d is out of range; %d to %d", v, ranges[holds][0], ranges[holds][1])
		}
	case float64:
		if holds == "text" || isChoice || isVersion {
			ds.Errorf(diag.CodeNotText, at, "%v is a number in YAML; write %q", v, fmt.Sprint(v))
		} else if !slices.Contains([]string{"number", "quantity", "anything"}, holds) {
			f.wrong(at, holds, v)
		}
	case bool:
		if holds == "text" || isChoice || isVersion {
			ds.Errorf(diag.CodeNotText, at, "%v is a bool in YAML; write \"%[1]v\"", v)
		} else if holds != "bool" && holds != "anything" {
			f.wrong(at, holds, v)
		}
	default:
		f.tree(at, holds, v)
	}
}

// tree holds a mapping or a list against a type that is no struct.
func (f fieldCheck) tree(at diag.Path, holds string, v any) {
	m, isMapping := v.(map[string]any)
	switch _, isList := v.([]any); {
	case holds == "MeshConfig" && isMapping:
		// The reader of our own words knows istio.io/api's messages.
		var config *meshconfig.MeshConfig
		*f.r.ds = append(*f.r.ds, strictyaml.Decode(node(m), at, &config)...)
		f.r.young(at, config.ProtoReflect())
	case isMapping && (holds == "mapping" || holds == "anything"), isList && holds == "anything":
	default:
		f.wrong(at, holds, v)
	}
}

// ranges are the least and the greatest of whole numbers.
var ranges = map[string][2]int{
	"int32": {math.MinInt32, math.MaxInt32}, "int32 or text": {math.MinInt32, math.MaxInt32},
	"uint32": {0, math.MaxUint32}, "int64": {math.MinInt64, math.MaxInt64},
}

// wrong reports a value of another type than the field holds.
func (f fieldCheck) wrong(at diag.Path, holds string, v any) {
	want := map[string]string{
		"text": "text", "bool": "true or false", "number": "a number", "quantity": "a quantity such as 128Mi",
		"mapping": "a mapping", "MeshConfig": "a mapping", "int32 or text": "a whole number or text",
	}[holds]
	if want == "" {
		want = "a whole number"
	}
	f.r.ds.Errorf(diag.CodeType, at, "want %s, got %s", want, shape(v))
}

// shape is what a message calls a value.
func shape(v any) string {
	switch v.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	}
	return strconv.Quote(fmt.Sprint(v))
}

// node is a tree as the YAML reader has it, without the keys that hold nil.
func node(v any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	switch v := v.(type) {
	case map[string]any:
		n.Kind = yaml.MappingNode
		for _, key := range sortedKeys(v) {
			if v[key] != nil {
				n.Content = append(n.Content, node(key), node(v[key]))
			}
		}
	case []any:
		n.Kind = yaml.SequenceNode
		for _, item := range v {
			if m, _ := item.(map[string]any); m[ReplaceKey] != nil {
				item = map[string]any{} // so that the others keep their places
			}
			n.Content = append(n.Content, node(item))
		}
	case string:
		n.Value, n.Style = v, yaml.DoubleQuotedStyle
	case nil:
		n.Tag = "!!null"
	case float64:
		n.Value = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		n.Value = fmt.Sprint(v)
	}
	return n
}
