package istio

import (
	"fmt"
	"math"
)

// chances say how often, in percent, a word is written that is needed, or that
// would refuse most documents if it were written as often as others.
var chances = map[string]int{
	"services.name": 99, "services.namespace": 99, "gateways.name": 99,
	"ingressGateway.enabled": 4, "ingressGateway.ports": 10, "egressGateway.ports": 10, "ports.*.port": 99, "ports.*.targetPort": 10, "namespaceSelector.key": 99, "namespaceSelector.operator": 99, "namespaceSelector.values": 99,
	"spec.services": 95, "spec.gateways": 35, "spec.kyma": 10, "services.mesh": 10,
	"expose.hosts": 99, "expose.gateway": 8, "gateways.hosts": 25, "gateways.servers": 20, "services.protocol": 5, "services.expose": 60, "services.split": 50,
	"services.versions": 20, "versions.host": 20, "versions.*.labels": 20, "mtls.exclude": 15,
	"services.security.mtls.exclude": 1, "namespaces.*.security.mtls.exclude": 1,
	"spec.security.mtls.ports": 1, "namespaces.*.security.mtls.ports": 1,
	"servers.tls": 15, "servers.hosts": 15, "servers.port": 60, "gateways.tls": 60,
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
	if words["kyma"] == "0.6" && g.chance(95) {
		delete(words, "profile")
	}
	if install, ok := words["install"].(tree); ok && words["platform"] == "minikube" && g.chance(95) {
		delete(install, "ingressGateway") // of which there is one pod
	}
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
