package topology_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// shop is a package of n services, each with two Deployments, routes, subsets
// and a policy, spread over namespaces of 100.
func shop(n int) string {
	var b strings.Builder
	b.WriteString("apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n")
	for i := range n {
		if i%100 == 0 {
			fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: ns-%d\n  labels:\n    istio-injection: enabled\n", i/100)
		}
		for _, v := range []string{"v1", "v2"} {
			fmt.Fprintf(&b, `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-%[1]d-%[3]s
  namespace: ns-%[2]d
spec:
  template:
    metadata:
      labels:
        app: web-%[1]d
        version: %[3]s
        tier: web
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1.0
        ports:
        - name: http
          containerPort: 8080
        env:
        - name: NEXT
          value: http://web-0.ns-0:80/api
`, i, i/100, v)
		}
		fmt.Fprintf(&b, `---
apiVersion: v1
kind: Service
metadata:
  name: web-%[1]d
  namespace: ns-%[2]d
spec:
  selector:
    app: web-%[1]d
  ports:
  - name: http
    port: 80
    targetPort: http
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: web-%[1]d
  namespace: ns-%[2]d
spec:
  host: web-%[1]d
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
  subsets:
  - name: v1
    labels:
      version: v1
  - name: v2
    labels:
      version: v2
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web-%[1]d
  namespace: ns-%[2]d
spec:
  hosts:
  - web-%[1]d
  http:
  - route:
    - destination:
        host: web-%[1]d
        subset: v1
      weight: 90
    - destination:
        host: web-%[1]d
        subset: v2
      weight: 10
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: web-%[1]d
  namespace: ns-%[2]d
spec:
  selector:
    matchLabels:
      app: web-%[1]d
      tier: web
`, i, i/100)
	}
	return b.String()
}

// BenchmarkShop models and checks a whole package. The time for each service
// has to stay about the same however many there are.
func BenchmarkShop(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		src := []byte(shop(n))
		per := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "us/service")
		}
		read := func(b *testing.B) []*resourcelist.Item {
			list, err := resourcelist.ParseStream(src)
			if err != nil {
				b.Fatal(err)
			}
			return list.Items()
		}
		b.Run(fmt.Sprintf("%d identities", n), func(b *testing.B) {
			items := read(b)
			for b.Loop() {
				topology.New(nil, items, 0)
			}
			per(b)
		})
		b.Run(fmt.Sprintf("%d checked", n), func(b *testing.B) {
			items := read(b)
			for b.Loop() {
				if found := check.Whole(topology.New(nil, items, 0)); len(found) > 0 {
					b.Fatal(found[0])
				}
			}
			per(b)
		})
	}
}
