// Package certificates renders the certificates that gateways have made: the
// request for one, which cert-manager or Gardener answers with a Secret. No key
// is ever made here.
package certificates

import (
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Kind is the Certificate of cert-manager.
// https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.Certificate
var Kind = manifest.Kind{Name: "Certificate", Group: "cert-manager.io"}

// Gardener is the Certificate of Gardener's cert-management, which has the name
// in common and the issuer not: there is one kind of issuers, and nobody says in
// which namespace.
// https://github.com/gardener/cert-management
var Gardener = manifest.Kind{Name: "Certificate", Group: "cert.gardener.cloud"}

// Render gives the certificates that cert-manager makes.
func Render(m *mesh.Mesh) []manifest.Object {
	return of(m, &Kind, "cert-manager", func(c mesh.Certificate) manifest.Tree {
		return manifest.Tree{"kind": c.IssuerKind, "name": c.Issuer}
	})
}

// RenderGardener gives the certificates that Gardener makes.
func RenderGardener(m *mesh.Mesh) []manifest.Object {
	return of(m, &Gardener, "gardener", func(c mesh.Certificate) manifest.Tree {
		return manifest.Tree{"name": c.Issuer}
	})
}

func of(m *mesh.Mesh, kind *manifest.Kind, provider string, issuer func(mesh.Certificate) manifest.Tree) []manifest.Object {
	var objects []manifest.Object
	for _, c := range m.Certificates {
		if c.Provider != provider {
			continue
		}
		var names []any
		for _, host := range c.Hosts {
			names = append(names, host)
		}
		objects = append(objects, manifest.Object{
			Kind: kind, Namespace: c.Namespace, Name: c.Name, Origin: c.Origin,
			// Both products have these words; their Go types would bring Kubernetes
			// into the library.
			Spec: manifest.Tree{"secretName": c.Name, "dnsNames": names, "issuerRef": issuer(c)},
		})
	}
	return objects
}
