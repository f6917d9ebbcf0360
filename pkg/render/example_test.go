package render_test

import (
	"fmt"
	"os"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// A document as text, the canary's route as typed Istio objects.
func ExampleYAML() {
	objects, ds := render.YAML("kymamesh.yaml", []byte(`
apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  services:
  - {name: reviews, namespace: shop, split: {v1: 90, v2: 10}}
`))
	if ds.HasErrors() {
		fmt.Println(ds)
		return
	}
	for o, vs := range manifest.Of[*networking.VirtualService](objects) {
		for _, to := range vs.Http[0].Route {
			fmt.Println(o.Name, to.Destination.Subset, to.Weight)
		}
	}
	// Output:
	// reviews v1 90
	// reviews v2 10
}

// What is wrong is said with its place, all of it in one run.
func ExampleYAML_faults() {
	_, ds := render.YAML("kymamesh.yaml", []byte(`apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  domian: shop.example.com
  services:
  - {name: reviews, namespace: shop, split: {v1: 90, v2: 5}}
`))
	for _, d := range ds {
		fmt.Println(d)
	}
	// Output:
	// kymamesh.yaml:5:3: error KM003: spec.domian: no such word; did you mean "domain"?
	// kymamesh.yaml:7:38: error KM015: spec.services[0].split: 90 + 5 = 95; the sum must be 100
}

// A document built in Go, and what istioctl does not take written as YAML.
func ExampleObjects() {
	objects, ds := render.Objects(spec.KymaMesh{
		Metadata: spec.Metadata{Name: "shop"},
		Spec: spec.Spec{
			Gateways: []spec.Gateway{},
			Security: spec.Security{MTLS: spec.MTLS{Exclude: []string{}}},
		},
	})
	if ds.HasErrors() {
		fmt.Println(ds)
		return
	}
	if err := manifest.Encode(os.Stdout, render.Select(objects, render.PartResources)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// apiVersion: security.istio.io/v1
	// kind: PeerAuthentication
	// metadata:
	//   annotations:
	//     mesh.kyma-project.io/namespace: istio-system
	//     mesh.kyma-project.io/source: KymaMesh/-/shop
	//   labels:
	//     mesh.kyma-project.io/owner: shop
	//   name: default
	//   namespace: istio-system
	// spec:
	//   mtls:
	//     mode: STRICT
}
