package check_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
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
	for words, want := range map[string]bool{db: true, "  services:\n  - {name: db, namespace: shop, to: v1}\n": false} {
		objects, ds := render.YAML("in.yaml", []byte(head+words))
		if ds.HasErrors() {
			t.Fatal(ds)
		}
		if got := check.NeedsPackage(objects); got != want {
			t.Errorf("%s: %v", words, got)
		}
	}
}
