package mesh

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

var (
	certificateProviders = choice{
		values:  []string{"cert-manager", "gardener"},
		unknown: "no provider %s; cert-manager or gardener",
	}
	issuerKinds = choice{
		values:  []string{"ClusterIssuer", "Issuer"},
		unknown: "no kind of issuers %s; ClusterIssuer or Issuer",
	}
)

// certificateFor completes settings that have their certificate made: the
// Secret has the gateway's name where nobody says another one.
func certificateFor(s TLS, gateway string) TLS {
	if s.Certificate != nil && !ownCertificates(s.Mode) && certificates(s) == 0 {
		s.CredentialName = gateway + "-certs"
	}
	return s
}

// ownCertificates tells whether a server of this mode takes no certificate: it
// does not open TLS, or with the mesh's own.
func ownCertificates(mode string) bool {
	return mode == "PASSTHROUGH" || mode == "AUTO_PASSTHROUGH" || mode == "ISTIO_MUTUAL"
}

// certificateHasUse refuses a certificate that the server would not open TLS
// with.
func (r *resolver) certificateHasUse(at diag.Path, s TLS) {
	word := at.Key("certificate")
	switch {
	case s.Certificate == nil:
	case s.Mode == "ISTIO_MUTUAL":
		r.ds.Errorf(diag.CodeTLS, word, "ISTIO_MUTUAL uses the mesh's own certificates; leave certificate out")
	case ownCertificates(s.Mode):
		r.ds.Errorf(diag.CodeTLS, word, "%s does not open TLS; certificate has no use", s.Mode)
	case s.CredentialName == "":
		r.ds.Errorf(diag.CodeTLS, word, "makes the Secret of credentialName; leave credentialNames, serverCertificate and privateKey out")
	}
}

// resolveCertificates finds the certificates that have to be made: one for each
// Secret, with the hosts of all servers that open TLS with it.
func (r *resolver) resolveCertificates() []Certificate {
	var all []Certificate
	for _, g := range r.gateways {
		for _, l := range g.listeners {
			if l.TLS == nil || l.TLS.Certificate == nil || l.TLS.CredentialName == "" || ownCertificates(l.TLS.Mode) {
				continue
			}
			at := l.tlsAt.Key("certificate")
			c, ok := r.issued(at, *l.TLS.Certificate)
			c.Namespace, c.Name, c.Hosts = r.secretNamespace(at, g), l.TLS.CredentialName, r.certifiedHosts(at, l.hosts)
			if ok && c.Namespace != "" {
				all = r.addCertificate(all, c)
			}
			if l.TLS.Mode != "SIMPLE" && l.TLS.CACertCredentialName == "" {
				r.ds.Warnf(diag.CodeTLS, at, "callers are let in by the issuer's own ca.crt in Secret %s, or by Secret %s-cacert; write caCertCredentialName to say whose certificates are taken", c.Name, c.Name)
			}
		}
	}
	return all
}

// issued is who makes the certificate.
func (r *resolver) issued(at diag.Path, written spec.Certificate) (Certificate, bool) {
	before := len(*r.ds)
	byPlatform := "cert-manager"
	if r.platform == "gardener" {
		byPlatform = "gardener"
	}
	c := Certificate{Issuer: written.Issuer, IssuerKind: written.Kind, Origin: at}
	c.Provider = r.oneOf(at.Key("provider"), cmp.Or(written.Provider, byPlatform), certificateProviders)
	switch {
	case c.Issuer == "":
		r.ds.Errorf(diag.CodeMissing, at.Key("issuer"), "write the name of the issuer; it is there already, and makes the certificate")
	case !isDNSName(c.Issuer):
		r.ds.Errorf(diag.CodeName, at.Key("issuer"), "%q is no name of an issuer; lower case letters, digits, - and .", c.Issuer)
	}
	switch {
	case c.Provider == "cert-manager":
		c.IssuerKind = r.oneOf(at.Key("kind"), cmp.Or(c.IssuerKind, "ClusterIssuer"), issuerKinds)
	case c.IssuerKind != "":
		r.ds.Errorf(diag.CodePlace, at.Key("kind"), "Gardener has one kind of issuers; leave kind out, or write provider: cert-manager")
	}
	return c, !(*r.ds)[before:].HasErrors()
}

// certifiedHosts are the names on the certificate.
func (r *resolver) certifiedHosts(at diag.Path, hosts []gatewayHost) []string {
	var names []string
	for _, h := range hosts {
		if h.name == "*" {
			r.ds.Errorf(diag.CodeTLS, at, "certificate needs real host names, not *")
		} else if !slices.Contains(names, h.name) {
			names = append(names, h.name)
		}
	}
	return names
}

// secretNamespace is where the gateway's pods read Secrets: their own namespace.
func (r *resolver) secretNamespace(at diag.Path, g gateway) string {
	if OnIngressPods(g.Selector) {
		return Root
	}
	if g.account == "" {
		r.ds.Errorf(diag.CodeMissing, at, "where do the pods of %q run? write %s.serviceAccount: NAMESPACE/NAME; their Secrets lie beside them", g.Name, shortPath(g.path))
		return ""
	}
	namespace, _, _ := strings.Cut(g.account, "/")
	return namespace
}

// addCertificate puts a certificate to those that lie there already. One that
// another server asks for in the same words gets the hosts of both.
func (r *resolver) addCertificate(all []Certificate, c Certificate) []Certificate {
	i := slices.IndexFunc(all, func(a Certificate) bool { return a.Namespace == c.Namespace && a.Name == c.Name })
	if i < 0 {
		return append(all, c)
	}
	first := &all[i]
	if first.Provider != c.Provider || first.Issuer != c.Issuer || first.IssuerKind != c.IssuerKind {
		r.ds.Errorf(diag.CodeClash, c.Origin, "Secret %s/%s has another issuer at %s; write a credentialName of its own", c.Namespace, c.Name, shortPath(first.Origin))
		return all
	}
	for _, host := range c.Hosts {
		if !slices.Contains(first.Hosts, host) {
			first.Hosts = append(first.Hosts, host)
		}
	}
	return all
}
