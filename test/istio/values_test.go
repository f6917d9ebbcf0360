package istio

import (
	"fmt"
	"math"
)

// chances say how often, in percent, a word is written that is needed, or that
// would refuse most documents if it were written as often as others.
var chances = map[string]int{
	"services.name": 99, "services.namespace": 99, "gateways.name": 99,
	"install.override": 15, "ingressGateway.enabled": 4, "ingressGateway.ports": 10, "egressGateway.ports": 10, "ports.*.port": 99, "ports.*.targetPort": 10, "namespaceSelector.key": 99, "namespaceSelector.operator": 99, "namespaceSelector.values": 99,
	"spec.services": 95, "spec.gateways": 25, "spec.kyma": 10, "services.mesh": 10,
	"expose.hosts": 99, "expose.gateway": 5, "gateways.hosts": 25, "gateways.servers": 20, "services.protocol": 5, "services.expose": 60, "services.split": 50,
	"services.versions": 20, "versions.host": 20, "versions.*.labels": 20, "mtls.exclude": 15,
	"services.security.mtls.exclude": 1, "namespaces.*.security.mtls.exclude": 1,
	"spec.security.mtls.ports": 1, "namespaces.*.security.mtls.ports": 1,
	"services.routes": 30, "routes.when": 99, "routes.to": 30, "routes.split": 10, "routes.redirect": 6, "routes.directResponse": 6,
	"expose.when": 10, "expose.to": 10, "expose.split": 4, "expose.redirect": 4, "expose.directResponse": 4, "expose.port": 8, "expose.name": 8,
	"expose.rewrite": 8, "rewrite.uriRegexRewrite": 10, "expose.timeout": 10, "expose.retries": 10, "expose.fault": 10, "expose.mirror": 8, "expose.headers": 10, "expose.corsPolicy": 10,
	"services.timeout": 15, "services.retries": 15, "services.fault": 10, "services.mirror": 12, "services.headers": 12, "services.corsPolicy": 12,
	"routes.rewrite": 15, "routes.timeout": 15, "routes.retries": 15, "routes.fault": 15, "routes.mirror": 10, "routes.headers": 15, "routes.corsPolicy": 10, "routes.port": 10, "routes.name": 10,
	"when.claims": 2, "when.cookies": 8, "when.uri": 95, "headers.request": 97, "request.set": 97, "fault.delay": 97, "corsPolicy.allowOrigins": 90, "when.ignoreUriCase": 2, "when.scheme": 5, "when.sourceLabels": 6, "when.sourceNamespace": 6, "when.port": 8, "when.withoutHeaders": 12,
	"retries.attempts": 98, "delay.fixedDelay": 98, "delay.percentage": 30, "abort.percentage": 30, "abort.httpStatus": 98, "abort.grpcStatus": 2,
	"mirror.to": 99, "uriRegexRewrite.match": 95, "uriRegexRewrite.rewrite": 95, "redirect.prefixRewrite": 4, "redirect.uri": 60, "directResponse.status": 98,
	"allowOrigin": 1, "body.bytes": 2,
	"services.loadBalancer": 12, "services.connectionPool": 12, "services.outlierDetection": 15, "versions.*.loadBalancer": 10, "versions.*.connectionPool": 10, "versions.*.outlierDetection": 10,
	"loadBalancer.simple": 80, "loadBalancer.consistentHash": 90, "loadBalancer.warmupDurationSecs": 1, "loadBalancer.zoneAwareLbSetting": 4, "loadBalancer.localityLbSetting": 25, "loadBalancer.warmup": 10,
	"consistentHash.httpHeaderName": 60, "consistentHash.httpCookie": 60, "consistentHash.useSourceIp": 50, "consistentHash.minimumRingSize": 1, "httpCookie.name": 99, "httpCookie.attributes": 5, "maglev.tableSize": 99, "warmup.duration": 99,
	"distribute.from": 100, "distribute.to": 100, "localityLbSetting.distribute": 15, "localityLbSetting.failover": 15, "failover.from": 100, "failover.to": 100,
	"connectionPool.tcp": 96, "connectionPool.http": 60, "http.http2KeepAlive": 3, "http2KeepAlive.interval": 95, "http2KeepAlive.timeout": 95,
	"outlierDetection.consecutiveErrors": 1, "consecutiveLocalOriginFailures": 3, "outlierDetectionHttpErrorCodes": 2,
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
	"spec.kyma":            one("0.6", "1.24", "2.18", "module"),
	"spec.profile":         one("default", "evaluation", "production"),
	"spec.platform":        one("cluster", "minikube", "k3d", "gardener", "gke"),
	"spec.injection":       one("enabled", "disabled"),
	"spec.domain":          one("shop.example.com", "example.org", "x.y"),
	"install.mode":         one("istioctl"),
	"install.istioVersion": one("1.30.2", "1.31.1", "1.22.0", "1.21.6", "1.16.7", "1.11.4"),
	"install.hub":          one("registry.example.com/istio", "localhost:5000", "docker.io/istio", "a.b:1/c/d_e"),
	"install.variant":      one("distroless", "debug"),
	"install.revision":     one("1-31-1", "stable"),
	"install.override":     (*generator).override,

	"minReplicas":                 between(1, 3),
	"maxReplicas":                 between(3, 40),
	"requests.cpu":                one("10m", "0.05", "1e-2", ".01"),
	"requests.memory":             one("16Mi", "10M", "1e7"),
	"limits.cpu":                  one("4", "4000m", "4.5"),
	"limits.memory":               one("4Gi", "5G", "4096Mi"),
	"env#key":                     one("PILOT_HTTP10", "A.b-c", "_X"),
	"env.*":                       one("0", "", "a b"),
	"type":                        one("LoadBalancer", "NodePort"),
	"externalTrafficPolicy":       one("Local", "Cluster"),
	"annotations#key":             one("example.com/load-balancer", "a"),
	"ingressGateway.ports#key":    one("http2", "https", "tcp", "ldaps", "a-b"),
	"ingressGateway.ports.*.port": func(g *generator) any { return g.port() },
	"egressGateway.ports#key":     one("http2", "https"),
	"egressGateway.ports.*.port":  func(g *generator) any { return g.port() },
	"webhook.timeoutSeconds":      between(1, 30),
	"namespaceSelector.key":       one("a", "example.com/purpose"),
	"namespaceSelector.operator":  one("In", "NotIn"),
	"namespaceSelector.values":    one("b", "kube-system", ""),

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
	"mirror.to":         one("v1", "v2"), "routes.to": one("v1", "v2"), "expose.to": one("v1", "v2"),
	"routes.split": func(g *generator) any { return g.split() }, "expose.split": func(g *generator) any { return g.split() },
	"percentage":  func(g *generator) any { return []float64{1, 50, 0.5, 100, 0.0001, 99.9999}[g.IntN(6)] },
	"routes.name": one("a", "b"), "expose.name": one("a", "b"),
	"when.uri": stringMatch("/a", "/a/b", "/b", "/", "/a/"), "when.method": stringMatch("GET", "POST"), "when.authority": stringMatch("a.b", "a"), "when.scheme": stringMatch("http", "https"),
	"when.headers#key": one("x-a", "end-user", "X-B"), "when.headers.*": presence("a", "b", "ab"),
	"when.withoutHeaders#key": one("x-a", "x-c"), "when.withoutHeaders.*": presence("a", "b"),
	"when.queryParams#key": one("q", "debug"), "when.queryParams.*": presence("a", "b"),
	"when.cookies#key": one("channel"), "when.cookies.*": stringMatch("beta", "a.b"),
	"when.claims#key": one("group", "a.b"), "when.claims.*": stringMatch("staff", "admin"),
	"sourceLabels#key": one("app", "a.b/c"), "sourceLabels.*": one("a", "b", "A_b"), "sourceNamespace": one("shop", "pay"),
	"retries.attempts":      func(g *generator) any { return []int{0, 1, 2, 3, 1000}[g.IntN(5)] },
	"retries.retryOn":       one("5xx", "5xx,reset", "gateway-error", "503", "unavailable"),
	"retries.perTryTimeout": one("1s", "100ms", "1.5s"), "retries.backoff": one("25ms", "1s"), "timeout": one("5s", "1m", "1ms"), "routes.timeout": one("5s", "0s", "1500ms"), "fixedDelay": one("1s", "7s"),
	"abort.httpStatus": func(g *generator) any { return []int{200, 400, 503, 555, 599}[g.IntN(5)] }, "grpcStatus": one("UNAVAILABLE", "OK"),
	"redirect.uri": one("/new", "/a", "/"), "redirect.authority": one("a.b", "www.shop.example.com"), "redirect.scheme": one("https", "http"), "redirect.prefixRewrite": one("/x"),
	"redirect.redirectCode": func(g *generator) any { return []int{301, 302, 303, 307, 308}[g.IntN(5)] }, "redirect.port": func(g *generator) any { return g.port() },
	"directResponse.status": func(g *generator) any { return []int{200, 404, 503}[g.IntN(3)] }, "body.string": one("ok", ""),
	"rewrite.uri": one("/", "/x", "/a/"), "rewrite.authority": one("a.internal"), "uriRegexRewrite.match": one("/a(.*)", "^/x", "("), "uriRegexRewrite.rewrite": one("/b\\1"),
	"set#key": one("x-a", "x-b", "host"), "add#key": one("x-a", "x-c"), "set.*": one("a", "%REQ(x)%", "100%%", "a b"), "add.*": one("a", "b"), "remove": one("server", "x-a"),
	"allowOrigins": stringMatch("*", "https://a.b", "a"), "allowMethods": one("GET", "POST", "*"), "allowHeaders": one("x-a", "*"), "exposeHeaders": one("x-b"),
	"corsPolicy.maxAge": one("24h", "1s", "1m"),
	"httpHeaderName":    one("x-user"), "httpQueryParameterName": one("q"), "httpCookie.name": one("session"), "httpCookie.ttl": one("1h", "0s"), "attributes.name": one("a", "b"),
	"tableSize": func(g *generator) any { return []int{65537, 2, 101, 4, 5000011}[g.IntN(5)] }, "ringHash.minimumRingSize": func(g *generator) any { return []int{1, 1024, 8388608}[g.IntN(3)] },
	"warmup.duration": one("30s"), "minimumPercent": func(g *generator) any { return []float64{0, 10, 50, 100}[g.IntN(4)] }, "aggression": func(g *generator) any { return []float64{1, 1.5, 5}[g.IntN(3)] },
	"failover.from": one("a", "b"), "failover.to": one("c", "d"), "failoverPriority": one("version", "topology.kubernetes.io/zone"), "distribute.from": one("a/b/*", "c/*", "d", "*"),
	"distribute.to#key": one("a/b/*"), "distribute.to.*": func(g *generator) any { return 100 },
	"outlierDetection.interval": one("1s", "100ms"), "baseEjectionTime": one("3m", "1s"), "outlierDetectionHttpErrorCodes": func(g *generator) any { return []int{502, 503, 5}[g.IntN(3)] },
	"tcp.connectTimeout": one("1s"), "tcp.idleTimeout": one("1h", "0s"), "http.idleTimeout": one("1h"), "maxConnectionDuration": one("1h"), "tcpKeepalive.time": one("2h"), "tcpKeepalive.interval": one("75s"), "http2KeepAlive.interval": one("30s"), "http2KeepAlive.timeout": one("5s"),
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

// stringMatch is one of Istio's matches in one of its forms.
func stringMatch(texts ...string) func(*generator) any {
	return func(g *generator) any {
		text := g.text(texts...)
		switch g.IntN(12) {
		case 0, 1:
			return tree{"exact": text}
		case 2, 3:
			return tree{"prefix": text}
		case 4:
			return tree{"regex": text + ".*"}
		}
		return text
	}
}

// presence is a match that may be {}: any value.
func presence(texts ...string) func(*generator) any {
	return either(20, func(*generator) any { return tree{} }, stringMatch(texts...))
}

// mend brings words into line that would refuse each other.
func (g *generator) mend(words tree) {
	if words["kyma"] == "0.6" && g.chance(95) {
		delete(words, "profile")
	}
	if install, ok := words["install"].(tree); ok && words["platform"] == "minikube" && g.chance(95) {
		delete(install, "ingressGateway") // of which there is one pod
	}
	if words["to"] != nil && words["split"] != nil {
		delete(words, g.pick("to", "split"))
	}
	if words["redirect"] != nil && words["directResponse"] != nil {
		delete(words, g.pick("redirect", "directResponse"))
	}
	if words["redirect"] != nil || words["directResponse"] != nil {
		for _, word := range []string{"to", "split", "port", "rewrite", "timeout", "retries", "fault", "mirror"} {
			delete(words, word)
		}
	}
	if lb, ok := words["loadBalancer"].(tree); ok && lb["localityLbSetting"] != nil && words["outlierDetection"] == nil {
		words["outlierDetection"] = tree{"consecutive5xxErrors": 5}
	}
	if without, ok := words["withoutHeaders"].(map[any]any); ok {
		for name, value := range without {
			if list, ok := value.([]any); ok && len(list) > 0 {
				without[name] = list[0]
			}
		}
	}
	if words["when"] != nil {
		delete(words, "path") // which says the same as when.uri
	}
	if mirrors, ok := words["mirror"].([]any); ok && len(mirrors) > 1 {
		words["mirror"] = mirrors[0]
	}
	if attempts, ok := words["attempts"]; ok && attempts == 0 {
		for word := range words {
			if word != "attempts" {
				delete(words, word)
			}
		}
	}
	if cookies, ok := words["cookies"].(map[any]any); ok && len(cookies) > 0 && words["headers"] != nil {
		delete(words["headers"].(map[any]any), "cookie")
	}
	if (words["routes"] != nil || words["expose"] != nil || words["mirror"] != nil && words["namespace"] != nil) && words["versions"] == nil && g.chance(95) {
		words["versions"] = map[any]any{}
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
				for _, word := range []string{"labels", "loadBalancer", "connectionPool", "outlierDetection"} {
					delete(v, word)
				}
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

func between(low, high int) func(*generator) any {
	return func(g *generator) any { return low + g.IntN(high-low+1) }
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
