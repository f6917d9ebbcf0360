package resourcelist

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func nodeOf(t testing.TB, text string) *yaml.Node {
	t.Helper()
	n, err := parseOne(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A field of an item, and a whole item, are set and removed again without a change
// elsewhere. Items come last, since the order of some lists says something.
func TestKeysInLists(t *testing.T) {
	field := []string{"spec", "ports", "[name=b]", "port"}
	for name, c := range map[string]struct {
		path                []string
		value, before, with string
	}{
		"a field":            {field, "80", "spec:\n  ports:\n  # one\n  - name: a # a\n  - name: b # b\n    # nothing\n  other: 1\n", "spec:\n  ports:\n  # one\n  - name: a # a\n  - name: b # b\n    port: 80\n    # nothing\n  other: 1\n"},
		"a field of two":     {field, "80", "spec:\n  ports:\n    - name: b\n      x:\n      - 1\n\n    - name: c\n", "spec:\n  ports:\n    - name: b\n      port: 80\n      x:\n      - 1\n\n    - name: c\n"},
		"a new item":         {field, "80", "spec:\n  ports:\n  - name: a\n    x: |\n      - name: b\n\n    # end of a\n# of other\nother: 1\n", "spec:\n  ports:\n  - name: a\n    x: |\n      - name: b\n\n    # end of a\n  - name: b\n    port: 80\n# of other\nother: 1\n"},
		"no list":            {field, "80", "spec:\n  other: 1\n", "spec:\n  ports:\n  - name: b\n    port: 80\n  other: 1\n"},
		"an inset list":      {field, "80", "spec:\n  other:\n    - name: b\n", "spec:\n  ports:\n    - name: b\n      port: 80\n  other:\n    - name: b\n"},
		"flow items":         {field, "80", "spec:\n  ports:\n  - {name: a} # a\n  - {name: b} # b\n", "spec:\n  ports:\n  - {name: a} # a\n  - {port: 80, name: b} # b\n"},
		"a flow list":        {field, "80", "spec: {ports: [{name: a, x: '[1]'}], y: [1]} # {\n", "spec: {ports: [{name: a, x: '[1]'}, {name: b, port: 80}], y: [1]} # {\n"},
		"JSON":               {field, "80", `{"spec": {"ports": [{"name": "a"}]}}` + "\n", `{"spec": {"ports": [{"name": "a"}, {"name": "b", "port": 80}]}}` + "\n"},
		"no line at the end": {field, "80", "spec:\n  ports:\n  - name: a\n", "spec:\n  ports:\n  - name: a\n  - name: b\n    port: 80\n"},
		"a whole item":       {[]string{"spec", "ports", "[name=b]"}, "{name: b, z: {zipkin: 1}}", "spec:\n  ports:\n  -\n    name: a\nother: 1\n", "spec:\n  ports:\n  -\n    name: a\n  - {name: b, z: {zipkin: 1}}\nother: 1\n"},
		"two fields":         {[]string{"spec", "ports", "[kind=A&name=b%26c]", "x"}, "1", "spec:\n  ports:\n  - kind: A\n    name: b\n", "spec:\n  ports:\n  - kind: A\n    name: b\n  - kind: A\n    name: b&c\n    x: 1\n"},
		"a value as name":    {[]string{"spec", "ports", "[path=a&value={k: v}]"}, "{path: a, value: {k: v}}", "spec:\n  ports:\n  - path: a\n    value: {k: w}\n", "spec:\n  ports:\n  - path: a\n    value: {k: w}\n  - {path: a, value: {k: v}}\n"},
		"a list in a list":   {[]string{"a", "[name=b]", "c", "[name=d]", "e"}, "1", "a:\n- name: b\n  c:\n  - name: c\n- name: c\n", "a:\n- name: b\n  c:\n  - name: c\n  - name: d\n    e: 1\n- name: c\n"},
		"of the root":        {[]string{"spec", "a"}, "1", "kind: A\nx: 1 # x\n", "kind: A\nx: 1 # x\nspec:\n  a: 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			k := keysOf(t, c.before)
			if err := k.Set(c.path, nodeOf(t, c.value)); err != nil {
				t.Fatal(err)
			}
			if k.Text() != c.with {
				t.Errorf("set:\n%s\nwant:\n%s", k.Text(), c.with)
			}
			kept := empties(c.before, c.path)
			if err := k.Remove(c.path, func(at []string) bool { return kept[strings.Join(at, "/")] }); err != nil {
				t.Fatal(err)
			}
			if k.Text() != c.before {
				t.Errorf("removed:\n%s", k.Text())
			}
		})
	}
}

// What is empty and somebody else's stays, in the form in which it stood.
func TestKeysRemoveKeeps(t *testing.T) {
	path := []string{"spec", "ports", "[name=b]", "port"}
	for before, kept := range map[string][]string{
		"spec: {}\n":                                 {"spec"},
		"spec:\nother: 1\n":                          {"spec"},
		"spec:\n  ports: [] # none\n":                {"spec", "ports"},
		"spec:\n  ports:\n  - name: b # no port\n":   {"spec", "ports", "[name=b]"},
		"spec:\n  ports:\n  - {name: b} # no port\n": {"spec", "ports", "[name=b]"},
		"spec: {ports: [{name: b}]}\n":               {"spec", "ports", "[name=b]"},
		"spec: {ports: [{name: a}, {name: b}]}\n":    {"spec", "ports", "[name=b]"},
	} {
		k := keysOf(t, before)
		if err := k.Set(path, nodeOf(t, "80")); err != nil {
			t.Fatal(err)
		}
		with := k.Text()
		if err := k.Remove(path, func(at []string) bool { return slices.Equal(at, kept) }); err != nil || k.Text() != before || with == before {
			t.Errorf("%q became %q and %q: %v", before, with, k.Text(), err)
		}
	}
}

// A value of ours is written again in its place, whatever it is.
func TestKeysReplaceValues(t *testing.T) {
	for before, want := range map[string]string{
		"a:\n- name: b\n  x:\n  - 1\n  - 2\n# end\n- name: c # c\nz: 1\n": "a:\n- {name: b, x: [3]}\n# end\n- name: c # c\nz: 1\n",
		"a:\n  - name: b\n    x: |\n      1\n  - name: c # c\n":           "a:\n  - {name: b, x: [3]}\n  - name: c # c\n",
		"a: [{name: b, x: [1, {y: z}]}, {name: c}] # [\n":                 "a: [{name: b, x: [3]}, {name: c}] # [\n",
		"a: [{name: c}, {name: b, x: ']'}] # [\n":                         "a: [{name: c}, {name: b, x: [3]}] # [\n",
	} {
		k := keysOf(t, before)
		if err := k.Set([]string{"a", "[name=b]"}, nodeOf(t, "{name: b, x: [3]}")); err != nil || k.Text() != want {
			t.Errorf("%q became %q: %v", before, k.Text(), err)
		}
	}
	k := keysOf(t, "\na: {b: c, d: e} # a\n")
	if err := k.Set([]string{"a", "b"}, scalar("1,[2]")); err != nil || k.Text() != "\na: {b: '1,[2]', d: e} # a\n" {
		t.Errorf("%q: %v", k.Text(), err)
	}
	k = keysOf(t, "a: # a\n  b: # b\n  - 1 # one\n  c: 1\n")
	if err := k.Set([]string{"a", "b"}, nodeOf(t, "[2]")); err != nil || k.Text() != "a: # a\n  b: [2]\n  c: 1\n" {
		t.Errorf("%q: %v", k.Text(), err)
	}
}

func TestKeysListsAndMappings(t *testing.T) {
	for _, c := range []struct {
		text string
		path []string
		want string
	}{
		{"a: {b: 1}\n", []string{"a", "[name=b]", "c"}, "a is no list; an item cannot be put into it"},
		{"a: [{name: b}]\n", []string{"a", "b", "c"}, "a is no mapping; a key cannot be set in it"},
		{"a: [b]\n", []string{"a", "[name=b]", "c"}, ""}, // no item of it has a name
	} {
		k := keysOf(t, c.text)
		err := k.Set(c.path, nodeOf(t, "1"))
		if fmt.Sprint(err) != c.want && (err != nil || c.want != "") {
			t.Errorf("%s: %v", c.text, err)
		}
		if c.want != "" && k.Text() != c.text {
			t.Errorf("%s", k.Text())
		}
	}
}

// lawn writes trees of mappings and named lists in many layouts, with comments
// between the lines.
type lawn struct {
	*rand.Rand
	b     strings.Builder
	inset int
}

func (l *lawn) remark(indent int) {
	switch l.IntN(8) {
	case 0:
		fmt.Fprintf(&l.b, "%s# %d: - [x] {y}\n", strings.Repeat(" ", indent), l.IntN(100))
	case 1:
		l.b.WriteString("\n")
	}
}

func (l *lawn) mapping(indent, depth int, first string) {
	for i := range 1 + l.IntN(3) {
		if i > 0 || first == "" {
			l.remark(indent)
			first = strings.Repeat(" ", indent)
		}
		l.b.WriteString(first + fmt.Sprintf("k%d:", i))
		l.value(indent, depth)
	}
}

func (l *lawn) value(indent, depth int) {
	kind := l.IntN(7)
	if depth == 0 {
		kind %= 4
	}
	switch kind {
	case 0:
		l.b.WriteString("   v # why: {\n")
	case 1:
		fmt.Fprintf(&l.b, " |\n%s- name: n0\n\n", strings.Repeat(" ", indent+2))
	case 2:
		l.b.WriteString(" {k0: v, k1: [{name: n0, k0: ']'}]} # ]\n")
	case 3:
		l.b.WriteString([]string{"\n", " {}\n", " []\n", " [{name: n0}, {name: n1, k0: {}}]\n"}[l.IntN(4)])
	case 4, 5:
		l.b.WriteString(" # list\n")
		for i := range 1 + l.IntN(3) {
			l.remark(indent + l.inset)
			dash := strings.Repeat(" ", indent+l.inset) + "- "
			if l.IntN(4) == 0 {
				fmt.Fprintf(&l.b, "%s{name: n%d, k0: 'é'} # é\n", dash, i)
				continue
			}
			fmt.Fprintf(&l.b, "%sname: n%d\n", dash, i)
			l.mapping(indent+l.inset+2, depth-1, "")
		}
	default:
		l.b.WriteString("\n")
		l.mapping(indent+2, depth-1, "")
	}
}

func (l *lawn) path() []string {
	path := []string{"spec"}
	for range 1 + l.IntN(4) {
		if l.IntN(2) == 0 {
			path = append(path, fmt.Sprintf("[name=n%d]", l.IntN(4)))
		}
		path = append(path, fmt.Sprintf("k%d", l.IntN(4)))
	}
	return path
}

// plain is what a text says to a reader of YAML that knows nothing of ours.
func plain(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v
}

// setPlain does to what a text says what Set does to the text.
func setPlain(v any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if name, isItem := strings.CutPrefix(path[0], "[name="); isItem {
		name = strings.TrimSuffix(name, "]")
		list, _ := v.([]any)
		for i, item := range list {
			if m, _ := item.(map[string]any); m["name"] == name {
				list[i] = setPlain(item, path[1:], value)
				return list
			}
		}
		return append(list, setPlain(map[string]any{"name": name}, path[1:], value))
	}
	m, _ := v.(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	m[path[0]] = setPlain(m[path[0]], path[1:], value)
	return m
}

// lost is how many lines of a text are between those that another one begins with,
// too, and those that it ends with.
func lost(text, other string) int {
	a, b := strings.Split(text, "\n"), strings.Split(other, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a)
}

// In trees of any layout, Set says what a reader of YAML would have set, keeps every
// line but the one that the key stands in, and Remove gives the text back.
func TestKeysProperty(t *testing.T) {
	made, back, moved := 0, 0, 0
	for seed := range uint64(3000) {
		l := &lawn{Rand: rand.New(rand.NewPCG(seed, 7)), inset: int(seed%2) * 2}
		l.b.WriteString("kind: A\nspec:\n")
		l.mapping(2, 3, "")
		l.b.WriteString("end: 1\n")
		before, path := l.b.String(), l.path()
		k := keysOf(t, before)
		had := k.Get(path) != nil
		if err := k.Set(path, nodeOf(t, "'set'")); err != nil {
			if k.Text() != before {
				t.Fatalf("%v, and the text changed", err)
			}
			continue
		}
		made++
		if want := setPlain(plain(t, before), path, "set"); !reflect.DeepEqual(plain(t, k.Text()), want) {
			t.Fatalf("seed %d: %v: want %v\n%s\n%s", seed, path, want, before, k.Text())
		}
		with := k.Text()
		switch n := lost(before, with); {
		case n > 1 && !had:
			t.Errorf("seed %d: %v: lines changed\n%s\n%s", seed, path, before, with)
		case n == 1:
			moved++
		}
		kept := empties(before, path)
		if err := k.Remove(path, func(at []string) bool { return kept[strings.Join(at, "/")] }); err != nil {
			t.Fatal(err)
		}
		if had {
			continue
		}
		if back++; k.Text() != before {
			t.Errorf("seed %d: %v: not given back\n%s\n%s\n%s", seed, path, before, with, k.Text())
		}
	}
	if made < 1000 || back < 800 || moved == 0 {
		t.Errorf("%d set, %d given back, %d within a line; the trees test too little", made, back, moved)
	}
}

// empties are the places on a path that stand in a text and hold nothing.
func empties(text string, path []string) map[string]bool {
	root, _ := parseOne(text)
	k := Keys{root: root}
	all := map[string]bool{}
	for i := range path {
		if n := k.Get(path[:i]); n != nil && IsBare(n, path[:i]) {
			all[strings.Join(path[:i], "/")] = true
		}
	}
	return all
}
