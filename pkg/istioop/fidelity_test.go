package istioop

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// difference is a part of the spec that only one side has: the shipped file, or
// what is rendered.
type difference struct{ path, reason string }

const (
	managed  = "Kyma's module owns what carries its label and its disclaimer"
	openPort = "the ports are always written, so that status-port is the first whatever is added"
	bounds   = "the disruption budget's chart looks at the values, not at hpaSpec"
)

// dropped is what Kyma ships in both files and the rendered spec has not.
var dropped = []difference{
	{"components.cni.k8s.overlays", managed},
	{"components.egressGateways[istio-egressgateway].k8s.overlays", managed},
	{"components.pilot.k8s.overlays", managed},
	{"components.pilot.k8s.podAnnotations", managed},
	{"components.pilot.k8s.serviceAnnotations.istios.operator.kyma-project.io/managed-by-disclaimer", managed},
	{"values.gateways.istio-ingressgateway.podAnnotations", managed},
	{"values.gateways.istio-ingressgateway.serviceAnnotations", managed},
	{"values.global.priorityClassName", "only Kyma's module makes the class; pods that ask for it would be refused"},
	{"values.pilot.deploymentLabels", "null says nothing"},
}

// added is what the rendered spec has and Kyma ships in neither file.
var added = []difference{
	{"components.ingressGateways[istio-ingressgateway].k8s.service", openPort},
	{"values.gateways.istio-egressgateway.autoscaleMin", bounds},
	{"values.gateways.istio-egressgateway.autoscaleMax", bounds},
	{"values.gateways.istio-ingressgateway.autoscaleMax", bounds},
}

func TestFidelity(t *testing.T) {
	overlay := "components.ingressGateways[istio-ingressgateway].k8s.overlays"
	tests := []struct {
		profile, file  string
		dropped, added []difference
	}{
		{
			profile: "production", file: "istio-operator.yaml",
			dropped: append(slices.Clone(dropped),
				difference{overlay + `[istio-ingressgateway].patches[spec.template.metadata.labels.kyma-project\.io/module]`, managed}),
			added: added,
		},
		{
			profile: "evaluation", file: "istio-operator-light.yaml",
			dropped: append(slices.Clone(dropped), difference{overlay, managed}),
			added: append(slices.Clone(added),
				difference{"values.gateways.istio-ingressgateway.autoscaleMin", bounds}),
		},
	}
	for _, test := range tests {
		t.Run(test.profile, func(t *testing.T) {
			shipped := shippedSpec(t, test.file)
			rendered := flatten(specOf(mesh.Install{
				Profile: test.profile, Platform: "cluster",
				Hub: "europe-docker.pkg.dev/kyma-project/prod/external/istio",
				Tag: "1.30.2-distroless",
			}))
			take(t, shipped, test.dropped)
			take(t, rendered, test.added)
			if diff := cmp.Diff(shipped, rendered); diff != "" {
				t.Errorf("beside the listed differences (-shipped +rendered):\n%s", diff)
			}
		})
	}
}

func specOf(in mesh.Install) manifest.Tree {
	return Render(&mesh.Mesh{Install: in})[0].Spec.(manifest.Tree)
}

func shippedSpec(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/istio-1.30.0/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return flatten(tree(t, string(text))["spec"].(manifest.Tree))
}

// take removes the leaves at and below the paths of ds. A difference that takes
// nothing is none, and has to leave the list.
func take(t *testing.T, leaves map[string]any, ds []difference) {
	t.Helper()
	for _, d := range ds {
		before := len(leaves)
		for path := range leaves {
			rest, below := strings.CutPrefix(path, d.path)
			if below && (rest == "" || rest[0] == '.' || rest[0] == '[') {
				delete(leaves, path)
			}
		}
		if len(leaves) == before {
			t.Errorf("%s is no difference; it was listed since %s", d.path, d.reason)
		}
	}
}

// flatten gives the leaves of a spec by path. An item of a list has its name or
// path for an index, so that one item less does not shift the others.
func flatten(spec manifest.Tree) map[string]any {
	leaves := map[string]any{}
	flattenInto(leaves, "", spec)
	return leaves
}

func flattenInto(leaves map[string]any, at string, v any) {
	switch v := v.(type) {
	case manifest.Tree:
		for key, value := range v {
			flattenInto(leaves, strings.TrimPrefix(at+"."+key, "."), value)
		}
		if len(v) > 0 {
			return
		}
	case []any:
		for i, item := range v {
			flattenInto(leaves, fmt.Sprintf("%s[%s]", at, index(i, item)), item)
		}
		if len(v) > 0 {
			return
		}
	}
	leaves[at] = v
}

func index(i int, item any) string {
	m, _ := item.(manifest.Tree)
	for _, field := range []string{"name", "path"} {
		if name := text(m, field); name != "" {
			return name
		}
	}
	return fmt.Sprint(i)
}
