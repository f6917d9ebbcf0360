package istio

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/spec"
)

// generator makes random documents from the Go types of the vocabulary, so that
// a new word is tried without being listed here. Where any text of its type
// would nearly always be refused, wordValues says what makes sense.
type generator struct {
	*rand.Rand
	// used keeps names of services and gateways apart, which have to be unique.
	used int
	// gateways is set when kyma-gateway is among the gateways.
	gateways bool
	// atLeast is how often, in percent, any word is written.
	atLeast int
}

// tree is a document as YAML has it.
type tree = map[string]any

// documents are a KymaMesh and at times MeshServices of it.
func (g *generator) documents() []tree {
	mesh := g.document(spec.KindKymaMesh, reflect.TypeFor[spec.Spec](), tree{"name": "shop"})
	all := []tree{mesh}
	for range g.few(2) {
		identity := tree{"name": wordValues["services.name"](g), "namespace": wordValues["namespace"](g)}
		all = append(all, g.document(spec.KindMeshService, reflect.TypeFor[spec.MeshServiceSpec](), identity))
	}
	return all
}

func (g *generator) document(kind string, words reflect.Type, metadata tree) tree {
	doc := tree{"apiVersion": spec.APIVersion, "kind": kind, "metadata": metadata}
	if kind == spec.KindMeshService {
		service := g.structure(words, "spec.services")
		if g.chance(98) { // its metadata says them
			delete(service, "name")
			delete(service, "namespace")
		}
		doc["spec"] = service
		return doc
	}
	doc["spec"] = g.subjects(g.structure(words, "spec"))
	return doc
}

// subjects leaves a document some of its words, as a person's has: one about all
// of them at once is refused for one of them nearly every time.
func (g *generator) subjects(words tree) tree {
	for _, word := range slices.Sorted(maps.Keys(words)) {
		if word != "services" && word != "gateways" && g.chance(60) {
			delete(words, word)
		}
	}
	return words
}

// value is a random value of the type. at is the path of words that leads to it.
func (g *generator) value(t reflect.Type, at string) any {
	if make := hint(at); make != nil && t.Kind() != reflect.Slice && t.Kind() != reflect.Pointer {
		return make(g)
	}
	switch t.Kind() {
	case reflect.Pointer:
		if m, ok := reflect.Zero(t).Interface().(proto.Message); ok {
			return g.message(m.ProtoReflect().Descriptor(), at)
		}
		return g.value(t.Elem(), at)
	case reflect.Struct:
		if reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ SetText(string) }]()) && g.chance(40) {
			return hint(at + ".hosts")(g)
		}
		return g.structure(t, at)
	case reflect.Map:
		all := map[any]any{}
		for range 1 + g.few(2) {
			all[g.value(t.Key(), at+"#key")] = g.value(t.Elem(), at+".*")
		}
		return all
	case reflect.Slice:
		all := []any{}
		for range 1 + g.few(3) {
			all = append(all, g.value(t.Elem(), at))
		}
		if g.chance(1) {
			all = all[:0]
		}
		return all
	case reflect.Bool:
		return g.chance(50)
	case reflect.Int:
		return g.port()
	case reflect.Float64:
		return g.IntN(101)
	case reflect.String:
		return g.text("shop", "reviews", "v1", "a")
	}
	panic(fmt.Sprintf("%s: the generator knows no %s", at, t))
}

// structure is a random choice of a type's words.
func (g *generator) structure(t reflect.Type, at string) tree {
	all := tree{}
	g.fields(all, t, at)
	if g.chance(95) {
		g.mend(all)
	}
	leadToOwn(all)
	return all
}

// message is a random choice of the fields of one of Istio's messages.
func (g *generator) message(md protoreflect.MessageDescriptor, at string) any {
	if make := hint(at); make != nil {
		return make(g)
	}
	switch md.FullName() {
	case "google.protobuf.Duration":
		return g.text("1s", "1s", "100ms", "1m30s", "0s", "1h", "1.5s", "1us")
	case "google.protobuf.Struct":
		return tree{"a": g.text("x"), "b": g.IntN(9)}
	}
	if md.FullName().Parent() == "google.protobuf" { // a wrapper is what it holds
		return g.protoValue(md.Fields().Get(0), at)
	}
	all, chosen := tree{}, map[protoreflect.Name]bool{}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		place := at + "." + fd.JSONName()
		oneof := fd.ContainingOneof()
		if !g.chance(g.percent(place)) || oneof != nil && chosen[oneof.Name()] && g.chance(98) {
			continue
		}
		if oneof != nil {
			chosen[oneof.Name()] = true
		}
		all[fd.JSONName()] = g.field(fd, place)
	}
	return all
}

// field is a random value of a message's field.
func (g *generator) field(fd protoreflect.FieldDescriptor, at string) any {
	switch {
	case fd.IsMap():
		all := map[any]any{}
		for range 1 + g.few(2) {
			all[g.protoValue(fd.MapKey(), at+"#key")] = g.protoValue(fd.MapValue(), at+".*")
		}
		return all
	case fd.IsList():
		all := []any{}
		for range 1 + g.few(2) {
			all = append(all, g.protoValue(fd, at))
		}
		return all
	}
	return g.protoValue(fd, at)
}

func (g *generator) protoValue(fd protoreflect.FieldDescriptor, at string) any {
	if fd.Message() != nil {
		return g.message(fd.Message(), at)
	}
	if make := hint(at); make != nil {
		return make(g)
	}
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return g.chance(50)
	case protoreflect.StringKind:
		return g.text("a", "b", "shop")
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		return string(values.Get(g.IntN(values.Len())).Name())
	}
	return []int{1, 1, 2, 5, 10, 100, 0}[g.IntN(7)]
}

// percent is how often a word is written.
func (g *generator) percent(place string) int {
	known := suffixOf(place, func(s string) bool { _, ok := chances[s]; return ok })
	if said, ok := chances[known]; ok {
		return max(said, g.atLeast)
	}
	return 30
}

func (g *generator) fields(all tree, t reflect.Type, at string) {
	for i := range t.NumField() {
		f := t.Field(i)
		word, inline, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if inline == "inline" {
			g.fields(all, f.Type, at)
			continue
		}
		place := at + "." + word
		if !g.chance(g.percent(place)) {
			continue
		}
		value := g.value(f.Type, place)
		if list, ok := value.([]any); ok && len(list) == 1 && f.Tag.Get("mesh") == "one" && g.chance(50) {
			value = list[0]
		}
		all[word] = value
	}
}

// hint finds what makes sense at a path: the longest end of it that wordValues has.
func hint(at string) func(*generator) any {
	return wordValues[suffixOf(at, func(s string) bool { return wordValues[s] != nil })]
}

// suffixOf is the longest end of a path, cut at words, that is known.
func suffixOf(path string, known func(string) bool) string {
	for {
		if known(path) {
			return path
		}
		_, rest, found := strings.Cut(path, ".")
		if !found {
			return ""
		}
		path = rest
	}
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// few is a number up to most, the small ones more often.
func (g *generator) few(most int) int { return g.IntN(g.IntN(most+1) + 1) }

func (g *generator) pick(all ...string) string { return all[g.IntN(len(all))] }

// text is one of the choices, and now and then what a check may have forgotten.
func (g *generator) text(choices ...string) string {
	if g.chance(1) {
		return g.pick(odd...)
	}
	return g.pick(choices...)
}

// odd are texts at the edges of what names, hosts, paths and labels may be. Not
// kube-system: the analyzers do not see what lies there, and then miss it.
var odd = []string{
	"", "*", ".", "-", "a.", ".a", "a..b", "A", "a_b", "1", "01", "1.2.3.4", "::1", "a/b", "a b", "é", "\u00a0", "\t", "a\nb", "%2f",
	"*.", "*.a", "*a", "a.*", "*.com", "mesh", "default", "istio-system", "localhost", "cluster.local", "svc.cluster.local",
	"a.svc.cluster.local", "xn--nxasmq6b", "a--b", "true", "null", "~", "0x1f", "1e3", "/", "//", "/a/", "/a?b", "/%", "{a}",
	strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a.", 31) + "a", strings.Repeat("a.", 126) + "a",
	strings.Repeat("a", 63) + ".example.com", "/" + strings.Repeat("p", 2000),
}

func (g *generator) port() int {
	if g.chance(2) {
		return []int{0, -1, 1, 65535, 65536, 15001, 15006, 15008, 15020, 15021, 15090, 1 << 31}[g.IntN(12)]
	}
	return []int{80, 443, 8080, 9080, 5432}[g.IntN(5)]
}
