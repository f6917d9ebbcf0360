package mesh

import (
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// originated is how TLS is started for plain HTTP calls; nil where applications
// speak TLS themselves.
func (r *resolver) originated(h egressHost) *networking.ClientTLSSettings {
	r.egressSelector(h)
	if h.TLS == nil {
		return nil
	}
	at := h.at.Key("tls")
	if len(h.ports) > 0 && !h.speaks("HTTP") {
		r.ds.Errorf(diag.CodeTLS, at, "tls starts TLS for plain HTTP calls; ports has none. The application speaks TLS itself: leave tls out")
	}
	if h.wildcard() {
		r.ds.Errorf(diag.CodeTLS, at, "TLS needs one name to ask for, and %s is many; write an entry for each host", h.Host[0])
	}
	for i, p := range h.ports {
		if p.Number == 80 && p.Protocol == "HTTP" && p.TargetPort == 0 {
			r.ds.Warnf(diag.CodeTLS, h.at.Key("ports").Index(i), "TLS would go to the host's port 80; write targetPort: 443")
		}
	}
	needs(r, at, h.TLS)
	r.clientTLS(at, h.TLS)
	r.verified(at, h.TLS)
	if h.TLS.CredentialName != "" && h.Selector == nil && h.Gateway == "" {
		r.ds.Errorf(diag.CodeTLS, at.Key("credentialName"), "a sidecar reads a Secret only for selected workloads; write selector and namespace, or gateway")
	}
	tls := proto.CloneOf(h.TLS)
	if tls.Sni == "" {
		tls.Sni = h.Host[0]
	}
	if len(tls.SubjectAltNames) == 0 && !tls.GetInsecureSkipVerify().GetValue() {
		tls.SubjectAltNames = []string{h.Host[0]}
	}
	return tls
}

// clientTLS checks what Istio would refuse of the client's side of TLS.
func (r *resolver) clientTLS(at diag.Path, w *networking.ClientTLSSettings) {
	files := w.ClientCertificate != "" || w.PrivateKey != ""
	switch w.Mode {
	case networking.ClientTLSSettings_DISABLE: // also when it is not written
		r.ds.Errorf(diag.CodeMissing, at.Key("mode"), "write SIMPLE, or MUTUAL with a certificate of ours; without TLS leave tls out")
		return
	case networking.ClientTLSSettings_ISTIO_MUTUAL:
		r.ds.Errorf(diag.CodeValue, at.Key("mode"), "the mesh's own certificates say nothing outside of it; SIMPLE or MUTUAL")
		return
	case networking.ClientTLSSettings_SIMPLE:
		if files {
			r.ds.Errorf(diag.CodeTLS, at, "SIMPLE shows no certificate of ours; write mode: MUTUAL")
		}
	case networking.ClientTLSSettings_MUTUAL:
		if w.CredentialName == "" && (w.ClientCertificate == "" || w.PrivateKey == "") {
			r.ds.Errorf(diag.CodeTLS, at, "MUTUAL needs a certificate of ours; write credentialName, or clientCertificate and privateKey")
		}
	}
	if w.CredentialName != "" {
		if files || w.CaCertificates != "" || w.CaCrl != "" {
			r.ds.Errorf(diag.CodeTLS, at.Key("credentialName"), "the Secret holds certificate, key and authorities; leave the files out")
		}
		if name := strings.TrimPrefix(w.CredentialName, "kubernetes://"); !isDNSName(name) {
			r.ds.Errorf(diag.CodeName, at.Key("credentialName"), "%q is no name of a Secret; lower case letters, digits, - and .", name)
		}
	}
	if w.Sni != "" && !isDomain(w.Sni) {
		r.ds.Errorf(diag.CodeName, at.Key("sni"), "%q is no DNS name", w.Sni)
	}
}

// verified refuses TLS to nobody knows whom. Istio checks servers by the system's
// authorities from 1.21 on (its upgrade notes: VERIFY_CERTIFICATE_AT_CLIENT).
func (r *resolver) verified(at diag.Path, w *networking.ClientTLSSettings) {
	switch {
	case w.GetInsecureSkipVerify().GetValue():
		if w.CaCertificates != "" || len(w.SubjectAltNames) > 0 || w.Mode == networking.ClientTLSSettings_SIMPLE && w.CredentialName != "" {
			r.ds.Errorf(diag.CodeTLS, at.Key("insecureSkipVerify"), "it lets any server pass; leave it out, or what servers are known by")
			return
		}
		r.ds.Warnf(diag.CodeTLS, at.Key("insecureSkipVerify"), "any server passes for the host; write caCertificates for one with a certificate of its own")
	case r.istio.before(1, 21) && w.CaCertificates == "" && w.CredentialName == "":
		r.ds.Errorf(diag.CodeTLS, at, "Istio %d.%d does not verify here; write caCertificates: /etc/ssl/certs/ca-certificates.crt", r.istio[0], r.istio[1])
	}
}

// egressSelector checks whose calls start TLS.
func (r *resolver) egressSelector(h egressHost) {
	at := h.at.Key("selector")
	if h.Selector == nil {
		return
	}
	r.names.labels(at, h.Selector)
	switch {
	case len(h.Selector) == 0:
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write the labels of the pods whose calls start TLS, or leave selector out for all")
	case h.TLS == nil:
		r.ds.Errorf(diag.CodePlace, at, "it says whose calls start TLS; write tls, or leave it out")
	case h.Gateway != "":
		r.ds.Errorf(diag.CodeExclusive, at, "the gateway starts TLS for all; selector and gateway exclude each other")
	case h.Namespace == "":
		r.ds.Errorf(diag.CodeMissing, h.at.Key("namespace"), "selector: write the namespace of these workloads")
	case r.istio.before(1, 14): // its change notes, "WorkloadSelector in DestinationRule"
		r.ds.Errorf(diag.CodeVersion, at, "Istio knows it from 1.14 on; this mesh has %s (install.istioVersion)", r.spec.Install.IstioVersion)
	default:
		r.plainText(h)
	}
	if h.ExportTo != nil {
		r.ds.Errorf(diag.CodeExclusive, h.at.Key("exportTo"), "with selector the entry is seen in its own namespace only; leave exportTo out")
	}
}

// plainText warns of the other pods of the namespace, for which nobody starts TLS.
func (r *resolver) plainText(h egressHost) {
	for _, p := range h.ports {
		if p.TargetPort != 0 && speech(p.Protocol) == "HTTP" {
			r.ds.Warnf(diag.CodeTLS, h.at.Key("selector"), "pods of %s without %s would send plain text to port %d", h.Namespace, labelText(h.Selector), p.TargetPort)
		}
	}
}
