package render_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/render"
)

// shape is a document that can have any number of one thing.
type shape struct {
	name string
	// head is what stands before the things, and each the text of one of them.
	head string
	each func(i int) string
}

// shop is the beginning of every document.
const shop = "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec:\n  domain: shop.example.com\n"

// line writes a thing with its number in the place of each #.
func line(format string) func(int) string {
	return func(i int) string { return strings.ReplaceAll(format, "#", fmt.Sprint(i)) + "\n" }
}

// shapes has one row for each list that a document can be long in.
var shapes = []shape{
	{name: "services", head: shop + "  services:\n", each: line("  - {name: s#, namespace: shop, split: {v1: 90, v2: 10}, expose: s#}")},
	{name: "namespaces of services", head: shop + "  services:\n", each: line("  - {name: s, namespace: n#, versions: {v1: {}}, security: {mtls: {mode: STRICT}}, expose: s#}")},
	{name: "selectors", head: shop + "  services:\n", each: line("  - {name: s#, namespace: shop, selector: {app: s#}, security: {mtls: {mode: STRICT}, allow: [{from: {namespaces: [shop]}}]}}")},
	{name: "allowed of each other", head: shop + "  services:\n", each: line("  - {name: s#, namespace: shop, port: 8080, selector: {app: s#}, expose: s#, security: {allow: [{to: {methods: [GET], paths: [/x#]}}]}}")},
	{name: "exposed with allow at the gateway", head: shop + "  gateways:\n  - {name: kyma-gateway, namespace: kyma-system, hosts: '*.shop.example.com', tls: {credentialName: c}, security: {allow: [{to: {methods: [GET]}}]}}\n  services:\n", each: line("  - {name: s#, namespace: shop, expose: s#}")},
	{name: "hosts of one service", head: shop + "  services:\n  - name: s\n    namespace: shop\n    expose:\n", each: line("    - {hosts: [h#]}")},
	{name: "paths of one host", head: shop + "  services:\n", each: line("  - {name: s#, namespace: shop, expose: {hosts: [h], path: /p#}}")},
	{name: "routes of one service", head: shop + "  services:\n  - name: s\n    namespace: shop\n    routes:\n", each: line("    - {when: {uri: {exact: /p#}}, timeout: 1s}")},
	{name: "routes by header", head: shop + "  services:\n  - name: s\n    namespace: shop\n    routes:\n", each: line("    - {when: {headers: {x: {exact: a#}}}, timeout: 1s}")},
	{name: "routes by prefix", head: shop + "  services:\n  - name: s\n    namespace: shop\n    routes:\n", each: line("    - {when: {uri: {prefix: /p#/}}, timeout: 1s}")},
	{name: "MeshServices", head: shop, each: line("---\napiVersion: mesh.kyma-project.io/v1alpha1\nkind: MeshService\nmetadata: {name: s#, namespace: shop}\nspec: {split: {v1: 90, v2: 10}, expose: s#}")},
	{name: "egress hosts", head: shop + "  egress:\n    hosts:\n", each: line("    - {host: h#.example.com, ports: [{number: 443}]}")},
	{name: "egress hosts with TLS", head: shop + "  egress:\n    hosts:\n", each: line("    - {host: h#.example.com, tls: {mode: SIMPLE}, timeout: 5s}")},
	{name: "egress hosts at the gateway", head: shop + "  egress:\n    hosts:\n", each: line("    - {host: h#.example.com, ports: [{number: 443, protocol: TLS}], gateway: istio-egressgateway}")},
	{name: "egress hosts and sidecar", head: shop + "  sidecar: {}\n  egress:\n    hosts:\n", each: line("    - h#.example.com")},
	{name: "sidecars", head: shop + "  services:\n", each: line("  - {name: s#, namespace: shop, selector: {app: s#}, sidecar: {egress: [./*, istio-system/*]}}")},
	{name: "sidecars of services", head: shop + "  services:\n", each: line("  - {name: s#, namespace: shop, selector: {app: s#}, sidecar: {egress: [shop/s#.shop.svc.cluster.local]}}")},
	{name: "telemetry", head: shop + "  services:\n", each: line("  - {name: s#, namespace: shop, selector: {app: s#}, telemetry: {tracing: {sampling: 5}}}")},
	{name: "accessLogging", head: shop + "  extensionProviders: [{name: mine, envoyFileAccessLog: {path: /dev/stdout}}]\n  services:\n", each: line("  - {name: s#, namespace: shop, selector: {app: s#}, telemetry: {accessLogging: [{provider: mine}]}}")},
	{name: "extensionProviders", head: shop + "  extensionProviders:\n", each: line("  - {name: p#, envoyFileAccessLog: {path: /dev/stdout}}")},
	{name: "namespaces", head: shop + "  namespaces:\n", each: line("    n#: {injection: enabled, security: {mtls: {mode: STRICT}}, telemetry: {tracing: {sampling: 5}}, sidecar: {egress: [./*]}}")},
	{name: "gateways", head: shop + "  gateways:\n", each: line("  - {name: g#, namespace: shop, hosts: [g#.example.com], tls: {credentialName: c#}}")},
	{name: "MeshServices without a gateway", head: shop, each: line("---\napiVersion: mesh.kyma-project.io/v1alpha1\nkind: MeshService\nmetadata: {name: s#, namespace: shop}\nspec: {timeout: 3s}")},
	{name: "gateways with access", head: shop + "  gateways:\n", each: line("  - {name: g#, namespace: shop, hosts: [g#.example.com], tls: {credentialName: c#}, security: {allow: [{from: {ipBlocks: [10.0.0.0/8]}}]}}")},
	{name: "hosts of one gateway", head: shop + "  gateways:\n  - name: g\n    namespace: shop\n    tls: {credentialName: c}\n    hosts:\n", each: line("    - g#.example.com")},
	{name: "servers of one gateway", head: shop + "  gateways:\n  - name: g\n    namespace: shop\n    servers:\n", each: line("    - {port: 443, protocol: HTTPS, hosts: [g#.example.com], tls: {credentialName: c#}}")},
	{name: "certificates", head: shop + "  gateways:\n", each: line("  - {name: g#, namespace: shop, hosts: [g#.shop.example.com], tls: {certificate: {issuer: i, provider: cert-manager}}}")},
	{name: "rules of one list", head: shop + "  security:\n    deny:\n", each: line("    - {from: {ipBlocks: [10.0.0.0/8]}, to: {paths: [/p#]}}")},
	{name: "tokens", head: shop + "  services:\n", each: line("  - {name: s#, namespace: shop, selector: {app: s#}, security: {jwt: {issuers: [{issuer: https://a.example.com}]}}}")},
	{name: "connections", head: shop + "  services:\n", each: line("  - {name: s#, namespace: shop, protocol: TCP, port: 5432, split: {v1: 50, v2: 50}}")},
}

// of is the document with n things.
func (s shape) of(n int) []byte {
	var b bytes.Buffer
	b.WriteString(s.head)
	for i := range n {
		b.WriteString(s.each(i))
	}
	return b.Bytes()
}

// BenchmarkGrowth gives the time for one thing of each list, in a short list and a
// long one: where the second is several times the first, something compares all
// with all.
func BenchmarkGrowth(b *testing.B) {
	for _, s := range shapes {
		for _, n := range []int{500, 4000} {
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(s.name, " ", "-"), n), func(b *testing.B) {
				src := s.of(n)
				for b.Loop() {
					if _, ds := render.YAML("in.yaml", src); ds.HasErrors() {
						b.Fatal(ds[0].Message)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/each")
			})
		}
	}
}
