package istio

import (
	"testing"

	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// TestIngressAccount holds the account that rules let in for the ingress gateway
// against the one that its installed pods run as.
func TestIngressAccount(t *testing.T) {
	objects, ds := render.YAML("in.yaml", []byte(`apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  security: {allow: []}
  services: [{name: front, namespace: shop, expose: front.local.kyma.dev}]
`))
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	text, err := manifest.AppendYAML(nil, render.Select(objects, render.PartInstall)[0])
	if err != nil {
		t.Fatal(err)
	}
	sets, err := generate(text)
	if err != nil {
		t.Fatal(err)
	}
	all := objectsByName{}
	for _, set := range sets {
		for _, m := range set.Manifests {
			all[m.GetKind()+" "+m.GetName()] = m.Unstructured
		}
	}
	want := "cluster.local/ns/istio-system/sa/" + all.text("Deployment", "istio-ingressgateway", "spec", "template", "spec", "serviceAccountName")
	for o, policy := range manifest.Of[*security.AuthorizationPolicy](objects) {
		if o.Name != "front-allow" {
			continue
		}
		if got := policy.Rules[0].From[0].Source.Principals; len(got) != 1 || got[0] != want {
			t.Errorf("%v is let in; the pods run as %s", got, want)
		}
		return
	}
	t.Error("nobody is let in to front")
}
