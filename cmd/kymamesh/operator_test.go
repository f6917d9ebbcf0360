package main

import (
	"strings"
	"testing"
)

const (
	over = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  kyma: "0.6"
  gateways: []
  security: {mtls: {exclude: []}}
  install: {mode: existing}
  proxy: {resources: {limits: {cpu: 200m}}}
`
	theirIstio = `# ours
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  name: mine
  namespace: istio-system
spec:
  # small nodes
  values:
    global:
      proxy: {resources: {limits: {cpu: 200m}}} # enough
`
	theirIstioSet = `# ours
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  annotations:
    mesh.kyma-project.io/set: /spec/meshConfig/defaultConfig/tracing/zipkin/address,/spec/values/global/proxy/resources/limits/memory,/spec/values/global/proxy/resources/requests/cpu,/spec/values/global/proxy/resources/requests/memory,/spec/values/sidecarInjectorWebhook/enableNamespacesByDefault
  name: mine
  namespace: istio-system
spec:
  meshConfig:
    defaultConfig:
      tracing:
        zipkin:
          address: zipkin.kyma-system:9411
  # small nodes
  values:
    sidecarInjectorWebhook:
      enableNamespacesByDefault: false
    global:
      proxy: {resources: {requests: {cpu: 10m, memory: 128Mi}, limits: {memory: 128Mi, cpu: 200m}}} # enough
`
)

// The IstioOperator that istioctl is to get is printed whole, also when nothing in it
// changes: istioctl would install its own defaults when it gets nothing.
func TestOperatorIsPrinted(t *testing.T) {
	before := files{"app/mesh.yaml": over, "app/all.yaml": namespace + "---\n" + theirIstio}
	enter(t, before)
	for range 2 {
		if got := call("", "render", "app", "--part", "install"); got.Code != 0 || got.Out != theirIstioSet {
			t.Errorf("%+v", got)
		}
		write(t, files{"app/all.yaml": namespace + "---\n" + theirIstioSet})
	}
	if got := call("", "render", "app", "--part", "resources"); got.Code != 0 || strings.Contains(got.Out, "kind: IstioOperator") {
		t.Errorf("--part resources: %+v", got)
	}
	if got := call("", "render", "app"); got.Code != 0 || strings.Contains(got.Out, "kind: IstioOperator") {
		t.Errorf("nothing changes: %+v", got)
	}
	if got := call("", "render", "app/mesh.yaml", "--part", "install"); got.Code != 0 || !strings.Contains(got.Out, "name: kymamesh-overlay") || !strings.Contains(got.Err, "rendered as an overlay") {
		t.Errorf("a file alone: %+v", got)
	}
}

// With -i it is changed in its file, once, and is as it was when another one is named.
func TestOperatorInPlace(t *testing.T) {
	other := strings.Replace(theirIstio, "name: mine", "name: other", 1)
	before := files{"app/mesh.yaml": over, "app/istio.yaml": theirIstio}
	enter(t, before)
	for _, want := range []string{"1 files of the package changed\n", "0 files of the package changed\n"} {
		if got := call("", "render", "app", "-i", "--part", "install"); got.Code != 0 || got.Err != want || got.Out != theirIstioSet {
			t.Errorf("%+v", got)
		}
		same(t, "files", files{"app/mesh.yaml": over, "app/istio.yaml": theirIstioSet}, tree(t, "."))
	}
	named := strings.Replace(over, "mode: existing", "mode: existing, existing: other", 1)
	write(t, files{"app/mesh.yaml": named, "app/other.yaml": other})
	if got := call("", "render", "app", "-i", "--part", "install"); got.Code != 0 || got.Err != "2 files of the package changed\n" {
		t.Errorf("%+v", got)
	}
	if got := tree(t, "."); got["app/istio.yaml"] != theirIstio || got["app/other.yaml"] != strings.Replace(theirIstioSet, "name: mine", "name: other", 1) {
		t.Errorf("%s\n%s", got["app/istio.yaml"], got["app/other.yaml"])
	}
}

// What a person wrote and says something else is named with its line and both values.
func TestOperatorByHand(t *testing.T) {
	before := files{"app/mesh.yaml": strings.Replace(over, "200m", "300m", 1), "app/istio.yaml": theirIstio}
	enter(t, before)
	got := call("", "render", "app", "-i")
	want := "app/mesh.yaml:9:32: error KM112: spec.proxy.resources.limits.cpu: app/istio.yaml:11 says values.global.proxy.resources.limits.cpu: 200m; the document says 300m; keep one\n"
	if got.Code != 1 || got.Err != want {
		t.Errorf("%+v", got)
	}
	same(t, "files", before, tree(t, "."))
	write(t, files{"app/mesh.yaml": over, "app/istio.yaml": theirIstio + "  meshConfig: {defaultConfig: {tracing: {lightstep: {address: a}}}}\n"})
	want = "error KM112: spec.install.mode: app/istio.yaml:12 says meshConfig.defaultConfig.tracing.lightstep otherwise; zipkin and lightstep exclude each other; remove one\n"
	if got := call("", "check", "app"); got.Code != 1 || !strings.Contains(got.Out, want) {
		t.Errorf("%+v", got)
	}
}

// Explain says of the values in a person's IstioOperator which word asks for them.
func TestExplainOperator(t *testing.T) {
	enter(t, files{"app/mesh.yaml": over, "app/istio.yaml": theirIstio})
	got := call("", "explain", "app", "-p", "IstioOperator")
	for _, want := range []string{
		"IstioOperator istio-system/mine\n",
		"  values.global.proxy.resources.limits.cpu: 200m  # app/mesh.yaml:9:32 spec.proxy.resources.limits.cpu\n",
		"  values.global.proxy.resources.limits.memory: 128Mi  # generation 0.6 existing\n",
	} {
		if got.Code != 0 || !strings.Contains(got.Out, want) {
			t.Errorf("%+v", got)
		}
	}
}
