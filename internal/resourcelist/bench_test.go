package resourcelist

import (
	"fmt"
	"strings"
	"testing"
)

// deployments makes a list of n items as kpt sends them.
func deployments(n int) []byte {
	var b strings.Builder
	b.WriteString(rl + "items:\n")
	for i := range n {
		fmt.Fprintf(&b, `- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: web-%[1]d
    namespace: shop
    labels:
      app: web-%[1]d
      version: "v1"
    annotations:
      config.kubernetes.io/index: '0'
      config.kubernetes.io/path: 'shop/web-%[1]d.yaml'
      internal.config.kubernetes.io/seqindent: 'compact'
  spec:
    replicas: 3
    selector:
      matchLabels:
        app: web-%[1]d
    template:
      metadata:
        labels:
          app: web-%[1]d
      spec:
        containers:
        - name: web # the only one
          image: registry.example.com/web:1.%[1]d
          args: ["--port", "8080"]
          ports:
          - containerPort: 8080
          resources: {}
          command:
          - sh
          - -c
          - |
            exec web \
              --verbose
`, i)
	}
	return []byte(b.String())
}

// BenchmarkDeployments compares splitting 10,000 Deployments, identifying each
// and asking for a label, with having yaml.v3 parse them.
func BenchmarkDeployments(b *testing.B) {
	src := deployments(10_000)
	b.Run("split", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			l, err := Parse(src)
			if err != nil || len(l.Items()) != 10_000 {
				b.Fatal(err)
			}
		}
	})
	b.Run("split, ask, write", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			l, err := Parse(src)
			if err != nil {
				b.Fatal(err)
			}
			for _, it := range l.Items() {
				if _, ok := it.Label("version"); !ok {
					b.Fatal("no label")
				}
			}
			l.Remove(l.Items()[5000])
			l.Bytes()
		}
	})
	b.Run("yaml.v3", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := parse(string(src)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestAllocations: what a foreign item costs must not grow with its text.
func TestAllocations(t *testing.T) {
	src := deployments(1000)
	if n := testing.AllocsPerRun(3, func() {
		if _, err := Parse(src); err != nil {
			t.Fatal(err)
		}
	}); n > 500 {
		t.Errorf("%.0f allocations for 1000 items", n)
	}
}
