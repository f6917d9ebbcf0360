package istio

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// knownRefusals are what the users' own objects of a package are refused for, on
// purpose. What we render is never refused.
var knownRefusals = []knownWarning{
	{
		of: "krm/certificate-elsewhere", object: "Secret shop/shop-certs", text: "data[tls.crt]: Required value",
		because: "the case is about the name of the Secret, whatever it holds",
	},
	{
		of: "krm/first-run", object: "Deployment shop/reviews", text: ".metadata.annotations.example.com/mode: expected string",
		because: "the case shows that a user's numbers stay as they were written",
	},
	{
		of: "krm/second-run", object: "Deployment shop/reviews", text: ".metadata.annotations.example.com/mode: expected string",
		because: "the case shows that a user's numbers stay as they were written",
	},
	{
		of: "krm/weird-items", object: "ConfigMap /lists", text: ".metadata.annotations: expected map",
		because: "the case shows that what is no object passes through the function",
	},
}

// TestAPIServer gives a real API server, which asks Istio's webhook, all that we
// render and the objects of the packages around it. Packages are applied one
// after another: they have names in common.
func TestAPIServer(t *testing.T) {
	t.Parallel() // it mostly waits for etcd
	api := startKubernetesAPI(t)
	t.Run("refusals", api.refuses)
	table := newWarningTable(knownRefusals)
	t.Run("packages", func(t *testing.T) {
		all, err := packages()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			t.Run(p.name, func(t *testing.T) { api.takes(t, p, table) })
		}
	})
	table.allGiven(t)
	t.Run("documents", api.takesDocuments)
	// At the end, since it has the API server ask an istiod that does not run.
	t.Run("installations", api.takesInstallations)
}

// refusedByWebhook is a resource with which only the webhook finds a fault.
const refusedByWebhook = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: refused, namespace: default}
spec:
  hosts: [a]
  http: [{route: [{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 0}]}]
`

// refuses shows that each of the API server's judges is there. Without one of
// them all the rest would pass all the same.
func (a *kubernetesAPI) refuses(t *testing.T) {
	policy := "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: refused, namespace: default}\nspec:\n"
	for name, test := range map[string]struct{ text, want string }{
		"unknown field": {policy + "  nosuchfield: 1\n", "field not declared in schema"},
		"field twice":   {policy + "  mtls: {mode: STRICT}\n  mtls: {mode: DISABLE}\n", `key "mtls" already set`},
		"unknown value": {policy + "  mtls: {mode: VERY_STRICT}\n", "Unsupported value"},
		"rule":          {policy + "  portLevelMtls: {8080: {mode: STRICT}}\n", "portLevelMtls requires selector"},
		"webhook":       {refusedByWebhook, "total destination weight = 0"},
	} {
		err := a.applyText(t, test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v; want %q", name, err, test.want)
		}
	}
}

// takes applies a package twice, holds what is stored against what was sent, and
// removes it.
func (a *kubernetesAPI) takes(t *testing.T, p objectPackage, known *warningTable) {
	t.Helper()
	var taken []applied
	first := map[string]*unstructured.Unstructured{}
	for _, o := range p.objects {
		stored, err := a.applyInNamespace(t, o)
		switch {
		case err == nil:
			o.compare(t, stored)
			first[o.title()] = stored
			taken = append(taken, o)
		case !known.knows(p.name, o.title(), err.Error()):
			t.Errorf("%s: refused: %v", o.title(), err)
		}
	}
	for _, o := range taken {
		again, err := a.apply(t, o)
		if err != nil {
			t.Errorf("%s: refused the second time: %v", o.title(), err)
			continue
		}
		if diff := gocmp.Diff(first[o.title()].Object, again.Object); diff != "" {
			t.Errorf("%s: the same package applied once more changes it (-first +second):\n%s", o.title(), diff)
		}
	}
	for _, o := range taken {
		a.remove(t, o)
	}
}

// applyInNamespace applies an object, in a namespace that is there.
func (a *kubernetesAPI) applyInNamespace(t *testing.T, o applied) (*unstructured.Unstructured, error) {
	t.Helper()
	if name := o.namespace(); !a.namespaces[name] {
		if err := a.applyText(t, fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %q}}", name)); err != nil {
			t.Fatal(err)
		}
		a.namespaces[name] = true
	}
	if o.GetKind() == "Namespace" { // made bare for another object it would lose what was applied
		a.namespaces[o.GetName()] = true
	}
	return a.apply(t, o)
}

// compare fails where the API server stored something else than was sent. It
// completes only Kubernetes' own kinds.
func (o applied) compare(t *testing.T, stored *unstructured.Unstructured) {
	t.Helper()
	if group := o.GroupVersionKind().Group; !strings.HasSuffix(group, ".istio.io") && !strings.HasPrefix(group, "cert") {
		return
	}
	written := func(u *unstructured.Unstructured) map[string]any {
		metadata := u.Object["metadata"].(map[string]any)
		return map[string]any{"labels": metadata["labels"], "annotations": metadata["annotations"], "spec": u.Object["spec"]}
	}
	if diff := gocmp.Diff(written(o.Unstructured), written(stored)); diff != "" {
		t.Errorf("%s is stored differently (-sent +stored):\n%s", o.title(), diff)
	}
}

func (a *kubernetesAPI) remove(t *testing.T, o applied) {
	t.Helper()
	if o.GetKind() == "Namespace" {
		return
	}
	resource, err := a.resource(o)
	if err == nil {
		err = resource.Delete(t.Context(), o.GetName(), metav1.DeleteOptions{})
	}
	if err != nil {
		t.Errorf("%s: not removed: %v", o.title(), err)
	}
}

// takesInstallations applies what istioctl makes of each IstioOperator, over
// what it made of the one before, as when a mesh changes.
func (a *kubernetesAPI) takesInstallations(t *testing.T) {
	all, err := cases()
	if err != nil {
		t.Fatal(err)
	}
	seen, stored := map[string]bool{}, map[string]string{}
	for _, c := range all {
		for _, o := range render.Select(c.objects, render.PartInstall) {
			spec, err := yaml.Marshal(o.Spec)
			if err != nil {
				t.Fatal(err)
			}
			if !seen[string(spec)] {
				seen[string(spec)] = true
				t.Run(c.name, func(t *testing.T) { a.takesInstallation(t, o, stored) })
			}
		}
	}
}

// takesInstallation applies what is not stored already: most installations
// differ in a few objects only.
func (a *kubernetesAPI) takesInstallation(t *testing.T, operator manifest.Object, stored map[string]string) {
	text, err := manifest.AppendYAML(nil, operator)
	if err != nil {
		t.Fatal(err)
	}
	sets, err := generate(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		for _, m := range set.Manifests {
			text, err := json.Marshal(m.Unstructured)
			if err != nil {
				t.Fatal(err)
			}
			o := applied{m.Unstructured, text}
			if stored[o.title()] == string(text) {
				continue
			}
			if _, err := a.applyInNamespace(t, o); err != nil {
				t.Errorf("%s: %s: refused: %v", set.Component, o.title(), err)
			}
			stored[o.title()] = string(text)
		}
	}
}
