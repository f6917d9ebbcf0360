package schema

import (
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// TestValues holds values against the program: it says of every text but those
// of a row, and of no other, that there is no such value.
func TestValues(t *testing.T) {
	all := uses(t)
	for _, w := range allWords() {
		row := rowOf(w)
		written := all[row]
		if w.Field.Type.Kind() != reflect.String || len(written) == 0 || written[0].value.Kind != yaml.ScalarNode {
			continue
		}
		_, listed := values[row]
		if refuses(t, written[0], "nonsense") != listed {
			t.Errorf("%s: the program refuses other values: %v; that values.go has its values: %v", row, !listed, listed)
		}
		for _, v := range values[row] {
			if refuses(t, written[0], v) {
				t.Errorf("%s: the program does not take %s", row, v)
			}
		}
	}
}

// refuses tells whether the program has no such value at the place of a use.
func refuses(t *testing.T, u use, value string) bool {
	t.Helper()
	before := *u.value
	defer func() { *u.value = before }()
	*u.value = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: value}
	text, err := yaml.Marshal(u.root)
	if err != nil {
		t.Fatal(err)
	}
	_, ds := render.YAML("in.yaml", text)
	for _, d := range ds {
		// A filter is free text, with attributes that there are and others.
		ofValue := strings.HasPrefix(d.Message, "no ") && !strings.HasPrefix(d.Message, "no attribute ")
		if d.Code == diag.CodeValue && ofValue && strings.HasSuffix(d.Path.String(), u.word.Name) {
			return true
		}
	}
	return false
}
