package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// routed is a Service behind a gateway, by hand, of which one share of the calls
// is lost.
const routed = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example.com]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [public]
  http:
  - match: [{headers: {end-user: {exact: jason}}, method: {exact: POST}}]
    timeout: 5s
    mirror: {host: reviews}
    route: [{destination: {host: reviews}}]
  - route:
    - {destination: {host: reviews}, weight: 3}
    - {destination: {host: reviews, subset: v2}, weight: 1}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}]}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews, namespace: shop}
spec: {template: {metadata: {labels: {app: reviews, sidecar.istio.io/inject: "false"}}}}
`

const tracedShare = `GET http://shop.example.com/ from outside
fails        25 % no DestinationRule of reviews.shop.svc.cluster.local has the
             subset v2; there are v1
             VirtualService shop/shop (app.yaml:23:37)

gateway      Gateway shop/public (app.yaml:7:5)
             HTTP on port 80 for shop.example.com
route        VirtualService shop/shop (app.yaml:21:5)
             http[1] takes it: every request
-> 75 %      reviews.shop.svc.cluster.local:80
destination  Service shop/reviews (app.yaml:33:34)
             port 80, protocol http
workload     Deployment shop/reviews (app.yaml:38:53)
             has no sidecar: sidecar.istio.io/inject of the pod is false
connection   plaintext
-> 25 %      reviews.shop.svc.cluster.local:80 v2
fails        no DestinationRule of reviews.shop.svc.cluster.local has the subset
             v2; there are v1
note         gateway pods with istio=ingressgateway are there; the package does
             not show them
`

func TestTraceText(t *testing.T) {
	enter(t, files{"app.yaml": routed})
	got := call("", "trace", "app.yaml", "http://shop.example.com/")
	same(t, "result", result{exitLost, tracedShare, ""}, got)
	for line := range strings.Lines(got.Out) {
		if utf8.RuneCountInString(line) > columns+1 {
			t.Errorf("wider than %d: %s", columns, line)
		}
	}
}

// A call that leaves through an egress gateway is followed there, and on.
func TestTraceThroughEgressGateway(t *testing.T) {
	mesh := header + `spec:
  egress:
    hosts:
    - host: nginx.example.com
      ports: [{number: 80, protocol: HTTP, targetPort: 443}]
      gateway: istio-egressgateway
      tls: {mode: SIMPLE}
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: shop, labels: {sidecar.istio.io/inject: "true"}}
`
	want := `GET http://nginx.example.com/ from shop/front
reaches      istio-egressgateway.istio-system.svc.cluster.local:80
             nginx-example-com, on to nginx.example.com:80

caller       Pod shop/front (<stdin>:14:51)
             has a sidecar: the pod asks for it
route        VirtualService istio-system/nginx.example.com (<stdin>:7:7)
             http[0] takes it: port 80
-> 100 %     istio-egressgateway.istio-system.svc.cluster.local:80
             nginx-example-com
rule         DestinationRule istio-system/istio-egressgateway (<stdin>:9:7)
             subset nginx-example-com is all pods
             tls mode ISTIO_MUTUAL
gateway      Gateway istio-system/istio-egressgateway (<stdin>:9:7)
             HTTPS on port 80 for nginx.example.com
             tls mode ISTIO_MUTUAL
route        VirtualService istio-system/nginx.example.com (<stdin>:7:7)
             http[1] takes it: port 80
-> 100 %     nginx.example.com:80
rule         DestinationRule istio-system/nginx.example.com (<stdin>:7:7)
             tls mode SIMPLE
destination  ServiceEntry istio-system/nginx.example.com (<stdin>:7:7)
             nginx.example.com:80, outside of the mesh
`
	got := call(mesh, "trace", "-", "--from", "shop/front", "http://nginx.example.com/")
	same(t, "result", result{0, want, ""}, got)
	if got := call(mesh, "trace", "-", "--from", "shop/front", "http://nginx.example.com/", "-o", "json"); !strings.Contains(got.Out, `"step": "destination"`) {
		t.Error(got)
	}
}

// The flags are the request, and the answer in JSON has what the text has.
func TestTraceJSON(t *testing.T) {
	got := call(routed, "trace", "-", "-X", "POST", "-H", "End-User: jason", "-o", "json", "http://shop.example.com/x?a=b")
	var a traceJSON
	if err := json.Unmarshal([]byte(got.Out), &a); err != nil || got.Code != 0 {
		t.Fatal(err, got)
	}
	same(t, "verdict", verdictJSON{"reaches", 0, "reviews.shop.svc.cluster.local:80", nil}, a.Verdict)
	same(t, "call", callJSON{"outside", "", "http", "shop.example.com", 80, "POST", "/x", map[string]string{"end-user": "jason"}}, a.Call)
	same(t, "route", placeJSON{"VirtualService", "shop", "shop", stdinName, 17, 5, "spec.http[0]"}, a.Hops[1].placeJSON)
	same(t, "what it says", []string{"http[0] takes it: method = POST, header end-user = jason", "timeout 5s"}, a.Hops[1].Says)
	if len(a.Goes) != 1 || len(a.Copies) != 1 || a.Goes[0].Share != 100 || a.Goes[0].Pods[0].Connection != "plaintext" {
		t.Errorf("not where it goes: %+v", a)
	}
	if got := call(routed, "trace", "-", "-H", "end-user=jason", "-o", "json", "http://shop.example.com/"); got.Code != exitLost {
		t.Errorf("the method was passed over: %+v", got)
	}
}

func TestTraceExitCodes(t *testing.T) {
	enter(t, files{"app.yaml": routed, "mesh.yaml": canary + "  profle: x\n"})
	for _, c := range []struct {
		args string
		code int
	}{
		{"app.yaml http://shop.example.com/", exitLost},
		{"app.yaml http://other.example.com/", exitLost},
		{"-f app.yaml http://shop.example.com/ -X POST -H end-user:jason", 0},
		{"app.yaml --gateway shop/public http://shop.example.com/ -X POST -H end-user:jason", 0},
		{"app.yaml --from shop/reviews http://reviews", 0},
		{"app.yaml --from shop/reviews http://elsewhere.example.com", exitUnknown},
		{"mesh.yaml http://shop.example.com/", exitFaults},
	} {
		got := call("", append([]string{"trace"}, strings.Fields(c.args)...)...)
		if got.Code != c.code || (got.Out == "") != (c.code == exitFaults) {
			t.Errorf("%s: want exit %d, got %+v", c.args, c.code, got)
		}
	}
}

func TestTraceCalls(t *testing.T) {
	enter(t, files{"app.yaml": routed})
	for _, c := range []struct{ args, want string }{
		{"", "trace: write the package and then the call, a URL or HOST:PORT"},
		{"app.yaml", `trace: the last argument is the call: "app.yaml" is neither a URL nor HOST:PORT`},
		{"http://shop.example.com", "trace: name a file, a directory or - before the call"},
		{"app.yaml ftp://shop.example.com", `no scheme "ftp"; http, https, tcp, tls`},
		{"app.yaml http://", `"http://" names no host`},
		{"app.yaml tcp://db", "has no port from 1 to 65535"},
		{"app.yaml db:70000", "has no port from 1 to 65535"},
		{"app.yaml tcp://db:1/x", "tcp has no path"},
		{"app.yaml db:1 -o xml", `trace: no output "xml"; text or json`},
		{"app.yaml db:1 -H novalue", `trace: --header "novalue": want 'NAME: VALUE'`},
		{"app.yaml db:1 --from=", "trace: --from is empty; write outside, or NAMESPACE/NAME"},
		{"app.yaml db:1 --from front", `trace: from "front": write outside, or NAMESPACE/NAME of a workload or a Service`},
		{"app.yaml db:1 --from shop/reveiws", "trace: from shop/reveiws: no workload and no Service reveiws in shop; did you mean reviews?"},
		{"app.yaml db:1 --from pay/front", "trace: from pay/front: no workload and no Service front in pay"},
		{"app.yaml http://shop.example.com --gateway shop/pubilc", "trace: no Gateway shop/pubilc in the package; did you mean shop/public?"},
		{"app.yaml http://shop.example.com --gateway shop/public --from shop/reviews", "trace: --gateway is where a call from outside arrives; leave it or --from out"},
		{"nowhere http://shop.example.com", "stat nowhere: no such file or directory"},
	} {
		got := call("", append([]string{"trace"}, strings.Fields(c.args)...)...)
		if got.Code != exitUsage || got.Out != "" || !strings.Contains(got.Err, c.want) {
			t.Errorf("%s: %+v", c.args, got)
		}
	}
}
