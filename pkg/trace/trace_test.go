package trace_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/topology"
	"github.com/kymamesh/kymamesh/pkg/trace"
)

// shop is the package of testdata, with more documents behind it.
func shop(t *testing.T, more ...string) *topology.Model {
	t.Helper()
	src, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return model(t, append([]string{string(src)}, more...)...)
}

func model(t *testing.T, docs ...string) *topology.Model {
	t.Helper()
	list, err := resourcelist.ParseStream([]byte(strings.Join(docs, "---\n")))
	if err != nil {
		t.Fatal(err)
	}
	return topology.New(nil, list.Items(), 0)
}

// call reads METHOD? TARGET (from NAME)? (header=value)*, as a person would say it.
func call(t *testing.T, text string) trace.Call {
	t.Helper()
	words := strings.Fields(text)
	method := ""
	if strings.ToUpper(words[0]) == words[0] {
		method, words = words[0], words[1:]
	}
	c, err := trace.Parse(words[0])
	if err != nil {
		t.Fatal(err)
	}
	c.Method, c.Headers = method, map[string]string{}
	for i := 1; i < len(words); i++ {
		if words[i] == "from" {
			i++
			c.From = words[i]
		} else {
			name, value, _ := strings.Cut(words[i], "=")
			c.Headers[name] = value
		}
	}
	return c
}

// verdict is outcome, status and reason, with the object that decides.
func verdict(a trace.Answer) string {
	v := a.Verdict
	text := string(v.Outcome)
	if v.Status != 0 {
		text += fmt.Sprintf(" %d", v.Status)
	}
	text += ": " + strings.ReplaceAll(v.Why, ".svc.cluster.local", "")
	if v.Object != nil {
		text += fmt.Sprintf(" [%s %s]", v.Object, v.At)
	}
	return text
}

func TestShop(t *testing.T) {
	for _, c := range []struct{ call, want string }{
		// At the gateway.
		{"http://www.example.com/x", "answered 301: redirect to https://www.example.com/x [Gateway shop/public spec.servers[0].tls.httpsRedirect]"},
		{"https://www.example.com/front/x", "reaches: front.shop:80"},
		{"https://www.example.com/old/x", "answered 308: redirect to https://www.example.com/new [VirtualService shop/outside spec.http[0]]"},
		{"https://www.example.com/teapot", "answered 418: the route answers itself [VirtualService shop/outside spec.http[1]]"},
		{"https://www.example.com/nowhere", "fails 404: no route of VirtualService shop/outside takes it [VirtualService shop/outside spec.http]"},
		{"https://other.example.com/", "fails 404: no VirtualService of Gateway shop/public has the host other.example.com [Gateway shop/public spec.servers[1]]"},
		{"https://www.example.org/", "fails: no server on port 443 has the host www.example.org: the TLS handshake ends [Gateway shop/public spec.servers[1].hosts]"},
		{"http://www.example.org/", "fails 404: no server on port 80 has the host www.example.org [Gateway shop/public spec.servers[0].hosts]"},
		{"http://www.example.com:8080/", "fails: no Gateway of the package opens port 8080 [Gateway shop/public spec.servers]"},
		{"http://www.example.com:443/", "fails: Gateway shop/public takes TLS on port 443 [Gateway shop/public spec.servers[1].port]"},
		{"https://www.example.com/broken", "fails: 10 % no DestinationRule of reviews.shop has the subset v3; there are v1, v2 [VirtualService shop/outside spec.http[3].route[1].destination.subset]"},
		{"https://www.example.com/faulty", "fails: 25 % the fault of the route answers 500 [VirtualService shop/outside spec.http[4].fault.abort]"},
		{"https://www.example.com/elsewhere", "unknown: it goes on in VirtualService other/elsewhere, which the package does not hold [VirtualService shop/outside spec.http[5].delegate]"},
		{"https://www.example.com/own/reviews", "reaches: reviews.shop:9080"},
		{"https://www.example.com/own/x", "fails 404: no route of VirtualService shop/outside takes it [VirtualService shop/outside spec.http]"},
		{"https://www.example.com/r7?q=1", "reaches: reviews.shop:9080"},
		{"https://www.example.com/r7x?q=1", "fails 404: no route of VirtualService shop/outside takes it [VirtualService shop/outside spec.http]"},
		{"https://www.example.com/r7?q=2", "fails 404: no route of VirtualService shop/outside takes it [VirtualService shop/outside spec.http]"},
		{"POST https://www.example.com/r7?q=1", "fails 404: no route of VirtualService shop/outside takes it [VirtualService shop/outside spec.http]"},
		{"https://www.example.com/r", "reaches: reviews.shop:9080"},
		{"https://www.example.com/r x-old=1", "fails 404: no route of VirtualService shop/outside takes it [VirtualService shop/outside spec.http]"},
		// A token may say that its owner is of the staff; without one nobody is.
		{"https://www.example.com/front authorization=Bearer", "unknown: whether http[2] staff of VirtualService shop/outside takes it is not known: it depends on what the token says (@request.auth.claims.group) [VirtualService shop/outside spec.http[2]]"},
		{"tls://vault.example.org:443", "fails: AuthorizationPolicy shop/db: no rule allows it [AuthorizationPolicy shop/db spec]"},

		// In the mesh.
		{"http://reviews:9080/api from shop/front", "reaches: reviews.shop:9080 v1 75 %, reviews.shop:9080 v2 25 %"},
		{"http://reviews:9080/ from shop/front end-user=jason", "reaches: reviews.shop:9080 v2"},
		{"http://reviews:9080/ from shop/cart end-user=jason", "fails 404: no route of VirtualService shop/reviews takes it [VirtualService shop/reviews spec.http]"},
		{"http://reviews.shop:9080/api from pay/worker", "reaches: reviews.shop:9080 v1 75 %, reviews.shop:9080 v2 25 %"},
		{"reviews.shop.svc:9080 from shop/front", "fails 404: no route of VirtualService shop/reviews takes it [VirtualService shop/reviews spec.http]"},
		{"http://front/ from shop/reviews", "reaches: front.shop:80"},
		{"http://front:8080/ from shop/reviews", "fails: front.shop has no port 8080; it has 80 [Service shop/front spec.ports]"},
		{"https://front:80/ from shop/reviews", "fails: port 80 of front.shop is said to carry http; the caller's proxy reads it, gets TLS and ends the connection [Service shop/front spec.ports]"},
		{"http://fron/ from shop/front", "fails: no Service fron in shop; did you mean front?"},
		{"db:5432 from shop/front", "reaches: db.shop:5432"},
		{"db:5432 from shop/reviews-v1", "fails: AuthorizationPolicy shop/db: no rule allows it [AuthorizationPolicy shop/db spec]"},
		{"db.shop:5432 from batch/backup", "fails: connection reset by peer: the client speaks plain text and the server takes mTLS only; PeerAuthentication istio-system/default says STRICT [PeerAuthentication istio-system/default spec]"},
		{"http://cart/ from shop/front", "fails 503: 503 upstream connect error: the client speaks plain text and the server takes mTLS only [DestinationRule shop/cart spec.trafficPolicy.tls.mode]"},
		{"http://empty/ from shop/front", "fails 503: no pod has app=empty [Service shop/empty spec.selector]"},
		{"http://admin/ from shop/front", "fails 403: AuthorizationPolicy shop/admin: no rule allows it [AuthorizationPolicy shop/admin spec]"},
		{"http://admin/healthz from shop/front", "reaches: admin.shop:80"},
		{"http://admin/ from shop/front authorization=x", "unknown: goes to admin.shop:80; AuthorizationPolicy shop/admin: it depends on what the token says (request.auth.principal) [AuthorizationPolicy shop/admin spec.rules[0]]"},
		{"https://api.example.net/ from shop/front", "reaches: api.example.net:443"},
		{"https://api.example.net/ from pay/worker", "fails: the caller's proxy does not know api.example.net and lets out calls of known hosts only (REGISTRY_ONLY) [Sidecar pay/default spec.egress]"},
		{"http://front.shop/ from pay/worker", "fails 502: the caller's proxy does not know front.shop and lets out calls of known hosts only (REGISTRY_ONLY) [Sidecar pay/default spec.egress]"},
		{"https://www.google.com/ from shop/front", "unknown: the caller's proxy does not know www.google.com and passes the call on; what answers there a package does not say"},
		{"http://x.elsewhere.svc/ from shop/front", "unknown: the package does not hold the Service elsewhere/x"},
	} {
		t.Run(c.call, func(t *testing.T) {
			a, err := trace.Of(shop(t), call(t, c.call))
			if err != nil {
				t.Fatal(err)
			}
			if got := verdict(a); got != c.want {
				t.Errorf("\nwant %s\n got %s", c.want, got)
			}
		})
	}
}

const (
	door = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: a, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example.com]}]}
`
	route = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec: {hosts: [a.example.com], gateways: [a], http: [{route: [{destination: {host: a}}]}]}
`
	service = `apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {selector: {app: a}, ports: [{name: http, port: 80}]}
`
	pods = `apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: shop}
spec: {template: {metadata: {labels: {app: a}}}}
`
	enabled  = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
	strict   = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n"
	deny     = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: deny, namespace: istio-system}\nspec: {action: DENY, rules: [{to: [{operation: {paths: [/admin*]}}]}], selector: {matchLabels: {istio: ingressgateway}}}\n"
	other    = "apiVersion: v1\nkind: Service\nmetadata: {name: b, namespace: shop}\nspec: {selector: {app: b}, ports: [{name: http, port: 80}]}\n"
	inner    = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: {selector: {app: a}, ports: [{name: tls, port: 443}]}\n"
	innerTLS = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: shop}\nspec: {hosts: [a], tls: [{match: [{sniHosts: [x]}], route: [{destination: {host: x}}]}, {match: [{sniHosts: [a]}], route: [{destination: {host: b}}]}]}\n"
	passing  = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a, namespace: shop}\nspec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.example.com'], tls: {mode: PASSTHROUGH}}]}\n"
	sni      = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: shop}\nspec: {hosts: ['*.example.com'], gateways: [a], tls: [{match: [{sniHosts: [b.example.com]}], route: [{destination: {host: b}}]}, {match: [{sniHosts: [a.example.com]}], route: [{destination: {host: a}}]}]}\n"
	labelled = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: c, namespace: shop}\nspec: {hosts: [c], http: [{match: [{sourceLabels: {app: b, version: v1}}], route: [{destination: {host: b}}]}, {route: [{destination: {host: c}}]}]}\n"
	install  = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: a, namespace: istio-system}\nspec: {components: {ingressGateways: [{name: istio-ingressgateway, enabled: true, k8s: {service: {ports: [{port: 80, targetPort: 8080}]}}}]}}\n"
)

// What the package lacks is not known, whatever the rest of it says, and becomes
// a verdict with the object that was lacking.
func TestAbsent(t *testing.T) {
	closed := strings.Replace(install, "port: 80,", "port: 81,", 1)
	for _, c := range []struct {
		name, call string
		docs       []string
		want       string
	}{
		{"nothing", "http://a.example.com", nil, "unknown: the package holds no Gateway"},
		{"no route", "http://a.example.com", []string{door}, "unknown: the package holds no VirtualService for Gateway shop/a"},
		{"a route of another host", "http://a.example.com", []string{door, strings.Replace(route, "hosts: [a", "hosts: [b", 1)}, "fails 404: no VirtualService of Gateway shop/a has the host a.example.com [Gateway shop/a spec.servers[0]]"},
		{"a route for another gateway", "http://a.example.com", []string{door, strings.Replace(route, "gateways: [a", "gateways: [b", 1)}, "fails 404: VirtualService shop/a has the host, and is not for Gateway shop/a [VirtualService shop/a spec.gateways]"},
		{"a route that others do not see", "http://a.example.com", []string{door, strings.Replace(route, "hosts:", "exportTo: [.], hosts:", 1)}, "fails 404: VirtualService shop/a has the host, and is not for Gateway shop/a [VirtualService shop/a spec.gateways]"},
		{"no Service", "http://a.example.com", []string{door, route}, "unknown: goes to a.shop:80; the package does not hold the Service shop/a [VirtualService shop/a spec.http[0].route[0].destination.host]"},
		{"another Service", "http://a.example.com", []string{door, route, other}, "fails 503: no Service a in shop [VirtualService shop/a spec.http[0].route[0].destination.host]"},
		{"no pods", "http://a.example.com", []string{door, route, service}, "unknown: goes to a.shop:80; the package does not hold the pods of Service shop/a [Service shop/a spec.selector]"},
		{"no namespace", "http://a.example.com", []string{door, route, service, pods}, "unknown: goes to a.shop:80; Deployment shop/a: it is not known who has a sidecar [Deployment shop/a spec.template.metadata.annotations[\"sidecar.istio.io/inject\"]]"},
		{"no PeerAuthentication", "http://a.example.com", []string{door, route, service, pods, enabled}, "unknown: goes to a.shop:80; Deployment shop/a: no PeerAuthentication of the package says what the server takes [Deployment shop/a spec.template.metadata.annotations[\"sidecar.istio.io/inject\"]]"},
		{"all", "http://a.example.com", []string{door, route, service, pods, enabled, strict}, "reaches: a.shop:80"},
		{"the subset", "http://a.example.com", []string{door, strings.Replace(route, "host: a}", "host: a, subset: v1}", 1), service, pods, enabled, strict}, "unknown: goes to a.shop:80 v1; the package does not hold the DestinationRule of a.shop with the subset v1 [VirtualService shop/a spec.http[0].route[0].destination.subset]"},
		{"half a name", "http://a.example.com", []string{door, strings.Replace(route, "host: a}", "host: a.shop}", 1), service, pods, enabled, strict}, "fails 503: Istio does not complete a.shop; write a.shop [VirtualService shop/a spec.http[0].route[0].destination.host]"},
		{"refused by the gateway", "http://a.example.com/admin/x", []string{door, route, service, pods, enabled, strict, deny}, "fails 403: AuthorizationPolicy istio-system/deny: rule 0 denies it [AuthorizationPolicy istio-system/deny spec.rules[0]]"},
		{"the installation's gateway", "http://a.example.com", []string{door, route, service, pods, enabled, strict, install}, "reaches: a.shop:80"},
		{"and the port of its pods", "http://a.example.com", []string{strings.Replace(door, "80", "8080", 1), strings.Replace(route, "host: a}", "host: a, port: {number: 80}}", 1), service, pods, enabled, strict, install}, "reaches: a.shop:80"},
		{"which does not open the port", "http://a.example.com", []string{door, route, service, pods, enabled, strict, closed}, "fails: the gateway's Service does not open port 80: connection refused [Gateway shop/a spec.servers[0].port.number]"},
		{"and which it does not select", "http://a.example.com", []string{strings.Replace(door, "ingressgateway", "ingress", 1), route, service, pods, enabled, strict, install}, "fails: no gateway of the installation has istio=ingress: connection refused [Gateway shop/a spec.selector]"},
		{"two Gateways at different pods", "http://a.example.com", []string{door, strings.NewReplacer("name: a,", "name: b,", "ingressgateway", "intern").Replace(door), route}, "unknown: Gateway shop/a and Gateway shop/b both serve it, at different pods: say which one is called"},
		{"the caller", "http://a from shop/x", nil, "unknown: the package does not hold the Service shop/a"},
		{"the caller's pods", "http://a from shop/b", []string{other, service, pods, enabled, strict}, "unknown: goes to a.shop:80; Deployment shop/a: it is not known who has a sidecar [Deployment shop/a spec.template.metadata.annotations[\"sidecar.istio.io/inject\"]]"},
		{"the caller's labels", "http://c from shop/b", []string{other, pods, strings.NewReplacer("name: a,", "name: c,", "app: a", "app: c").Replace(service), labelled}, "unknown: whether http[0] of VirtualService shop/c takes it is not known: it asks for labels of the caller [VirtualService shop/c spec.http[0]]"},
		{"a name for TLS", "tls://a.example.com", []string{passing, sni}, "unknown: goes to a.shop:443; the package does not hold the Service shop/a [VirtualService shop/a spec.tls[1].route[0].destination.host]"},
		{"a name for TLS in the mesh", "tls://a:443 from shop/a", []string{inner, innerTLS, pods, enabled}, "fails 503: no Service b in shop [VirtualService shop/a spec.tls[1].route[0].destination.host]"},
		{"no name for TLS in the mesh", "tls://a.shop:443 from shop/a", []string{inner, innerTLS, pods, enabled}, "fails: no tls route takes the name a.shop: the caller's proxy ends the connection"},
		{"no name for TLS", "tls://c.example.com", []string{passing, sni}, "fails: no tls route of Gateway shop/a takes it: the connection ends [Gateway shop/a spec.servers[0]]"},
		{"whom the proxy lets out to", "http://x.example.net from shop/a", []string{pods, enabled}, "unknown: the caller's proxy does not know x.example.net; whether it passes the call on says the installation, which the package does not hold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := trace.Of(model(t, c.docs...), call(t, c.call))
			if err != nil {
				t.Fatal(err)
			}
			if got := verdict(a); got != c.want {
				t.Errorf("\nwant %s\n got %s", c.want, got)
			}
		})
	}
}

// The way of a call, hop by hop.
func TestHops(t *testing.T) {
	a, err := trace.Of(shop(t), call(t, "https://www.example.com/own/reviews"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	add := func(hops []trace.Hop) {
		for _, h := range hops {
			got = append(got, fmt.Sprintf("%s %s %s: %s", h.Step, h.Object, h.At, strings.Join(h.Says, "; ")))
		}
	}
	add(a.Hops)
	for _, b := range a.Branches {
		add(b.Hops)
		for _, p := range b.Pods {
			add(p.Hops)
		}
	}
	want := `gateway Gateway shop/public spec.servers[1]: HTTPS on port 443 for *.example.com; tls mode SIMPLE, certificate from Secret istio-system/public-certs
route VirtualService shop/outside spec.http[6]: http[6] delegates to shop/own
route VirtualService shop/own spec.http[0]: http[0] takes it: uri prefix /own/reviews; timeout 9s
rule DestinationRule shop/reviews spec.trafficPolicy: loadBalancer LEAST_REQUEST; outlierDetection
destination Service shop/reviews spec.ports: port 9080, protocol http
workload Deployment shop/reviews-v1 spec.template.metadata.annotations["sidecar.istio.io/inject"]: has a sidecar: the namespace shop has the label istio-injection: enabled
mtls PeerAuthentication istio-system/default spec: mode STRICT
workload Deployment shop/reviews-v2 spec.template.metadata.annotations["sidecar.istio.io/inject"]: has a sidecar: the namespace shop has the label istio-injection: enabled
mtls PeerAuthentication istio-system/default spec: mode STRICT`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s", text)
	}
}

// Two of Kyma's pages about troubles are about calls: each names what is wrong, and
// the next thing when that is mended. The other two are for kymamesh check.
func TestPages(t *testing.T) {
	mended := strings.NewReplacer("certificate.pem", "tls.crt", "private.pem", "tls.key")
	for _, c := range []struct {
		page, call string
		mend       *strings.Replacer
		want       string
	}{
		{"503-at-the-gateway", "https://console.shop.example.com/", nil,
			"fails: the Secret istio-system/kyma-gateway-certs has certificate.pem, private.pem; it needs tls.crt and tls.key: the gateway does not listen on port 443 [Gateway kyma-system/kyma-gateway spec.servers[0].tls.credentialName]"},
		{"503-at-the-gateway", "https://console.shop.example.com/", mended,
			"fails 503: console.shop has no port 8080; it has 80 [VirtualService shop/console spec.http[0].route[0].destination.port.number]"},
		{"503-at-the-gateway", "https://api.shop.example.com/", mended,
			"fails 404: no VirtualService of Gateway kyma-system/kyma-gateway has the host api.shop.example.com [Gateway kyma-system/kyma-gateway spec.servers[0]]"},
		{"connection-refused", "db:5432 from shop/backup", nil,
			"fails: connection reset by peer: the client speaks plain text and the server takes mTLS only; PeerAuthentication istio-system/default says STRICT [PeerAuthentication istio-system/default spec]"},
	} {
		src, err := os.ReadFile("../check/testdata/pages/" + c.page + "/package.yaml")
		if err != nil {
			t.Fatal(err)
		}
		text := string(src)
		if c.mend != nil {
			text = c.mend.Replace(text)
		}
		a, err := trace.Of(model(t, text), call(t, c.call))
		if err != nil {
			t.Fatal(err)
		}
		if got := verdict(a); got != c.want {
			t.Errorf("%s: %s\nwant %s\n got %s", c.page, c.call, c.want, got)
		}
	}
}

// A path that a route rewrites is what the policies behind it see.
func TestRewritten(t *testing.T) {
	docs := []string{
		door, strings.Replace(route, "{route:", "{match: [{uri: {prefix: /out/}}], rewrite: {uri: /in/}, route:", 1), service, pods, enabled, strict,
		strings.NewReplacer("istio-system", "shop", "istio: ingressgateway", "app: a", "/admin*", "/in/*").Replace(deny),
	}
	a, err := trace.Of(model(t, docs...), call(t, "http://a.example.com/out/x"))
	if err != nil || a.Verdict.Status != 403 {
		t.Error(err, verdict(a))
	}
}

// Of two VirtualServices of one host a sidecar reads one, and the other is noted.
func TestTwoVirtualServices(t *testing.T) {
	mesh := strings.NewReplacer("a.example.com", "a", "gateways: [a], ", "").Replace(route)
	second := strings.NewReplacer("name: a,", "name: b,", "host: a}", "host: none}").Replace(mesh)
	a, err := trace.Of(model(t, mesh, second, service, pods, enabled, strict), call(t, "http://a from shop/a"))
	if want := "VirtualService shop/b has routes for the host too; Istio uses one of the two, here VirtualService shop/a"; err != nil || verdict(a) != "reaches: a.shop:80" || len(a.Notes) != 1 || a.Notes[0] != want {
		t.Error(err, verdict(a), a.Notes)
	}
}

// What a route sends to a gateway inside the mesh is followed there.
func TestThroughGateways(t *testing.T) {
	const egress = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: out, namespace: istio-system}
spec:
  selector: {istio: egressgateway}
  servers:
  - {port: {number: 80, name: other, protocol: HTTP}, hosts: [other.example.com]}
  - {port: {number: 80, name: api, protocol: HTTPS}, hosts: [api.example.com], tls: {mode: ISTIO_MUTUAL}}
---
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: a, namespace: istio-system}
spec: {components: {egressGateways: [{name: out, enabled: true}]}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, namespace: istio-system}
spec:
  hosts: [api.example.com]
  gateways: [mesh, out]
  http:
  - {match: [{gateways: [mesh]}], route: [{destination: {host: out.istio-system.svc.cluster.local, port: {number: 80}}}]}
  - {match: [{gateways: [out]}], route: [{destination: {host: api.example.com, port: {number: 80}}}]}
`
	const entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: api, namespace: istio-system}\nspec: {hosts: [api.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}\n"
	only := "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: out, namespace: istio-system}\nspec: {selector: {matchLabels: {istio: egressgateway}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/default]}}]}]}\n"
	for _, c := range []struct {
		name string
		docs []string
		want string
	}{
		{"on to the host", []string{egress, entry}, "reaches: out.istio-system:80, on to api.example.com:80"},
		{"by a policy of the gateway", []string{egress, entry, only}, "reaches: out.istio-system:80, on to api.example.com:80"},
		{"not by one for others", []string{egress, entry, strings.Replace(only, "sa/default", "sa/other", 1)}, "fails 403: AuthorizationPolicy istio-system/out: no rule allows it [AuthorizationPolicy istio-system/out spec]"},
		{"to a host that is not known", []string{egress}, "unknown: goes to out.istio-system:80, on to api.example.com:80; the package does not hold the host api.example.com [VirtualService istio-system/api spec.http[1].route[0].destination.host]"},
		{"without a server", []string{strings.Replace(egress, "[api.example.com], tls", "[apo.example.com], tls", 1), entry}, "fails: no server of the gateway takes api.example.com on port 80"},
		{"round and round", []string{strings.Replace(egress, "{host: api.example.com,", "{host: out.istio-system.svc.cluster.local,", 1)}, "unknown: goes to out.istio-system:80, on to out.istio-system:80; the call goes through more than 3 gateways"},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller := strings.Replace(pods, "{app: a}", "{app: a, sidecar.istio.io/inject: 'true'}", 1)
			a, err := trace.Of(model(t, append(c.docs, caller)...), call(t, "http://api.example.com/ from shop/a"))
			if err != nil {
				t.Fatal(err)
			}
			if got := verdict(a); got != c.want {
				t.Errorf("\nwant %s\n got %s", c.want, got)
			}
		})
	}
}

// Whatever is asked of whatever package, the answer has a verdict.
func FuzzTrace(f *testing.F) {
	for _, target := range []string{"http://a.example.com/x?y=z", "db:5432", "tls://[::1]:1", "https://%zz", "tcp://x:1"} {
		f.Add(target, "shop/front", "*.example.com", "v1")
	}
	f.Fuzz(func(t *testing.T, target, from, host, subset string) {
		c, err := trace.Parse(target)
		if err != nil {
			return
		}
		quote := func(s string) string { return fmt.Sprintf("%q", strings.ToValidUTF8(s, "")) }
		text := strings.NewReplacer("[a.example.com]", "["+quote(host)+"]", "host: a}", "host: "+quote(host)+", subset: "+quote(subset)+"}").Replace(door + "---\n" + route)
		list, err := resourcelist.ParseStream([]byte(text + "---\n" + service + "---\n" + pods))
		if err != nil {
			return
		}
		c.From = from
		if a, err := trace.Of(topology.New(nil, list.Items(), 0), c); err == nil && (a.Verdict.Outcome == "" || a.Verdict.Why == "") {
			t.Errorf("%+v: no verdict", c)
		}
	})
}

// Connections that a gateway does not read have the route of the older VirtualService,
// whichever names the host more nearly; a sidecar's own ports are not called at all.
func TestConnections(t *testing.T) {
	bound := func(name, hosts, list string) string {
		return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + ", namespace: shop}\nspec: {hosts: [" + hosts + "], gateways: [g], " + list + "}\n"
	}
	service := func(name, port string) string {
		return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + ", namespace: shop}\nspec: {selector: {app: " + name + "}, ports: [" + port + "]}\n"
	}
	m := model(t,
		"apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\nspec: {selector: {app: g}, servers: [{port: {number: 5432, name: tcp, protocol: TCP}, hosts: ['*']}, {port: {number: 443, name: tls, protocol: TLS}, tls: {mode: PASSTHROUGH}, hosts: ['*']}]}\n",
		service("a", "{name: tcp, port: 1}"), service("b", "{name: tcp, port: 2}"), service("kept", "{name: http, port: 15021}"),
		bound("b", "x.example.com", "tcp: [{route: [{destination: {host: b}}]}], tls: [{match: [{sniHosts: [x.example.com]}], route: [{destination: {host: b}}]}]"),
		bound("a", "'*.example.com'", "tcp: [{route: [{destination: {host: a}}]}], tls: [{match: [{sniHosts: ['*.example.com']}], route: [{destination: {host: a}}]}]"),
	)
	for text, want := range map[string]string{
		"tcp://x.example.com:5432":       "a.shop:1",
		"tls://x.example.com:443":        "b.shop:2",
		"tls://y.example.com:443":        "a.shop:1",
		"http://kept:15021/ from shop/a": "the caller's proxy listens on port 15021 itself, and no call of it gets out",
	} {
		a, err := trace.Of(m, call(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if got := verdict(a); !strings.Contains(got, want) && (len(a.Branches) != 1 || fmt.Sprintf("%s:%d", strings.TrimSuffix(a.Branches[0].Host, ".svc.cluster.local"), a.Branches[0].Port) != want) {
			t.Errorf("%s: %s %+v", text, got, a.Branches)
		}
	}
}
