package istio

import (
	"slices"
	"testing"

	"istio.io/istio/pkg/config/mesh"
)

// theirs is an Istio that somebody installed before Kyma came.
const theirs = `
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: theirs, namespace: istio-system}
spec:
  hub: registry.example.com/theirs
  tag: 1.31.0
  meshConfig:
    accessLogFile: /dev/stderr
    extensionProviders: [{name: theirs, zipkin: {service: zipkin.theirs.svc.cluster.local, port: 9411}}]
    defaultConfig: {proxyMetadata: {THEIRS: a}}
  components:
    pilot: {k8s: {env: [{name: THEIRS, value: a}], resources: {requests: {cpu: 1m}}}}
    ingressGateways:
    - name: istio-ingressgateway
      enabled: true
      k8s: {service: {ports: [{name: https, port: 443, targetPort: 8443}, {name: own, port: 9999, targetPort: 9999}]}}
  values:
    pilot: {env: {ALSO_THEIRS: b}, autoscaleMin: 2, autoscaleMax: 3}
    global: {proxy: {resources: {limits: {cpu: "7"}}}}
`

// theirInstallation is what istioctl makes of theirs.
func theirInstallation() installation {
	return installation{
		Images:   []string{"registry.example.com/theirs/pilot:1.31.0", "registry.example.com/theirs/proxyv2:1.31.0", "", "registry.example.com/theirs/proxyv2:1.31.0"},
		Istiod:   "1m/2048Mi..<nil>/<nil>",
		Ingress:  "100m/128Mi..2000m/1024Mi",
		CNI:      noResources,
		Sidecar:  "100m/128Mi..7/1024Mi",
		HTTP10:   "1",
		Webhooks: module(func(*installation) {}).Webhooks,

		IstiodReplicas: "2-3", IngressReplicas: "1-5", Budgets: []string{"istiod"},
		ServiceType: "LoadBalancer", ServicePorts: []string{"https 443->8443", "own 9999->9999"},
		Tracing: true, Providers: []string{"envoy", "theirs"}, TrustDomain: "cluster.local", AccessLog: "/dev/stderr",
	}
}

// TestExisting says what the overlay of each generation changes in an Istio that was
// there, and that all else of it stays, as istioctl merges the two.
func TestExisting(t *testing.T) {
	kept := theirInstallation()
	for _, test := range []struct {
		name, spec string
		want       func(*installation)
	}{
		{"0.6", `{kyma: "0.6", install: {mode: existing}, proxy: {resources: {limits: {memory: 256Mi}}}}`, func(in *installation) {
			in.Sidecar, in.Zipkin, in.HTTP10 = "10m/128Mi..100m/256Mi", "zipkin.kyma-system:9411", ""
		}},
		{"1.24", `{kyma: "1.24", install: {mode: existing}}`, func(in *installation) {
			in.Zipkin, in.InjectsUnlabelled = "zipkin.kyma-system:9411", true
			in.Webhooks = kymaWebhooks()
		}},
		{"2.18", `{kyma: "2.18", install: {mode: existing}}`, func(in *installation) {
			in.Providers = []string{"envoy", "kyma-traces", "stdout-json"} // as the warning says
		}},
		{"module", `{install: {mode: existing, pilot: {minReplicas: 3, maxReplicas: 4, resources: {limits: {cpu: 2}}}}}`, func(in *installation) {
			in.Providers = []string{"envoy", "kyma-logs", "kyma-traces", "stdout-json"}
			in.IstiodReplicas, in.Istiod = "3-4", "1m/2048Mi..2/<nil>"
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			all, err := installed(test.spec, theirs)
			if err != nil {
				t.Fatal(err)
			}
			want := kept
			want.Webhooks = slices.Clone(kept.Webhooks)
			test.want(&want)
			all.want(t, want)
			istiod := environment(all.container("Deployment", "istiod", "discovery"))
			if istiod["THEIRS"] != "a" || istiod["ALSO_THEIRS"] != "b" {
				t.Errorf("istiod has %v; want the variables of the existing Istio as well", istiod)
			}
		})
	}
}

// TestProxyWords says what istioctl makes of the words about the sidecar.
func TestProxyWords(t *testing.T) {
	all, err := installed(`{proxy: {nativeSidecar: true, enableDNSProxying: true, config: {concurrency: 0, holdApplicationUntilProxyStarts: false, serviceCluster: shop}}}`)
	if err != nil {
		t.Fatal(err)
	}
	config, err := mesh.ApplyMeshConfigDefaults(all.text("ConfigMap", "istio", "data", "mesh"))
	if err != nil {
		t.Fatal(err)
	}
	proxy := config.GetDefaultConfig()
	metadata := proxy.GetProxyMetadata()
	if metadata["ISTIO_META_DNS_CAPTURE"] != "true" || metadata["BOOTSTRAP_XDS_AGENT"] != "true" {
		t.Errorf("metadata %v; want DNS captured, and the generation's beside it", metadata)
	}
	if proxy.GetConcurrency() == nil || proxy.GetConcurrency().GetValue() != 0 || proxy.GetHoldApplicationUntilProxyStarts().GetValue() {
		t.Errorf("concurrency %v, hold %v; want zeros that are written", proxy.GetConcurrency(), proxy.GetHoldApplicationUntilProxyStarts())
	}
	if proxy.GetServiceCluster() != "shop" {
		t.Errorf("cluster %v; want the document's in place of the generation's", proxy.GetClusterName())
	}
	if got := environment(all.container("Deployment", "istiod", "discovery"))["ENABLE_NATIVE_SIDECARS"]; got != "true" {
		t.Errorf("ENABLE_NATIVE_SIDECARS is %q; want true", got)
	}
}
