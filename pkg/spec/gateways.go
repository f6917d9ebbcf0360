package spec

import networking "istio.io/api/networking/v1alpha3"

// Gateway is one Istio Gateway: hosts that are open to the outside.
type Gateway struct {
	// Name is required and unique in the document, whatever the namespace.
	Name string `yaml:"name"`
	// Namespace is where the Gateway lies. Default: kyma-system.
	Namespace string `yaml:"namespace"`
	// Selector are the labels of the gateway's pods. Default: istio with
	// ingressgateway; for kyma-gateway what the generation ships.
	Selector map[string]string `yaml:"selector"`
	// Hosts are names, or namespace/name to let only that namespace use one.
	// Default: all names under the domain.
	Hosts []string `yaml:"hosts" mesh:"one"`
	// TLS holds for the servers that open TLS. Default: mode SIMPLE; for
	// kyma-gateway with the Secret kyma-gateway-certs.
	TLS *ServerTLS `yaml:"tls"`
	// HTTPSRedirect answers plain HTTP on port 80 with a redirect for all hosts
	// of HTTPS servers. Default: true.
	HTTPSRedirect *bool `yaml:"httpsRedirect"`
	// Servers are the ports. Default: one, 443.
	Servers []Server `yaml:"servers"`
	// ServiceAccount is NAMESPACE/NAME of the account that the gateway's pods run
	// as. Default: that of the installed ingress gateway, on its pods.
	ServiceAccount string `yaml:"serviceAccount"`
	// Security is who may call through the gateway. It holds for its pods.
	Security GatewaySecurity `yaml:"security"`
	// Gateway is Istio's own message, merged over what is rendered, for what no
	// word says. Its servers are told by port.name.
	Gateway *networking.Gateway `yaml:"gateway"`
}

// Elsewhere are words that people look for here, with the place they belong to.
func (Gateway) Elsewhere() map[string]string {
	const pods = "no such word at a gateway; the gateway's pods are configured at spec.telemetry and install.ingressGateway"
	return map[string]string{
		"telemetry": pods,
		"proxy":     pods,
		"sidecar":   pods,
		"injection": pods,
		"mtls":      "no such word at a gateway; a gateway's TLS is gateways[].tls",
	}
}

// Server is one port of a gateway. Hosts, TLS and HTTPSRedirect default to the
// gateway's.
type Server struct {
	// Port is the number. Default: 443.
	Port int `yaml:"port"`
	// Protocol is one of Istio's. Default on 443: HTTPS, with PASSTHROUGH TLS; on
	// 80: HTTP; else it has to be written.
	Protocol string `yaml:"protocol"`
	// Hosts are as at the gateway. Default: the gateway's.
	Hosts []string `yaml:"hosts" mesh:"one"`
	// TLS is as at the gateway. Default: the gateway's, where the server opens TLS.
	TLS *ServerTLS `yaml:"tls"`
	// HTTPSRedirect is as at the gateway. Default: the gateway's.
	HTTPSRedirect *bool `yaml:"httpsRedirect"`
}

// ServerTLS is Istio's ServerTLSSettings, field by field, and Certificate.
// https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings
type ServerTLS struct {
	// Mode is SIMPLE, MUTUAL or OPTIONAL_MUTUAL, which open TLS; ISTIO_MUTUAL for
	// callers of the mesh; PASSTHROUGH or AUTO_PASSTHROUGH, which do not open it.
	// Default: SIMPLE.
	Mode string `yaml:"mode"`
	// CredentialName is the Secret with certificate and key, in the namespace of
	// the gateway's pods; kyma-gateway has kyma-gateway-certs by itself.
	CredentialName string `yaml:"credentialName"`
	// CredentialNames are up to two Secrets, one with an RSA and one with an ECDSA key.
	CredentialNames []string `yaml:"credentialNames"`
	// CACertCredentialName is the Secret that says who signs callers' certificates.
	CACertCredentialName string `yaml:"caCertCredentialName"`
	// ServerCertificate is the certificate's file in the gateway's pods.
	ServerCertificate string `yaml:"serverCertificate"`
	// PrivateKey is the file of its key.
	PrivateKey string `yaml:"privateKey"`
	// CACertificates is the file that says who signs callers' certificates.
	CACertificates string `yaml:"caCertificates"`
	// CACRL is the file of callers' certificates that were withdrawn.
	CACRL string `yaml:"caCrl"`
	// SubjectAltNames are the callers that are admitted, by the names in their
	// certificates. Default: all that are signed.
	SubjectAltNames []string `yaml:"subjectAltNames"`
	// VerifyCertificateSPKI are the callers that are admitted, by the hashes of
	// their keys.
	VerifyCertificateSPKI []string `yaml:"verifyCertificateSpki"`
	// VerifyCertificateHash are the callers that are admitted, by the hashes of
	// their certificates.
	VerifyCertificateHash []string `yaml:"verifyCertificateHash"`
	// MinProtocolVersion is the oldest TLS. Default: Istio's; at kyma-gateway in
	// 1.24 and 2.18 TLSV1_2.
	MinProtocolVersion string `yaml:"minProtocolVersion"`
	// MaxProtocolVersion is the newest TLS. Default: Istio's.
	MaxProtocolVersion string `yaml:"maxProtocolVersion"`
	// CipherSuites are the ciphers up to TLS 1.2. Default: Istio's; at kyma-gateway
	// in 1.24 and 2.18 the five that Kyma shipped.
	CipherSuites []string `yaml:"cipherSuites"`
	// TLSCertificates are pairs of files in the gateway's pods, one of them with an
	// RSA and one with an ECDSA key.
	TLSCertificates []*networking.ServerTLSSettings_TLSCertificate `yaml:"tlsCertificates"`
	// InsecureSkipVerify lets a server of mode MUTUAL take any client certificate.
	InsecureSkipVerify *bool `yaml:"insecureSkipVerify"`
	// Certificate has the certificate made in the cluster, for the hosts of the
	// server. Its Secret is CredentialName, by default the gateway's name with
	// -certs, in the namespace of the gateway's pods.
	Certificate *Certificate `yaml:"certificate"`
}

// Certificate is who makes a server's certificate.
type Certificate struct {
	// Issuer is required: the name of the issuer, which is in the cluster already.
	Issuer string `yaml:"issuer"`
	// Kind is ClusterIssuer or Issuer, which lies beside the Secret. For
	// cert-manager only. Default: ClusterIssuer.
	Kind string `yaml:"kind"`
	// Provider is cert-manager or gardener. Default: gardener on the platform of
	// that name, else cert-manager.
	Provider string `yaml:"provider"`
}

// Elsewhere are words that people look for here, with the place they belong to.
func (ServerTLS) Elsewhere() map[string]string {
	return map[string]string{"httpsRedirect": "it stands beside tls: gateways[].httpsRedirect"}
}
