package istio

import (
	"fmt"
	"math"
)

// chances say how often, in percent, a word is written that is needed, or that
// would refuse most documents if it were written as often as others.
var chances = map[string]int{
	"services.name": 99, "services.namespace": 99, "gateways.name": 99,
	"spec.services": 95, "spec.gateways": 35, "spec.kyma": 10, "services.mesh": 10,
	"expose.hosts": 99, "expose.gateway": 8, "gateways.hosts": 25, "gateways.servers": 20, "services.protocol": 5, "services.expose": 60, "services.split": 50,
	"services.versions": 20, "versions.host": 20, "versions.*.labels": 20, "mtls.exclude": 15,
	"services.security.mtls.exclude": 1, "namespaces.*.security.mtls.exclude": 1,
	"spec.security.mtls.ports": 1, "namespaces.*.security.mtls.ports": 1,
	"servers.tls": 15, "servers.hosts": 15, "servers.port": 60, "gateways.tls": 60,
	"security.jwt": 12, "security.allow": 12, "security.deny": 10, "gateways.serviceAccount": 10,
	"spec.security.jwt": 15, "spec.security.allow": 8, "gateways.security": 25,
	"jwt.issuers": 95, "jwt.required": 40, "spec.security.jwt.required": 99, "namespaces.*.security.jwt.required": 99,
	"jwt.paths": 15, "jwt.notPaths": 10, "jwt.ports": 10,
	"issuers.issuer": 98, "issuers.jwksUri": 40, "issuers.jwks": 3, "issuers.timeout": 10, "issuers.fromHeaders.name": 98,
	"issuers.outputClaimToHeaders.claim": 98, "issuers.outputClaimToHeaders.header": 98,
	"from.serviceAccounts": 12, "from.gateways": 8, "from.namespaces": 12, "from.principals": 12, "from.trustDomains": 5, "from.notTrustDomains": 3,
	"from.notNamespaces": 8, "from.notPrincipals": 8, "from.notServiceAccounts": 8,
	"from.requestPrincipals": 6, "from.notRequestPrincipals": 5, "from.claims": 6, "from.requiredScopes": 5,
	"allow.when": 10, "deny.when": 10, "when.key": 99, "when.values": 90, "when.notValues": 10,
	"tls.mode": 60, "tls.credentialName": 97, "tls.credentialNames": 3, "tls.serverCertificate": 4,
	"tls.caCertificates": 4, "tls.caCertCredentialName": 5, "tls.caCrl": 4,
}

// wordValues are what makes sense at the places whose type alone would nearly always
// give something that is refused. A key is the end of a path of words; #key are
// the keys of a map, * its values.
var wordValues = map[string]func(*generator) any{
	"spec.kyma":            one("module"),
	"spec.profile":         one("default", "evaluation", "production"),
	"spec.platform":        one("cluster", "minikube"),
	"spec.domain":          one("shop.example.com", "example.org", "x.y"),
	"install.mode":         one("istioctl"),
	"install.istioVersion": one("1.30.2", "1.31.1", "1.22.0", "1.21.6", "1.0.0"),
	"install.hub":          one("registry.example.com/istio", "localhost:5000", "docker.io/istio", "a.b:1/c/d_e"),
	"install.variant":      one("distroless", "debug"),

	"security.mtls.ports.*": one("STRICT", "PERMISSIVE"),

	"from.serviceAccounts":      one("shop/front", "pay/till"),
	"from.notServiceAccounts":   one("shop/front", "pay/x.y"),
	"from.gateways":             one("kyma-gateway"),
	"from.namespaces":           one("shop", "pay", "*"),
	"from.notNamespaces":        one("shop", "off*", "*fice"),
	"from.principals":           one("*", "cluster.local/ns/shop/sa/a", "*/sa/b", "other/*"),
	"from.notPrincipals":        one("cluster.local/ns/shop/sa/a", "*/sa/b"),
	"from.trustDomains":         one("cluster.local", "other*"),
	"from.notTrustDomains":      one("*.example.com"),
	"from.ipBlocks":             one("10.0.0.0/8", "192.0.2.1", "2001:db8::/32"),
	"from.notIpBlocks":          one("10.0.0.0/8"),
	"from.remoteIpBlocks":       one("0.0.0.0/0", "::1"),
	"from.notRemoteIpBlocks":    one("203.0.113.0/24"),
	"from.requestPrincipals":    one("*", "https://idp.example.com/*", "*/admin"),
	"from.notRequestPrincipals": one("*", "https://idp.example.com/bot"),
	"claims#key":                one("groups", "realm.roles", "iss"),
	"claims.*":                  one("a", "b*"),
	"from.requiredScopes":       one("read", "write"),
	"to.hosts":                  one("a.example.com", "*", "a.example.com:8443", "a.*"),
	"to.notHosts":               one("admin.example.com", "*"),
	"to.ports":                  func(g *generator) any { return 1024 + g.IntN(9000) },
	"to.notPorts":               func(g *generator) any { return 1024 + g.IntN(9000) },
	"to.methods":                one("GET", "POST", "*", "P*"),
	"to.notMethods":             one("TRACE"),
	"to.paths":                  one("/", "/a", "/a/*", "*.js", "/a/{*}/b", "/{**}", "*", "/ü"),
	"to.notPaths":               one("/healthz", "/public/*"),
	"when.key":                  one("request.headers[x-a]", "request.headers[:method]", "source.ip", "remote.ip", "connection.sni", "destination.port", "request.auth.claims[a][b]", "experimental.envoy.filters.a[b]", "source.principal", "source.namespace"),
	"when.values":               one("10.0.0.1", "a", "8080"),
	"when.notValues":            one("10.0.0.1", "b*"),
	"jwt.paths":                 one("/a", "/a/*", "/{**}"),
	"jwt.notPaths":              one("/healthz", "/public/*"),
	"jwt.ports":                 func(g *generator) any { return g.port() },
	"gateways.serviceAccount":   one("edge/own", "istio-system/own"),

	"issuers.issuer":                      one("https://idp.example.com", "https://other.example.com", "me"),
	"issuers.jwksUri":                     one("https://idp.example.com/keys", "http://a.shop/keys"),
	"issuers.jwks":                        one(`{"keys": [{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`, `{"keys": []}`),
	"issuers.timeout":                     one("5s", "0.5s"),
	"issuers.fromHeaders.name":            one("x-token", "Authorization"),
	"issuers.outputClaimToHeaders.header": one("x-claim-a", "x_b"),
	"issuers.outputClaimToHeaders.claim":  one("a", "b.c"),
	"issuers.outputPayloadToHeader":       one("x-payload"),
	"issuers.audiences":                   one("shop"),
	"issuers.fromParams":                  one("token"),
	"issuers.fromCookies":                 one("session"),
	"issuers.spaceDelimitedClaims":        one("scope"),

	"mtls.mode":      one("STRICT", "STRICT", "PERMISSIVE", "DISABLE"),
	"mtls.ports.*":   one("STRICT", "PERMISSIVE", "DISABLE"),
	"mtls.exclude":   one("kubernetes.default.svc.cluster.local", "mail.office.svc.cluster.local", "*.legacy.svc.cluster.local", "s1.shop.svc.cluster.local"),
	"namespaces#key": one("shop", "pay", "office"),

	"namespace":         either(95, one("shop", "pay", "office"), one("kyma-system", "istio-system")),
	"services.name":     unique("s"),
	"services.mesh":     one("shop"),
	"services.protocol": one("HTTP"),
	"services.to":       one("v1", "v2"),
	"services.split":    func(g *generator) any { return g.split() },
	"versions#key":      one("v1", "v2", "v3"),
	"versions.*.host":   one("s1", "old", "old.office.svc.cluster.local"),
	"labels#key":        one("version", "track", "app.kubernetes.io/name", "a.b/c"),
	"labels.*":          one("v1", "stable", "A_b.c", ""),
	"selector#key":      one("app", "istio", "app.kubernetes.io/name"),
	"selector.*":        one("reviews", "A_b.c"),
	// Only gateways: a service that looks like the gateway's pods would be one.
	"gateways.selector.*": one("ingressgateway", "istio-ingressgateway", "own"),
	"expose.hosts":        either(90, unique("h"), one("a", "b", "www", "shop.example.com", "a.shop.example.com", "*.shop.example.com")),
	"expose.path":         one("/a", "/a/b", "/c", "/ü", "/%41", "/a;b", "/a:b", "/.", "/a.b~c", "/a(b)"),
	"expose.gateway":      one("kyma-gateway", "kyma-gateway", "public/main", "kyma-system/kyma-gateway", "g1"),
	"gateways.name":       func(g *generator) any { return g.gatewayName() },
	"gateways.hosts":      one("*.shop.example.com", "*.local.kyma.dev", "*", "*", "shop/a.example.com", "pay/a.example.com", "./b.example.com", "*/c.example.com", "a.b.c"),
	"servers.hosts":       one("d.example.com", "*.e.example.com", "*"),
	"servers.port":        func(g *generator) any { return g.serverPort() },
	"servers.protocol":    one("HTTPS", "HTTP", "TLS", "TCP", "HTTP2", "GRPC", "GRPC-WEB", "MONGO"),
	"tls.mode":            one("SIMPLE", "SIMPLE", "SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH"),
	"tls.credentialName":  one("certs", "certs.a", "shop-certs"),
	"tls.credentialNames": one("rsa", "ecdsa"),

	"tls.caCertCredentialName":  one("ca"),
	"tls.serverCertificate":     one("/certs/tls.crt"),
	"tls.privateKey":            one("/certs/tls.key"),
	"tls.caCertificates":        one("/certs/ca.crt"),
	"tls.caCrl":                 one("/certs/crl.pem"),
	"tls.subjectAltNames":       one("spiffe://cluster.local/ns/shop/sa/a", "a.example.com"),
	"tls.verifyCertificateSpki": one("NvqYIYSbgK2vCJpQhObf77vv+bQWtc5ek5RIOwPiC9A="),
	"tls.verifyCertificateHash": one("df6ff72fe9116521268f6f2dd4966f51df479883fe7037b39f75916ac3049d1a"),
	"tls.minProtocolVersion":    one("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"),
	"tls.maxProtocolVersion":    one("TLS_AUTO", "TLSV1_2", "TLSV1_3"),
	"tls.cipherSuites":          one("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-SHA", "NO-SUCH-SUITE"),
}

// mend brings words into line that would refuse each other.
func (g *generator) mend(words tree) {
	if words["to"] != nil && words["split"] != nil {
		delete(words, g.pick("to", "split"))
	}
	if versions, ok := words["versions"].(map[any]any); ok {
		// The versions that a route names have to be among those written.
		for _, name := range []string{"v1", "v2"} {
			if versions[name] == nil {
				versions[name] = tree{}
			}
		}
		for _, version := range versions {
			if v := version.(tree); v["host"] != nil {
				delete(v, "labels")
			}
		}
	}
	mendAccess(words)
	if words["serverCertificate"] != nil { // instead of a Secret
		words["privateKey"] = "/certs/tls.key"
		delete(words, "credentialName")
	}
	switch words["mode"] {
	case "PASSTHROUGH", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL":
		for _, word := range []string{"credentialName", "credentialNames", "serverCertificate", "privateKey", "caCertificates", "caCertCredentialName"} {
			delete(words, word)
		}
	}
	if port, ok := words["port"].(int); ok && words["tls"] == nil && words["protocol"] == nil && port == 9443 {
		words["protocol"] = "HTTPS"
	}
}

// mendAccess does the same for rules and tokens.
func mendAccess(words tree) {
	for _, word := range []string{"from", "to", "jwt"} {
		if inner, ok := words[word].(tree); ok && len(inner) == 0 {
			delete(words, word)
		}
	}
	if words["serviceAccounts"] != nil || words["gateways"] != nil {
		delete(words, "namespaces")
		delete(words, "principals")
	}
	if words["issuers"] != nil {
		if words["required"] == false {
			delete(words, "paths")
			delete(words, "notPaths")
			delete(words, "ports")
		}
		if words["paths"] != nil {
			delete(words, "notPaths")
		}
	}
	value := map[any]string{"source.ip": "10.0.0.0/8", "remote.ip": "::1", "destination.port": "8080", "source.namespace": "shop"}
	if v, ok := value[words["key"]]; ok {
		words["values"] = []any{v}
		delete(words, "notValues")
	}
	if words["jwks"] != nil {
		delete(words, "jwksUri")
	} else if words["issuer"] == "me" {
		words["jwksUri"] = "https://me.example.com/keys"
	}
}

func one(choices ...string) func(*generator) any {
	return func(g *generator) any { return g.text(choices...) }
}

func either(percent int, first, second func(*generator) any) func(*generator) any {
	return func(g *generator) any {
		if g.chance(percent) {
			return first(g)
		}
		return second(g)
	}
}

// unique gives a new name every time, but for a few.
func unique(prefix string) func(*generator) any {
	return func(g *generator) any {
		if g.chance(95) {
			g.used++
		}
		return g.text(fmt.Sprintf("%s%d", prefix, g.used))
	}
}

// gatewayName is kyma-gateway first, where services are exposed unless they say
// another.
func (g *generator) gatewayName() any {
	if !g.gateways && g.chance(85) {
		g.gateways = true
		return g.text("kyma-gateway")
	}
	return unique("g")(g)
}

// split is versions with percentages that make 100, but for a few.
func (g *generator) split() any {
	first := float64(g.IntN(1001)) / 10
	rest := 100 - first
	if g.chance(2) {
		rest++
	}
	if g.chance(20) {
		return map[any]any{"v1": 100, "v2": 0}
	}
	return map[any]any{"v1": first, "v2": math.Round(rest*10) / 10}
}

// serverPort prefers the ports that say their protocol themselves.
func (g *generator) serverPort() any {
	if g.chance(20) {
		return g.port()
	}
	return []int{443, 443, 443, 80, 81, 9443, 9443, 31400, 8443}[g.IntN(9)]
}
