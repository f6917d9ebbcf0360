// Package check says what is wrong between objects that are each right: between
// the rendered objects and the package around them, and in a package that was
// written by hand. A check whose subject the package does not hold says nothing:
// a false alarm is as bad as a wrong rendering.
package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// Check is one thing that can be wrong with a package. What it finds is said by
// its code, [diag.Code.About].
type Check struct {
	Code diag.Code
	// Severity is that of its findings; Warning where somebody outside of the
	// package may make it right.
	Severity diag.Severity
	// Hurts is what happens on a cluster, and Mend what to write instead.
	Hurts, Mend string
	// Needs are kinds of which the package has to hold one; without any of them
	// the check is silent.
	Needs []string
	// Istio is the code of Istio's own analyzer for the same, if it has one.
	Istio string

	find func(*finder) // nil for what is found among findings
}

// All are all checks of a whole package, in the order of their codes.
func All() []Check { return slices.Clone(all) }

// all has one row a check; the rows stand in a file for each subject.
var all = slices.SortedFunc(
	slices.Values(slices.Concat(objectChecks, routeChecks, ruleChecks, mtlsChecks, gatewayChecks, injectionChecks, runningChecks, policyChecks, serviceChecks, ignoreChecks,
		annotationChecks, conditionChecks, entryChecks, gatewayAPIChecks, keyChecks, refusedChecks, telemetryChecks, visibilityChecks, httpRuleChecks, jobChecks, patchChecks)),
	func(a, b Check) int { return strings.Compare(string(a.Code), string(b.Code)) },
)

// documentChecks are about what documents of ours ask for. Hosts that render
// make them, since they read no more of the package than the documents name.
var documentChecks = []func(*diag.List, []manifest.Object, *topology.Model){
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

// Package checks the objects that documents ask for against the package that
// they are rendered into. Diagnostics have the paths of the documents, and no
// positions. The model may hold more than these objects.
func Package(objects []manifest.Object, m *topology.Model) diag.List {
	var ds diag.List
	for _, find := range documentChecks {
		find(&ds, objects, m)
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

// Whole checks a package as a whole, whoever wrote its objects. It reads all of
// them. What an object's own annotation ignores is left out.
func Whole(m *topology.Model) diag.List {
	found, _ := Examine(m)
	return found
}

// Examine does the same for a host that has more to ignore, and that shows what
// is ignored.
func Examine(m *topology.Model, ignores ...Ignore) (diag.List, []Ignored) {
	var found []finding
	for i := range all {
		f := finder{Model: m, check: &all[i], found: &found}
		if f.check.find != nil && f.applies() {
			f.check.find(&f)
		}
	}
	return sift(m, found, ignores)
}

// Silent are the checks that a package gives nothing to read, for lack of the
// kinds that they need.
func Silent(m *topology.Model) []Check {
	return slices.DeleteFunc(All(), func(c Check) bool {
		f := finder{Model: m, check: &c}
		return f.applies()
	})
}

// finder is one check at work.
type finder struct {
	*topology.Model
	check *Check
	found *[]finding
}

// finding is what a check says, and the object that it says it of.
type finding struct {
	diag.Diagnostic
	object *topology.Object
}

func (f *finder) applies() bool {
	return len(f.check.Needs) == 0 || slices.ContainsFunc(f.check.Needs, f.Has)
}

// say reports a finding about an object, at a place of it.
func (f *finder) say(o *topology.Object, at diag.Path, format string, args ...any) {
	f.sayAs(f.check.Severity, o, at, format, args...)
}

// sayAs reports with another severity than the check's.
func (f *finder) sayAs(s diag.Severity, o *topology.Object, at diag.Path, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if o.Rendered { // the path is that of the words that asked for it
		message = o.String() + ": " + message
	}
	*f.found = append(*f.found, finding{diag.Diagnostic{Code: f.check.Code, Severity: s, Path: at, Message: message}, o})
}
