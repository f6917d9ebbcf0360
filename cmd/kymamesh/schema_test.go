package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/golden"
)

// TestSchemaFile holds the file that the examples name against the command. With
// -update it writes the file.
func TestSchemaFile(t *testing.T) {
	golden.Assert(t, rendered(t, "", "schema"), "../../../schema/kymamesh.schema.json")
}

func TestSchemaOfOneKind(t *testing.T) {
	var root struct{ Title string }
	if err := json.Unmarshal([]byte(rendered(t, "", "schema", "--kind", "MeshService")), &root); err != nil || root.Title != "MeshService" {
		t.Errorf("got %q, %v", root.Title, err)
	}
}

func TestResourceDefinitions(t *testing.T) {
	for kinds, args := range map[string][]string{
		"KymaMesh MeshService": {"schema", "--crd"},
		"MeshService":          {"schema", "--crd", "--kind", "MeshService"},
	} {
		var got []string
		for d := yaml.NewDecoder(strings.NewReader(rendered(t, "", args...))); ; {
			var definition struct {
				Spec struct{ Names struct{ Kind string } }
			}
			if d.Decode(&definition) != nil {
				break
			}
			got = append(got, definition.Spec.Names.Kind)
		}
		if strings.Join(got, " ") != kinds {
			t.Errorf("%v: got %v", args, got)
		}
	}
}

// TestExamplesNameTheSchema fails on an example whose editor would not find the
// schema.
func TestExamplesNameTheSchema(t *testing.T) {
	var found int
	err := filepath.WalkDir("../../examples", func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "kymamesh.yaml" {
			return err
		}
		found++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		name, ok := strings.CutPrefix(first, "# yaml-language-server: $schema=")
		if !ok {
			t.Errorf("%s: the first line has to name the schema", path)
		} else if file, err := filepath.Abs(filepath.Join(filepath.Dir(path), name)); err != nil || filepath.Base(filepath.Dir(file)) != "schema" {
			t.Errorf("%s: %s is not the schema: %v", path, name, err)
		} else if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d examples: %v", found, err)
	}
}
