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
	objects := Render(&mesh.Mesh{Name: "shop", Install: resolved("module", "production", "cluster")})
	if len(objects) != 1 {
		t.Fatalf("%d objects; want 1", len(objects))
	}
	got := objects[0]
	got.Spec = nil
	want := manifest.Object{
		Kind:      &Kind,
		Namespace: "istio-system",
		Name:      "default-operator",
		Deliver:   "object",
		Origin:    diag.Root("spec").Key("install"),
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b diag.Path) bool { return a == b })); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

func TestImages(t *testing.T) {
	in := resolved("module", "production", "cluster")
	in.Hub, in.Tag = "example.com/istio", "1.31.1"
	spec := specOf(in)
	if spec["hub"] != "example.com/istio" || spec["tag"] != "1.31.1" {
		t.Errorf("hub %v, tag %v; want those of the document", spec["hub"], spec["tag"])
	}
	in.Hub = ""
	if hub, ok := specOf(in)["hub"]; ok {
		t.Errorf("hub %q without one in the document; want no hub, which leaves it to Istio", hub)
	}
	if v, ok := leavesOf(spec)["values.global.variant"]; ok {
		t.Errorf("values.global.variant %v beside a tag that has its suffix already", v)
	}
}

func TestIngressPorts(t *testing.T) {
	for _, in := range installs() {
		in.IngressGateway.Ports = []mesh.ServicePort{
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
			t.Errorf("%s: ports (-want +got):\n%s", titleOf(in), diff)
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
		gateway + "replicaCount":                           1,
		"values.pilot.autoscaleEnabled":                    false,
		"components.pilot.k8s.replicaCount":                1,
		gateway + "strategy.rollingUpdate.maxSurge":        0,
		"values.global.defaultPodDisruptionBudget.enabled": false,
	}
	for _, in := range installs() {
		if in.Platform != "minikube" {
			continue
		}
		t.Run(titleOf(in), func(t *testing.T) {
			leaves := leavesOf(specOf(in))
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
	return "components.ingressGateways[istio-ingressgateway].k8s.overlays[Deployment istio-ingressgateway]" +
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
		leaves := leavesOf(specOf(in))
		for hpa, values := range components {
			low, high := leaves[hpa+"minReplicas"], leaves[hpa+"maxReplicas"]
			if low == nil || low != leaves[values+"autoscaleMin"] || high == nil || high != leaves[values+"autoscaleMax"] {
				t.Errorf("%s: %s %v to %v, %s %v to %v", titleOf(in), hpa, low, high,
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
			t.Errorf("%s: meshConfig: %v", titleOf(in), err)
		}
	}
}

func TestNoNullReachesTheOutput(t *testing.T) {
	for _, in := range installs() {
		for path, v := range leavesOf(specOf(in)) {
			if v == nil {
				t.Errorf("%s: %s is null", titleOf(in), path)
			}
		}
	}
}

func TestRenderIsTheSameEveryTime(t *testing.T) {
	for _, in := range installs() {
		want := jsonOf(t, in)
		for range 20 {
			if diff := cmp.Diff(want, jsonOf(t, in)); diff != "" {
				t.Fatalf("%s: rendered differently (-first +later):\n%s", titleOf(in), diff)
			}
		}
	}
}

func TestCallersMayChangeTheSpec(t *testing.T) {
	for _, in := range installs() {
		in.IngressGateway.Ports = []mesh.ServicePort{{Name: "tcp-9000", Port: 9000, TargetPort: 9000}}
		want := jsonOf(t, in)
		scribble(specOf(in))
		if diff := cmp.Diff(want, jsonOf(t, in)); diff != "" {
			t.Errorf("%s: what a caller changed is rendered (-want +got):\n%s", titleOf(in), diff)
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
