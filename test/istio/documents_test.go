package istio

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/schema"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// takesDocuments gives the API server the definitions of our own kinds, and by
// them the documents of all cases.
func (a *kubernetesAPI) takesDocuments(t *testing.T) {
	for _, kind := range schema.Kinds {
		definition := schema.CustomResourceDefinition(kind)
		text, err := yaml.Marshal(definition)
		if err != nil {
			t.Fatal(err)
		}
		a.define(t, text)
		a.structural(t, definition)
	}
	var inputs []string
	for _, area := range []string{"render", "install"} { // install has the overrides
		found, err := filepath.Glob(filepath.Join(goldenDir, area, "*", "in.yaml"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no case in %s: %v", area, err)
		}
		inputs = append(inputs, found...)
	}
	for _, input := range inputs {
		text, err := os.ReadFile(input)
		if err != nil {
			t.Fatal(err)
		}
		if err := eachDocument(text, func(doc []byte) error { return a.takesDocument(t, doc) }); err != nil {
			t.Errorf("%s: %v", input, err)
		}
	}
	for word, words := range map[string]string{"domian": "{domian: x}", "repicaCount": "{install: {override: {components: {pilot: {k8s: {repicaCount: 2}}}}}}"} {
		unknown := "{apiVersion: " + spec.APIVersion + ", kind: KymaMesh, metadata: {name: x}, spec: " + words + "}"
		if err := a.takesDocument(t, []byte(unknown)); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("a word that is not there: got %v", err)
		}
	}
}

func (a *kubernetesAPI) takesDocument(t *testing.T, doc []byte) error {
	t.Helper()
	o, err := newApplied(doc)
	if err != nil || o.GroupVersionKind().Group != spec.Group {
		return err
	}
	if _, err := a.applyInNamespace(t, o); err != nil {
		return err
	}
	a.remove(t, o)
	return nil
}

// structural fails where the API server finds a definition's schema wanting, for
// which it takes the definition and warns.
func (a *kubernetesAPI) structural(t *testing.T, definition schema.Tree) {
	t.Helper()
	text, err := yaml.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	o, err := newApplied(text)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := a.apply(t, o)
	if err != nil {
		t.Fatal(err)
	}
	conditions, _ := stored.Object["status"].(map[string]any)["conditions"].([]any)
	for _, c := range conditions {
		condition := c.(map[string]any)
		if condition["type"] == "NonStructuralSchema" && condition["status"] == "True" {
			t.Errorf("%s: %v", o.title(), condition["message"])
		}
	}
}
