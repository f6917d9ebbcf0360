package istioop

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

func TestRenderObject(t *testing.T) {
	objects := Render(&mesh.Mesh{Name: "shop", Install: mesh.Install{Profile: "default", Platform: "cluster", Tag: "1"}})
	if len(objects) != 1 {
		t.Fatalf("%d objects; want 1", len(objects))
	}
	got := objects[0]
	got.Spec = nil
	want := manifest.Object{
		Kind:      &Kind,
		Namespace: "istio-system",
		Name:      "default-operator",
		Origin:    diag.Root("spec").Key("install"),
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b diag.Path) bool { return a == b })); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

func TestImages(t *testing.T) {
	in := mesh.Install{Profile: "default", Platform: "cluster", Hub: "example.com/istio", Tag: "1.31.1"}
	spec := specOf(in)
	if spec["hub"] != "example.com/istio" || spec["tag"] != "1.31.1" {
		t.Errorf("hub %v, tag %v; want those of the document", spec["hub"], spec["tag"])
	}
	in.Hub = ""
	if hub, ok := specOf(in)["hub"]; ok {
		t.Errorf("hub %q without one in the document; want no hub, which leaves it to Istio", hub)
	}
	if v, ok := flatten(spec)["values.global.variant"]; ok {
		t.Errorf("values.global.variant %v beside a tag that has its suffix already", v)
	}
}

func TestIngressPorts(t *testing.T) {
	for _, in := range installs() {
		in.IngressPorts = []mesh.ServicePort{
			{Name: "status-port", Port: 15021, TargetPort: 15021},
			{Name: "http2", Port: 80, TargetPort: 8080},
			{Name: "tls-9000", Port: 9000, TargetPort: 9000},
			{Name: "tcp-31400", Port: 31400, TargetPort: 31400},
		}
		want := []any{
			manifest.Tree{"name": "status-port", "port": 15021, "targetPort": 15021, "protocol": "TCP"},
			manifest.Tree{"name": "http2", "port": 80, "targetPort": 8080, "protocol": "TCP"},
			manifest.Tree{"name": "tls-9000", "port": 9000, "targetPort": 9000, "protocol": "TCP"},
			manifest.Tree{"name": "tcp-31400", "port": 31400, "targetPort": 31400, "protocol": "TCP"},
		}
		components := specOf(in)["components"].(manifest.Tree)
		gateway := components["ingressGateways"].([]any)[0].(manifest.Tree)
		service := gateway["k8s"].(manifest.Tree)["service"].(manifest.Tree)
		if diff := cmp.Diff(want, service["ports"]); diff != "" {
			t.Errorf("%s %s: ports (-want +got):\n%s", in.Profile, in.Platform, diff)
		}
	}
}

func TestMinikube(t *testing.T) {
	const (
		gateway = "components.ingressGateways[istio-ingressgateway].k8s."
		values  = "values.gateways.istio-ingressgateway."
	)
	want := map[string]any{
		hostPortOf("8080"):                                 80,
		hostPortOf("8443"):                                 443,
		values + "type":                                    "NodePort",
		values + "autoscaleEnabled":                        false,
		values + "replicaCount":                            1,
		"values.pilot.autoscaleEnabled":                    false,
		"values.pilot.replicaCount":                        1,
		gateway + "strategy.rollingUpdate.maxSurge":        0,
		"values.global.defaultPodDisruptionBudget.enabled": false,
	}
	for _, profile := range []string{"default", "evaluation", "production"} {
		t.Run(profile, func(t *testing.T) {
			leaves := flatten(specOf(mesh.Install{Profile: profile, Platform: "minikube"}))
			got := map[string]any{}
			for path := range want {
				got[path] = leaves[path]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("one node with host ports (-want +got):\n%s", diff)
			}
			budget := gateway + "podDisruptionBudget.maxUnavailable"
			if v, ok := leaves[budget]; ok {
				t.Errorf("%s is %v; want no budget over one replica", budget, v)
			}
		})
	}
}

func hostPortOf(containerPort string) string {
	return "components.ingressGateways[istio-ingressgateway].k8s.overlays[istio-ingressgateway]" +
		".patches[spec.template.spec.containers.[name:istio-proxy].ports.[containerPort:" + containerPort + "].hostPort].value"
}

// hpaSpec sets the autoscaler and values decide on the budget: where they differ,
// either one replica has a budget or three have none.
func TestAutoscalingIsWrittenTwice(t *testing.T) {
	components := map[string]string{
		"components.pilot.k8s.hpaSpec.":                                 "values.pilot.",
		"components.ingressGateways[istio-ingressgateway].k8s.hpaSpec.": "values.gateways.istio-ingressgateway.",
		"components.egressGateways[istio-egressgateway].k8s.hpaSpec.":   "values.gateways.istio-egressgateway.",
	}
	for _, in := range installs() {
		leaves := flatten(specOf(in))
		for hpa, values := range components {
			low, high := leaves[hpa+"minReplicas"], leaves[hpa+"maxReplicas"]
			if low == nil || low != leaves[values+"autoscaleMin"] || high == nil || high != leaves[values+"autoscaleMax"] {
				t.Errorf("%s %s: %s %v to %v, %s %v to %v", in.Profile, in.Platform, hpa, low, high,
					values, leaves[values+"autoscaleMin"], leaves[values+"autoscaleMax"])
			}
		}
	}
}

// istioctl takes an unknown field of meshConfig without a word, and istiod
// leaves it out without a word.
func TestMeshConfigIsIstios(t *testing.T) {
	for _, in := range installs() {
		text, err := json.Marshal(specOf(in)["meshConfig"])
		if err != nil {
			t.Fatal(err)
		}
		var config meshconfig.MeshConfig
		if err := protojson.Unmarshal(text, &config); err != nil {
			t.Errorf("%s %s: meshConfig: %v", in.Profile, in.Platform, err)
		}
		if got := len(config.GetExtensionProviders()); got != 4 {
			t.Errorf("%s %s: %d extension providers; want Kyma's 4", in.Profile, in.Platform, got)
		}
	}
}

func TestNoNullReachesTheOutput(t *testing.T) {
	for _, in := range installs() {
		for path, v := range flatten(specOf(in)) {
			if v == nil {
				t.Errorf("%s %s: %s is null", in.Profile, in.Platform, path)
			}
		}
	}
}

func TestRenderIsTheSameEveryTime(t *testing.T) {
	for _, in := range installs() {
		want := jsonOf(t, in)
		for range 100 {
			if diff := cmp.Diff(want, jsonOf(t, in)); diff != "" {
				t.Fatalf("%s %s: rendered differently (-first +later):\n%s", in.Profile, in.Platform, diff)
			}
		}
	}
}

func TestCallersMayChangeTheSpec(t *testing.T) {
	for _, in := range installs() {
		in.IngressPorts = []mesh.ServicePort{{Name: "tcp-9000", Port: 9000, TargetPort: 9000}}
		want := jsonOf(t, in)
		scribble(specOf(in))
		if diff := cmp.Diff(want, jsonOf(t, in)); diff != "" {
			t.Errorf("%s %s: what a caller changed is rendered (-want +got):\n%s", in.Profile, in.Platform, diff)
		}
	}
}

// jsonOf is a rendering as text, which shares nothing with a later one.
func jsonOf(t *testing.T, in mesh.Install) string {
	t.Helper()
	out, err := json.MarshalIndent(specOf(in), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
