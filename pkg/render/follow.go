package render

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// notFollowing drops what may only follow from a fault that is reported already:
// a word that was misspelt is not missing as well, and an entry that could not
// be read whole is not held against others. Warnings wait until all can be read.
func notFollowing(ds, reported diag.List) diag.List {
	if len(reported) == 0 {
		return ds
	}
	// Sets, since a hostile document can have very many faults of both sorts.
	at, around, entries := map[diag.Path]bool{}, map[diag.Path]bool{}, map[diag.Path]bool{}
	for _, e := range reported {
		at[e.Path] = true
		entries[entry(e.Path)] = true
		for p := range outwards(e.Path) {
			around[p] = true
		}
	}
	follows := func(d diag.Diagnostic) bool {
		if d.Severity != diag.Error || around[d.Path] || slices.Contains(relations, d.Code) && entries[entry(d.Path)] {
			return true
		}
		for p := range outwards(d.Path) {
			if at[p] {
				return true
			}
		}
		return false
	}
	return slices.DeleteFunc(ds, follows)
}

// relations are the faults that lie between several words.
var relations = []diag.Code{
	diag.CodeMissing, diag.CodeDuplicate, diag.CodeReference, diag.CodeHost, diag.CodeServer, diag.CodeTLS, diag.CodeClash,
	diag.CodeAccess, diag.CodeToken,
}

// outwards are a path and all paths around it.
func outwards(p diag.Path) func(yield func(diag.Path) bool) {
	return func(yield func(diag.Path) bool) {
		for ok := true; ok && yield(p); {
			p, ok = p.Parent()
		}
	}
}

// entry is the entry of a list or mapping of the document that a path lies in,
// such as spec.services[2].
func entry(p diag.Path) diag.Path {
	for len(p.Steps()) > 3 {
		p, _ = p.Parent()
	}
	return p
}
