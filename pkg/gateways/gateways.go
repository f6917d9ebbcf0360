// Package gateways renders the hosts and ports that are open to the outside.
package gateways

import (
	networking "istio.io/api/networking/v1alpha3"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

const tlsMode protoreflect.FullName = "istio.networking.v1alpha3.ServerTLSSettings.mode"

// Kind is Gateway.
var Kind = manifest.Kind{
	Name: "Gateway", Group: "networking.istio.io",
	Shown: []protoreflect.FullName{tlsMode},
	Moot:  map[protoreflect.FullName]protoreflect.Name{tlsMode: "https_redirect"},
}

// Render gives the mesh's gateways.
func Render(m *mesh.Mesh) []manifest.Object {
	var objects []manifest.Object
	for _, g := range m.Gateways {
		gateway := &networking.Gateway{Selector: g.Selector}
		for _, s := range g.Servers {
			gateway.Servers = append(gateway.Servers, server(s))
		}
		object := manifest.Object{Kind: &Kind, Namespace: g.Namespace, Name: g.Name, Spec: gateway, Origin: g.Origin}
		if w := g.Gateway; w != nil {
			object = object.Over(w.Message, w.At)
		}
		objects = append(objects, object)
	}
	return objects
}

func server(s mesh.Server) *networking.Server {
	out := &networking.Server{
		Port:  &networking.Port{Number: uint32(s.Port), Name: s.Name, Protocol: s.Protocol},
		Hosts: s.Hosts,
	}
	switch {
	case s.Redirect:
		out.Tls = &networking.ServerTLSSettings{HttpsRedirect: true}
	case s.TLS != nil:
		out.Tls = tls(s.TLS)
	}
	return out
}

func tls(t *mesh.TLS) *networking.ServerTLSSettings {
	out := &networking.ServerTLSSettings{
		Mode:                  networking.ServerTLSSettings_TLSmode(networking.ServerTLSSettings_TLSmode_value[t.Mode]),
		CredentialName:        t.CredentialName,
		CredentialNames:       t.CredentialNames,
		CaCertCredentialName:  t.CACertCredentialName,
		ServerCertificate:     t.ServerCertificate,
		PrivateKey:            t.PrivateKey,
		CaCertificates:        t.CACertificates,
		CaCrl:                 t.CACRL,
		SubjectAltNames:       t.SubjectAltNames,
		VerifyCertificateSpki: t.VerifyCertificateSPKI,
		VerifyCertificateHash: t.VerifyCertificateHash,
		MinProtocolVersion:    protocol(t.MinProtocolVersion),
		MaxProtocolVersion:    protocol(t.MaxProtocolVersion),
		CipherSuites:          t.CipherSuites,
		TlsCertificates:       t.TLSCertificates,
	}
	if t.InsecureSkipVerify != nil {
		out.InsecureSkipVerify = wrapperspb.Bool(*t.InsecureSkipVerify)
	}
	return out
}

func protocol(version string) networking.ServerTLSSettings_TLSProtocol {
	return networking.ServerTLSSettings_TLSProtocol(networking.ServerTLSSettings_TLSProtocol_value[version])
}
