package check

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// inhabited finds words about a namespace that nothing in the package lives in.
func inhabited(ds *diag.List, objects []manifest.Object, p *topology.Model) {
	known := p.Namespaces()
	if len(known) == 0 || slices.Contains(known, "") {
		return
	}
	nobody := func(origin diag.Path, namespace string) {
		if slices.Contains(known, namespace) {
			return
		}
		hint := ""
		if like, ok := diag.Nearest(namespace, known); ok {
			hint = "; did you mean \"" + like + "\"?"
		}
		at := diag.Document(origin.Document()).Key("spec").Key("namespaces").Key(namespace)
		ds.Warnf(diag.CodeNobody, at, "no workload of the package lives in %q%s", namespace, hint)
	}
	for o := range policies(objects) {
		if len(o.labels) == 0 && o.Root == "" {
			nobody(o.Origin, o.Namespace)
		}
	}
	for _, o := range objects {
		if o.Kind.Name == "Namespace" {
			nobody(o.Origin, o.Name)
		}
	}
}

// moved finds objects of the root namespace that a kustomization put elsewhere:
// STRICT for the mesh becomes STRICT for one namespace, in silence.
func moved(ds *diag.List, _ []manifest.Object, p *topology.Model) {
	for _, m := range p.Moved() {
		ds.Errorf(diag.CodeMoved, diag.Path{}, "%s %s was moved from %s to %s; keep the KymaMesh in a kustomization of its own, without namespace: and namePrefix:", m.Kind, m.Name, m.From, m.To)
	}
}
