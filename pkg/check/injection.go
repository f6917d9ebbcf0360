package check

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// inject is the label by which pods ask for a sidecar.
const inject = "sidecar.istio.io/inject"

// Edits checks what is to be written into the package: a sidecar that Istio will
// not give, whatever the label says.
func Edits(edits []edit.Edit, p *topology.Package) diag.List {
	var ds diag.List
	for _, e := range edits {
		if e.Target.Pods == nil || !slices.Contains(e.Path, inject) || e.Value.Value != "true" {
			continue
		}
		namespace := e.Target.Namespace
		if p.NamespaceLabel(namespace, "istio-injection") == "disabled" {
			ds.Errorf(diag.CodeNoInjector, e.Origin, "the Namespace %s of the package says istio-injection: disabled and wins over the pod; remove that label and disable its other services", namespace)
		}
		for _, w := range p.Workloads(namespace) {
			if w.HostNetwork && contains(w.Labels, e.Target.Pods) {
				ds.Warnf(diag.CodeNoInjector, e.Origin, "%s %s/%s uses the node's network (hostNetwork); Istio gives such pods no sidecar", w.Kind, namespace, w.Name)
			}
		}
	}
	return ds
}
