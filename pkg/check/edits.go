package check

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// Edits checks what is to be written into the package: a sidecar that Istio will
// not give, whatever the label says.
func Edits(edits []edit.Edit, m *topology.Model) diag.List {
	var ds diag.List
	for _, e := range edits {
		if e.Target.Pods == nil || !slices.Contains(e.Path, topology.InjectLabel) || e.Value.Value != "true" {
			continue
		}
		namespace := e.Target.Namespace
		if n, ok := m.Namespace(namespace); ok && n.ByHand(topology.NamespaceLabel) == "disabled" {
			ds.Errorf(diag.CodeNoInjector, e.Origin, "the Namespace %s of the package says istio-injection: disabled and wins over the pod; remove that label and disable its other services", namespace)
		}
		for _, w := range m.Selected(namespace, e.Target.Pods) {
			if w.HostNetwork {
				ds.Warnf(diag.CodeNoInjector, e.Origin, "%s %s/%s uses the node's network (hostNetwork); Istio gives such pods no sidecar", w.Kind, namespace, w.Name)
			}
		}
	}
	return ds
}
