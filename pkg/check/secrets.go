package check

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// The gateway pods that every installation makes, and where they read Secrets.
const (
	ingressNamespace = "istio-system"
	ingressLabel     = "ingressgateway"
	// Kyma, cert-manager or a person makes this one outside of the package.
	defaultSecret = "kyma-gateway-certs"
)

// secrets finds certificates that lie where the gateway does not look. Secrets
// are often made outside of the package, so one that is nowhere says nothing.
func secrets(ds *diag.List, objects []manifest.Object, p *topology.Model) {
	for o, gateway := range manifest.Of[*networking.Gateway](objects) {
		if gateway.Selector["istio"] != ingressLabel {
			continue // pods of somebody else, in a namespace that nobody says
		}
		said := map[string]bool{}
		for _, s := range gateway.Servers {
			name := s.GetTls().GetCredentialName()
			where := p.Secrets(name)
			if name == defaultSecret || said[name] || len(where) == 0 || slices.Contains(where, ingressNamespace) || slices.Contains(where, "") {
				continue
			}
			said[name] = true
			ds.Warnf(diag.CodeSecret, o.Origin, "Secret %s/%s: the gateway reads it in %s", where[0], name, ingressNamespace)
		}
	}
}
