package check

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var refusedChecks = []Check{
	{
		Code: diag.CodeRefused, Severity: diag.Error, find: refusedObjects, Istio: "IST0106",
		Needs: []string{
			"networking.istio.io/Gateway", "networking.istio.io/VirtualService", "networking.istio.io/DestinationRule",
			"networking.istio.io/ServiceEntry", "security.istio.io/PeerAuthentication", "security.istio.io/AuthorizationPolicy",
		},
		Hurts: "Istio's webhook refuses the object when it is applied, and a part of the package with it.",
		Mend:  "Write what the message asks for.",
	},
	{
		Code: diag.CodeIdleTLS, Severity: diag.Warning, find: idleTLS, Needs: []string{"networking.istio.io/Gateway"}, Istio: "IST0133",
		Hurts: "The gateway reads over it: the certificate is not used, the redirect does not happen, or no client gets through.",
		Mend:  "Remove it, or write the mode or the protocol that it belongs to.",
	},
	{
		Code: diag.CodeDeprecated, Severity: diag.Info, find: deprecated, Istio: "IST0002",
		Needs: []string{"networking.istio.io/VirtualService", "networking.istio.io/Sidecar"},
		Hurts: "A later Istio will refuse the field, or read over it.",
		Mend:  "Write the field that the message names.",
	},
}

// refusedObjects are the rules of pkg/config/validation of Istio that people run
// into; the webhook knows more of them.
func refusedObjects(f *finder) {
	for _, g := range f.Gateways() {
		f.refusedGateway(g)
	}
	for _, vs := range f.VirtualServices() {
		f.refusedRoutes(vs)
	}
	for _, rule := range f.DestinationRules() {
		seen := map[string]bool{}
		for i, s := range rule.Spec.Subsets {
			if seen[s.Name] {
				f.say(rule.Object, rule.At("spec", "subsets", i, "name"), "a second subset %s", s.Name)
			}
			seen[s.Name] = true
		}
	}
	for _, e := range f.ServiceEntries() {
		if len(e.Spec.Endpoints) > 0 && e.Spec.Resolution == networking.ServiceEntry_NONE {
			f.say(e.Object, e.At("spec", "endpoints"), "endpoints with resolution NONE; write STATIC or DNS")
		}
	}
	for _, p := range f.PeerAuthentications() {
		if len(p.Spec.PortLevelMtls) > 0 && len(p.Spec.GetSelector().GetMatchLabels()) == 0 {
			f.say(p.Object, p.At("spec", "portLevelMtls"), "modes of ports need a selector")
		}
	}
	for _, p := range f.AuthorizationPolicies() {
		f.refusedRules(p)
	}
}

func (f *finder) refusedGateway(g gateway) {
	if len(g.Spec.Servers) == 0 {
		f.say(g.Object, g.At("spec"), "a Gateway without servers")
	}
	names := map[string]bool{}
	for i, s := range g.Spec.Servers {
		at := func(steps ...any) diag.Path { return g.At(append([]any{"spec", "servers", i}, steps...)...) }
		protocol := strings.ToUpper(s.GetPort().GetProtocol())
		opens := protocol == "HTTPS" || protocol == "TLS"
		switch {
		case s.GetPort().GetName() == "":
			f.say(g.Object, at("port"), "a port needs a name")
		case names[s.GetPort().GetName()]:
			f.say(g.Object, at("port", "name"), "a second port %s in this Gateway", s.GetPort().GetName())
		case len(s.Hosts) == 0:
			f.say(g.Object, at(), "a server needs hosts")
		case opens && s.Tls == nil:
			f.say(g.Object, at("port", "protocol"), "%s needs tls", protocol)
		case !opens && s.Tls != nil && !s.Tls.HttpsRedirect:
			f.say(g.Object, at("tls"), "tls needs protocol HTTPS or TLS, not %s", protocol)
		case opens && s.Tls.Mode == networking.ServerTLSSettings_SIMPLE && !named(s.Tls):
			f.say(g.Object, at("tls"), "mode SIMPLE needs credentialName, or serverCertificate and privateKey")
		}
		names[s.GetPort().GetName()] = true
	}
}

// named tells whether a server has a certificate, wherever it lies.
func named(tls *networking.ServerTLSSettings) bool {
	return tls.CredentialName != "" || len(tls.CredentialNames) > 0 || len(tls.TlsCertificates) > 0 || tls.ServerCertificate != "" && tls.PrivateKey != ""
}

func (f *finder) refusedRoutes(vs virtualService) {
	if len(vs.Spec.Http)+len(vs.Spec.Tls)+len(vs.Spec.Tcp) == 0 {
		f.say(vs.Object, vs.At("spec"), "a VirtualService without http, tls and tcp")
	}
	mesh := slices.Contains(topology.Sides(vs), topology.Mesh)
	for i, host := range vs.Spec.Hosts {
		if host == "*" && mesh {
			f.say(vs.Object, vs.At("spec", "hosts", i), "* is for gateways only; write the host")
		}
	}
	for i, route := range vs.Spec.Http {
		at := func(steps ...any) diag.Path { return vs.At(append([]any{"spec", "http", i}, steps...)...) }
		actions := 0
		for _, is := range []bool{len(route.Route) > 0, route.Redirect != nil, route.DirectResponse != nil, route.Delegate != nil} {
			if is {
				actions++
			}
		}
		var total int32
		for _, to := range route.Route {
			total += to.GetWeight()
		}
		switch {
		case actions == 0:
			f.say(vs.Object, at(), "a route needs route, redirect, directResponse or delegate")
		case actions > 1:
			f.say(vs.Object, at(), "a route takes one of route, redirect, directResponse and delegate")
		case len(route.Route) > 1 && total == 0:
			f.say(vs.Object, at("route"), "the weights of several destinations are all 0")
		case route.Mirror != nil && len(route.Mirrors) > 0:
			f.say(vs.Object, at("mirrors"), "one of mirror and mirrors")
		}
	}
}

// refusedRules are those of policies whose parts are there and empty.
func (f *finder) refusedRules(p authorizationPolicy) {
	for i, rule := range p.Spec.Rules {
		for j, from := range rule.GetFrom() {
			if from.GetSource() == nil {
				f.say(p.Object, p.At("spec", "rules", i, "from", j), "from without source")
			}
		}
		for j, to := range rule.GetTo() {
			if to.GetOperation() == nil {
				f.say(p.Object, p.At("spec", "rules", i, "to", j), "to without operation")
			}
		}
	}
}

func idleTLS(f *finder) {
	for _, g := range f.Gateways() {
		for i, s := range g.Spec.Servers {
			at := func(steps ...any) diag.Path { return g.At(append([]any{"spec", "servers", i, "tls"}, steps...)...) }
			passes := s.GetTls().GetMode() == networking.ServerTLSSettings_PASSTHROUGH || s.GetTls().GetMode() == networking.ServerTLSSettings_AUTO_PASSTHROUGH
			opens := topology.Protocol(strings.ToLower(s.GetPort().GetProtocol()))
			switch {
			case s.Tls == nil:
			case s.Tls.HttpsRedirect && !opens.IsHTTP():
				f.say(g.Object, at("httpsRedirect"), "only HTTP is redirected, and this server is %s", s.GetPort().GetProtocol())
			case passes && named(s.Tls):
				f.say(g.Object, at(), "mode %s opens nothing, so the certificate is not used", s.Tls.Mode)
			case old(s.Tls.MinProtocolVersion) && len(s.Tls.CipherSuites) == 0:
				f.say(g.Object, at("minProtocolVersion"), "no cipher that is on by default goes with %s; write cipherSuites", s.Tls.MinProtocolVersion)
			}
		}
	}
}

func old(v networking.ServerTLSSettings_TLSProtocol) bool {
	return v == networking.ServerTLSSettings_TLSV1_0 || v == networking.ServerTLSSettings_TLSV1_1
}

func deprecated(f *finder) {
	for _, vs := range f.VirtualServices() {
		for i, route := range vs.Spec.Http {
			//lint:ignore SA1019 this is what is looked for
			if percent := route.GetFault().GetDelay().GetPercent(); percent > 0 {
				f.say(vs.Object, vs.At("spec", "http", i, "fault", "delay", "percent"), "percent is going away; write percentage: {value: %d}", percent)
			}
			//lint:ignore SA1019 this is what is looked for
			if percent := route.GetMirrorPercent(); percent != nil {
				f.say(vs.Object, vs.At("spec", "http", i, "mirrorPercent"), "mirrorPercent is going away; write mirrorPercentage: {value: %d}", percent.GetValue())
			}
		}
	}
	for _, s := range f.Sidecars() {
		if s.Spec.GetOutboundTrafficPolicy().GetEgressProxy() != nil {
			f.say(s.Object, s.At("spec", "outboundTrafficPolicy", "egressProxy"), "Istio reads over egressProxy; route to the egress gateway by a VirtualService")
		}
	}
}
