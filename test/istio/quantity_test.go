package istio

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kymamesh/kymamesh/pkg/render"
)

// TestQuantitiesAreKubernetes holds our reading of amounts against Kubernetes':
// what the one takes the other takes, and they agree on which of two is more.
func TestQuantitiesAreKubernetes(t *testing.T) {
	texts := []string{
		"1", "0", "0.5", ".5", "5.", "100m", "1500m", "1k", "1K", "1Ki", "1M", "1Mi", "1G", "1Gi", "1T", "1Ti", "1P", "1Pi", "1E", "1Ei",
		"1e3", "1E3", "1e-3", "1E+3", "12e6", "1024Mi", "1 Gi", "1gi", "1m5", "1,5", "0x10", "one", "1Mib", "--1", "1.5.1", "999999m", "2147483648",
	}
	for _, a := range texts {
		want, err := resource.ParseQuantity(a)
		if taken := accepts(a, a); taken != (err == nil) {
			t.Errorf("%q: taken %v; Kubernetes says %v", a, taken, err)
			continue
		}
		if err != nil {
			continue
		}
		for _, b := range texts {
			limit, err := resource.ParseQuantity(b)
			if err != nil {
				continue
			}
			if got, want := accepts(a, b), want.Cmp(limit) <= 0; got != want {
				t.Errorf("request %q, limit %q: taken %v, want %v", a, b, got, want)
			}
		}
	}
}

// accepts tells whether a document may ask for so much memory.
func accepts(request, limit string) bool {
	_, ds := render.YAML("in.yaml", []byte(`apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec: {proxy: {resources: {requests: {memory: "`+request+`"}, limits: {memory: "`+limit+`"}}}}
`))
	return !ds.HasErrors()
}
