package strictyaml

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// TextSetter is a type with a short form: plain text in place of its mapping.
type TextSetter interface{ SetText(string) }

// NumberSetter is a type with a short form: a number in place of its mapping.
type NumberSetter interface{ SetNumber(int) }

// later and elsewhere are what a struct may say of words it does not hold.
type (
	later     interface{ Later() []string }
	elsewhere interface{ Elsewhere() map[string]string }
)

// Decode fills v, a pointer to a struct, from the node, which stands at path at.
// v may be half filled when the list holds errors.
func Decode(n *yaml.Node, at diag.Path, v any) diag.List {
	d := decoder{}
	d.value(n, at, reflect.ValueOf(v).Elem(), options{}, 0)
	return d.ds
}

type decoder struct {
	ds      diag.List
	aliased int // nodes read through aliases so far
	inAlias int // aliases that we are inside of
	stopped bool
}

// options are a field's mesh tag, and whether zero is a value.
type options struct {
	one, bare, zero bool
	// ones are the lists of a message in which one item may stand without its
	// list.
	ones []string
}

func (o options) single(field string) bool { return slices.Contains(o.ones, field) }

func (d *decoder) value(n *yaml.Node, at diag.Path, v reflect.Value, o options, depth int) {
	if v.Kind() == reflect.Interface {
		d.free(n, at, v, depth)
		return
	}
	d.enter(n, at, emptyText(v.Type()), depth, func(n *yaml.Node, depth int) {
		switch v.Kind() {
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			if m, ok := v.Interface().(proto.Message); ok {
				d.message(n, at, m.ProtoReflect(), o, depth)
				return
			}
			o.zero = true // which a pointer tells from not written
			d.value(n, at, v.Elem(), o, depth)
		case reflect.Struct:
			d.structure(n, at, v, depth)
		case reflect.Map:
			d.mapping(n, at, v, o, depth)
		case reflect.Slice:
			d.list(n, at, v, o, depth)
		default:
			d.scalar(n, at, v, o)
		}
	})
}

// enter reads the node that n stands for, unless it is null or lies too deep.
func (d *decoder) enter(n *yaml.Node, at diag.Path, empty string, depth int, read func(*yaml.Node, int)) {
	switch {
	case !d.admit(at, depth):
	case n.Kind == yaml.AliasNode:
		d.inAlias++
		d.enter(n.Alias, at, empty, depth+1, read)
		d.inAlias--
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		d.ds.Errorf(diag.CodeEmpty, at, "%s", empty)
	default:
		read(n, depth)
	}
}

// admit bounds depth and aliases, and says so once.
func (d *decoder) admit(at diag.Path, depth int) bool {
	if d.inAlias > 0 {
		d.aliased++
	}
	switch {
	case d.stopped:
	case depth > maxDepth:
		d.stopped = true
		d.ds.Errorf(diag.CodeLimit, at, "nested deeper than %d levels", maxDepth)
	case d.aliased > maxAliased:
		d.stopped = true
		d.ds.Errorf(diag.CodeLimit, at, "aliases stand for more than %d values; write them out", maxAliased)
	}
	return !d.stopped
}

// What is said of null, by what the place takes.
const (
	emptyList    = "empty; write [] for none or remove the line"
	emptyMapping = "empty; write {} or remove the line"
	emptyScalar  = "empty; write a value or remove the line"
)

func emptyText(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		if m, ok := reflect.Zero(t).Interface().(proto.Message); ok {
			return emptyMessage(m.ProtoReflect().Descriptor())
		}
		return emptyText(t.Elem())
	case reflect.Slice:
		return emptyList
	case reflect.Struct, reflect.Map:
		return emptyMapping
	default:
		return emptyScalar
	}
}

func (d *decoder) structure(n *yaml.Node, at diag.Path, v reflect.Value, depth int) {
	if setter, ok := v.Addr().Interface().(TextSetter); ok && n.Kind == yaml.ScalarNode {
		var text string
		d.scalar(n, at, reflect.ValueOf(&text).Elem(), options{})
		setter.SetText(text)
		return
	}
	if setter, ok := v.Addr().Interface().(NumberSetter); ok && n.Kind == yaml.ScalarNode {
		var number int
		d.scalar(n, at, reflect.ValueOf(&number).Elem(), options{})
		setter.SetNumber(number)
		return
	}
	if n.Kind != yaml.MappingNode {
		d.shape(n, at, "a mapping")
		return
	}
	words := vocabulary(v.Type())
	for key, value := range d.entries(n, at) {
		if w, ok := words.fields[key]; ok {
			d.value(value, at.Key(key), v.FieldByIndex(w.index), w.options, depth+1)
			continue
		}
		d.unknown(words, key, at.Key(key))
	}
}

// entries are the entries of a mapping whose keys are text and written once;
// the others are reported.
func (d *decoder) entries(n *yaml.Node, at diag.Path) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		seen := make(map[string]bool, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := follow(n.Content[i])
			switch {
			case k.Kind != yaml.ScalarNode:
				d.ds.Errorf(diag.CodeType, at, "a key has to be text")
			case k.Tag == "!!merge":
				d.ds.Errorf(diag.CodeUnknownWord, at.Key("<<"), "merge keys are not read; write the words out")
			case len(k.Value) > maxKey:
				d.ds.Errorf(diag.CodeValue, at, "a key has more than %d bytes; Istio's reader of YAML takes no such key", maxKey)
			case seen[k.Value]:
				d.ds.Errorf(diag.CodeTwice, at.Key(k.Value), "written twice; keep one")
			default:
				seen[k.Value] = true
				if !yield(k.Value, n.Content[i+1]) {
					return
				}
			}
		}
	}
}

// unknown says what to do about a word that the place does not have.
func (d *decoder) unknown(words *words, key string, at diag.Path) {
	if text, ok := words.elsewhere[key]; ok {
		d.ds.Errorf(diag.CodePlace, at, "%s", text)
		return
	}
	if slices.Contains(words.later, key) {
		d.ds.Errorf(diag.CodeNotYet, at, "not rendered yet by this version of kymamesh")
		return
	}
	if like, ok := diag.Nearest(key, words.names); ok {
		d.ds.Errorf(diag.CodeUnknownWord, at, "no such word; did you mean %q?", like)
		return
	}
	d.ds.Errorf(diag.CodeUnknownWord, at, "no such word; there are %s", strings.Join(words.written, ", "))
}

func (d *decoder) mapping(n *yaml.Node, at diag.Path, v reflect.Value, o options, depth int) {
	if n.Kind != yaml.MappingNode {
		d.shape(n, at, "a mapping")
		return
	}
	t := v.Type()
	v.Set(reflect.MakeMapWithSize(t, len(n.Content)/2))
	keys := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := follow(n.Content[i])
		if _, twice := keys[k.Value]; !twice {
			keys[k.Value] = k
		}
	}
	for key, value := range d.entries(n, at) {
		k, before := reflect.New(t.Key()).Elem(), len(d.ds)
		d.key(keys[key], at.Key(key), k)
		readable := len(d.ds) == before
		item := reflect.New(t.Elem()).Elem()
		d.value(value, at.Key(key), item, options{one: o.one}, depth+1)
		there(item)
		if readable {
			v.SetMapIndex(k, item)
		}
	}
}

// key reads the key of a mapping whose keys are data. A number may stand in
// quotes: JSON has no other keys, and kustomize takes a plugin's configuration
// for JSON.
func (d *decoder) key(n *yaml.Node, at diag.Path, v reflect.Value) {
	if v.Kind() == reflect.Int {
		n = &yaml.Node{Kind: yaml.ScalarNode, Value: n.Value}
	}
	d.scalar(n, at, v, options{zero: true})
}

func (d *decoder) list(n *yaml.Node, at diag.Path, v reflect.Value, o options, depth int) {
	items := n.Content
	if n.Kind != yaml.SequenceNode {
		if !o.one {
			d.shape(n, at, "a list")
			return
		}
		items = []*yaml.Node{n}
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		d.value(item, at.Index(i), v.Index(i), options{ones: o.ones, zero: true}, depth+1)
		there(v.Index(i))
	}
}

// there makes an item that could not be read an empty one: what goes on with a
// half filled document may take for granted that items are not nil.
func there(item reflect.Value) {
	if item.Kind() == reflect.Pointer && item.IsNil() {
		item.Set(reflect.New(item.Type().Elem()))
	}
}

// shape reports a node that is not what the place takes.
func (d *decoder) shape(n *yaml.Node, at diag.Path, want string) {
	d.ds.Errorf(diag.CodeType, at, "want %s, got %s", want, shapeOf(n))
}

func shapeOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.Value != "" {
			return fmt.Sprintf("%q", shortened(n.Value))
		}
	}
	return "text"
}

// shortened keeps a message readable when the value is not.
func shortened(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
