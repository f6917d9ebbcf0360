package mesh

import (
	"fmt"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/mesh/fields"
)

// handedOn are places that istioctl gives to a chart without reading what they hold.
var handedOn = []string{"unvalidatedValues", "unvalidatedValues.ztunnel", "values.ztunnel"}

// namingFiles are values by which a chart looks for a file of its own, with the
// type and the field that says which there are.
var namingFiles = []struct{ path, of, field string }{
	{"compatibilityVersion", "Values", "compatibilityVersion"},
	{"global.platform", "GlobalConfig", "platform"},
	{"global.profile", "Values", "profile"},
	{"platform", "GlobalConfig", "platform"},
	{"profile", "Values", "profile"},
}

// chartValues refuses what a field's type allows and Istio's charts do not.
func (f fieldCheck) chartValues(o Override) {
	for _, place := range handedOn {
		at, v, _ := fieldOf(o, strings.Split(place, "."))
		if m, ok := v.(map[string]any); ok {
			f.read(Override{Spec: m, At: at})
		}
	}
	if at, v, _ := fieldOf(o, []string{"unvalidatedValues"}); shape(v) == "a mapping" {
		f.shapes(at, "Values", v)
	}
	for _, path := range fields.Removed() {
		places := []string{"unvalidatedValues." + path}
		if strings.HasPrefix(path, "meshConfig.") {
			places = append(places, path)
		} // else it is no field of values
		for _, place := range places {
			if at, v, _ := fieldOf(o, strings.Split(place, ".")); v != nil && v != "" {
				f.r.ds.Errorf(diag.CodeUnknownWord, at, "no such word; Istio has it no longer, and its charts refuse it. Leave it out")
			}
		}
	}
	for _, place := range []string{"values", "unvalidatedValues"} {
		if at, v, _ := fieldOf(o, []string{place, "global", "pilotCertProvider"}); v == "kubernetes" {
			f.r.ds.Errorf(diag.CodeValue, at, "Istio's charts refuse kubernetes; write istiod, or k8s.io/ and the name of a signer")
		}
	}
}

// read checks values that nobody but a chart reads.
func (f fieldCheck) read(o Override) {
	if at, v, _ := fieldOf(o, []string{"defaults"}); v != nil {
		f.r.ds.Errorf(diag.CodeUnknownWord, at, "Istio's charts refuse it, since they keep their own values there; write what stands in it outside of it")
	}
	for _, n := range namingFiles {
		at, v, _ := fieldOf(o, strings.Split(n.path, "."))
		f.check(at, fields.Types()[n.of][n.field], v)
	}
}

// shapes checks that a mapping stands where Istio has fields: istioctl itself ends
// in a panic otherwise. What stands in them, and which other ones there are, is
// nobody's to say.
func (f fieldCheck) shapes(at diag.Path, holds string, v any) {
	known, isStruct := fields.Types()[holds]
	if !isStruct || v == nil {
		return
	}
	f.mapping(at, v, func(at diag.Path, key string, v any) { f.shapes(at, known[key], v) })
}

// earlierIstios are the versions whose behaviour the mesh's Istio can keep. Its
// charts have a file for each: today's those of the list of fields, an older one some
// of those before it. Which ones is not known, but none before 1.20, with which
// Istio 1.21 began (the documentation of 1.21 is the first that has the field).
func (r *resolver) earlierIstios(holds string) (versions []string, ok bool) {
	var oldest, newest int
	if !strings.HasPrefix(holds, "Istio ") {
		return nil, false
	}
	if _, err := fmt.Sscanf(holds, "Istio 1.%d to 1.%d", &oldest, &newest); err != nil {
		panic(err) // the list of fields is a part of the program
	}
	if r.istio[1] <= newest {
		oldest = 20
	}
	for minor := oldest; minor < r.istio[1]; minor++ {
		versions = append(versions, fmt.Sprint("1.", minor))
	}
	return versions, true
}
