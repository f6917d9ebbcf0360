package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
)

// sink receives a document in the order in which it is written. What the
// document holds is decided by [writer] alone, so that YAML, JSON and nodes
// cannot differ in it.
type sink interface {
	openMapping()
	openSequence()
	close()
	key(k string)
	text(s string)    // a string, to be quoted as needed
	literal(s string) // a number, true, false or null, as it stands
}

// writer walks objects into a sink. The first thing that cannot be written is
// kept in err and the walk goes on, so that the walk itself needs no error
// paths; what was written by then is thrown away.
type writer struct {
	to    sink
	kind  *Kind
	shown shownFields // of kind
	depth int
	err   error
	marks []mark // room for those of one object
}

// maxDepth is far beyond any resource. Maps and messages can contain
// themselves, and a stack that overflows cannot be recovered from.
const maxDepth = 1000

func (w *writer) object(o Object) error {
	if o.Kind == nil {
		return fmt.Errorf("object %s/%s: no kind; want Object.Kind", o.Namespace, o.Name)
	}
	if w.kind != o.Kind {
		w.kind, w.shown = o.Kind, shownBy(o.Kind)
	}
	w.err = nil
	w.to.openMapping()
	w.textField("apiVersion", o.APIVersion())
	w.textField("kind", o.Kind.Name)
	w.to.key("metadata")
	w.metadata(o)
	if !o.Kind.Bare {
		w.to.key(cmp.Or(o.Kind.Body, "spec"))
		w.spec(o.Spec)
	}
	w.to.close()
	if w.err != nil {
		return fmt.Errorf("%s: %w", o.id(), w.err)
	}
	return nil
}

func (w *writer) metadata(o Object) {
	w.to.openMapping()
	w.texts("annotations", o.Annotations,
		mark{dryRunAnnotation, dryRun(o)}, mark{NamespaceAnnotation, o.Root}, mark{SourceAnnotation, o.Source})
	w.texts("labels", o.Labels, mark{OwnerLabel, o.Owner})
	w.textField("name", o.Name)
	w.optionalField("namespace", o.Namespace)
	w.to.close()
}

func dryRun(o Object) string {
	if o.DryRun {
		return "true"
	}
	return ""
}

// mark is a label or an annotation.
type mark struct{ key, value string }

// texts writes a mapping of what the kind says and of the marks that are not
// empty, if there is any.
func (w *writer) texts(key string, said map[string]string, marks ...mark) {
	all := w.marks[:0]
	for k, v := range said {
		all = append(all, mark{k, v})
	}
	for _, m := range marks {
		if _, own := said[m.key]; !own && m.value != "" {
			all = append(all, m)
		}
	}
	w.marks = all
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b mark) int { return cmp.Compare(a.key, b.key) })
	w.to.key(key)
	w.to.openMapping()
	for _, m := range all {
		w.textField(m.key, m.value)
	}
	w.to.close()
}

func (w *writer) spec(spec any) {
	switch spec := spec.(type) {
	case proto.Message:
		if m := spec.ProtoReflect(); m.IsValid() {
			w.message(m)
			return
		}
		w.fail("spec is a nil %T; want a message", spec)
	case Tree:
		w.tree("spec", spec)
	default:
		w.fail("spec is a %T; want a protobuf message or a Tree", spec)
	}
}

// tree writes one value of a [Tree]; where names it in an error.
func (w *writer) tree(where string, v any) {
	if w.err != nil {
		return
	}
	switch v := v.(type) {
	case Tree:
		w.enter()
		w.to.openMapping()
		for _, k := range sortedKeys(v) {
			w.key(where, k)
			w.tree(k, v[k])
		}
		w.leave()
	case []any:
		w.enter()
		w.to.openSequence()
		for _, item := range v {
			w.tree(where, item)
		}
		w.leave()
	case string:
		w.text(where, v)
	case bool:
		w.to.literal(strconv.FormatBool(v))
	case int:
		w.to.literal(strconv.Itoa(v))
	case float64:
		w.finite(where, v)
	case nil:
		w.to.literal("null")
	default:
		w.fail("%s is a %T; want string, bool, int, float64, []any or Tree", where, v)
	}
}

// sortedKeys makes room once; slices.Sorted would for every doubling.
func sortedKeys(t Tree) []string {
	keys := make([]string, 0, len(t))
	for k := range t {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (w *writer) textField(k, v string) {
	w.to.key(k)
	w.text(k, v)
}

func (w *writer) optionalField(k, v string) {
	if v != "" {
		w.textField(k, v)
	}
}

func (w *writer) key(where, k string) {
	if !utf8.ValidString(k) {
		w.fail("%s has the key %q; want valid UTF-8", where, k)
	}
	w.to.key(k)
}

func (w *writer) text(where, s string) {
	if !utf8.ValidString(s) {
		w.fail("%s is %q; want valid UTF-8", where, s)
		return
	}
	w.to.text(s)
}

func (w *writer) enter() {
	if w.depth++; w.depth > maxDepth && w.err == nil {
		w.err = errors.New("spec contains itself, or is nested deeper than " + strconv.Itoa(maxDepth))
	}
}

func (w *writer) leave() {
	w.depth--
	w.to.close()
}

func (w *writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// id names the object in an error.
func (o Object) id() string { return o.Kind.Name + " " + o.Namespace + "/" + o.Name }
