package istio

import (
	"fmt"
	"math"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// refusal is a row of testdata/refusals.yaml: what Istio has against an object
// like ours with one wrong field, and why no document of ours renders to it.
type refusal struct {
	Field string // the one that is wrong; * stands for any text, where the fault is the same
	Istio string // a part of Istio's message, without the value that was wrong
	// Spec is the spec of a document that says the wrong thing, with LONG for a
	// name that is too long; Ours is what the error that it gets begins with: its
	// code and place.
	Spec, Ours string
	// Because stands in place of both where no document can say it.
	Because string
	// Chance says that Istio finds it for one order of a map's keys only, so that a
	// run may miss it.
	Chance bool
}

// TestRefusals spoils one field at a time of what all cases render to. Each way
// in which Istio refuses the result is one that we have to know.
func TestRefusals(t *testing.T) {
	t.Parallel()
	var rows []refusal
	readStrict(t, filepath.Join("testdata", "refusals.yaml"), &rows)
	for _, row := range rows {
		row.hold(t)
	}
	given := make([]bool, len(rows))
	reported := map[string]bool{}
	spoilt(t, func(field protoreflect.FullName, change string, err error) {
		for _, text := range messages(err) {
			i := slices.IndexFunc(rows, func(r refusal) bool { return r.is(field, text) })
			if i >= 0 {
				given[i] = true
				continue
			}
			if kind := string(field) + quoted.ReplaceAllString(text, ""); !reported[kind] {
				reported[kind] = true
				t.Errorf("%s, %s: Istio says %q, which refusals.yaml does not have", field, change, text)
			}
		}
	})
	for i, row := range rows {
		if !given[i] && !row.Chance {
			t.Errorf("%s: Istio no longer says %q; remove the row", row.Field, row.Istio)
		}
	}
}

// is tells whether the row is about what Istio says of a field.
func (r refusal) is(field protoreflect.FullName, text string) bool {
	named, err := path.Match(r.Field, string(field))
	return err == nil && named && strings.Contains(text, r.Istio)
}

// hold lets us refuse the row's document.
func (r refusal) hold(t *testing.T) {
	t.Helper()
	if r.Istio == "" || (r.Because == "") == (r.Spec == "" || r.Ours == "") {
		t.Errorf("%s, %q: want istio, and spec with ours, or because", r.Field, r.Istio)
	}
	if r.Spec == "" {
		return
	}
	const head = "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec: "
	_, ds := render.YAML("in.yaml", []byte(head+strings.ReplaceAll(r.Spec, "LONG", strings.Repeat("long.", 60)+"x")))
	var got []string
	for _, d := range ds {
		got = append(got, d.String())
		if strings.Contains(d.String(), "error "+r.Ours) {
			return
		}
	}
	t.Errorf("%s, %q: %s\nwant error %s\ngot %s", r.Field, r.Istio, r.Spec, r.Ours, strings.Join(got, "\n"))
}

// messages are the single ones of an error that may hold several.
func messages(err error) []string {
	parts := strings.Split(strings.TrimSpace(err.Error()), "\n\t* ")
	if len(parts) == 1 {
		return parts
	}
	return parts[1:] // the first only counts the others
}

// spoilt gives all refusals of objects with one wrong field. Objects that are
// equal, and fields of messages of one shape, would only repeat them.
func spoilt(t *testing.T, refused func(field protoreflect.FullName, change string, err error)) {
	all, err := cases()
	if err != nil {
		t.Fatal(err)
	}
	// What the defaults render stands in the other cases as well, with more to spoil
	// around it.
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b testCase) int {
		return strings.Compare(fmt.Sprint(strings.HasPrefix(a.name, "defaults/")), fmt.Sprint(strings.HasPrefix(b.name, "defaults/")))
	})
	seen := map[string]bool{}
	first := func(key string) bool {
		again := seen[key]
		seen[key] = true
		return !again
	}
	for _, c := range all {
		for _, o := range c.resources() {
			if o.WayOut != nil { // what it says is Istio's to refuse
				continue
			}
			message, ok := o.Spec.(proto.Message)
			if !ok {
				continue // no message of Istio's
			}
			spec := proto.Clone(message)
			if !first(protojson.Format(spec)) {
				continue
			}
			o.Spec = spec
			spoil(spec.ProtoReflect(), "", func(at string, field protoreflect.FieldDescriptor, change string) {
				if !first(at + string(field.FullName()) + change) {
					return
				}
				text, err := manifest.AppendYAML(nil, o)
				if err != nil {
					return // cannot be written, so Istio never reads it
				}
				if _, err := validate(text); err != nil {
					refused(field.FullName(), change, err)
				}
			})
		}
	}
}

// spoil makes one field wrong at a time, in the message and in those within,
// calls judge and puts the field back. It takes written fields only: what is not
// written no document can have wrong. at are the shapes of the messages around.
func spoil(m protoreflect.Message, at string, judge func(at string, field protoreflect.FieldDescriptor, change string)) {
	at += shape(m)
	for _, field := range written(m) {
		with := func(change string, do func()) {
			// A list or map of m would change with m, so it cannot be kept aside.
			before := proto.Clone(m.Interface()).ProtoReflect()
			do()
			judge(at, field, change)
			m.Set(field, before.Get(field))
		}
		with("left out", func() { m.Clear(field) })
		switch {
		case field.IsMap():
			spoilMap(m, field, with)
		case field.IsList():
			spoilList(m, field, with)
		case field.Message() == nil:
			for _, v := range wrong(field) {
				with(fmt.Sprintf("set to %.20v", v), func() { m.Set(field, v) })
			}
		}
		for _, within := range messagesOf(m, field) {
			spoil(within(), at, judge)
		}
	}
}

func spoilMap(m protoreflect.Message, field protoreflect.FieldDescriptor, with func(string, func())) {
	entries := func() protoreflect.Map { return m.Mutable(field).Map() }
	first := keys(entries())[0]
	for _, v := range wrong(field.MapKey()) {
		with(fmt.Sprintf("with key %.20v", v), func() {
			entries().Set(v.MapKey(), entries().Get(first))
			entries().Clear(first)
		})
	}
	if field.MapValue().Message() != nil {
		return
	}
	for _, v := range wrong(field.MapValue()) {
		with(fmt.Sprintf("with value %.20v", v), func() { entries().Set(first, v) })
	}
}

func spoilList(m protoreflect.Message, field protoreflect.FieldDescriptor, with func(string, func())) {
	items := func() protoreflect.List { return m.Mutable(field).List() }
	with("with an item twice", func() { items().Append(items().Get(0)) })
	if field.Message() != nil {
		return
	}
	for _, v := range wrong(field) {
		with(fmt.Sprintf("with item %.20v", v), func() { items().Set(0, v) })
	}
}

// messagesOf gives the messages that a field holds. They are taken when they are
// wanted: those from before a change are no longer in the field.
func messagesOf(m protoreflect.Message, field protoreflect.FieldDescriptor) []func() protoreflect.Message {
	var all []func() protoreflect.Message
	switch {
	case field.IsMap() && field.MapValue().Message() != nil:
		for _, key := range keys(m.Get(field).Map()) {
			all = append(all, func() protoreflect.Message { return m.Get(field).Map().Get(key).Message() })
		}
	case field.IsList() && field.Message() != nil:
		for i := range m.Get(field).List().Len() {
			all = append(all, func() protoreflect.Message { return m.Get(field).List().Get(i).Message() })
		}
	case !field.IsMap() && field.Message() != nil:
		all = append(all, func() protoreflect.Message { return m.Get(field).Message() })
	}
	return all
}

// written are the fields that are set, by number.
func written(m protoreflect.Message) []protoreflect.FieldDescriptor {
	var all []protoreflect.FieldDescriptor
	m.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		all = append(all, field)
		return true
	})
	slices.SortFunc(all, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number() - b.Number()) })
	return all
}

// keys are those of a map, sorted.
func keys(m protoreflect.Map) []protoreflect.MapKey {
	var all []protoreflect.MapKey
	m.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
		all = append(all, key)
		return true
	})
	slices.SortFunc(all, func(a, b protoreflect.MapKey) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// shape tells messages apart that may be judged differently: by the fields that
// are written, and the values of enums.
func shape(m protoreflect.Message) string {
	text := "/"
	for _, field := range written(m) {
		text += fmt.Sprintf("%d,", field.Number())
		if field.Enum() != nil {
			text += fmt.Sprintf("=%d,", m.Get(field).Enum())
		}
	}
	return text
}

// wrong are values of a field that may be wrong there.
func wrong(field protoreflect.FieldDescriptor) []protoreflect.Value {
	var values []any
	switch field.Kind() {
	case protoreflect.StringKind:
		values = []any{"", "a..b", "Not a name!", "*", "a/b/c", strings.Repeat("x", 300)}
	case protoreflect.Uint32Kind:
		values = []any{uint32(0), uint32(70000)}
	case protoreflect.Uint64Kind:
		values = []any{uint64(0), uint64(math.MaxInt32)}
	case protoreflect.Int32Kind:
		values = []any{int32(0), int32(-1), int32(math.MaxInt32)}
	case protoreflect.Int64Kind:
		values = []any{int64(0), int64(-1), int64(math.MaxInt32)}
	case protoreflect.DoubleKind:
		values = []any{0.0, -1.0, 101.0}
	case protoreflect.EnumKind:
		values = []any{protoreflect.EnumNumber(0), protoreflect.EnumNumber(99)}
	case protoreflect.BoolKind:
		values = []any{false, true}
	default:
		panic(fmt.Sprintf("%s: no wrong value for a %s", field.FullName(), field.Kind()))
	}
	var all []protoreflect.Value
	for _, v := range values {
		all = append(all, protoreflect.ValueOf(v))
	}
	return all
}
