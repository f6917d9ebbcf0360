package istioop

import (
	"testing"

	"github.com/kymamesh/kymamesh/pkg/spec"
)

// What egress says of the installation is explained by egress: nobody wrote that
// the gateway is enabled.
func TestExplainEgress(t *testing.T) {
	m := meshOf(t, spec.Spec{Egress: spec.Egress{
		OutboundTrafficPolicy: "REGISTRY_ONLY",
		Hosts:                 []spec.EgressHost{{Host: []string{"a.example.com"}}, {Host: []string{"b.example.com"}, Gateway: "istio-egressgateway"}},
	}})
	want := map[string]string{
		"meshConfig.outboundTrafficPolicy.mode":                  "spec.egress.outboundTrafficPolicy",
		"components.egressGateways[istio-egressgateway].enabled": "spec.egress.hosts[1].gateway",
	}
	for _, leaf := range Explain(m) {
		if source, listed := want[leaf.Path]; listed {
			if got := leaf.Source.Path.String(); got != source {
				t.Errorf("%s: by %s %s; want %s", leaf.Path, got, leaf.Source.Layer, source)
			}
			delete(want, leaf.Path)
		}
	}
	for path := range want {
		t.Errorf("%s: not there", path)
	}
}
