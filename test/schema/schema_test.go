// Package schema holds the schemas of the documents against a validator that is
// not ours, over all golden inputs and what a slip of the hand makes of them.
package schema

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/golden"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/schema"
)

const (
	goldenDir   = "../../testdata/golden"
	examplesDir = "../../examples"
)

// schemas are the compiled schemas: of both kinds under the empty name, and of
// each.
var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	all := map[string]*jsonschema.Schema{}
	for _, kind := range append([]string{""}, schema.Kinds...) {
		text, err := schema.JSON(kind)
		if err != nil {
			return nil, err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		if err := c.AddResource("schema.json", document); err != nil {
			return nil, err
		}
		if all[kind], err = c.Compile("schema.json"); err != nil {
			return nil, err
		}
	}
	return all, nil
})

// validate is the schema's verdict on a document.
func validate(document any) error {
	all, err := schemas()
	if err != nil {
		return err
	}
	err = all[""].Validate(document)
	// The schema of the kind alone says the same.
	kind, _ := field(document, "kind").(string)
	if alone := all[kind]; alone != nil && (alone.Validate(document) == nil) != (err == nil) {
		return fmt.Errorf("the schema of %s alone differs from that of both: %w", kind, err)
	}
	return err
}

func field(document any, name string) any {
	mapping, _ := document.(map[string]any)
	return mapping[name]
}

// documents are the documents of ours in a stream, as nodes.
func documents(text []byte) ([]*yaml.Node, error) {
	var all []*yaml.Node
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var n yaml.Node
		switch err := d.Decode(&n); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, n.Content[0])
	}
}

var errEndless = errors.New("larger than an editor takes")

// valueOf is what an editor reads from a node: YAML 1.2 as JSON has it.
func valueOf(n *yaml.Node, left *int) (any, error) {
	if *left--; *left < 0 {
		return nil, errEndless
	}
	switch n.Kind {
	case yaml.AliasNode:
		return valueOf(n.Alias, left)
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			v, err := valueOf(item, left)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		mapping := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := valueOf(n.Content[i+1], left)
			if err != nil {
				return nil, err
			}
			mapping[n.Content[i].Value] = v
		}
		return mapping, nil
	}
	return scalarOf(n), nil
}

func scalarOf(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	return n.Value
}

func read(n *yaml.Node) (any, error) {
	most := 100_000
	return valueOf(n, &most)
}

// inputs are the golden inputs that render, and the documents of the examples.
func inputs(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, area := range []string{"render", "install", "defaults"} {
		found, err := filepath.Glob(filepath.Join(goldenDir, area, "*", "in.yaml"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no case in %s: %v", area, err)
		}
		files = append(files, found...)
	}
	for _, pattern := range []string{"*/kymamesh.yaml", "*/*/kymamesh.yaml"} {
		found, err := filepath.Glob(filepath.Join(examplesDir, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no example %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	return files
}

func TestAccepts(t *testing.T) {
	for _, file := range inputs(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := refusal(text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// refusal is what the schema has against the documents of ours in a stream.
func refusal(text []byte) error {
	nodes, err := documents(text)
	if err != nil {
		return nil // no schema gets to see it
	}
	for _, n := range nodes {
		v, err := read(n)
		if err != nil {
			return nil
		}
		apiVersion, _ := field(v, "apiVersion").(string)
		if v == nil || apiVersion != "" && !render.IsDocument(apiVersion) {
			continue
		}
		if err := validate(v); err != nil {
			return err
		}
	}
	return nil
}

// unseen says of the codes of faults why a schema cannot see them. A fault of
// another code has to be refused.
var unseen = map[diag.Code]string{
	diag.CodeSyntax:    "there is nothing to validate",
	diag.CodeLimit:     "there is no end to validate",
	diag.CodeTwice:     "JSON has lost the first one",
	diag.CodeEmpty:     "an empty value is no fault at other places",
	diag.CodeNotText:   "YAML readers differ about it; JSON has text there",
	diag.CodeDocument:  "it is about other documents of the call",
	diag.CodeMissing:   "another word decides whether it is needed",
	diag.CodeName:      "names have no pattern in the schema",
	diag.CodeValue:     "another word, or a rule that no schema has, decides about the value",
	diag.CodeDuplicate: "it compares two places",
	diag.CodeReference: "it compares two places",
	diag.CodeSplit:     "it adds up",
	diag.CodeExclusive: "it compares two words",
	diag.CodePlace:     "another place decides",
	diag.CodeHost:      "it compares two places",
	diag.CodeServer:    "it compares two places",
	diag.CodeTLS:       "it compares words",
	diag.CodeMTLS:      "another place decides",
	diag.CodeClash:     "it compares two places",
	diag.CodeUnused:    "another word decides",
	diag.CodeVersion:   "the version of Istio decides",
	diag.CodeAccess:    "it is about what rules mean together",
	diag.CodeToken:     "another place decides",
	diag.CodeNoPackage: "the package decides",
}

// unseenIn are the same for single cases, by case and code.
var unseenIn = map[string]string{
	"access-service-without-http KM008": "TCP is a value of the vocabulary, whether it is rendered yet or not",
	"deep-alias KM003":                  "an editor gives up before it gets there",
	"route-conditions-values KM005":     "only withoutHeaders takes one value; it has the type of headers",
	"tagged-scalar KM005":               "JSON has no tags",
}

// TestRefusals holds testdata/refusals.txt against what the schema says of each
// golden input with a fault. With -update it writes the file.
func TestRefusals(t *testing.T) {
	cases, err := os.ReadDir(filepath.Join(goldenDir, "errors"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no case: %v", err)
	}
	var got strings.Builder
	got.WriteString("# What the schema says of the golden inputs with faults; TestRefusals -update writes it.\n")
	for _, c := range cases {
		text, err := os.ReadFile(filepath.Join(goldenDir, "errors", c.Name(), "in.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if refusal(text) != nil {
			fmt.Fprintf(&got, "%s: refused\n", c.Name())
			continue
		}
		fmt.Fprintf(&got, "%s: accepted\n", c.Name())
		_, ds := render.YAML("in.yaml", text)
		var codes []diag.Code
		for _, d := range ds {
			if d.Severity != diag.Error || slices.Contains(codes, d.Code) {
				continue
			}
			codes = append(codes, d.Code)
			reason := cmp.Or(unseenIn[c.Name()+" "+string(d.Code)], unseen[d.Code])
			if reason == "" {
				t.Errorf("%s: the schema accepts it, and could see %s", c.Name(), d)
			}
			fmt.Fprintf(&got, "  %s: %s\n", d.Code, reason)
		}
	}
	golden.Assert(t, got.String(), "refusals.txt")
}
