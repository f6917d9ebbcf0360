// Package edit changes objects of the package that somebody else wrote: single
// keys, in place. Everything else in them stays as it is written, byte for byte.
//
// What is to be changed is a list of Edits, made from documents only; [Package.Plan]
// holds them against the package. The annotation mesh.kyma-project.io/set on an
// object names the keys that were written, so that a word that goes away takes
// its keys with it.
package edit

import (
	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// Edit is one key that objects of the package are to have.
type Edit struct {
	Target Target
	// Path leads to the key: from the object inwards, and from the pod template
	// inwards where the target are pods.
	// An item of a list is found by [Item].
	Path []string
	// Value is what the key says.
	Value *yaml.Node
	// Name is the key in a message, and Advice what to do where a person's value is
	// another one; empty for the last step of Path, and for changing one.
	Name, Advice string
	// Rivals are other keys that speak of the same.
	Rivals []Rival
	// Missing is what to say where the package does not hold the target; nil
	// where that is no fault.
	Missing *Missing
	// Origin is the word that asks for it.
	Origin diag.Path
}

// Target are the objects that an edit is about: one object, or with Pods every
// workload of the namespace whose pods have these labels.
type Target struct {
	APIVersion, Kind string
	Namespace, Name  string
	Pods             map[string]string
}

// Rival is a key that an edit cannot stand beside.
type Rival struct {
	Path []string
	// Name is the key in a message; empty for the last step of Path.
	Name string
	// Agrees is the value with which the rival says the same; such a one is left
	// alone, or removed where Goes is set.
	Agrees string
	Goes   bool
	// Advice is what to do about one that says something else.
	Advice string
}

// Missing is what to say of a target that is not there.
type Missing struct {
	Severity diag.Severity
	Message  string
	// Unseen is said instead by a host that sees no package.
	Unseen string
}

// Item is the step of a path to the item of a list of which the fields are true, each
// given with its value.
func Item(fields ...string) string { return resourcelist.ItemStep(fields...) }

// ItemText is a value that is no scalar as [Item] takes it.
func ItemText(n *yaml.Node) string { return resourcelist.ItemText(n) }

// Text is a text as a value.
func Text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// Unseen says which edits a host that sees no package cannot make. To leave them
// out would be another mesh than the document says.
func Unseen(edits []Edit) diag.List {
	var ds diag.List
	for _, e := range edits {
		if e.Missing != nil && e.Missing.Severity == diag.Error {
			ds.Errorf(diag.CodeNoPackage, e.Origin, "%s", e.Missing.Unseen)
		}
	}
	return ds
}
