package edit

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// planned is a package after the edits, and what there is to say about them.
func planned(t *testing.T, text string, edits ...Edit) (string, diag.List) {
	t.Helper()
	list, err := resourcelist.ParseStream([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p := Package{Items: list.Items(), Place: func(it *resourcelist.Item, line int) string { return fmt.Sprint("line ", it.Line()-1+line) }}
	changes, ds := p.Plan(edits)
	for _, c := range changes {
		if err := list.ReplaceText(c.Item, c.Text); err != nil {
			t.Fatal(err)
		}
	}
	return string(list.Bytes()), ds
}

const operator = `# ours
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  name: mine
spec:
  # one
  meshConfig:
    enableTracing: true # on
`

func onOperator(value string, path ...string) Edit {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(value), &n); err != nil {
		panic(err)
	}
	return Edit{
		Target: Target{APIVersion: "install.istio.io/v1alpha1", Kind: "IstioOperator", Name: "mine"},
		Path:   path, Value: n.Content[0], Origin: diag.Root("spec"),
	}
}

// Any field of any object can be edited, not labels only, with values of any
// shape.
func TestPlanAnyField(t *testing.T) {
	edits := []Edit{
		onOperator("[{name: a, port: 1}]", "spec", "meshConfig", "extensionProviders"),
		onOperator("{HTTP: \"1\"}", "spec", "values", "pilot", "env"),
		onOperator("true", "spec", "meshConfig", "enableTracing"),
	}
	got, ds := planned(t, operator, edits...)
	const want = `# ours
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  annotations:
    mesh.kyma-project.io/set: /spec/meshConfig/extensionProviders,/spec/values/pilot/env
  name: mine
spec:
  values:
    pilot:
      env: {HTTP: "1"}
  # one
  meshConfig:
    extensionProviders: [{name: a, port: 1}]
    enableTracing: true # on
`
	if got != want || ds != nil {
		t.Errorf("%v\n%s", ds, got)
	}
	if again, ds := planned(t, got, edits...); again != got || ds != nil {
		t.Errorf("the second time: %v\n%s", ds, again)
	}
	if back, ds := planned(t, got); back != operator || ds != nil {
		t.Errorf("taken back: %v\n%s", ds, back)
	}
	changed, ds := planned(t, got, onOperator("[{port: 2, name: a}]", "spec", "meshConfig", "extensionProviders"))
	if ds != nil || !strings.Contains(changed, "port: 2") || strings.Contains(changed, "HTTP") {
		t.Errorf("changed: %v\n%s", ds, changed)
	}
}

func TestPlanRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		edits []Edit
		want  string
	}{
		"by hand": {
			[]Edit{onOperator("false", "spec", "meshConfig", "enableTracing")},
			"KM112: spec: line 9 says enableTracing: true; change one",
		},
		"no mapping on the way": {
			[]Edit{onOperator("1", "spec", "meshConfig", "enableTracing", "deep")},
			"KM107: spec: line 1: spec.meshConfig.enableTracing is no mapping",
		},
		"twice": {
			[]Edit{onOperator("1", "spec", "a"), onOperator("2", "spec", "a")},
			"KM022: spec: line 1: spec asks for another value of a; one object has one",
		},
		"not there": {
			[]Edit{{Target: Target{Kind: "Nobody"}, Missing: &Missing{Message: "no such object"}}},
			"KM111: no such object",
		},
	} {
		got, ds := planned(t, operator, c.edits...)
		if len(ds) != 1 || !strings.Contains(ds[0].String(), c.want) {
			t.Errorf("%s: %v\n%s", name, ds, got)
		}
		if name != "twice" && got != operator {
			t.Errorf("%s: changed nevertheless:\n%s", name, got)
		}
	}
}

// A note that a person spoilt takes nothing away.
func TestPlanSpoiltNote(t *testing.T) {
	for _, note := range []string{"", "spec", "/", "//,", "/nowhere/at/all"} {
		text := strings.Replace(operator, "  name: mine", "  annotations:\n    mesh.kyma-project.io/set: '"+note+"'\n  name: mine", 1)
		if got, ds := planned(t, text); got != operator || ds != nil {
			t.Errorf("%q: %v\n%s", note, ds, got)
		}
	}
}
