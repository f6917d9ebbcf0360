package main

import (
	"strings"
	"testing"
)

const operator = `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  name: mine
  namespace: istio-system
  annotations:
    config.kubernetes.io/local-config: "true"
spec:
  hub: docker.io/mine
`

// installer is a ConfigMap with a document of another item in front of it.
const installer = `apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: istio-operator-overrides
  namespace: kyma-installer
  labels: {installer: overrides, component: istio}
data:
  kyma_istio_operator: |

    apiVersion: install.istio.io/v1alpha1
    kind: IstioOperator
    spec:
      components:
        pilot:
          k8s:
            resources: {requests: {memory: 30Mi}}
`

// What lies in objects of a package has its place in their files, also inside of
// a text, where that has lines of its own.
func TestOverridesOfAPackage(t *testing.T) {
	quoted := strings.Replace(installer[:strings.Index(installer, "|\n")], "data:", "data:\n ", 1) +
		`"{apiVersion: install.istio.io/v1alpha1, kind: IstioOperator, spec: {hbu: a}}"` + "\n"
	folded := strings.Replace(installer, "|\n", ">\n", 1)
	for _, test := range []struct {
		name, beside, want string
		code               int
	}{
		{"merged", operator, "", 0},
		{"a text merged", installer, "", 0},
		{"wrong field", strings.Replace(operator, "hub", "hbu", 1), "app/beside.yaml:9:3: error KM003: spec.hbu: no such word; did you mean \"hub\"?\n", 1},
		{"wrong field of a text", strings.Replace(installer, "k8s:", "k9s:", 1), "app/beside.yaml:19:11: error KM003: data.kyma_istio_operator.spec.components.pilot.k9s: no such word; did you mean \"k8s\"?\n", 1},
		{"wrong after merging", strings.Replace(installer, "30Mi", "30Gi", 1), "app/beside.yaml:20:36: error KM012: data.kyma_istio_operator.spec.components.pilot.k8s.resources.requests.memory: 30Gi is above the limit 2Gi (generation module production); write limits.memory of at least 30Gi as well\n", 1},
		{"no YAML in a text", strings.Replace(installer, "spec:", "spec: [", 1), "app/beside.yaml:16:1: error KM001: data.kyma_istio_operator: not YAML: did not find expected ',' or ']'\n", 1},
		{"wrong field in a text of one line", quoted, "app/beside.yaml:13:3: error KM003: data.kyma_istio_operator.spec.hbu: no such word; did you mean \"hub\"?\n", 1},
		{"a folded text", folded, "app/beside.yaml:12:3: error KM001: data.kyma_istio_operator: not YAML: mapping values are not allowed in this context\n", 1},
		{"no mark", strings.Replace(operator, `"true"`, `"false"`, 1), `app/beside.yaml:1:1: error KM017: IstioOperator istio-system/mine would be installed beside ours; mark it config.kubernetes.io/local-config: "true" to merge it, or write install.mode: existing` + "\n", 1},
		{"rendered by us", strings.Replace(operator, `"true"`, "\"false\"\n    mesh.kyma-project.io/source: KymaMesh/-/shop\n  labels: {mesh.kyma-project.io/owner: shop}", 1), "", 0},
		{"labels of another component", strings.Replace(strings.Replace(installer, "component: istio", "component: core", 1), "spec:", "spec: [", 1), "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			call := inFolder(t, map[string]string{"app/mesh.yaml": canary, "app/beside.yaml": test.beside})
			got := call("render", "app", "--part", "install")
			if got.Exit != test.code || got.Errors != test.want {
				t.Errorf("exit %d\n%s\nwant %d\n%s", got.Exit, got.Errors, test.code, test.want)
			}
			if merged := strings.Contains(got.Out, "docker.io/mine") || strings.Contains(got.Out, "30Mi"); merged != strings.HasSuffix(test.name, "merged") {
				t.Errorf("merged: %v", merged)
			}
			// A file by itself is no package, and nothing is merged into it.
			if alone := call("render", "app/mesh.yaml", "app/beside.yaml", "--part", "install"); alone.Exit != 0 || strings.Contains(alone.Out, "docker.io/mine") {
				t.Errorf("without the package: %+v", alone)
			}
		})
	}
}

// A package without a document of ours says that, and nothing of its objects.
func TestOverrideWithoutMesh(t *testing.T) {
	call := inFolder(t, map[string]string{"app/beside.yaml": strings.Replace(operator, "hub", "hbu", 1)})
	if got := call("render", "app"); got.Exit != exitFaults || got.Errors != "error KM009: no KymaMesh in this call; give it with the package, or with -f\n" {
		t.Errorf("%+v", got)
	}
}

func TestExplainOverride(t *testing.T) {
	call := inFolder(t, map[string]string{"app/mesh.yaml": canary, "app/a.yaml": operator, "app/b.yaml": installer})
	got := call("explain", "app", "-p", "hub", "-p", "pilot.k8s.resources.requests.memory")
	want := `IstioOperator istio-system/default-operator
  components.pilot.k8s.resources.requests.memory: 30Mi  # app/b.yaml:20:36 data.kyma_istio_operator.spec.components.pilot.k8s.resources.requests.memory
  hub: docker.io/mine  # app/a.yaml:9:3 spec.hub
`
	if got.Exit != 0 || !strings.HasPrefix(got.Out, want) {
		t.Errorf("got\n%s%s\nwant\n%s", got.Errors, got.Out, want)
	}
}
