package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const explainedMesh = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  kyma: "1.24"
  install:
    pilot: {maxReplicas: 7}
  services:
  - {name: reviews, namespace: shop, to: v1}
`

// A value that a way out changed is the way out's; the others stay with the service.
func TestExplainWayOut(t *testing.T) {
	enter(t, files{"mesh.yaml": `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  services:
  - name: reviews
    namespace: shop
    connectionPool: {tcp: {maxConnections: 50, connectTimeout: 3s}}
    destinationRule:
      trafficPolicy: {connectionPool: {tcp: {connectTimeout: 5s, maxConnections: 50}, http: {maxRetries: 7}}}
`})
	got := call("", "explain", "mesh.yaml", "-p", "DestinationRule shop/reviews")
	want := `DestinationRule shop/reviews
  host: reviews.shop.svc.cluster.local  # mesh.yaml:6:5 spec.services[0]
  trafficPolicy.connectionPool.http.maxRetries: 7  # mesh.yaml:9:5 spec.services[0].destinationRule
  trafficPolicy.connectionPool.tcp.connectTimeout: 5s  # mesh.yaml:9:5 spec.services[0].destinationRule
  trafficPolicy.connectionPool.tcp.maxConnections: 50  # mesh.yaml:6:5 spec.services[0]
`
	if diff := cmp.Diff(result{Out: want}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a way out says of a host reaches the port that starts TLS, and is the way
// out's there too.
func TestExplainWayOutOfEgress(t *testing.T) {
	enter(t, files{"mesh.yaml": `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  egress:
    hosts:
    - host: api.example.com
      tls: {mode: SIMPLE}
      outlierDetection: {consecutive5xxErrors: 5}
      serviceEntry: {endpoints: [{address: 192.0.2.1}]}
      destinationRule: {trafficPolicy: {outlierDetection: {interval: 1s}}}
`})
	got := call("", "explain", "mesh.yaml", "-p", "endpoints", "-p", "consecutive5xxErrors", "-p", "interval")
	want := `ServiceEntry istio-system/api.example.com
  endpoints[0].address: 192.0.2.1  # mesh.yaml:10:7 spec.egress.hosts[0].serviceEntry
DestinationRule istio-system/api.example.com
  trafficPolicy.outlierDetection.consecutive5xxErrors: 5  # mesh.yaml:7:7 spec.egress.hosts[0]
  trafficPolicy.outlierDetection.interval: 1s  # mesh.yaml:11:7 spec.egress.hosts[0].destinationRule
  trafficPolicy.portLevelSettings[0].outlierDetection.consecutive5xxErrors: 5  # mesh.yaml:7:7 spec.egress.hosts[0]
  trafficPolicy.portLevelSettings[0].outlierDetection.interval: 1s  # mesh.yaml:11:7 spec.egress.hosts[0].destinationRule
`
	if diff := cmp.Diff(result{Out: want}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExplain(t *testing.T) {
	enter(t, files{
		"mesh.yaml": explainedMesh,
		"old.yaml":  "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec: {install: {istioVersion: 1.19.0}}\n",
	})
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"why so many replicas", []string{"mesh.yaml", "--path", "ingressgateway].k8s.hpaSpec.minReplicas", "-p", "pilot.k8s.hpaSpec"}, `IstioOperator istio-system/default-operator
  components.ingressGateways[istio-ingressgateway].k8s.hpaSpec.minReplicas: 1  # generation 1.24
  components.pilot.k8s.hpaSpec.maxReplicas: 7  # mesh.yaml:7:13 spec.install.pilot.maxReplicas
  components.pilot.k8s.hpaSpec.minReplicas: 1  # generation 1.24
`},
		{"other objects", []string{"mesh.yaml", "-p", "PeerAuthentication", "-p", "VirtualService"}, `PeerAuthentication istio-system/default
  mtls.mode: STRICT  # base
VirtualService shop/reviews
  hosts[0]: reviews.shop.svc.cluster.local  # mesh.yaml:9:5 spec.services[0]
  http[0].route[0].destination.host: reviews.shop.svc.cluster.local  # mesh.yaml:9:5 spec.services[0]
  http[0].route[0].destination.subset: v1  # mesh.yaml:9:5 spec.services[0]
`},
		{"empty text", []string{"mesh.yaml", "-p", "validationURL"}, "IstioOperator istio-system/default-operator\n  values.base.validationURL: \"\"  # base\n"},
		{"left out for an older Istio", []string{"old.yaml", "-p", "startupProbe.enabled"}, "IstioOperator istio-system/default-operator\n  values.global.proxy.startupProbe.enabled: true  # generation module; left out, Istio takes it from 1.20 on\n"},
		{"nothing", []string{"mesh.yaml", "-p", "no such thing"}, ""},
		{"a small cluster", []string{"--nodes", "cpu=4,memory=16Gi"}, "profile: evaluation  # the nodes have 4 CPUs and 17.18 GB, not both of 5 CPUs and 10 GB\n"},
		{"a larger one", []string{"--nodes", "cpu=4,memory=16Gi", "--nodes", "cpu=2,memory=1Gi"}, "profile: production  # the nodes have 6 CPUs and 18.25 GB, at least 5 CPUs and 10 GB\n"},
		{"another generation", []string{"mesh.yaml", "--diff", "module", "-p", "pilot.k8s.hpaSpec", "-p", "api-server", "-p", "webhook", "-p", "sidecar-injector.*namespace"}, `IstioOperator istio-system/default-operator
- components.pilot.k8s.hpaSpec.minReplicas: 1  # generation 1.24
+ components.pilot.k8s.hpaSpec.minReplicas: 3  # generation module production
DestinationRule istio-system/api-server
- trafficPolicy.connectionPool.tcp.connectTimeout: 30s  # base
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := call("", append([]string{"explain"}, test.args...)...)
			got.Out = withoutWebhooks(got.Out)
			if diff := cmp.Diff(result{Out: test.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// withoutWebhooks leaves out the long paths of Kyma's patch.
func withoutWebhooks(out string) string {
	var kept strings.Builder
	for line := range strings.Lines(out) {
		if !strings.Contains(line, "webhooks.[name:") && !strings.Contains(line, "istio-sidecar-injector") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func TestExplainAnotherDocument(t *testing.T) {
	enter(t, files{"mesh.yaml": explainedMesh, "staging.yaml": strings.Replace(explainedMesh, "maxReplicas: 7", "maxReplicas: 2", 1)})
	var got []map[string]map[string]any
	if err := json.Unmarshal([]byte(rendered(t, "", "explain", "mesh.yaml", "--diff", "staging.yaml", "-o", "json", "-p", "hpaSpec")), &got); err != nil {
		t.Fatal(err)
	}
	side := func(value, file string) map[string]any {
		return map[string]any{
			"object": "IstioOperator istio-system/default-operator", "path": "components.pilot.k8s.hpaSpec.maxReplicas", "value": value,
			"word": "spec.install.pilot.maxReplicas", "file": file, "line": 7.0, "column": 13.0,
		}
	}
	want := []map[string]map[string]any{{"before": side("7", "mesh.yaml"), "after": side("2", "staging.yaml")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if same := rendered(t, "", "explain", "mesh.yaml", "--diff", "mesh.yaml", "-o", "json"); same != "[]\n" {
		t.Errorf("a document and itself: %s", same)
	}
}

func TestExplainRefuses(t *testing.T) {
	enter(t, files{"mesh.yaml": explainedMesh, "bad.yaml": strings.Replace(explainedMesh, "to: v1", "too: v1", 1)})
	tests := []struct {
		name, stdin string
		args        []string
		code        int
		err         string
	}{
		{"no file", "", nil, exitUsage, "explain: name a file, a directory or -"},
		{"no such output", "", []string{"mesh.yaml", "-o", "yaml"}, exitUsage, `explain: no output "yaml"; text or json`},
		{"faults", "", []string{"bad.yaml"}, exitFaults, `did you mean "to"?`},
		{"faults on the other side", "", []string{"mesh.yaml", "--diff", "bad.yaml"}, exitFaults, `did you mean "to"?`},
		{"standard input twice", explainedMesh, []string{"-", "--diff", "module"}, exitUsage, "can be read only once"},
		{"nodes without a name", "", []string{"--nodes", "4"}, exitUsage, "want cpu=NUMBER,memory=AMOUNT"},
		{"nodes without memory", "", []string{"--nodes", "cpu=4"}, exitUsage, "is no quantity"},
		{"nodes and a file", "", []string{"mesh.yaml", "--nodes", "cpu=4,memory=1Gi"}, exitUsage, "a question of its own"},
		{"no such other document", "", []string{"mesh.yaml", "--diff", "3.0"}, exitUsage, "3.0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := call(test.stdin, append([]string{"explain"}, test.args...)...)
			if got.Code != test.code || got.Out != "" || !strings.Contains(got.Err, test.err) {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit %d and %q", got.Code, got.Out, got.Err, test.code, test.err)
			}
		})
	}
}
