package istioop

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

func tree(t *testing.T, text string) manifest.Tree {
	t.Helper()
	var out manifest.Tree
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("yaml of the test: %v\n%s", err, text)
	}
	return out
}

func TestMerge(t *testing.T) {
	tests := []struct{ name, below, above, want string }{
		{
			"mappings by key",
			`values: {global: {hub: a, proxy: {image: p, tracer: none}}}`,
			`values: {global: {proxy: {tracer: zipkin}, network: n1}}`,
			`values: {global: {hub: a, proxy: {image: p, tracer: zipkin}, network: n1}}`,
		},
		{
			"zeros are values",
			`values: {pilot: {autoscaleEnabled: true, traceSampling: 1, image: pilot}}`,
			`values: {pilot: {autoscaleEnabled: false, traceSampling: 0, image: ""}}`,
			`values: {pilot: {autoscaleEnabled: false, traceSampling: 0, image: ""}}`,
		},
		{
			"an empty mapping adds nothing",
			`values: {global: {hub: a}}`, `values: {global: {}}`, `values: {global: {hub: a}}`,
		},
		{
			"null deletes",
			`components: {pilot: {k8s: {hpaSpec: {maxReplicas: 5}, env: [{name: A, value: a}]}}}`,
			`components: {pilot: {k8s: {hpaSpec: null, env: null}}}`,
			`components: {pilot: {k8s: {}}}`,
		},
		{
			"null where there is nothing leaves no trace",
			`values: {}`, `values: {pilot: {env: null, nodeSelector: {a: null}}, gateways: null}`,
			`values: {pilot: {nodeSelector: {}}}`,
		},
		{
			"null inside an item of a list",
			`components: {ingressGateways: [{name: i, k8s: {podDisruptionBudget: {minAvailable: 1}, strategy: {}}}]}`,
			`components: {ingressGateways: [{name: i, k8s: {podDisruptionBudget: null}}]}`,
			`components: {ingressGateways: [{name: i, k8s: {strategy: {}}}]}`,
		},
		{
			"a mapping replaces a scalar and the other way round",
			`values: {a: 1, b: {c: 2}}`, `values: {a: {d: 3}, b: 4}`, `values: {a: {d: 3}, b: 4}`,
		},
		{
			"ingress gateways by name, new ones behind",
			`components: {ingressGateways: [{name: a, enabled: true, k8s: {replicaCount: 1}}, {name: b, enabled: true}]}`,
			`components: {ingressGateways: [{name: c, enabled: true}, {name: b, enabled: false}, {name: a, k8s: {strategy: {}}}]}`,
			`components: {ingressGateways: [{name: a, enabled: true, k8s: {replicaCount: 1, strategy: {}}}, {name: b, enabled: false}, {name: c, enabled: true}]}`,
		},
		{
			"egress gateways by name",
			`components: {egressGateways: [{name: a, enabled: false, label: {x: y}}]}`,
			`components: {egressGateways: [{name: a, enabled: true}]}`,
			`components: {egressGateways: [{name: a, enabled: true, label: {x: y}}]}`,
		},
		{
			"env of a component by name, an entry whole",
			`components: {pilot: {k8s: {env: [{name: A, value: a}, {name: B, valueFrom: {fieldRef: {fieldPath: p}}}]}}}`,
			`components: {pilot: {k8s: {env: [{name: B, value: b}, {name: C, value: c}]}}}`,
			`components: {pilot: {k8s: {env: [{name: A, value: a}, {name: B, value: b}, {name: C, value: c}]}}}`,
		},
		{
			"env of a gateway by name",
			`components: {ingressGateways: [{name: i, k8s: {env: [{name: A, value: a}]}}]}`,
			`components: {ingressGateways: [{name: i, k8s: {env: [{name: B, value: b}]}}]}`,
			`components: {ingressGateways: [{name: i, k8s: {env: [{name: A, value: a}, {name: B, value: b}]}}]}`,
		},
		{
			"service ports by name, fields merged",
			`components: {ingressGateways: [{name: i, k8s: {service: {ports: [{name: http2, port: 80, targetPort: 8080}, {name: https, port: 443}]}}}]}`,
			`components: {ingressGateways: [{name: i, k8s: {service: {ports: [{name: https, nodePort: 30443}, {name: tcp, port: 443, protocol: UDP}]}}}]}`,
			`components: {ingressGateways: [{name: i, k8s: {service: {ports: [{name: http2, port: 80, targetPort: 8080}, {name: https, port: 443, nodePort: 30443}, {name: tcp, port: 443, protocol: UDP}]}}}]}`,
		},
		{
			"service ports without a name by number and protocol",
			`components: {ingressGateways: [{name: i, k8s: {service: {ports: [{name: https, port: 443}]}}}]}`,
			`components: {ingressGateways: [{name: i, k8s: {service: {ports: [{port: 443, protocol: TCP, nodePort: 1}, {port: 443, protocol: UDP}, {port: 80}]}}}]}`,
			`components: {ingressGateways: [{name: i, k8s: {service: {ports: [{name: https, port: 443, protocol: TCP, nodePort: 1}, {port: 443, protocol: UDP}, {port: 80}]}}}]}`,
		},
		{
			"metrics by type and resource, one whole",
			`components: {pilot: {k8s: {hpaSpec: {metrics: [{type: Resource, resource: {name: storage}}, {type: Resource, resource: {name: cpu, target: {averageUtilization: 80}}}, {type: Resource, resource: {name: memory}}]}}}}`,
			`components: {pilot: {k8s: {hpaSpec: {metrics: [{type: Resource, resource: {name: cpu, target: {averageValue: 1}}}, {type: Other, resource: {name: memory}}, {type: Pods, pods: {}}]}}}}`,
			`components: {pilot: {k8s: {hpaSpec: {metrics: [{type: Resource, resource: {name: storage}}, {type: Resource, resource: {name: cpu, target: {averageValue: 1}}}, {type: Resource, resource: {name: memory}}, {type: Other, resource: {name: memory}}, {type: Pods, pods: {}}]}}}}`,
		},
		{
			"extension providers by name, one whole",
			`meshConfig: {extensionProviders: [{name: a, zipkin: {port: 1}}, {name: b, opentelemetry: {port: 2}}]}`,
			`meshConfig: {extensionProviders: [{name: a, opentelemetry: {port: 3}}, {name: c, prometheus: {}}]}`,
			`meshConfig: {extensionProviders: [{name: a, opentelemetry: {port: 3}}, {name: b, opentelemetry: {port: 2}}, {name: c, prometheus: {}}]}`,
		},
		{
			"secret volumes by name",
			`values: {gateways: {istio-ingressgateway: {secretVolumes: [{name: a, secretName: s, mountPath: /a}]}}}`,
			`values: {gateways: {istio-ingressgateway: {secretVolumes: [{name: a, secretName: t}, {name: b, secretName: u}]}}}`,
			`values: {gateways: {istio-ingressgateway: {secretVolumes: [{name: a, secretName: t, mountPath: /a}, {name: b, secretName: u}]}}}`,
		},
		{
			"overlays by kind and name, whatever the apiVersion; patches by path",
			`components: {cni: {k8s: {overlays: [{apiVersion: v1, kind: A, name: n, patches: [{path: x, value: 1}, {path: y, value: {k: 1}}]}]}}}`,
			`components: {cni: {k8s: {overlays: [{apiVersion: v2, kind: A, name: n, patches: [{path: y, value: {l: 2}}, {path: z, value: 3}]}, {kind: B, name: n}, {kind: A, name: m}]}}}`,
			`components: {cni: {k8s: {overlays: [{apiVersion: v2, kind: A, name: n, patches: [{path: x, value: 1}, {path: y, value: {l: 2}}, {path: z, value: 3}]}, {kind: B, name: n}, {kind: A, name: m}]}}}`,
		},
		{
			"patches that append are never the same",
			`components: {cni: {k8s: {overlays: [{kind: A, name: n, patches: [{path: "x[-1]", value: 1}]}]}}}`,
			`components: {cni: {k8s: {overlays: [{kind: A, name: n, patches: [{path: "x[-1]", value: 2}]}]}}}`,
			`components: {cni: {k8s: {overlays: [{kind: A, name: n, patches: [{path: "x[-1]", value: 1}, {path: "x[-1]", value: 2}]}]}}}`,
		},
		{
			"a list with the mark replaces, also inside an item and where there is none",
			`components: {pilot: {k8s: {env: [{name: A, value: a}]}}, ingressGateways: [{name: i, k8s: {env: [{name: A, value: a}]}}]}`,
			`components: {pilot: {k8s: {env: [{name: B, value: b}, {$patch: replace}]}}, ingressGateways: [{name: i, k8s: {env: [{$patch: replace}]}}], egressGateways: [{$patch: replace}, {name: e}]}`,
			`components: {pilot: {k8s: {env: [{name: B, value: b}]}}, ingressGateways: [{name: i, k8s: {env: []}}], egressGateways: [{name: e}]}`,
		},
		{
			"metrics that are no resources by type and metric",
			`components: {pilot: {k8s: {hpaSpec: {metrics: [{type: Pods, pods: {metric: {name: a}, target: {averageValue: 1}}}]}}}}`,
			`components: {pilot: {k8s: {hpaSpec: {metrics: [{type: Pods, pods: {metric: {name: a}, target: {averageValue: 2}}}, {type: External, external: {metric: {name: a}}}]}}}}`,
			`components: {pilot: {k8s: {hpaSpec: {metrics: [{type: Pods, pods: {metric: {name: a}, target: {averageValue: 2}}}, {type: External, external: {metric: {name: a}}}]}}}}`,
		},
		{
			"other lists replace",
			`components: {pilot: {k8s: {tolerations: [{key: a}, {key: b}], volumes: [{name: v}]}}}`,
			`components: {pilot: {k8s: {tolerations: [{key: c}], volumes: [{name: w}]}}}`,
			`components: {pilot: {k8s: {tolerations: [{key: c}], volumes: [{name: w}]}}}`,
		},
		{
			"a list of the same name elsewhere replaces",
			`values: {pilot: {k8s: {env: [{name: A}]}}, meshConfig: {extensionProviders: [{name: a}]}}`,
			`values: {pilot: {k8s: {env: [{name: B}]}}, meshConfig: {extensionProviders: [{name: b}]}}`,
			`values: {pilot: {k8s: {env: [{name: B}]}}, meshConfig: {extensionProviders: [{name: b}]}}`,
		},
		{
			"an empty list is none",
			`meshConfig: {extensionProviders: [{name: a}], defaultProviders: {metrics: [p]}}`,
			`meshConfig: {extensionProviders: [], defaultProviders: {metrics: []}}`,
			`meshConfig: {extensionProviders: [], defaultProviders: {metrics: []}}`,
		},
		{
			"items without the name are never the same",
			`components: {pilot: {k8s: {env: [{value: a}, scalar]}}}`,
			`components: {pilot: {k8s: {env: [{value: b}, scalar]}}}`,
			`components: {pilot: {k8s: {env: [{value: a}, scalar, {value: b}, scalar]}}}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			below, above := tree(t, test.below), tree(t, test.above)
			got := merge(below, above)
			if diff := cmp.Diff(tree(t, test.want), got); diff != "" {
				t.Errorf("merge (-want +got):\n%s", diff)
			}
			scribble(got)
			if diff := cmp.Diff(tree(t, test.below), below); diff != "" {
				t.Errorf("the layer below was changed (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(tree(t, test.above), above); diff != "" {
				t.Errorf("the layer above was changed (-before +after):\n%s", diff)
			}
		})
	}
}

// scribble changes every mapping and every list that v holds.
func scribble(v any) {
	switch v := v.(type) {
	case manifest.Tree:
		for _, value := range v {
			scribble(value)
		}
		v["scribbled"] = true
	case []any:
		for i := range v {
			scribble(v[i])
			v[i] = "scribbled"
		}
	}
}
