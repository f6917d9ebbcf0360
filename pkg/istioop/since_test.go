package istioop

import (
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/spec"
)

// A place that no layer says would be left out of nothing.
func TestPlacesOfSince(t *testing.T) {
	m := meshOf(t, spec.Spec{Install: spec.Install{IstioVersion: "1.31.1"}})
	rendered := Explain(m)
	for _, places := range []map[string]int{youngFields, youngValues} {
		for path := range places {
			said := false
			for _, leaf := range rendered {
				said = said || leaf.Since == 0 && (leaf.Path == path || strings.HasPrefix(leaf.Path, path+"."))
			}
			if !said {
				t.Errorf("no layer of the module says %s", path)
			}
		}
	}
}

// What an older Istio does not take is not rendered, and explain says so.
func TestExplainLeftOut(t *testing.T) {
	const annotation = "sidecar.istio.io/statsEvictionInterval"
	for version, want := range map[string]map[string]int{
		"1.12.9": {
			"meshConfig.defaultConfig.statsCompression":                                         29,
			"meshConfig.defaultConfig.tracingServiceName":                                       13,
			"meshConfig.extensionProviders[kyma-traces].name":                                   16,
			"meshConfig.extensionProviders[kyma-traces].opentelemetry.port":                     16,
			"meshConfig.extensionProviders[kyma-logs].envoyOtelAls.logName":                     13,
			"meshConfig.extensionProviders[envoy].envoyFileAccessLog.logFormat.labels":          13,
			"meshConfig.extensionProviders[envoy].envoyFileAccessLog.path":                      0,
			"values.pilot.podLabels":                                                            13,
			"values.global.proxy.startupProbe.enabled":                                          20,
			"values.global.proxy.seccompProfile.type":                                           28,
			"values.sidecarInjectorWebhook.injectedAnnotations." + annotation:                   29,
			"components.ingressGateways[istio-ingressgateway].k8s.podAnnotations." + annotation: 29,
			"values.global.proxy.statusPort":                                                    0,
		},
		"1.28.0": {
			"meshConfig.defaultConfig.statsCompression":                       29,
			"meshConfig.defaultConfig.tracingServiceName":                     0,
			"meshConfig.extensionProviders[kyma-traces].name":                 0,
			"values.global.proxy.seccompProfile.type":                         0,
			"values.sidecarInjectorWebhook.injectedAnnotations." + annotation: 29,
		},
		"1.29.0": {"values.sidecarInjectorWebhook.injectedAnnotations." + annotation: 0},
	} {
		m := meshOf(t, spec.Spec{Install: spec.Install{IstioVersion: version}})
		rendered := leavesOf(Render(m)[0].Spec.(map[string]any))
		for _, leaf := range Explain(m) {
			if since, listed := want[leaf.Path]; listed && leaf.Since != since {
				t.Errorf("%s: %s since 1.%d, want 1.%d", version, leaf.Path, leaf.Since, since)
			}
			if _, is := rendered[leaf.Path]; is != (leaf.Since == 0) {
				t.Errorf("%s: %s since 1.%d, rendered: %v", version, leaf.Path, leaf.Since, is)
			}
			if leaf.Since > 0 && leaf.Source.Layer == "" {
				t.Errorf("%s: %s is said by %s and left out", version, leaf.Path, leaf.Source.Path)
			}
			delete(want, leaf.Path)
		}
		if len(want) > 0 {
			t.Errorf("%s: not explained: %v", version, want)
		}
	}
}
