package render

import (
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// Ignored are the findings that documents say are to be ignored
// (checks.ignore), for [check.Examine]. Their faults are told by rendering.
func Ignored(docs ...Document) []check.Ignore {
	var all []check.Ignore
	for _, m := range readCall(docs).meshes {
		at := m.Path.Key("spec").Key("checks").Key("ignore")
		for i, w := range m.Value.Spec.Checks.Ignore {
			all = append(all, check.Ignore{
				Code: diag.Code(w.Code), Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, Reason: w.Reason, At: at.Index(i),
			})
		}
	}
	return all
}
