package istio

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// chances say how often, in percent, a word is written that is needed, or that
// would refuse most documents if it were written as often as others.
var chances = map[string]int{
	"services.name": 100, "services.namespace": 99, "gateways.name": 99,
	"spec.checks": 2, "checks.ignore": 99, "ignore.code": 99, "ignore.kind": 99, "ignore.reason": 99,
	"services.injection": 1, "services.proxy": 2, "namespaces.*.injection": 30, "namespaces.*.revision": 5,
	"install.override": 15, "ingressGateway.enabled": 4, "ingressGateway.ports": 20, "egressGateway.ports": 20, "ports.*.port": 99, "ports.*.targetPort": 40, "namespaceSelector.key": 99, "namespaceSelector.operator": 99, "namespaceSelector.values": 99,
	"spec.services": 95, "spec.gateways": 15, "spec.kyma": 10, "services.mesh": 10,
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
	"retries.attempts": 98, "delay.fixedDelay": 98, "delay.percentage": 30, "abort.percentage": 30, "abort.httpStatus": 98, "abort.grpcStatus": 15,
	"mirror.to": 99, "uriRegexRewrite.match": 95, "uriRegexRewrite.rewrite": 95, "redirect.prefixRewrite": 4, "redirect.uri": 60, "directResponse.status": 98,
	"allowOrigin": 1, "body.bytes": 2,
	"services.loadBalancer": 12, "services.connectionPool": 12, "services.outlierDetection": 15, "versions.*.loadBalancer": 10, "versions.*.connectionPool": 10, "versions.*.outlierDetection": 10,
	"loadBalancer.simple": 80, "loadBalancer.consistentHash": 90, "loadBalancer.warmupDurationSecs": 1, "loadBalancer.zoneAwareLbSetting": 4, "loadBalancer.localityLbSetting": 25, "loadBalancer.warmup": 10,
	"consistentHash.httpHeaderName": 60, "consistentHash.httpCookie": 60, "consistentHash.useSourceIp": 50, "consistentHash.minimumRingSize": 1, "httpCookie.name": 99, "httpCookie.attributes": 5, "maglev.tableSize": 99, "warmup.duration": 99,
	"distribute.from": 100, "distribute.to": 100, "localityLbSetting.distribute": 15, "localityLbSetting.failover": 15, "failover.from": 100, "failover.to": 100,
	"connectionPool.tcp": 96, "connectionPool.http": 60, "http.http2KeepAlive": 3, "http2KeepAlive.interval": 95, "http2KeepAlive.timeout": 95,
	"outlierDetection.consecutiveErrors": 1, "consecutiveLocalOriginFailures": 3, "outlierDetectionHttpErrorCodes": 2,
	"services.exportTo": 4, "when.destinationSubnets": 1, "routes.delegate": 2, "expose.delegate": 2, "delegate.name": 99,
	// What ways out say is Istio's to judge, so they are few and right.
	"egress.hosts.serviceEntry": 12, "egress.hosts.virtualService": 6, "egress.hosts.destinationRule": 20,
	"services.virtualService": 3, "services.destinationRule": 3, "expose.virtualService": 3, "gateways.gateway": 10,
	"tls.tlsCertificates": 6, "tls.insecureSkipVerify": 15, "tlsCertificates.caCertificates": 1, "tlsCertificates.serverCertificate": 99, "tlsCertificates.privateKey": 99,
	"servers.tls": 50, "servers.hosts": 15, "servers.port": 60, "gateways.tls": 60,
	"security.jwt": 12, "security.allow": 12, "security.deny": 10, "gateways.serviceAccount": 10,
	"spec.security.jwt": 15, "spec.security.allow": 8, "gateways.security": 25,
	"jwt.issuers": 95, "jwt.required": 40, "spec.security.jwt.required": 99, "namespaces.*.security.jwt.required": 99,
	"jwt.paths": 15, "jwt.notPaths": 10, "jwt.ports": 10,
	"issuers.issuer": 98, "issuers.jwksUri": 40, "issuers.jwks": 3, "issuers.timeout": 10, "issuers.fromHeaders.name": 98,
	"issuers.outputClaimToHeaders.claim": 98, "issuers.outputClaimToHeaders.header": 98,
	"from.serviceAccounts": 12, "from.gateways": 8, "from.namespaces": 12, "from.principals": 12, "from.trustDomains": 5, "from.notTrustDomains": 3,
	"from.notNamespaces": 8, "from.notPrincipals": 8, "from.notServiceAccounts": 8,
	"from.requestPrincipals": 6, "from.notRequestPrincipals": 25, "from.claims": 6, "from.requiredScopes": 5,
	"allow.when": 10, "deny.when": 10, "when.key": 99, "when.values": 90, "when.notValues": 10,
	"install.only": 4, "install.mode": 20, "install.deliver": 8, "spec.proxy": 40, "proxy.config": 50,
	"config.tracing": 1, "config.zipkinAddress": 1, "config.availabilityZone": 1, "config.envoyMetricsServiceAddress": 1, "config.sds": 1, "config.discoveryRefreshDelay": 1,
	"config.configPath": 4, "config.binaryPath": 4, "config.discoveryAddress": 5, "config.statsdUdpAddress": 5, "config.proxyAdminPort": 5, "config.statusPort": 5, "config.customConfigFile": 3,
	"config.proxyBootstrapTemplatePath": 3, "config.envoyMetricsService": 5, "config.envoyAccessLogService": 5, "config.privateKeyProvider": 4, "cryptomb.pollDelay": 97, "qat.pollDelay": 97,
	"config.proxyHeaders": 5, "config.connectionSettings": 4, "config.caCertificatesPem": 2, "config.image": 3, "config.fileFlushInterval": 3, "config.fileFlushMinSizeKb": 3, "config.statsCompression": 4,
	"config.drainDuration": 10, "envoyMetricsService.tlsSettings": 2, "envoyAccessLogService.tlsSettings": 2, "config.readinessProbe": 3, "config.serviceCluster": 8, "config.tracingServiceName": 5,
	"tls.mode": 60, "tls.credentialName": 99, "tls.credentialNames": 8, "tls.serverCertificate": 4,
	"tls.certificate": 15, "certificate.issuer": 99, "certificate.kind": 50, "certificate.provider": 60,
	"tls.caCertificates": 4, "tls.caCertCredentialName": 5, "tls.caCrl": 4,
	"spec.extensionProviders": 10, "security.extAuth": 8, "gateways.security.extAuth": 15, "extAuth.provider": 99, "extAuth.dryRun": 1,
	"spec.security.extAuth": 4, "mtls.minProtocolVersion": 1, "spec.security.mtls.minProtocolVersion": 15,
	"spec.telemetry": 40, "namespaces.*.telemetry": 25, "services.telemetry": 15, "telemetry.tracing": 40, "telemetry.accessLogging": 50, "telemetry.metrics": 15,
	"tracing.provider": 30, "accessLogging.provider": 96, "accessLogging.filter": 40, "accessLogging.mode": 30, "metrics.prometheusMerge": 1, "spec.telemetry.metrics.prometheusMerge": 30,
	"customTags.*.literal": 60, "literal.value": 98, "header.name": 99, "environment.name": 99, "formatter.value": 98, "customTags.*.formatter": 10,
	"overrides.disabled": 60, "tagOverrides.*.value": 97, "tagOverrides.*.operation": 4, "overrides.match": 80, "match.metric": 80,
	"spec.egress": 25, "hosts.host": 100, "egress.hosts.resolution": 10, "egress.hosts.addresses": 15, "egress.hosts.endpoints": 20,
	"egress.hosts.tls": 25, "egress.hosts.selector": 10, "egress.hosts.namespace": 20, "egress.hosts.exportTo": 12, "egress.hosts.gateway": 20, "egress.hosts.ports": 50,
	"egress.hosts.timeout": 12, "egress.hosts.retries": 12, "egress.hosts.fault": 12, "egress.hosts.loadBalancer": 12, "egress.hosts.connectionPool": 12, "egress.hosts.outlierDetection": 8,
	"egress.hosts.ports.number": 100, "egress.hosts.ports.protocol": 90, "egress.hosts.ports.targetPort": 20,
	"egress.hosts.tls.mode": 99, "egress.hosts.tls.credentialName": 5, "egress.hosts.tls.clientCertificate": 5, "egress.hosts.tls.privateKey": 5, "egress.hosts.tls.caCertificates": 20, "egress.hosts.tls.caCrl": 3, "egress.hosts.tls.insecureSkipVerify": 8, "egress.hosts.tls.subjectAltNames": 10, "egress.hosts.tls.sni": 20,
	"spec.sidecar": 20, "services.sidecar": 10, "namespaces.*.sidecar": 20, "spec.sidecar.ingress": 1, "namespaces.*.sidecar.ingress": 1, "services.sidecar.ingress": 40,
	"ingress.port": 100, "ingress.port.number": 100, "ingress.port.protocol": 99, "ingress.port.targetPort": 1, "ingress.tls": 3, "ingress.bind": 5, "ingress.connectionPool": 10,
}

// wordValues are what makes sense at the places whose type alone would nearly always
// give something that is refused. A key is the end of a path of words; #key are
// the keys of a map, * its values.
var wordValues = map[string]func(*generator) any{
	"spec.kyma":               one("0.6", "1.24", "2.18", "module"),
	"spec.profile":            one("default", "evaluation", "production"),
	"spec.platform":           one("cluster", "minikube", "k3d", "gardener", "gke"),
	"spec.injection":          one("enabled", "disabled"),
	"spec.extensionProviders": func(g *generator) any { return g.provider(g.text("jaeger", "login", "checks", "own")) },
	"extAuth.provider":        one("login"),
	"tracing.provider":        either(95, one("kyma-traces"), one("jaeger", "zipkin", "envoy")),
	"accessLogging.provider":  either(95, one("envoy", "stdout-json", "kyma-logs"), one("jaeger", "prometheus")),
	"accessLogging.filter":    one("response.code >= 500", "!has(response.code) || response.code > 399", "request.headers['x-a'] == \"b\"", "connection.mtls && source.port in [1, 2]", "xds.listener_direction == 1 ? true : false", "request.url_path.startsWith('/a')", "size(request.headers) > 1", "respone.code", "(a"),
	"accessLogging.mode":      one("CLIENT", "SERVER"),
	"customTags#key":          one("a", "b.c"), "environment.name": one("A", "HOST_IP"), "literal.value": one("a", "%"), "header.name": one("x-a"), "formatter.value": one("%REQ(X-A)%"),
	"tracing.sampling": between(0, 100), "overrides.match.customMetric": one("own_metric"), "tagOverrides#key": one("a", "request_host", "response_flags"),
	"tagOverrides.*.value": one("request.host", "'a'", "string(response.code)"), "reportingInterval": one("10s", "1s", "5ms"),
	"minProtocolVersion": one("TLSV1_2", "TLSV1_3"),
	"ignore.code":        one("KM162", "KM178"), "ignore.kind": one("Deployment"), "ignore.name": one("front"), "ignore.reason": one("known"),
	"spec.domain":            one("shop.example.com", "example.org", "x.y"),
	"install.mode":           either(85, one("istioctl"), one("existing")),
	"install.deliver":        one("object", "configmap", "none"),
	"install.istioVersion":   one("1.30.2", "1.31.1", "1.31.1", "1.22.0", "1.21.6", "1.16.7", "1.11.4"),
	"install.hub":            one("registry.example.com/istio", "localhost:5000", "docker.io/istio", "a.b:1/c/d_e"),
	"install.variant":        one("distroless", "debug"),
	"install.revision":       one("1-31-1", "stable"),
	"services.injection":     one("enabled", "enabled", "disabled"),
	"namespaces.*.injection": one("enabled", "disabled"),
	"namespaces.*.revision":  one("1-31-1", "stable", "default"),

	"config.concurrency":                                  between(0, 4),
	"config.drainDuration":                                one("45s", "1s"),
	"config.discoveryAddress":                             one("istiod.istio-system.svc:15012", "10.0.0.1:15012"),
	"config.statsdUdpAddress":                             one("statsd.shop:8125", "[::1]:8125"),
	"config.serviceCluster":                               one("shop", "istio-proxy"),
	"config.proxyAdminPort":                               between(15000, 15001),
	"config.statusPort":                                   between(15020, 15021),
	"config.proxyMetadata#key":                            one("A", "ISTIO_META_A"),
	"config.controlPlaneAuthPolicy":                       one("NONE", "MUTUAL_TLS"),
	"inclusionRegexps":                                    one(".*outlier.*", "a"),
	"envoyMetricsService.address":                         one("a.shop:9000"),
	"envoyAccessLogService.address":                       one("a.shop:9000"),
	"cryptomb.pollDelay":                                  one("10ms"),
	"qat.pollDelay":                                       one("10ms"),
	"http2InitialStreamWindowSize":                        between(65535, 70000),
	"connectionSettings.http2InitialConnectionWindowSize": between(65535, 70000),
	"install.override":                                    (*generator).override,

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
	"ports.*.targetPort":          between(10000, 10100),
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

	"namespace":       either(95, one("shop", "pay", "office"), one("kyma-system", "istio-system")),
	"services.name":   unique("s"),
	"services.mesh":   one("shop"),
	"services.to":     one("v1", "v2"),
	"services.split":  func(g *generator) any { return g.split() },
	"versions#key":    one("v1", "v2", "v3"),
	"versions.*.host": one("s1", "e.x1", "old", "old.office.svc.cluster.local"),
	"labels#key":      one("version", "track", "app.kubernetes.io/name", "a.b/c"),
	"labels.*":        one("v1", "stable", "A_b.c", ""),
	"selector#key":    one("app", "istio", "app.kubernetes.io/name"),
	"selector.*":      one("reviews", "A_b.c"),
	"mirror.to":       one("v1", "v2"), "routes.to": one("v1", "v2"), "expose.to": one("v1", "v2"),
	"services.protocol": one("HTTP", "TCP", "TCP", "TLS"),
	"services.exportTo": one(".", "*", "istio-system", "shop", "pay"),
	"delegate.name":     one("partners", "a.b"), "delegate.namespace": one("shop", "pay"),
	"destinationSubnets":                one("10.1.0.0/16", "10.2.0.7", "fd00::/64", "10.0.0.1/8"),
	"egress.hosts.serviceEntry":         wayOut("endpoints: [{address: 192.0.2.1, weight: 3}, {address: 192.0.2.2, weight: 1}]", "endpoints: [{address: eu.example.com, locality: eu/west, labels: {a: b}}]", "location: MESH_INTERNAL", "resolution: DNS"),
	"egress.hosts.virtualService":       wayOut("http: [{route: [{destination: {host: e1.example.com}}], timeout: 7s}]", "tls: [{match: [{port: 443, sniHosts: [e1.example.com]}], route: [{destination: {host: e2.example.com, port: {number: 443}}}]}]", "http: [{match: [{gateways: [mesh]}], route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 80}}}]}]"),
	"egress.hosts.destinationRule":      wayOut("trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}, outlierDetection: {interval: 1s}}", "subsets: [{name: tunnel, trafficPolicy: {tunnel: {protocol: CONNECT, targetHost: e1.example.com, targetPort: 443}}}]", "trafficPolicy: {portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}", "subsets: [{name: eu, trafficPolicy: {portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}}]", "trafficPolicy: {tls: {mode: DISABLE}}", "trafficPolicy: {proxyProtocol: {version: V2}, retryBudget: {percent: 10}}"),
	"services.virtualService":           wayOut("http: [{route: [{destination: {host: s1.shop.svc.cluster.local}}]}]", "tcp: [{match: [{port: 9090}], route: [{destination: {host: s1.shop.svc.cluster.local, port: {number: 9090}}}]}]"),
	"expose.virtualService":             wayOut("http: [{route: [{destination: {host: s1.shop.svc.cluster.local}}]}]", "http: [{name: x, match: [{uri: {prefix: /x/}}], directResponse: {status: 403}}]"),
	"services.destinationRule":          wayOut("trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}", "subsets: [{name: v1, labels: {track: beta}}, {name: v9, labels: {version: v9}}]", "trafficPolicy: {portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}", "trafficPolicy: {tls: {mode: DISABLE}}"),
	"gateways.gateway":                  wayOut("servers: [{port: {name: https}, bind: 10.0.0.1}]", "selector: {app: b}"),
	"tlsCertificates.serverCertificate": one("/certs/rsa.crt"), "tlsCertificates.privateKey": one("/certs/rsa.key"),
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
	"gateways.selector.*":  one("ingressgateway", "istio-ingressgateway", "own"),
	"expose.hosts":         either(96, unique("h"), one("a", "b", "www", "shop.example.com", "a.shop.example.com", "*.shop.example.com")),
	"expose.path":          one("/a", "/a/b", "/c", "/ü", "/%41", "/a;b", "/a:b", "/.", "/a.b~c", "/a(b)"),
	"expose.gateway":       one("kyma-gateway", "kyma-gateway", "public/main", "kyma-system/kyma-gateway", "g1"),
	"gateways.name":        func(g *generator) any { return g.gatewayName() },
	"gateways.hosts":       one("*.shop.example.com", "*.local.kyma.dev", "*", "*", "shop/a.example.com", "pay/a.example.com", "./b.example.com", "*/c.example.com", "a.b.c"),
	"servers.hosts":        one("d.example.com", "*.e.example.com", "*"),
	"servers.port":         func(g *generator) any { return g.serverPort() },
	"servers.protocol":     one("HTTPS", "HTTP", "TLS", "TCP", "HTTP2", "GRPC", "GRPC-WEB", "MONGO"),
	"tls.mode":             one("SIMPLE", "SIMPLE", "SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH"),
	"tls.credentialName":   one("certs", "certs.a", "shop-certs"),
	"tls.credentialNames":  one("rsa", "ecdsa"),
	"certificate.issuer":   one("company", "company", "letsencrypt"),
	"certificate.kind":     one("ClusterIssuer", "Issuer"),
	"certificate.provider": one("cert-manager", "gardener"),

	"egress.outboundTrafficPolicy": one("ALLOW_ANY", "REGISTRY_ONLY"), "sidecar.outboundTrafficPolicy": one("ALLOW_ANY", "REGISTRY_ONLY"),
	"egress.hosts.hosts": unique("e.x"), "hosts.host": either(90, unique("e.x"), one("*.example.org", "any.example.org", "a-b.example.org")),
	"egress.hosts.ports.number":   func(g *generator) any { return []int{80, 443, 8080, 22, 9443}[g.IntN(5)] },
	"egress.hosts.ports.protocol": one("HTTP", "HTTPS", "TLS", "TCP", "HTTP2", "GRPC", "GRPC-WEB", "MONGO"),
	"egress.hosts.addresses":      one("192.0.2.1", "198.51.100.0/24", "2001:db8::1"), "egress.hosts.endpoints": one("192.0.2.7", "eu.example.com", "2001:db8::7"),
	"egress.hosts.resolution": one("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"), "egress.hosts.gateway": one("istio-egressgateway"),
	"egress.hosts.exportTo": one("*", ".", "shop", "istio-system"), "egress.hosts.tls.mode": one("SIMPLE", "SIMPLE", "MUTUAL"), "egress.hosts.tls.credentialName": one("client"),
	"egress.hosts.tls.sni": one("other.example.com"), "egress.hosts.tls.clientCertificate": one("/certs/client.crt"),
	"sidecar.egress":      one("./*", "*/*", "shop/*", "pay/*", "*/e1.example.com", "shop/s1.shop.svc.cluster.local", "*/*.example.org"),
	"ingress.port.number": func(g *generator) any { return g.port() }, "ingress.port.protocol": one("HTTP", "HTTPS", "TCP", "GRPC"), "ingress.port.name": one("http", "a-b"),
	"ingress.bind": one("0.0.0.0", "127.0.0.1"), "ingress.defaultEndpoint": one("127.0.0.1:80", "unix:///var/run/x.sock", "0.0.0.0:8080", ":80"),

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

// wayOut is one of Istio's messages as it is written.
func wayOut(texts ...string) func(*generator) any {
	return func(g *generator) any {
		var words tree
		if err := yaml.Unmarshal([]byte(g.pick(texts...)), &words); err != nil {
			panic(err)
		}
		return words
	}
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
	if install, ok := words["install"].(tree); ok && g.chance(95) {
		mendInstall(words, install)
	}
	if words["to"] != nil && words["split"] != nil {
		delete(words, g.pick("to", "split"))
	}
	if words["grpcStatus"] != nil {
		delete(words, "httpStatus")
	}
	g.mendTLS(words)
	g.mendEgress(words)
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
	mendConnections(g, words)
	mendAccess(words)
	g.mendProviders(words)
	if words["serverCertificate"] != nil { // instead of a Secret
		words["privateKey"] = "/certs/tls.key"
		delete(words, "credentialName")
		delete(words, "certificate")
	}
	if words["credentialNames"] != nil {
		delete(words, "certificate")
	}
	if words["insecureSkipVerify"] != nil && words["mode"] == "SIMPLE" && g.chance(80) {
		words["mode"] = "MUTUAL"
	}
	switch words["mode"] {
	case "PASSTHROUGH", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL":
		for _, word := range []string{"credentialName", "credentialNames", "serverCertificate", "privateKey", "caCertificates", "caCertCredentialName", "certificate"} {
			delete(words, word)
		}
	}
	if port, ok := words["port"].(int); ok && words["tls"] == nil && words["protocol"] == nil && port == 9443 {
		words["protocol"] = "HTTPS"
	}
}

// provider is an extension provider that Istio would take, but for a few.
func (g *generator) provider(name string) tree {
	service := tree{"service": g.text("a.infra.svc.cluster.local", "infra/a.infra.svc.cluster.local", "a.example.com"), "port": g.port()}
	switch g.IntN(7) {
	case 0:
		return tree{"name": name, "zipkin": service}
	case 1:
		return tree{"name": name, "opentelemetry": service}
	case 2:
		service["includeRequestHeadersInCheck"] = []any{g.text("x-a", "x-*")}
		return tree{"name": name, "envoyExtAuthzHttp": service}
	case 3:
		service["failOpen"], service["statusOnError"] = g.chance(50), "503"
		return tree{"name": name, "envoyExtAuthzGrpc": service}
	case 4:
		return tree{"name": name, "envoyOtelAls": service}
	case 5:
		return tree{"name": name, "skywalking": service}
	}
	return tree{"name": name, "envoyFileAccessLog": tree{"logFormat": tree{"text": g.text("%RESPONSE_CODE%", "a")}}}
}

// mendProviders defines the authorizer that rules name.
func (g *generator) mendProviders(words tree) {
	if _, top := words["services"].([]any); !top {
		return
	}
	login := tree{"name": "login", "envoyExtAuthzGrpc": tree{"service": "login.infra.svc.cluster.local", "port": 9000}}
	list, _ := words["extensionProviders"].([]any)
	list = slices.DeleteFunc(list, func(p any) bool { return p.(tree)["name"] == "login" })
	words["extensionProviders"] = append(list, any(login))
}

// mendTLS leaves a server one certificate, which SIMPLE needs.
func (g *generator) mendTLS(words tree) {
	if words["provider"] == "gardener" {
		delete(words, "kind")
	}
	shown := []string{"credentialName", "credentialNames", "tlsCertificates", "serverCertificate", "certificate"}
	shown = slices.DeleteFunc(shown, func(word string) bool { return words[word] == nil })
	if len(shown) == 0 {
		return
	}
	keep := shown[len(shown)-1]
	if g.chance(50) {
		keep = g.pick(shown...)
	}
	for _, word := range shown {
		if word != keep {
			delete(words, word)
		}
	}
	if keep == "serverCertificate" {
		words["privateKey"] = "/certs/tls.key"
	} else {
		delete(words, "privateKey")
	}
}

// mendEgress leaves an entry with words about one host a single one, and TLS that is
// started a port of plain HTTP.
func (g *generator) mendEgress(words tree) {
	hosts, several := words["host"].([]any)
	if several && len(hosts) > 1 && len(words) > 1 {
		words["host"] = hosts[0]
	}
	if words["host"] == nil || words["services"] != nil {
		return
	}
	if words["selector"] != nil {
		words["namespace"], words["tls"] = "shop", tree{"mode": "SIMPLE"}
		delete(words, "gateway")
		delete(words, "exportTo")
	}
	if words["tls"] != nil {
		delete(words, "ports")
		delete(words, "resolution")
	}
	if words["ports"] == nil && words["tls"] == nil && g.chance(90) {
		for _, word := range []string{"timeout", "retries", "fault"} { // about requests
			if words[word] != nil {
				words["ports"] = []any{tree{"number": 80}}
			}
		}
	}
}

// leadToOwn has the way out of a host outside lead to that host: of any other the
// analyzers know nothing, and rightly so.
func leadToOwn(words tree) {
	if words["virtualService"] == nil || words["host"] == nil {
		return
	}
	host, one := words["host"].(string)
	if !one || strings.Contains(host, "*") {
		delete(words, "virtualService")
		return
	}
	retarget(words["virtualService"], host)
}

// retarget puts a host in the place of those that ways out name.
func retarget(node any, host string) {
	others := []any{"e1.example.com", "e2.example.com"}
	switch n := node.(type) {
	case tree:
		for key, value := range n {
			if slices.Contains(others, value) {
				n[key] = host
			}
			retarget(value, host)
		}
	case []any:
		for i, value := range n {
			if slices.Contains(others, value) {
				n[i] = host
			}
			retarget(value, host)
		}
	}
}

// mendConnections leaves an opaque service the words that it can have, and hands
// the port of TCP to a condition.
func mendConnections(g *generator, words tree) {
	if words["delegate"] != nil {
		for _, word := range []string{"to", "split", "redirect", "directResponse", "port"} {
			delete(words, word)
		}
	}
	if words["protocol"] != "TCP" && words["protocol"] != "TLS" || words["namespace"] == nil || g.chance(5) {
		return
	}
	requests := []string{"timeout", "retries", "fault", "mirror", "headers", "corsPolicy", "redirect", "directResponse", "delegate", "rewrite", "name"}
	strip := func(words tree, more ...string) {
		for _, word := range append(more, requests...) {
			delete(words, word)
		}
	}
	strip(words, "loadBalancer", "connectionPool", "virtualService")
	if versions, ok := words["versions"].(map[any]any); ok {
		for _, v := range versions {
			strip(v.(tree), "loadBalancer", "connectionPool")
		}
	}
	each := func(value any, visit func(tree)) {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, item := range list {
			if inner, ok := item.(tree); ok {
				visit(inner)
			}
		}
	}
	each(words["routes"], func(route tree) {
		strip(route)
		route["when"] = g.connection()
	})
	each(words["expose"], func(entry tree) {
		strip(entry, "path", "when", "virtualService")
		if words["protocol"] == "TCP" {
			delete(entry, "hosts")
			entry["when"] = tree{"port": []any{31400, 9443, 8443}[g.IntN(3)]}
		}
	})
	if words["protocol"] == "TLS" {
		delete(words, "routes")
	}
	if expose, ok := words["expose"].(string); ok && words["protocol"] == "TCP" && expose != "" {
		delete(words, "expose")
	}
}

// connection is a condition that a connection can meet.
func (g *generator) connection() tree {
	when := tree{"sourceNamespace": g.text("shop", "pay")}
	if g.chance(40) {
		when["destinationSubnets"] = []any{wordValues["destinationSubnets"](g)}
	}
	if g.chance(30) {
		when["port"] = g.port()
	}
	if g.chance(30) {
		when["sourceLabels"] = map[any]any{"app": g.text("a", "b")}
	}
	return when
}

// mendInstall leaves an installation that is somebody else's, or all that there is,
// the words that it has.
func mendInstall(words, install tree) {
	delete(install, "existing") // names what a document alone does not hold
	if install["mode"] == "existing" {
		delete(words, "profile")
		for _, word := range []string{"hub", "variant", "revision", "ingressGateway", "egressGateway", "cni"} {
			delete(install, word)
		}
		if pilot, ok := install["pilot"].(tree); ok && (pilot["minReplicas"] == nil) != (pilot["maxReplicas"] == nil) {
			delete(pilot, "minReplicas")
			delete(pilot, "maxReplicas")
		}
	}
	if install["only"] == true {
		delete(install, "deliver")
		for word := range words {
			if !slices.Contains([]string{"kyma", "profile", "platform", "domain", "install", "injection", "proxy"}, word) {
				delete(words, word)
			}
		}
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
