package check

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

const envoyFilter = "networking.istio.io/EnvoyFilter"

var patchChecks = []Check{
	{
		Code: diag.CodeIdlePatch, Severity: diag.Warning, find: idlePatches, Needs: []string{envoyFilter}, Istio: "IST0152, IST0153, IST0154",
		Hurts: "Nothing happens: Istio does not know the operation for what the patch is applied to, and passes it over in silence.",
		Mend:  "Write MERGE, or another operation that Istio's reference has for the part.",
	},
}

// filters are the operations for the parts of a list in which the order counts.
var filters = []string{"ADD", "INSERT_FIRST", "INSERT_BEFORE", "INSERT_AFTER", "REPLACE", "REMOVE", "MERGE"}

// patches are the operations that Istio carries out, by what they are applied to
// (pilot/pkg/networking/core/envoyfilter). Its analyzers hold that a route can be
// neither added nor removed, which it can.
var patches = map[string][]string{
	"LISTENER":            {"ADD", "REMOVE", "MERGE", "MERGE_AND_REPLACE_LIST"},
	"FILTER_CHAIN":        {"ADD", "REMOVE", "MERGE", "MERGE_AND_REPLACE_LIST"},
	"CLUSTER":             {"ADD", "REMOVE", "MERGE", "MERGE_AND_REPLACE_LIST"},
	"ROUTE_CONFIGURATION": {"MERGE", "MERGE_AND_REPLACE_LIST"},
	"VIRTUAL_HOST":        {"ADD", "REMOVE", "REPLACE", "MERGE", "MERGE_AND_REPLACE_LIST"},
	"HTTP_ROUTE":          {"ADD", "INSERT_FIRST", "INSERT_BEFORE", "INSERT_AFTER", "REMOVE", "MERGE", "MERGE_AND_REPLACE_LIST"},
	"NETWORK_FILTER":      filters,
	"HTTP_FILTER":         filters,
	"LISTENER_FILTER":     filters,
}

func idlePatches(f *finder) {
	for _, o := range f.Of(envoyFilter) {
		all, _ := o.Spec()["configPatches"].([]any)
		for i, item := range all {
			part, _ := item.(map[string]any)
			applied, _ := part["applyTo"].(string)
			patch, _ := part["patch"].(map[string]any)
			operation, _ := patch["operation"].(string)
			known, ok := patches[applied]
			if ok && operation != "" && !slices.Contains(known, operation) {
				f.say(o, o.At("spec", "configPatches", i, "patch", "operation"), "Istio has no %s for %s", operation, applied)
			}
		}
	}
}
