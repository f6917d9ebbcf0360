package istioop

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// gatewaysNeeded finds an override that leaves out the ingress gateway while there
// are Gateways for its pods. The egress gateway is switched on by the word that
// needs it, so that againstWords finds the same of it.
func (c *checker) gatewaysNeeded() {
	place, said := c.said.source(ingressAt + ".enabled")
	if c.m.Install.Existing || !said || c.ingressInstalled() {
		return
	}
	for _, g := range c.m.Gateways {
		if mesh.OnIngressPods(g.Selector) {
			c.ds.Errorf(diag.CodeReference, place, "%s needs the ingress gateway (%s)", g.Name, c.gatewayWord(place, g))
		}
	}
}

// gatewayWord says where a gateway is asked for.
func (c *checker) gatewayWord(override diag.Path, g mesh.Gateway) string {
	switch {
	case c.m.Source("gateways").Layer != "":
		return "a default; for none write gateways: []"
	case override.Document() != g.Origin.Document():
		return g.Origin.String() + " of KymaMesh " + c.m.Name
	}
	return g.Origin.String()
}

// ingressInstalled tells whether istioctl installs the ingress gateway. Without any
// list of gateways its own profile says so.
func (c *checker) ingressInstalled() bool {
	components, _ := c.spec["components"].(manifest.Tree)
	list, hasList := components["ingressGateways"].([]any)
	if !hasList {
		return slices.Contains([]string{"default", "demo"}, text(c.spec, "profile"))
	}
	return slices.ContainsFunc(list, func(item any) bool {
		g, _ := item.(manifest.Tree)
		return text(g, "name") == "istio-ingressgateway" && g["enabled"] == true
	})
}
