package check

import (
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// gatewayAPI is the group of Kubernetes' own gateways and routes.
const gatewayAPI = "gateway.networking.k8s.io"

var gatewayAPIChecks = []Check{
	{
		Code: diag.CodeNoParent, Severity: diag.Warning, find: noParents, Needs: []string{gatewayAPI + "/Gateway"},
		Hurts: "The route belongs to nobody: requests get 404.",
		Mend:  "Write name and namespace of the Gateway; without a namespace it is one of the route's own.",
	},
}

// noParents finds routes whose Gateway is not there, where the package holds
// others of that namespace: only then is it sure that it lies nowhere else.
func noParents(f *finder) {
	there, names := map[string]bool{}, map[string][]string{}
	for _, g := range f.Of(gatewayAPI + "/Gateway") {
		there[g.ID()] = true
		names[g.Namespace] = append(names[g.Namespace], g.Name)
	}
	for _, kind := range []string{"HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"} {
		for _, route := range f.Of(gatewayAPI + "/" + kind) {
			parents, _ := route.Spec()["parentRefs"].([]any)
			for i, parent := range parents {
				ref, _ := parent.(map[string]any)
				namespace, written := ref["namespace"].(string)
				if !written {
					namespace = route.Namespace
				}
				name, _ := ref["name"].(string)
				of, other := ref["kind"].(string)
				if other && of != "Gateway" || len(names[namespace]) == 0 || there[(&topology.Object{Namespace: namespace, Name: name}).ID()] {
					continue
				}
				hint := ""
				if like, ok := diag.Nearest(name, names[namespace]); ok {
					hint = "; did you mean " + like + "?"
				}
				f.say(route, route.At("spec", "parentRefs", i, "name"), "no Gateway %s%s%s", name, in(namespace), hint)
			}
		}
	}
}
