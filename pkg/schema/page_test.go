package schema

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	"gotest.tools/v3/golden"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
)

// TestPage holds docs/spec.md against the types of pkg/spec, their comments and
// the golden inputs. With -update it writes the page.
func TestPage(t *testing.T) {
	p := page{uses: uses(t), places: placesOf()}
	p.WriteString(`# Every word

The words of both documents in the order of their types, with what they say, what holds where they are not written, and the shortest golden input that writes them. What words mean together is in [guide.md](guide.md).

This page is written by a test, from the Go comments of pkg/spec.
`)
	for _, typ := range Types() {
		p.section(t, typ)
	}
	golden.Assert(t, p.String(), "../../../docs/spec.md")
}

type page struct {
	strings.Builder
	uses map[string][]use
	// places are the paths at which a type stands.
	places map[reflect.Type][]string
}

func (p *page) section(t *testing.T, typ reflect.Type) {
	t.Helper()
	fmt.Fprintf(p, "\n## %s\n\n", typ.Name())
	if at := p.places[typ]; len(at) > 0 {
		fmt.Fprintf(p, "At `%s`. ", strings.Join(at, "`, `"))
	}
	fmt.Fprintf(p, "%s\n\n| word | type | default | what it says | for example |\n|---|---|---|---|---|\n", cell(typeText(typ)))
	for _, w := range strictyaml.Words(typ) {
		fmt.Fprintf(p, "| `%s` | %s | %s | %s | %s |\n", w.Name, typeOf(w), cell(Default(w)), cell(sentence(w)), p.example(t, w))
	}
	if later, ok := reflect.Zero(typ).Interface().(interface{ Later() []string }); ok {
		fmt.Fprintf(p, "\nNot rendered yet, each an error (KM008): `%s`.\n", strings.Join(later.Later(), "`, `"))
	}
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// sentence is what is said of a word beside its default.
func sentence(w strictyaml.Word) string {
	text := Text(w)
	if text == typeText(w.Owner) {
		return "" // it stands above
	}
	return strings.TrimSpace(defaultText().ReplaceAllString(text, ""))
}

func typeOf(w strictyaml.Word) string {
	if v := values[rowOf(w)]; v != nil {
		return "`" + strings.Join(v, "`, `") + "`"
	}
	return typeName(w.Field.Type, w)
}

// typeName is a type as a person writes its values.
func typeName(t reflect.Type, w strictyaml.Word) string {
	if t.Implements(protoMessage) {
		md := reflect.Zero(t).Interface().(proto.Message).ProtoReflect().Descriptor()
		if md.Name() == "Duration" {
			return "duration"
		}
		name, url, _ := strings.Cut(Reference(md), ", ")
		return "Istio's [" + name + "](" + url + ")"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem(), w)
	case reflect.Slice:
		if w.One {
			return "list, or one, of " + typeName(t.Elem(), strictyaml.Word{})
		}
		return "list of " + typeName(t.Elem(), strictyaml.Word{})
	case reflect.Map:
		return "mapping to " + typeName(t.Elem(), strictyaml.Word{One: w.One})
	case reflect.Struct:
		return structName(t)
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Float64:
		return "number"
	case reflect.String:
		return "text"
	}
	return "anything"
}

func structName(t reflect.Type) string {
	link := "[" + t.Name() + "](#" + strings.ToLower(t.Name()) + ")"
	switch {
	case reflect.PointerTo(t).Implements(textSetter):
		return "text or " + link
	case reflect.PointerTo(t).Implements(numberSetter):
		return "number or " + link
	}
	return link
}

// example is the word as the shortest golden input has it.
func (p *page) example(t *testing.T, w strictyaml.Word) string {
	t.Helper()
	all := p.uses[rowOf(w)]
	if len(all) == 0 {
		t.Errorf("no golden input writes %s", rowOf(w))
		return ""
	}
	best := slices.MinFunc(all, func(a, b use) int {
		if a.size != b.size {
			return a.size - b.size
		}
		return strings.Compare(a.file, b.file)
	})
	name := filepath.Base(filepath.Dir(best.file))
	link := fmt.Sprintf("[%s](%s)", name, strings.TrimPrefix(filepath.ToSlash(best.file), "../"))
	if text := inline(t, w.Name, best.value); text != "" {
		return "`" + text + "` in " + link
	}
	return link
}

// inline is a word with its value on one line, empty where that is too long.
func inline(t *testing.T, name string, value *yaml.Node) string {
	t.Helper()
	text, err := yaml.Marshal(map[string]*yaml.Node{name: flow(value)})
	if err != nil {
		return "" // it holds an alias
	}
	const most = 80
	line := strings.TrimSpace(string(text))
	if len(line) > most || strings.ContainsAny(line, "\n`|") {
		return ""
	}
	return line
}

// flow is a copy of a node that is written on one line.
func flow(n *yaml.Node) *yaml.Node {
	c := *n
	c.HeadComment, c.LineComment, c.FootComment = "", "", ""
	if c.Kind != yaml.ScalarNode {
		c.Style |= yaml.FlowStyle
	}
	c.Content = nil
	for _, inner := range n.Content {
		c.Content = append(c.Content, flow(inner))
	}
	return &c
}

// placesOf are the paths of types, each the first time it is found in another
// type.
func placesOf() map[reflect.Type][]string {
	all := map[reflect.Type][]string{}
	for _, kind := range Kinds {
		addPlaces(all, documents[kind], "")
	}
	return all
}

func addPlaces(all map[reflect.Type][]string, t reflect.Type, at string) {
	const most = 6 // more do not say more
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(protoMessage) || strings.Count(at, ".") > 12 {
		return
	}
	if path := strings.TrimPrefix(at, "."); path != "" && len(all[t]) < most && !slices.Contains(all[t], path) {
		all[t] = append(all[t], path)
	}
	for _, w := range strictyaml.Words(t) {
		at, t := at+"."+w.Name, w.Field.Type
		for ; t.Kind() != reflect.Struct; t = t.Elem() {
			if t.Kind() == reflect.Slice {
				at += "[]"
			}
			if t.Kind() == reflect.Map {
				at += ".NAME"
			}
			if t.Kind() != reflect.Slice && t.Kind() != reflect.Map && t.Kind() != reflect.Pointer {
				break
			}
		}
		addPlaces(all, t, at)
	}
}
