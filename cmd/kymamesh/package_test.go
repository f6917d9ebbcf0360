package main

import (
	"strings"
	"testing"
)

const service = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec:
  selector: {app: reviews}
  ports: [{name: http, port: 80, targetPort: 8080}]
`

// strictly is a canary whose service has a policy of its own.
const strictly = canary + "    security: {mtls: {ports: {8080: DISABLE}}}\n"

const byHand = `apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata:
  name: reviews
  namespace: shop
`

const moved = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: shop
  annotations: {mesh.kyma-project.io/namespace: istio-system}
`

const notOurs = "app/mesh.yaml:7:5: error KM103: spec.services[0]: VirtualService shop/reviews exists in the package and is not ours; remove it, or the words that ask for it\n"

// packageChecks are what a package has beside app/mesh.yaml, and what is said.
var packageChecks = []struct {
	name, mesh, beside, want string
	code                     int
}{
	{"with what the documents say", strings.Replace(canary, "  domain: shop.example.com\n", "", 1) + "    expose: reviews\n", moved,
		"app/mesh.yaml:1:1: error KM102: PeerAuthentication default was moved from istio-system to shop; keep the KymaMesh in a kustomization of its own, without namespace: and namePrefix:\n" +
			"app/mesh.yaml:9:13: warning KM023: spec.services[0].expose[0].hosts[0]: host reviews becomes reviews.local.kyma.dev; write spec.domain\n", 1},
	{"nothing wrong", strictly, service, "", 0},
	{"selector", strictly, strings.Replace(service, "app: reviews", "run: reviews", 1),
		"app/mesh.yaml:7:5: error KM101: spec.services[0].selector: the Service shop/reviews selects run=reviews; write selector: {run: reviews}\n", 1},
	{"moved", canary, moved,
		"app/mesh.yaml:1:1: error KM102: PeerAuthentication default was moved from istio-system to shop; keep the KymaMesh in a kustomization of its own, without namespace: and namePrefix:\n", 1},
	{"not ours", canary, byHand, notOurs, 1},
	{"not ours with one mark", canary, byHand + "  labels: {mesh.kyma-project.io/owner: shop}\n", notOurs, 1},
	{"not ours in the file of the document", canary + "---\n" + byHand, "", notOurs, 1},
	{"another's name", canary, strings.Replace(byHand, "name: reviews", "name: ratings", 1), "", 0},
	{"another's namespace", canary, strings.Replace(byHand, "namespace: shop", "namespace: pay", 1), "", 0},
	{"another's kind", canary, strings.Replace(byHand, "kind: VirtualService", "kind: WorkloadEntry", 1), "", 0},
	{"another's group", canary, strings.Replace(byHand, "networking.istio.io", "example.com", 1), "", 0},
	{"several ports", canary, strings.Replace(service, "}]", "}, {name: admin, port: 81}]", 1),
		"app/mesh.yaml:7:5: error KM104: spec.services[0]: reviews has ports 80, 81: write port\n", 1},
	{"port of the Service", strings.Replace(strictly, "8080", "80", 1), service,
		"app/mesh.yaml:10:31: error KM104: spec.services[0].security.mtls.ports.80: 80 is the Service's port; the workload listens on 8080\n", 1},
	{"nobody", canary + "  namespaces: {shpo: {security: {mtls: {mode: PERMISSIVE}}}}\n", service,
		"app/mesh.yaml:10:16: warning KM105: spec.namespaces.shpo: no workload of the package lives in \"shpo\"; did you mean \"shop\"?\n", 0},
}

func TestPackageChecks(t *testing.T) {
	for _, c := range packageChecks {
		t.Run(c.name, func(t *testing.T) {
			enter(t, files{"app/mesh.yaml": c.mesh, "app/teams/beside.yaml": c.beside})
			got := call("", "render", "app")
			same(t, "result", result{Code: c.code, Err: c.want}, result{Code: got.Code, Err: got.Err})
			if (got.Out == "") != (c.code != 0) {
				t.Errorf("exit %d, stdout has %d bytes", got.Code, len(got.Out))
			}
			got = call("", "render", "app", "--output-dir", "out")
			if _, wrote := tree(t, ".")["out/shop/virtualservice_reviews.yaml"]; got.Code != c.code || wrote != (c.code == 0) {
				t.Errorf("--output-dir: exit %d, wrote: %t", got.Code, wrote)
			}
		})
	}
}

// Files that are named are no package: what is missing among them is elsewhere.
func TestFilesAreNotChecked(t *testing.T) {
	other := strings.Replace(service, "app: reviews", "run: reviews", 1)
	enter(t, files{"app/mesh.yaml": strictly, "app/service.yaml": other})
	want := rendered(t, "", "render", "app/mesh.yaml")
	same(t, "files", want, rendered(t, "", "render", "app/mesh.yaml", "app/service.yaml"))
	same(t, "stdin", want, rendered(t, strictly+"---\n"+other, "render", "-"))
}

// A file of a package belongs to it, wherever else it is named.
func TestPackageHoldsFilesNamedBefore(t *testing.T) {
	enter(t, files{"app/mesh.yaml": strictly, "app/service.yaml": strings.Replace(service, "app: reviews", "run: reviews", 1)})
	for _, args := range [][]string{
		{"app"}, {"app/service.yaml", "app"}, {"app", "app/service.yaml"}, {"-f", "app/mesh.yaml", "app"}, {"app", "./app"},
	} {
		got := call("", append([]string{"render"}, args...)...)
		if got.Code != 1 || strings.Count(got.Err, "KM101") != 1 || got.Out != "" {
			t.Errorf("%q: got %+v", args, got)
		}
	}
}

// A package that is rendered into is checked against the others' objects only.
func TestPackageWithWhatWasRendered(t *testing.T) {
	enter(t, files{"app/mesh.yaml": strictly, "app/service.yaml": service})
	want := rendered(t, "", "render", "app")
	write(t, files{"app/rendered.yaml": want})
	same(t, "second run", want, rendered(t, "", "render", "app"))
}
