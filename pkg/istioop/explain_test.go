package istioop

import (
	"cmp"
	"strings"
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
			Install: spec.Install{Revision: "a", IstioVersion: "1.31.1", IngressGateway: spec.GatewayComponent{ExternalTrafficPolicy: "Local"}},
			Proxy:   everyProxyWord(),
		})
		for path := range leavesOf(words(m.Install)) {
			if wordAt(m.Install, path) == nil {
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

func everyProxyWord() spec.Proxy {
	on := true
	return spec.Proxy{NativeSidecar: &on, EnableDNSProxying: &on, Config: &meshconfig.ProxyConfig{
		StatNameLength: 200, ProxyMetadata: map[string]string{"A.b": "c"},
	}}
}

// Over an existing Istio there are no more values than somebody says, and each of
// them is the document's or what Kyma's patch changed.
func TestExplainExisting(t *testing.T) {
	m := meshOf(t, spec.Spec{
		Kyma: "2.18", Proxy: everyProxyWord(),
		Install: spec.Install{Mode: "existing", IstioVersion: "1.31.1", Pilot: spec.Component{
			MinReplicas: 2, MaxReplicas: 3, Env: map[string]string{"A": "b"},
		}},
	})
	want := map[string]string{
		"components.pilot.k8s.hpaSpec.minReplicas":                      "spec.install.pilot.minReplicas",
		"components.pilot.k8s.hpaSpec.maxReplicas":                      "spec.install.pilot.maxReplicas",
		"meshConfig.defaultConfig.proxyMetadata.A.b":                    "spec.proxy.config.proxyMetadata",
		"meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE": "spec.proxy.enableDNSProxying",
		"meshConfig.defaultConfig.statNameLength":                       "spec.proxy.config.statNameLength",
		"meshConfig.enablePrometheusMerge":                              "generation 2.18 existing",
		"values.pilot.autoscaleEnabled":                                 "spec.install.pilot.maxReplicas",
		"values.pilot.autoscaleMax":                                     "spec.install.pilot.maxReplicas",
		"values.pilot.autoscaleMin":                                     "spec.install.pilot.minReplicas",
		"values.pilot.env.A":                                            "spec.install.pilot.env.A",
		"values.pilot.env.ENABLE_NATIVE_SIDECARS":                       "spec.proxy.nativeSidecar",
		"values.pilot.env.PILOT_HTTP10":                                 "generation 2.18 existing",
		"values.sidecarInjectorWebhook.enableNamespacesByDefault":       "base",
	}
	for _, leaf := range Explain(m) {
		got := cmp.Or(leaf.Source.Layer, leaf.Source.Path.String())
		source, listed := want[leaf.Path]
		if strings.HasPrefix(leaf.Path, "meshConfig.extensionProviders[") {
			source, listed = "generation 2.18", true
		}
		if !listed || got != source {
			t.Errorf("%s: by %s; want %q", leaf.Path, got, source)
		}
		delete(want, leaf.Path)
	}
	if len(want) > 0 {
		t.Errorf("not explained: %v", want)
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
