package manifest

import (
	"fmt"
	"io"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	networking "istio.io/api/networking/v1alpha3"
)

// canaries are the resources of n services with a canary each.
func canaries(n int) []Object {
	virtual := &Kind{Name: "VirtualService", Group: "networking.istio.io"}
	rule := &Kind{Name: "DestinationRule", Group: "networking.istio.io", Shown: testKind.Shown}
	var os []Object
	for i := range n {
		name := fmt.Sprintf("reviews-%d", i)
		o := Object{Version: "v1", Namespace: "shop", Name: name, Owner: "shop", Source: "MeshService/shop/" + name}
		to := func(version string, weight int32) *networking.HTTPRouteDestination {
			return &networking.HTTPRouteDestination{Destination: &networking.Destination{Host: name, Subset: version}, Weight: weight}
		}
		o.Kind, o.Spec = virtual, &networking.VirtualService{
			Hosts: []string{name},
			Http: []*networking.HTTPRoute{{
				Route:   []*networking.HTTPRouteDestination{to("v1", 90), to("v2", 10)},
				Timeout: durationpb.New(1500e6),
				Retries: &networking.HTTPRetry{Attempts: 3, PerTryTimeout: durationpb.New(2e9), RetryOn: "5xx,reset"},
			}},
		}
		os = append(os, o)
		o.Kind, o.Spec = rule, &networking.DestinationRule{
			Host:          name,
			TrafficPolicy: &networking.TrafficPolicy{Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_ISTIO_MUTUAL}},
			Subsets: []*networking.Subset{
				{Name: "v1", Labels: map[string]string{"version": "v1"}},
				{Name: "v2", Labels: map[string]string{"version": "v2"}},
			},
		}
		os = append(os, o)
	}
	return os
}

// BenchmarkEncode measures the writer beside the shortest way to about the same
// text: protojson, a tree, yaml.v3.
func BenchmarkEncode(b *testing.B) {
	os := canaries(1000)
	b.Run("fast", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := Encode(io.Discard, os); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("reference", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			enc := yaml.NewEncoder(io.Discard)
			for _, o := range os {
				if err := enc.Encode(referenceTree(b, o)); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
