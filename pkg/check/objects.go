package check

import "github.com/kymamesh/kymamesh/pkg/diag"

var objectChecks = []Check{
	{
		Code: diag.CodeSameObject, Severity: diag.Warning, find: sameObject,
		Hurts: "Applied together, the later one replaces the other, and which one that is depends on the order of the files.",
		Mend:  "Keep one. Files of a kustomization belong together in another way: check what kustomize builds.",
	},
	{
		Code: diag.CodeUnreadable, Severity: diag.Error, find: unreadable,
		Hurts: "The API server refuses the object, and all other checks take it for absent.",
		Mend:  "Write the value that Istio's reference gives for the field.",
	},
}

func sameObject(f *finder) {
	for _, pair := range f.Twice() {
		if pair[0].Rendered {
			continue // hosts tell of these, who know what they would do to them
		}
		f.say(pair[1], pair[1].At(), "%s is in the package twice; applied together, one of them is lost", pair[1])
	}
}

func unreadable(f *finder) {
	f.Read()
	for _, o := range f.Unreadable() {
		f.say(o.Object, o.At("spec"), "%s: Istio cannot read it: %s", o, o.Why)
	}
}
