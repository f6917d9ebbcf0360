// Package fields says what the fields of an IstioOperator's spec hold, for the
// program that checks them and for the schemas that describe them. It is data
// (see istiooperator.yaml), which test/istio writes from Istio's own types.
package fields

import (
	"embed"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yaml
var files embed.FS

// Table is text by type and field.
type Table map[string]map[string]string

var (
	// Types are what each field of a type holds. The spec itself is IstioOperatorSpec.
	Types = sync.OnceValue(func() (t Table) { read("istiooperator.yaml", &t); return t })
	// Gone are what to say of some fields that a type does not have.
	Gone = sync.OnceValue(func() (t Table) { read("gone.yaml", &t); return t })
	// Removed are paths below values at which Istio's charts stop.
	Removed = sync.OnceValue(func() []string {
		var file struct{ Removed []string }
		read("charts.yaml", &file)
		return file.Removed
	})
)

// read panics on a broken file, since it is part of the program.
func read(name string, into any) {
	text, err := files.ReadFile(name)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
}
