package check_test

import (
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// agent asks for a sidecar that it does not get.
const agent = `apiVersion: apps/v1
kind: Deployment
metadata: {name: agent, namespace: shop, annotations: {ANNOTATION}}
spec: {template: {metadata: {labels: {sidecar.istio.io/inject: "true"}}, spec: {hostNetwork: true}}}
`

func TestExamine(t *testing.T) {
	of := func(kind, namespace, name, reason string) check.Ignore {
		return check.Ignore{Code: diag.CodeNoSidecar, Kind: kind, Namespace: namespace, Name: name, Reason: reason, At: diag.Document(7)}
	}
	for name, c := range map[string]struct {
		annotation string
		list       []check.Ignore
		found      string
		inObject   bool
	}{
		"nothing ignores it":      {"", nil, "KM175", false},
		"the object":              {"ignore.mesh.kyma-project.io/KM175: on the node", nil, "", true},
		"the object, no reason":   {"ignore.mesh.kyma-project.io/KM175: ''", nil, "KM186 KM175", false},
		"the object, a blank":     {"ignore.mesh.kyma-project.io/KM175: '  '", nil, "KM186 KM175", false},
		"the object, other code":  {"ignore.mesh.kyma-project.io/KM176: x", nil, "KM175 KM187", false},
		"a check without needs":   {"ignore.mesh.kyma-project.io/KM173: x", nil, "KM175 KM187", false},
		"all objects":             {"", []check.Ignore{of("", "", "", "x")}, "", false},
		"the kind":                {"", []check.Ignore{of("Deployment", "", "", "x")}, "", false},
		"another kind":            {"", []check.Ignore{of("DaemonSet", "", "", "x")}, "KM175", false},
		"another namespace":       {"", []check.Ignore{of("", "pay", "", "x")}, "KM175", false},
		"another name":            {"", []check.Ignore{of("Deployment", "shop", "front", "x")}, "KM175 KM187", false},
		"a list without a reason": {"", []check.Ignore{of("", "", "", "")}, "KM175", false},
		"a list of another code":  {"", []check.Ignore{{Code: diag.CodeUnenforced, Reason: "x"}}, "KM175 KM187", false},
		"a list of no check":      {"", []check.Ignore{{Code: diag.CodeSyntax, Reason: "x"}}, "KM175", false},
		"a list of no object":     {"", []check.Ignore{of("", "", "front", "x")}, "KM175 KM187", false},
		"what nobody looked at":   {"ignore.mesh.kyma-project.io/KM152: x", nil, "KM175", false},
		"the first check":         {"ignore.mesh.kyma-project.io/KM150: x", nil, "KM175 KM187", false},
		"two codes":               {"ignore.mesh.kyma-project.io/KM175: x, ignore.mesh.kyma-project.io/KM176: y", nil, "KM187", true},
		"the object before lists": {"ignore.mesh.kyma-project.io/KM175: on the node", []check.Ignore{of("", "", "", "x")}, "KM187", true},
	} {
		items, err := resourcelist.ParseStream([]byte(strings.Replace(agent, "ANNOTATION", c.annotation, 1)))
		if err != nil {
			t.Fatal(err)
		}
		ds, ignored := check.Examine(topology.New(nil, items.Items(), 0), c.list...)
		var found []string
		for _, d := range ds {
			found = append(found, string(d.Code))
		}
		if got := strings.Join(found, " "); got != c.found {
			t.Errorf("%s: found %q, want %q", name, got, c.found)
		}
		if strings.Contains(c.found, "KM175") != (len(ignored) == 0) || len(ignored) == 1 && ignored[0].InObject != c.inObject {
			t.Errorf("%s: ignored %+v", name, ignored)
		}
	}
}
