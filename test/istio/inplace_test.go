package istio

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// existingExample is the example of a package with its IstioOperator.
var existingExample = filepath.Join(examplesDir, "existing")

// edited is an IstioOperator as documents change it in place.
func edited(docs []byte, operator string) (string, diag.List) {
	all, ds := render.Split("in.yaml", docs)
	if ds.HasErrors() {
		return "", ds
	}
	all = append(all, render.Document{File: "istio.yaml", Line: 1, Text: []byte(operator)})
	_, edits, ds := render.InPackage(all...)
	if ds.HasErrors() {
		return "", ds
	}
	text, found := planned(operator, edits)
	return text, append(ds, found...)
}

// planned is a text with edits, or without those that an earlier run made.
func planned(text string, edits []edit.Edit) (string, diag.List) {
	list, err := resourcelist.ParseStream([]byte(text))
	if err != nil {
		panic(err)
	}
	p := edit.Package{Items: list.Items(), Place: func(_ *resourcelist.Item, line int) string { return fmt.Sprint("istio.yaml:", line) }}
	changes, ds := p.Plan(edits)
	for _, c := range changes {
		if err := list.ReplaceText(c.Item, c.Text); err != nil {
			panic(err)
		}
	}
	return string(list.Bytes()), ds
}

func document(spec string) []byte {
	return []byte("apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec: " + spec + "\n")
}

// TestExistingInPlace says what becomes of an Istio when the document changes the
// IstioOperator that installed it: what the overlay would change, and no list of
// theirs is lost.
func TestExistingInPlace(t *testing.T) {
	kept := theirInstallation()
	for _, test := range []struct {
		name, spec string
		want       func(*installation)
	}{
		{"0.6", `{kyma: "0.6", install: {mode: existing}, proxy: {resources: {limits: {cpu: 7, memory: 256Mi}}}}`, func(in *installation) {
			in.Sidecar, in.Zipkin, in.HTTP10 = "10m/128Mi..7/256Mi", "zipkin.kyma-system:9411", ""
		}},
		{"1.24", `{kyma: "1.24", install: {mode: existing}}`, func(in *installation) {
			in.Zipkin, in.InjectsUnlabelled = "zipkin.kyma-system:9411", true
			in.Webhooks = kymaWebhooks()
		}},
		{"2.18", `{kyma: "2.18", install: {mode: existing}}`, func(in *installation) {
			in.Providers = []string{"envoy", "kyma-traces", "stdout-json", "theirs"}
		}},
		{"gateways", `{install: {mode: existing, ingressGateway: {minReplicas: 2, maxReplicas: 4, type: NodePort, ports: {mine: 9443}, resources: {requests: {cpu: 50m}}}, egressGateway: {enabled: true}}}`, func(in *installation) {
			in.Providers = []string{"envoy", "kyma-logs", "kyma-traces", "stdout-json", "theirs"}
			in.IngressReplicas, in.ServiceType, in.Ingress = "2-4", "NodePort", "50m/128Mi..2000m/1024Mi"
			in.ServicePorts = []string{"https 443->8443", "own 9999->9999", "mine 9443->9443"}
			in.Budgets = []string{"istio-ingressgateway", "istiod"}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text, ds := edited(document(test.spec), theirs)
			if ds.HasErrors() {
				t.Fatal(ds)
			}
			all, err := generatedObjects([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			want := kept
			want.Webhooks = slices.Clone(kept.Webhooks)
			test.want(&want)
			all.want(t, want)
			istiod := environment(all.container("Deployment", "istiod", "discovery"))
			if istiod["THEIRS"] != "a" || istiod["ALSO_THEIRS"] != "b" {
				t.Errorf("istiod has %v; want the variables of the existing Istio as well", istiod)
			}
		})
	}
}

// Every IstioOperator that the function changed is one that istioctl takes, and the
// mesh's configuration in it one that istiod does.
func TestEditedOperators(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(goldenDir, "krm", "existing-*", "want.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	mesh, err := os.ReadFile(filepath.Join(existingExample, "kymamesh.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	operator, err := os.ReadFile(filepath.Join(existingExample, "istio.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	changed, ds := edited(mesh, string(operator))
	if err := taken([]byte(changed)); err != nil || ds.HasErrors() || changed == string(operator) {
		t.Errorf("%s: %v %v", existingExample, err, ds)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, err := resourcelist.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items() {
			if _, set := item.Annotation(manifest.SetAnnotation); !set {
				continue
			}
			tried++
			keys, err := item.Keys()
			if err != nil {
				t.Fatal(err)
			}
			if err := taken([]byte(keys.Text())); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	if tried < 8 {
		t.Errorf("only %d IstioOperators", tried)
	}
}

// taken tells what istioctl and istiod have against an IstioOperator.
func taken(text []byte) error {
	if err := checkOperator(text); err != nil {
		return err
	}
	_, err := generateOnce(text)
	return err
}

// others are IstioOperators of other hands.
var others = []string{theirs, `{"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator", "metadata": {"name": "theirs", "namespace": "istio-system"}, "spec": {"profile": "default", "components": {"ingressGateways": [{"name": "istio-ingressgateway"}], "cni": {"enabled": false}}, "meshConfig": {}}}` + "\n", `# of a cluster
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
    name: theirs # only
    namespace: istio-system
spec:
    profile: demo

    # gateways
    components:
        egressGateways:
            - name: istio-egressgateway
              enabled: true # for audits
        ingressGateways:

            # north
            - name: istio-ingressgateway
              k8s: {service: {ports: [{name: http2, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}]}}
            - name: south
              enabled: true
        pilot:
            k8s:
                env:
                    - {name: THEIRS, value: "1"}
    values:
`}

// TestRandomInPlace changes IstioOperators of other hands by documents that nobody
// thought of: istioctl takes what comes out, a second run changes nothing, and all of
// it can be taken back byte by byte.
func TestRandomInPlace(t *testing.T) {
	t.Parallel()
	count, seed := 60, uint64(1)
	if soak := os.Getenv("KYMAMESH_SOAK"); soak != "" {
		count, _ = strconv.Atoi(soak)
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	accepted := 0
	for i := range uint64(count) {
		docs := documentsOf(seed + i)[:1]
		toExisting(docs[0]["spec"].(tree))
		operator := others[i%3]
		text, ds := edited([]byte(streamOf(docs)), operator)
		if ds.HasErrors() {
			continue
		}
		accepted++
		fails := func(format string, args ...any) {
			t.Errorf("seed %d: %s\n%s---\n%s---\n%s", seed+i, fmt.Sprintf(format, args...), streamOf(docs), operator, text)
		}
		if again, ds := edited([]byte(streamOf(docs)), text); again != text || ds.HasErrors() {
			fails("a second run: %v\n%s", ds, again)
		}
		if back, ds := planned(text, nil); back != operator || ds != nil {
			fails("taken back: %v\n%s", ds, back)
		}
		if err := taken([]byte(text)); err != nil {
			fails("istioctl: %v", err)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d accepted", accepted, count)
	if accepted*10 < count {
		t.Errorf("only %d of %d documents are accepted", accepted, count)
	}
}

// toExisting leaves of a document what says how Istio is, as one that is there.
func toExisting(words tree) {
	maps.DeleteFunc(words, func(word string, _ any) bool {
		return !slices.Contains([]string{"kyma", "install", "injection", "proxy", "extensionProviders", "telemetry"}, word)
	})
	install, ok := words["install"].(tree)
	if !ok {
		install = tree{}
		words["install"] = install
	}
	for _, word := range []string{"hub", "variant", "deliver", "only", "existing"} {
		delete(install, word)
	}
	install["mode"] = "existing"
	words["gateways"] = []any{}
}
