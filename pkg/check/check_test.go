package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

const head = "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec:\n"

// checked renders the words and holds them against the package.
func checked(t *testing.T, words, pkg string) []string {
	t.Helper()
	docs, ds := render.Split("in.yaml", []byte(head+words))
	objects, more := render.Documents(docs...)
	if ds.HasErrors() || more.HasErrors() {
		t.Fatal(ds, more)
	}
	items, err := resourcelist.ParseStream([]byte(pkg))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range render.Locate(check.Package(objects, topology.New(objects, items.Items(), len(docs))), docs...) {
		got = append(got, d.String())
	}
	return got
}

const (
	db = "  services:\n  - {name: db, namespace: shop, security: {mtls: {mode: STRICT}}}\n"

	service = "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec:\n"
	pods    = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec: {template: {metadata: {labels: {LABELS}}}}\n"
)

func workload(labels string) string { return strings.Replace(pods, "LABELS", labels, 1) }

func TestPackage(t *testing.T) {
	for name, c := range map[string]struct {
		words, pkg string
		want       []string
	}{
		"the Service selects other labels": {
			db, service + "  selector: {app.kubernetes.io/name: db, tier: x}\n",
			[]string{"in.yaml:6:5: error KM101: spec.services[0].selector: the Service shop/db selects app.kubernetes.io/name=db,tier=x; write selector: {app.kubernetes.io/name: db, tier: x}"},
		},
		"the Service selects the same": {db, service + "  selector: {app: db}\n", nil},
		"a Service without selector":   {db, service + "  type: ExternalName\n", nil},
		"no workload has the label": {
			db, workload("app: database"),
			[]string{"in.yaml:6:5: error KM101: spec.services[0].selector: no workload of shop has app=db; write the labels of the service's pods"},
		},
		"a written selector nobody has": {
			"  services:\n  - name: db\n    namespace: shop\n    selector: {app: dbx}\n    security: {mtls: {mode: STRICT}}\n", workload("app: db"),
			[]string{"in.yaml:8:5: error KM101: spec.services[0].selector: no workload of shop has app=dbx; write the labels of the service's pods"},
		},
		"a workload has the label":       {db, workload("app: db, version: v1"), nil},
		"workloads of another namespace": {db, strings.ReplaceAll(workload("app: x"), "shop", "pay"), nil},
		"a workload that does not say where it lives": {
			db, workload("app: x") + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: db}}\n", nil,
		},
		"a CronJob": {
			db, "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: db, namespace: shop}\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {app: db}}}}}}\n", nil,
		},
		"a Pod":            {db, "apiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: shop, labels: {app: db}}\n", nil},
		"an empty package": {db, "", nil},
		"a canary needs no selector": {
			"  services:\n  - {name: db, namespace: shop, to: v1}\n", service + "  selector: {other: label}\n  ports: [{port: 80}]\n", nil,
		},
		"the Service's port": {
			"  services:\n  - {name: db, namespace: shop, security: {mtls: {ports: {5433: DISABLE, 9000: STRICT}}}}\n",
			service + "  selector: {app: db}\n  ports: [{port: 5433, targetPort: 5432}, {port: 9000}]\n",
			[]string{"in.yaml:6:59: error KM104: spec.services[0].security.mtls.ports.5433: 5433 is the Service's port; the workload listens on 5432"},
		},
		"the workload's port": {
			"  services:\n  - {name: db, namespace: shop, security: {mtls: {ports: {5432: DISABLE}}}}\n",
			service + "  selector: {app: db}\n  ports: [{port: 5433, targetPort: 5432}, {port: 5432, targetPort: 80}]\n", nil,
		},
		"rules at the Service's port": {
			"  services:\n  - name: db\n    namespace: shop\n    security:\n      allow: [{to: {ports: [5433, 9000]}}]\n      deny: [{to: {notPorts: [9000]}}]\n",
			service + "  selector: {app: db}\n  ports: [{port: 5433, targetPort: 5432}, {port: 9000}]\n",
			[]string{"in.yaml:9:7: error KM104: spec.services[0].security.allow: 5433 is the Service's port; the workload listens on 5432"},
		},
		"rules of a service that is called like a rule": {
			"  services:\n  - {name: db-allow, namespace: shop, security: {allow: [], deny: [{to: {methods: [GET]}, dryRun: true}]}}\n",
			strings.ReplaceAll(service, "name: db,", "name: db-allow,") + "  selector: {app: x}\n",
			[]string{"in.yaml:6:5: error KM101: spec.services[0].selector: the Service shop/db-allow selects app=x; write selector: {app: x}"},
		},
		"a token demanded of what is no HTTP": {
			"  services:\n  - name: db\n    namespace: shop\n    security:\n      jwt: {issuers: [{issuer: \"https://a.example.com\"}]}\n      deny: [{to: {methods: [GET]}}, {to: {paths: [/a], ports: [80]}}]\n",
			service + "  selector: {app: db}\n  ports: [{port: 80, name: http}, {port: 5432, name: tcp-pg}]\n",
			[]string{
				"in.yaml:9:7: error KM104: spec.services[0].security.jwt: port 5432 of shop/db is not HTTP, and a rule about HTTP refuses all of it; write the ports of the workload that are HTTP: jwt.ports",
				"in.yaml:10:7: error KM104: spec.services[0].security.deny: port 5432 of shop/db is not HTTP, and a rule about HTTP refuses all of it; write the ports of the workload that are HTTP: to.ports",
			},
		},
		"a token demanded at the ports that are HTTP": {
			"  services:\n  - {name: db, namespace: shop, security: {jwt: {issuers: [{issuer: \"https://a.example.com\"}], ports: [80]}, allow: [{to: {methods: [GET]}}]}}\n",
			service + "  selector: {app: db}\n  ports: [{port: 80, name: http}, {port: 5432, appProtocol: tcp}]\n", nil,
		},
		"a token demanded where nobody says the protocol": {
			"  services:\n  - {name: db, namespace: shop, security: {jwt: {issuers: [{issuer: \"https://a.example.com\"}]}}}\n",
			service + "  selector: {app: db}\n  ports: [{port: 80}, {port: 81, name: web}, {port: 82, name: tcp-x, appProtocol: kubernetes.io/ws}]\n", nil,
		},
		"pods that look like a gateway's": {
			"  gateways: [{name: kyma-gateway, security: {allow: []}}]\n",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, labels: {app: istio-ingressgateway, istio: ingressgateway, x: y}}\n---\n" +
				"apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: istio-system, labels: {app: istio-ingressgateway, istio: ingressgateway}}\n---\n" +
				"apiVersion: v1\nkind: Pod\nmetadata: {name: c, namespace: shop, labels: {istio: ingressgateway}}\n",
			[]string{"in.yaml:5:46: warning KM110: spec.gateways[0].security.allow: Pod shop/a has app=istio-ingressgateway,istio=ingressgateway like the gateway's pods, and falls under its policy; give one of the two a label of its own"},
		},
		"rules of a namespace and of the mesh refuse what is no HTTP": {
			"  namespaces: {shop: {security: {deny: [{to: {methods: [GET]}}]}}, pay: {security: {deny: [{to: {methods: [GET]}}]}}}\n  security: {deny: [{to: {hosts: [a.b]}}]}\n",
			service + "  ports: [{port: 80}]\n---\n" + strings.ReplaceAll(service, "name: db,", "name: pg,") + "  ports: [{port: 5432, name: tcp}]\n---\n" + strings.ReplaceAll(service, "shop", "pay") + "  ports: [{port: 80}]\n",
			[]string{
				"in.yaml:5:34: error KM104: spec.namespaces.shop.security.deny: port 5432 of shop/pg is not HTTP, and a rule about HTTP refuses all of it; write the ports of the workload that are HTTP: to.ports",
				"in.yaml:6:14: error KM104: spec.security.deny: port 5432 of shop/pg is not HTTP, and a rule about HTTP refuses all of it; write the ports of the workload that are HTTP: to.ports",
			},
		},
		"a gateway whose Service takes what is no HTTP": {
			"  gateways: [{name: edge, selector: {app: edge}, tls: {credentialName: edge}, security: {deny: [{to: {methods: [TRACE]}}]}}]\n",
			"apiVersion: v1\nkind: Service\nmetadata: {name: edge, namespace: istio-system}\nspec: {ports: [{port: 31400, name: tcp}]}\n", nil,
		},
		"pods of a gateway's own": {
			"  gateways: [{name: own, selector: {app: own}, tls: {credentialName: own}, security: {allow: []}}]\n",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: edge, labels: {app: own}}\n", nil,
		},
		"a gateway's pods that are not in the package": {
			"  gateways: [{name: kyma-gateway, security: {allow: []}}]\n",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: grafana, namespace: istio-system, labels: {app: grafana}}\n", nil,
		},
		"a rule for a namespace nobody lives in": {
			"  namespaces: {shpo: {security: {allow: [], deny: [{}]}}}\n", workload("app: db"),
			[]string{"in.yaml:5:16: warning KM105: spec.namespaces.shpo: no workload of the package lives in \"shpo\"; did you mean \"shop\"?"},
		},
		"what expose lets in finds no pod": {
			"  domain: a.b\n  security: {allow: []}\n  services: [{name: db, namespace: shop, expose: db}]\n", workload("app: x"),
			[]string{"in.yaml:7:14: error KM101: spec.services[0].selector: no workload of shop has app=db; write the labels of the service's pods"},
		},
		"a target port by name": {
			"  services:\n  - {name: db, namespace: shop, security: {mtls: {ports: {5433: DISABLE}}}}\n",
			service + "  selector: {app: db}\n  ports: [{port: 5433, targetPort: pg}]\n", nil,
		},
		"HTTP routes to a port of TLS": {
			"  services:\n  - {name: db, namespace: shop, to: v1}\n", service + "  ports: [{port: 443, name: tls-db}]\n",
			[]string{"in.yaml:6:5: error KM114: spec.services[0].protocol: port 443 (tls-db) is TLS; write protocol: TLS"},
		},
		"several ports, none written": {
			"  services:\n  - {name: db, namespace: shop, to: v1, expose: db.local.kyma.dev}\n",
			service + "  ports: [{port: 9080}, {port: 9090}]\n",
			[]string{
				"in.yaml:6:5: error KM104: spec.services[0]: db has ports 9080, 9090: write port",
				"in.yaml:6:49: error KM104: spec.services[0].expose[0]: db has ports 9080, 9090: write port",
			},
		},
		"several ports, one written": {
			"  services:\n  - {name: db, namespace: shop, to: v1, port: 9080}\n", service + "  ports: [{port: 9080}, {port: 9090}]\n", nil,
		},
		"a certificate elsewhere": {
			"  gateways: [{name: kyma-gateway, hosts: a.example.com, tls: {credentialName: certs}}, {name: own, hosts: b.example.com, selector: {istio: own}, tls: {credentialName: certs}}]\n",
			"apiVersion: v1\nkind: Secret\nmetadata: {name: certs, namespace: shop}\n",
			[]string{"in.yaml:5:14: warning KM108: spec.gateways[0]: Secret shop/certs: the gateway reads it in istio-system"},
		},
		"a certificate there": {
			"  gateways: [{name: kyma-gateway, tls: {credentialName: certs}}]\n",
			"apiVersion: v1\nkind: Secret\nmetadata: {name: certs, namespace: shop}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: certs, namespace: istio-system}\n", nil,
		},
		"a certificate that does not say where it lives": {
			"  gateways: [{name: kyma-gateway, tls: {credentialName: certs}}]\n",
			"apiVersion: v1\nkind: Secret\nmetadata: {name: certs}\n", nil,
		},
		"another Secret, and the default one elsewhere": {
			"  domain: shop.example.com\n",
			"apiVersion: v1\nkind: Secret\nmetadata: {name: kyma-gateway-certs, namespace: shop}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: shop}\n", nil,
		},
		"a namespace nobody lives in": {
			"  namespaces: {shpo: {security: {mtls: {mode: STRICT}}}, shop: {security: {mtls: {mode: STRICT}}}}\n", workload("a: b"),
			[]string{`in.yaml:5:16: warning KM105: spec.namespaces.shpo: no workload of the package lives in "shpo"; did you mean "shop"?`},
		},
		"a namespace that the package makes": {
			"  namespaces: {shpo: {security: {mtls: {mode: STRICT}}}}\n", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shpo}\n", nil,
		},
		"objects that do not say where they live": {
			"  namespaces: {shpo: {security: {mtls: {mode: STRICT}}}}\n", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", nil,
		},
		"moved out of the root namespace": {
			"  profile: default\n",
			"apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: default\n  namespace: shop\n  annotations: {mesh.kyma-project.io/namespace: istio-system}\n",
			[]string{"in.yaml:1:1: error KM102: PeerAuthentication default was moved from istio-system to shop; keep the KymaMesh in a kustomization of its own, without namespace: and namePrefix:"},
		},
		"TCP routes to a port of HTTP": {
			"  services:\n  - {name: db, namespace: shop, protocol: TCP, to: v1}\n", service + "  ports: [{port: 80, appProtocol: http}]\n",
			[]string{"in.yaml:6:33: error KM114: spec.services[0].protocol: port 80 (appProtocol http) is HTTP; leave protocol out"},
		},
		"HTTP routes to a port of TCP, by Istio's own list": {
			"  services:\n  - {name: db, namespace: shop, to: v1}\n", service + "  ports: [{port: 3306}]\n",
			[]string{"in.yaml:6:5: error KM114: spec.services[0].protocol: port 3306 (by Istio's own list) is TCP; write protocol: TCP"},
		},
		"HTTP routes to a port of HTTPS": {
			"  services:\n  - {name: db, namespace: shop, to: v1}\n", service + "  ports: [{port: 443, name: https}]\n",
			[]string{"in.yaml:6:5: error KM114: spec.services[0].protocol: port 443 (https) is TLS; write protocol: TLS"},
		},
		"HTTP routes to the one port that is HTTP": {
			"  services:\n  - {name: db, namespace: shop, port: 80, to: v1}\n", service + "  ports: [{port: 5432, name: tcp}, {port: 80, name: http}]\n", nil,
		},
		"TCP routes to the one port that is TCP": {
			"  services:\n  - {name: db, namespace: shop, protocol: TCP, port: 5432, to: v1}\n", service + "  ports: [{port: 5432, name: tcp}, {port: 80, name: http}]\n", nil,
		},
		"TCP routes that do not say which port": {
			"  services:\n  - {name: db, namespace: shop, protocol: TCP, to: v1}\n", service + "  ports: [{port: 5432, name: tcp}, {port: 5433, name: tcp-more}]\n",
			[]string{"in.yaml:6:5: error KM104: spec.services[0]: db has ports 5432, 5433: write port"},
		},
		"TLS routes that do not say which port": {
			"  gateways: [{name: kyma-gateway, hosts: [db.example.com], tls: {mode: PASSTHROUGH}}]\n  services:\n  - {name: db, namespace: shop, protocol: TLS, expose: db.example.com}\n", service + "  ports: [{port: 5432, name: tls}, {port: 5433, name: tls-more}]\n",
			[]string{"in.yaml:7:56: error KM104: spec.services[0].expose[0]: db has ports 5432, 5433: write port"},
		},
		"a condition about requests on what is no HTTP": {
			"  services:\n  - {name: db, namespace: shop, security: {deny: [{when: [{key: 'request.headers[x]', values: [x]}]}]}}\n",
			service + "  selector: {app: db}\n  ports: [{port: 5432, name: tcp-pg}]\n",
			[]string{"in.yaml:6:44: error KM104: spec.services[0].security.deny: port 5432 of shop/db is not HTTP, and a rule about HTTP refuses all of it; write the ports of the workload that are HTTP: to.ports"},
		},
		"a condition about connections on what is no HTTP": {
			"  services:\n  - {name: db, namespace: shop, security: {deny: [{when: [{key: source.ip, values: [10.0.0.0/8]}]}]}}\n",
			service + "  selector: {app: db}\n  ports: [{port: 5432, name: tcp-pg}]\n", nil,
		},
		"a Namespace that nobody lives in": {
			"  namespaces: {shpo: {injection: enabled}}\n", workload("app: db"),
			[]string{"in.yaml:5:16: warning KM105: spec.namespaces.shpo: no workload of the package lives in \"shpo\"; did you mean \"shop\"?"},
		},
		"a Namespace that nobody lives in, and no name is near": {
			"  namespaces: {quite-another: {injection: enabled}}\n", workload("app: db"),
			[]string{"in.yaml:5:16: warning KM105: spec.namespaces.quite-another: no workload of the package lives in \"quite-another\""},
		},
		"a Telemetry of the package for the mesh": {
			"  telemetry: {tracing: {sampling: 1}}\n",
			"apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {name: mine, namespace: istio-system}\nspec: {}\n",
			[]string{"in.yaml:5:15: error KM118: spec.telemetry.tracing: Telemetry istio-system/mine of the package holds for the same proxies as istio-system/default, and Istio reads one of the two; say its words here, or give it a selector"},
		},
		"a Telemetry of the package for some pods": {
			"  telemetry: {tracing: {sampling: 1}}\n",
			"apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {name: mine, namespace: istio-system}\nspec: {selector: {matchLabels: {app: x}}}\n", nil,
		},
		"the document's Telemetry for some pods": {
			"  services: [{name: db, namespace: shop, telemetry: {tracing: {sampling: 1}}}]\n",
			"apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {name: mine, namespace: shop}\nspec: {}\n", nil,
		},
		"telemetry of pods that are not there": {
			"  services: [{name: db, namespace: shop, telemetry: {tracing: {sampling: 1}}}]\n", workload("app: x"),
			[]string{"in.yaml:5:14: error KM101: spec.services[0].selector: no workload of shop has app=db; write the labels of the service's pods"},
		},
		"tokens of pods that are not there": {
			"  services: [{name: db, namespace: shop, security: {jwt: {issuers: [{issuer: \"https://a.example.com\"}], required: false}}}]\n", workload("app: x"),
			[]string{"in.yaml:5:14: error KM101: spec.services[0].selector: no workload of shop has app=db; write the labels of the service's pods"},
		},
		"a certificate that the document makes": {
			"  gateways: [{name: own, hosts: a.example.com, tls: {certificate: {issuer: letsencrypt}}}]\n",
			"apiVersion: v1\nkind: Secret\nmetadata: {name: kyma-gateway-certs, namespace: shop}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: own-certs, namespace: shop}\n", nil,
		},
		"a certificate elsewhere, of two servers, told once": {
			"  gateways: [{name: kyma-gateway, servers: [{port: 443, protocol: HTTPS, hosts: [a.example.com], tls: {credentialName: certs}}, {port: 443, protocol: HTTPS, hosts: [b.example.com], tls: {credentialName: certs}}]}]\n",
			"apiVersion: v1\nkind: Secret\nmetadata: {name: certs, namespace: shop}\n",
			[]string{"in.yaml:5:14: warning KM108: spec.gateways[0]: Secret shop/certs: the gateway reads it in istio-system"},
		},
		"a Service that selects the same, and no workload does": {db, service + "  selector: {app: db}\n---\n" + workload("app: x"), nil},
		"modes of ports, and rules, of a Service that is not here": {
			"  services:\n  - {name: db, namespace: shop, security: {mtls: {ports: {80: DISABLE}}, allow: [{to: {ports: [80]}}], deny: [{to: {methods: [GET]}}]}}\n", workload("app: db"), nil,
		},
		"two Services of a namespace that are no HTTP, told once": {
			"  namespaces: {shop: {security: {deny: [{to: {methods: [GET]}}]}}}\n",
			service + "  ports: [{port: 1, name: tcp-a}]\n---\n" + strings.ReplaceAll(service, "name: db,", "name: pg,") + "  ports: [{port: 2, name: tcp-b}]\n",
			[]string{"in.yaml:5:34: error KM104: spec.namespaces.shop.security.deny: port 1 of shop/db is not HTTP, and a rule about HTTP refuses all of it; write the ports of the workload that are HTTP: to.ports"},
		},
		"a condition about requests of some callers, on what is no HTTP": {
			"  services:\n  - {name: db, namespace: shop, security: {deny: [{from: {namespaces: [pay]}, to: {methods: [GET]}}]}}\n",
			service + "  selector: {app: db}\n  ports: [{port: 5432, name: tcp-pg}]\n---\n" + strings.ReplaceAll(service, "name: db,", "name: other,") + "  ports: [{port: 1, name: tcp}]\n",
			[]string{"in.yaml:6:44: error KM104: spec.services[0].security.deny: port 5432 of shop/db is not HTTP, and a rule about HTTP refuses all of it; write the ports of the workload that are HTTP: to.ports"},
		},
		"two routes to one host, told once": {
			"  services:\n  - {name: db, namespace: shop, routes: [{when: {uri: {prefix: /x}}, to: v1}], to: v1}\n", service + "  ports: [{port: 80}, {port: 81}]\n",
			[]string{"in.yaml:6:5: error KM104: spec.services[0]: db has ports 80, 81: write port"},
		},
		"TCP routes of a port that is HTTP, beside one that is TCP": {
			"  services:\n  - {name: db, namespace: shop, protocol: TCP, port: 80, to: v1}\n", service + "  ports: [{port: 5432, name: tcp}, {port: 80, name: http}]\n",
			[]string{"in.yaml:6:33: error KM114: spec.services[0].protocol: port 80 (http) is HTTP; leave protocol out"},
		},
		"TCP routes of a port that the Service has not": {
			"  services:\n  - {name: db, namespace: shop, protocol: TCP, port: 81, to: v1}\n", service + "  ports: [{port: 80, name: http}]\n", nil,
		},
		"still in the root namespace": {
			"  profile: default\n",
			"apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: default\n  namespace: istio-system\n  annotations: {mesh.kyma-project.io/namespace: istio-system}\n", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, checked(t, c.words, c.pkg)); d != "" {
				t.Error(d)
			}
		})
	}
}

// Only policies look for pods, so only they need to see the package.
func TestNeedsPackage(t *testing.T) {
	for words, want := range map[string]bool{db: true, db + "  - {name: pg, namespace: shop, security: {mtls: {mode: STRICT}}}\n": true, "  services:\n  - {name: db, namespace: shop, to: v1}\n": false} {
		objects, ds := render.YAML("in.yaml", []byte(head+words))
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		if got := check.NeedsPackage(objects); got != want {
			t.Errorf("%s: %v", words, got)
		}
	}
}

// What a package gives no check to read, for lack of its kinds.
func TestSilent(t *testing.T) {
	items, err := resourcelist.ParseStream([]byte(service))
	if err != nil {
		t.Fatal(err)
	}
	silent := func(m *topology.Model, code diag.Code) bool {
		return slices.ContainsFunc(check.Silent(m), func(c check.Check) bool { return c.Code == code })
	}
	empty, one := topology.New(nil, []topology.Item{}, 0), topology.New(nil, items.Items(), 0)
	for code, want := range map[diag.Code][2]bool{
		diag.CodeNoHost: {true, false}, diag.CodeNoSubset: {true, true}, diag.CodeSameObject: {false, false},
	} {
		if got := [2]bool{silent(empty, code), silent(one, code)}; got != want {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
	}
}

// A sidecar that Istio will not give, whatever a word writes.
func TestEdits(t *testing.T) {
	const host = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}\nspec: {template: {metadata: {labels: {app: a}}, spec: {hostNetwork: true}}}\n"
	const off = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: disabled}}\n"
	label := []string{"metadata", "labels", topology.InjectLabel}
	pods := edit.Target{Namespace: "shop", Pods: map[string]string{"app": "a"}}
	for name, c := range map[string]struct {
		edit edit.Edit
		pkg  string
		want string
	}{
		"the node's network":          {edit.Edit{Target: pods, Path: label}, host, "warning KM113: the node's network"},
		"the Namespace says no":       {edit.Edit{Target: pods, Path: label}, strings.ReplaceAll(host, "hostNetwork: true", "") + off, "error KM113: istio-injection: disabled"},
		"another Namespace":           {edit.Edit{Target: pods, Path: label}, strings.ReplaceAll(host, "hostNetwork: true", "") + strings.ReplaceAll(off, "shop", "pay"), ""},
		"the Namespace says yes":      {edit.Edit{Target: pods, Path: label}, strings.ReplaceAll(host, "hostNetwork: true", "") + strings.ReplaceAll(off, "disabled", "enabled"), ""},
		"another key":                 {edit.Edit{Target: pods, Path: []string{"metadata", "labels", "x"}}, host + off, ""},
		"an object":                   {edit.Edit{Target: edit.Target{Namespace: "shop", Name: "a"}, Path: label}, host + off, ""},
		"no sidecar":                  {edit.Edit{Target: pods, Path: label, Value: &yaml.Node{Kind: yaml.ScalarNode, Value: "false"}}, host + off, ""},
		"other pods, the Namespace's": {edit.Edit{Target: edit.Target{Namespace: "shop", Pods: map[string]string{"app": "b"}}, Path: label}, host, ""},
	} {
		items, err := resourcelist.ParseStream([]byte(c.pkg))
		if err != nil {
			t.Fatal(err)
		}
		if c.edit.Value == nil {
			c.edit.Value = &yaml.Node{Kind: yaml.ScalarNode, Value: "true"}
		}
		found := check.Edits([]edit.Edit{c.edit}, topology.New(nil, items.Items(), 0))
		head, tail, _ := strings.Cut(c.want, ": ")
		if (len(found) != 0) != (c.want != "") || len(found) > 1 || len(found) == 1 && (!strings.HasPrefix(found[0].String(), head) || !strings.Contains(found[0].String(), tail)) {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// What changes at once, compared with what was rendered before.
func TestStep(t *testing.T) {
	mode := func(m security.PeerAuthentication_MutualTLS_Mode) *security.PeerAuthentication_MutualTLS {
		return &security.PeerAuthentication_MutualTLS{Mode: m}
	}
	const strict, permissive = security.PeerAuthentication_MutualTLS_STRICT, security.PeerAuthentication_MutualTLS_PERMISSIVE
	whole, ports := &security.PeerAuthentication{Mtls: mode(strict)}, &security.PeerAuthentication{PortLevelMtls: map[uint32]*security.PeerAuthentication_MutualTLS{80: mode(strict), 81: mode(permissive)}}
	for name, c := range map[string]struct {
		now    any
		before string
		want   string
	}{
		"from nothing to all":       {whole, "spec: {mtls: {mode: DISABLE}}", "x.mode"},
		"from both to all":          {whole, "spec: {mtls: {mode: PERMISSIVE}}", ""},
		"from nothing to both":      {&security.PeerAuthentication{Mtls: mode(permissive)}, "spec: {mtls: {mode: DISABLE}}", ""},
		"a port, of two":            {ports, "spec: {portLevelMtls: {80: {mode: DISABLE}, 81: {mode: DISABLE}}}", "x.ports.80"},
		"a port that was as strict": {ports, "spec: {portLevelMtls: {80: {mode: STRICT}}}", ""},
		"what a person made of it":  {whole, "spec: [DISABLE]", ""},
		"an object of another kind": {&networking.Sidecar{}, "spec: {mtls: {mode: DISABLE}}", ""},
	} {
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(c.before), &node); err != nil {
			t.Fatal(err)
		}
		var at []string
		for _, d := range check.Step(manifest.Object{Spec: c.now, Origin: diag.Document(0).Key("x")}, &node) {
			at = append(at, d.Path.String())
		}
		if got := strings.Join(at, " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
