package mesh

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// TLS are the settings of a server that opens TLS or passes it on.
type TLS = spec.ServerTLS

// serverTLS are the settings of a server and what lies under them.
type serverTLS struct {
	settings *spec.ServerTLS
	gateway  string          // whose the server is
	under    *spec.ServerTLS // the generation's defaults for kyma-gateway
}

var (
	serverModes = choice{
		values:  []string{"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH"},
		unknown: "no mode %s; SIMPLE, MUTUAL, OPTIONAL_MUTUAL, ISTIO_MUTUAL, PASSTHROUGH or AUTO_PASSTHROUGH",
	}
	tlsVersions = choice{
		values:  []string{"TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"},
		unknown: "no TLS version %s; TLSV1_2 or TLSV1_3",
	}
)

// tls completes and checks the settings of one server.
func (r *resolver) tls(at diag.Path, t serverTLS, protocol string) *TLS {
	s := *t.settings
	for _, list := range []*[]string{&s.CredentialNames, &s.SubjectAltNames, &s.VerifyCertificateSPKI, &s.VerifyCertificateHash, &s.CipherSuites} {
		*list = slices.Clone(*list) // servers share the gateway's settings
	}
	for i, pair := range s.TLSCertificates {
		if i == 0 {
			s.TLSCertificates = slices.Clone(s.TLSCertificates)
		}
		s.TLSCertificates[i] = proto.CloneOf(pair)
	}
	s.Mode = r.oneOf(at.Key("mode"), cmp.Or(s.Mode, "SIMPLE"), serverModes)
	s = certificateFor(s, t.gateway)
	if t.gateway == kymaGateway && s.Mode == "SIMPLE" {
		if certificates(s) == 0 {
			s.CredentialName = t.under.CredentialName
		}
		s.MinProtocolVersion = cmp.Or(s.MinProtocolVersion, t.under.MinProtocolVersion)
		s.MaxProtocolVersion = cmp.Or(s.MaxProtocolVersion, t.under.MaxProtocolVersion)
		if s.CipherSuites == nil {
			s.CipherSuites = slices.Clone(t.under.CipherSuites)
		}
	}
	if s.InsecureSkipVerify != nil && *s.InsecureSkipVerify && s.Mode != "MUTUAL" && s.Mode != "OPTIONAL_MUTUAL" {
		r.ds.Errorf(diag.CodeTLS, at.Key("insecureSkipVerify"), "%s asks callers for no certificate of theirs; leave it out", s.Mode)
	}
	r.tlsRange(at, s)
	r.certificate(at, s)
	return &s
}

func (r *resolver) tlsRange(at diag.Path, s TLS) {
	for _, v := range []struct{ word, value string }{{"minProtocolVersion", s.MinProtocolVersion}, {"maxProtocolVersion", s.MaxProtocolVersion}} {
		if v.value != "" {
			r.oneOf(at.Key(v.word), v.value, tlsVersions)
		}
	}
	lowest := slices.Index(tlsVersions.values, s.MinProtocolVersion)
	highest := slices.Index(tlsVersions.values, s.MaxProtocolVersion)
	if lowest > 0 && highest > 0 && lowest > highest {
		r.ds.Errorf(diag.CodeTLS, at.Key("minProtocolVersion"), "%s is above maxProtocolVersion %s", s.MinProtocolVersion, s.MaxProtocolVersion)
	}
	old := s.MinProtocolVersion == "TLSV1_0" || s.MinProtocolVersion == "TLSV1_1"
	if old && len(s.CipherSuites) == 0 {
		r.ds.Errorf(diag.CodeTLS, at.Key("minProtocolVersion"), "%s needs cipherSuites: Istio's own are for TLSV1_2 and newer", s.MinProtocolVersion)
	}
}

// certificateFiles checks pairs of files.
func (r *resolver) certificateFiles(at diag.Path, s TLS) {
	pairs := at.Key("tlsCertificates")
	switch {
	case s.TLSCertificates == nil:
	case len(s.TLSCertificates) == 0:
		r.ds.Errorf(diag.CodeEmpty, pairs, "empty; write a pair of serverCertificate and privateKey")
	case len(s.TLSCertificates) > 2:
		r.ds.Errorf(diag.CodeTLS, pairs, "%d pairs; Istio takes two, one with an RSA and one with an ECDSA key", len(s.TLSCertificates))
	case s.Mode != "SIMPLE" && s.CACertificates == "":
		r.ds.Errorf(diag.CodeTLS, at, "tls.mode %s needs caCertificates beside tlsCertificates: who signed the callers' certificates", s.Mode)
	}
	for i, pair := range s.TLSCertificates {
		if pair.ServerCertificate == "" || pair.PrivateKey == "" {
			r.ds.Errorf(diag.CodeTLS, pairs.Index(i), "serverCertificate and privateKey go together; write both")
		}
		if pair.CaCertificates != "" {
			r.ds.Errorf(diag.CodePlace, pairs.Index(i).Key("caCertificates"), "Istio reads it beside tlsCertificates only; write it there")
		}
	}
}

// certificates counts the ways in which the settings name a certificate; Istio
// takes exactly one.
func certificates(s TLS) int {
	n := 0
	for _, said := range []bool{
		s.CredentialName != "", len(s.CredentialNames) > 0, s.ServerCertificate != "" || s.PrivateKey != "", s.TLSCertificates != nil,
	} {
		if said {
			n++
		}
	}
	return n
}

// certificate checks that the server has what its mode needs.
func (r *resolver) certificate(at diag.Path, s TLS) {
	n := certificates(s)
	r.certificateHasUse(at, s)
	switch s.Mode {
	case "PASSTHROUGH", "AUTO_PASSTHROUGH":
		if n > 0 || s.CACertCredentialName != "" || s.CACertificates != "" {
			r.ds.Errorf(diag.CodeTLS, at, "%s does not open TLS; credentialName has no use", s.Mode)
		}
		return
	case "ISTIO_MUTUAL":
		if n > 0 || s.CACertCredentialName != "" || s.CACertificates != "" {
			r.ds.Errorf(diag.CodeTLS, at, "ISTIO_MUTUAL uses the mesh's own certificates; leave credentialName out")
		}
		return
	}
	if s.CACRL != "" && s.Mode == "SIMPLE" {
		r.ds.Errorf(diag.CodeTLS, at.Key("caCrl"), "SIMPLE asks callers for no certificate that a list could revoke; write mode: MUTUAL, or leave caCrl out")
	}
	r.certificateFiles(at, s)
	files := s.ServerCertificate != "" && s.PrivateKey != ""
	switch {
	case n > 1:
		r.ds.Errorf(diag.CodeTLS, at, "one certificate, please: credentialName, credentialNames, tlsCertificates or serverCertificate with privateKey")
	case n == 0 && s.Mode == "MUTUAL":
		r.ds.Errorf(diag.CodeTLS, at, "tls.mode MUTUAL needs credentialName (with ca.crt, or NAME-cacert beside it) or caCertCredentialName")
	case n == 0:
		r.ds.Errorf(diag.CodeTLS, at, "tls.mode %s needs credentialName: the Secret with the certificate, in the namespace of the gateway's pods; or certificate, which has it made", s.Mode)
	case (s.ServerCertificate != "" || s.PrivateKey != "") && !files:
		r.ds.Errorf(diag.CodeTLS, at, "serverCertificate and privateKey go together; write both")
	case files && s.Mode != "SIMPLE" && s.CACertificates == "":
		r.ds.Errorf(diag.CodeTLS, at, "tls.mode %s needs caCertificates beside serverCertificate: who signed the callers' certificates", s.Mode)
	case len(s.CredentialNames) > 2:
		r.ds.Errorf(diag.CodeTLS, at.Key("credentialNames"), "%d Secrets; Istio takes two, one with an RSA and one with an ECDSA key", len(s.CredentialNames))
	}
	for i, name := range append([]string{s.CredentialName, s.CACertCredentialName}, s.CredentialNames...) {
		if name == "" {
			continue
		}
		word := at.Key("credentialName")
		switch {
		case i == 1:
			word = at.Key("caCertCredentialName")
		case i > 1:
			word = at.Key("credentialNames").Index(i - 2)
		}
		if !isDNSName(name) {
			r.ds.Errorf(diag.CodeName, word, "%q is no name of a Secret; lower case letters, digits, - and .", name)
		}
	}
}
