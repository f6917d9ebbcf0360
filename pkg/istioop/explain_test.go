package istioop

import (
	"testing"

	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/mesh"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Every value has somebody who says it: a word that no rule knows, or a value
// that no layer has, would be explained by nothing.
func TestEveryValueIsExplained(t *testing.T) {
	for _, in := range installs() {
		m := meshOf(t, spec.Spec{
			Kyma: in.Generation, Profile: in.Profile, Platform: in.Platform,
			Install: spec.Install{Revision: "a", IngressGateway: spec.GatewayComponent{ExternalTrafficPolicy: "Local"}},
		})
		for path := range leavesOf(words(m.Install)) {
			if wordAt(path) == nil {
				t.Errorf("%s: no word for %s", titleOf(in), path)
			}
		}
		for _, leaf := range Explain(m) {
			if leaf.Source.Layer == "" && leaf.Source.Path.String() == "" {
				t.Errorf("%s: nobody says %s", titleOf(in), leaf.Path)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	m := meshOf(t, spec.Spec{
		Kyma: "1.24", Profile: "production", Platform: "minikube",
		ExtensionProviders: []*meshconfig.MeshConfig_ExtensionProvider{{
			Name: "prom", Provider: &meshconfig.MeshConfig_ExtensionProvider_Prometheus{},
		}},
		Proxy: spec.Proxy{Resources: spec.Resources{Limits: spec.Amounts{CPU: "1"}}},
		Install: spec.Install{
			IstioVersion: "1.31.1",
			Pilot:        spec.Component{Env: map[string]string{"EMPTY": ""}},
		},
		Gateways: []spec.Gateway{{Name: "kyma-gateway", Servers: []spec.Server{{Port: 9443, Protocol: "HTTPS"}}}},
	})
	const ingress = "components.ingressGateways[istio-ingressgateway].k8s."
	want := map[string]string{
		"tag": "spec.install.istioVersion",
		"meshConfig.extensionProviders[prom].name":                "spec.extensionProviders[0]",
		"meshConfig.extensionProviders[zipkin].zipkin.port":       "generation 1.24",
		"meshConfig.enablePrometheusMerge":                        "base",
		"values.global.logging.level":                             "generation 1.24 production minikube",
		ingress + "hpaSpec.maxReplicas":                           "platform minikube",
		ingress + "service.ports[tcp-istiod].port":                "generation 1.24",
		ingress + "service.ports[https-9443].port":                "spec.gateways",
		ingress + "resources.limits.memory":                       "generation 1.24 production minikube",
		ingress + "resources.limits.cpu":                          "generation 1.24",
		"components.pilot.k8s.env[EMPTY].value":                   "spec.install.pilot.env.EMPTY",
		"components.pilot.k8s.env[PILOT_HTTP10].value":            "base",
		"values.global.proxy.resources.limits.cpu":                "spec.proxy.resources.limits.cpu",
		"values.sidecarInjectorWebhook.enableNamespacesByDefault": "generation 1.24",
		"components.pilot.k8s.readinessProbe.periodSeconds":       "generation 1.24",
		"components.egressGateways[istio-egressgateway].enabled":  "base",
		"values.global.defaultPodDisruptionBudget.enabled":        "platform minikube",
	}
	for _, leaf := range Explain(m) {
		got := leaf.Source.Layer
		if got == "" {
			got = leaf.Source.Path.String()
		}
		if source, listed := want[leaf.Path]; listed {
			if got != source {
				t.Errorf("%s: by %s; want %s", leaf.Path, got, source)
			}
			delete(want, leaf.Path)
		}
	}
	if len(want) > 0 {
		t.Errorf("not explained: %v", want)
	}
}

func meshOf(t *testing.T, s spec.Spec) *mesh.Mesh {
	t.Helper()
	doc := mesh.Document[spec.KymaMesh]{Value: spec.KymaMesh{Metadata: spec.Metadata{Name: "shop"}, Spec: s}}
	if s.Kyma != "1.24" && s.Profile == "default" {
		doc.Value.Spec.Profile = ""
	}
	meshes, ds := mesh.Resolve(mesh.Documents{Meshes: []mesh.Document[spec.KymaMesh]{doc}})
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	return meshes[0]
}
