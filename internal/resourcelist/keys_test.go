package resourcelist

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A key that is set and removed again leaves the text as it was, and while it is
// there all other lines are as they were.
func TestKeysSetAndRemove(t *testing.T) {
	path := []string{"metadata", "labels", "a.b/c"}
	for name, c := range map[string]struct{ before, with string }{
		"below another key": {
			"kind: A # a\nmetadata:\n  # first\n  labels:   # l\n    # why\n    x: 'y'\n  name:   n\n",
			"kind: A # a\nmetadata:\n  # first\n  labels:   # l\n    a.b/c: \"true\"\n    # why\n    x: 'y'\n  name:   n\n",
		},
		"no mapping yet": {
			"kind: A\nmetadata:\n    name: n\n\nspec: {}\n",
			"kind: A\nmetadata:\n    labels:\n        a.b/c: \"true\"\n    name: n\n\nspec: {}\n",
		},
		"flow":             {"kind: A\nmetadata: {name: n}\n", "kind: A\nmetadata: {labels: {a.b/c: \"true\"}, name: n}\n"},
		"flow, not ASCII":  {"kind: A\nmetadata: {labels: {ä: ö, b: c}}\n", "kind: A\nmetadata: {labels: {a.b/c: \"true\", ä: ö, b: c}}\n"},
		"JSON":             {`{"metadata": {"name": "n"}}` + "\n", `{"metadata": {"labels": {"a.b/c": "true"}, "name": "n"}}` + "\n"},
		"block scalars":    {"metadata:\n  name: n\ndata:\n  labels: |\n    metadata:\n      labels:\n", "metadata:\n  labels:\n    a.b/c: \"true\"\n  name: n\ndata:\n  labels: |\n    metadata:\n      labels:\n"},
		"quoted key":       {"\"metadata\":\n  'labels':\n    x: y\n", "\"metadata\":\n  'labels':\n    a.b/c: \"true\"\n    x: y\n"},
		"comment below it": {"metadata:\n  labels:\n    x: y\n    # last\n  name: n\n", "metadata:\n  labels:\n    a.b/c: \"true\"\n    x: y\n    # last\n  name: n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			k := keysOf(t, c.before)
			if err := k.Set(path, quotedTrue); err != nil {
				t.Fatal(err)
			}
			if k.Text() != c.with {
				t.Errorf("set:\n%s", k.Text())
			}
			if err := k.Remove(path, nil); err != nil {
				t.Fatal(err)
			}
			if k.Text() != c.before {
				t.Errorf("removed:\n%s", k.Text())
			}
		})
	}
}

var quotedTrue = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "true", Style: yaml.DoubleQuotedStyle}

func keysOf(t *testing.T, text string) *Keys {
	t.Helper()
	l, err := ParseStream([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	k, err := l.Items()[0].Keys()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysOddPlaces(t *testing.T) {
	for name, c := range map[string]struct{ before, want string }{
		"null":         {"metadata:\n  labels:\n  name: n\n", "metadata:\n  labels:\n    x: \"true\"\n  name: n\n"},
		"written null": {"metadata:\n  labels: null\n  name: n\n", "metadata:\n  labels:\n    x: \"true\"\n  name: n\n"},
		"empty":        {"metadata:\n  labels: {} # none\n", "metadata:\n  labels: {x: \"true\"} # none\n"},
		"plain value":  {"metadata:\n  labels:\n    x: no # why\n", "metadata:\n  labels:\n    x: \"true\" # why\n"},
		"quoted value": {"metadata: {labels: {x: 'no', y: z}}\n", "metadata: {labels: {x: \"true\", y: z}}\n"},
		"folded value": {"metadata:\n  labels:\n    x: a\n      b\n    y: z\n", "metadata:\n  labels:\n    x: \"true\"\n    y: z\n"},
		"complex key":  {"metadata: !x\n  ? labels\n  : y: z\n", "metadata: !x\n  labels:\n    x: \"true\"\n    y: z\n"},
		"alias":        {"a: &l {y: z}\nmetadata:\n  labels: *l\n", "a: {y: z}\nmetadata:\n  labels: {x: \"true\", y: z}\n"},
	} {
		k := keysOf(t, c.before)
		if err := k.Set([]string{"metadata", "labels", "x"}, quotedTrue); err != nil || k.Text() != c.want {
			t.Errorf("%s: %v\n%s", name, err, k.Text())
		}
	}
	k := keysOf(t, "metadata: text\n")
	if err := k.Set([]string{"metadata", "labels", "x"}, quotedTrue); err == nil || !strings.Contains(err.Error(), "metadata is no mapping") {
		t.Errorf("a text on the way: %v", err)
	}
	if err := k.Remove([]string{"metadata", "labels", "x"}, nil); err != nil || k.Text() != "metadata: text\n" {
		t.Errorf("nothing to remove: %v\n%s", err, k.Text())
	}
}

// A document of a stream is changed between its markers only.
func TestKeysInStream(t *testing.T) {
	const text = "# one\r\n---\r\nmetadata:\r\n  name: n # é\r\n---\r\n# two\r\nmetadata:\r\n  name: m\r\n...\r\n# end\r\n"
	l, err := ParseStream([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range l.Items() {
		k, err := it.Keys()
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Set([]string{"metadata", "labels", "x"}, quotedTrue); err != nil {
			t.Fatal(err)
		}
		if err := l.ReplaceText(it, k.Text()); err != nil {
			t.Fatal(err)
		}
	}
	const want = "# one\r\n---\r\nmetadata:\r\n  labels:\r\n    x: \"true\"\r\n  name: n # é\r\n---\r\n# two\r\nmetadata:\r\n  labels:\r\n    x: \"true\"\r\n  name: m\r\n...\r\n# end\r\n"
	if got := string(l.Bytes()); got != want {
		t.Errorf("%q", got)
	}
}

// A comment that kpt wrote behind the dash of an entry stays there.
func TestKeysBehindDash(t *testing.T) {
	const before = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- # theirs\n  apiVersion: v1\n  kind: Namespace\n  metadata:\n    name: n\n"
	l, err := Parse([]byte(before))
	if err != nil {
		t.Fatal(err)
	}
	it := l.Items()[0]
	path := []string{"metadata", "labels", "x"}
	for _, change := range []func(*Keys) error{
		func(k *Keys) error { return k.Set(path, quotedTrue) },
		func(k *Keys) error { return k.Remove(path, nil) },
	} {
		k, err := it.Keys()
		if err != nil {
			t.Fatal(err)
		}
		if err := change(k); err != nil {
			t.Fatal(err)
		}
		if err := l.ReplaceText(it, k.Text()); err != nil {
			t.Fatal(err)
		}
		if got := string(l.Bytes()); strings.Contains(got, "true") && !strings.Contains(got, "- # theirs\n  apiVersion: v1\n") {
			t.Errorf("%s", got)
		}
	}
	if got := string(l.Bytes()); got != before {
		t.Errorf("%s", got)
	}
}

// A document in JSON is one document afterwards, with the mark that it had.
func TestKeysOfJSON(t *testing.T) {
	for _, text := range []string{
		`{"metadata": {"name": "n"}}` + "\n",
		"---\n" + `{"metadata": {"name": "n"}}` + "\n",
		`{"metadata": {"name": "n"}}` + "\n---\n" + `{"metadata": {"name": "m"}}` + "\n",
	} {
		l, err := ParseStream([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range l.Items() {
			k, err := it.Keys()
			if err != nil {
				t.Fatal(err)
			}
			if err := k.Set([]string{"metadata", "labels", "x"}, quotedTrue); err != nil {
				t.Fatal(err)
			}
			if err := l.ReplaceText(it, k.Text()); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := string(l.Bytes()), strings.ReplaceAll(text, `"metadata": {`, `"metadata": {"labels": {"x": "true"}, `); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}
