// Package check says what is wrong between the rendered objects and the package
// around them. A check whose subject the package does not hold says nothing: a
// false alarm is as bad as a wrong rendering.
package check

import (
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// rules are all checks, each with a file of its own.
var rules = []func(*diag.List, []manifest.Object, *topology.Package){
	selectors,
	lookalikes,
	workloadPorts,
	rulePorts,
	opaquePorts,
	servicePorts,
	protocols,
	inhabited,
	secrets,
	moved,
	telemetries,
}

// Package checks the objects against the package that they are rendered into.
// Diagnostics have the paths of the documents that asked, and no positions.
func Package(objects []manifest.Object, p *topology.Package) diag.List {
	var ds diag.List
	for _, rule := range rules {
		rule(&ds, objects, p)
	}
	return ds
}

// NeedsPackage tells whether a check would have read the package for these
// objects, so that a host that cannot show it can say so.
func NeedsPackage(objects []manifest.Object) bool {
	for range selecting(objects) {
		return true
	}
	return false
}
