package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// configFile is where kustomize puts the configuration of an exec plugin.
const configFile = "/tmp/kust-plugin-config-123"

// plugin is a call as kustomize makes it: the file, then the words of
// argsOneLiner and argsFromFile.
func plugin(stdin, config string, words ...string) output {
	return calledWith(strings.NewReader(stdin), map[string]string{configFile: config}, append([]string{configFile}, words...)...)
}

const small = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata:
  name: shop
spec:
  gateways: []
  security: {mtls: {exclude: []}}
  services:
  - name: reviews
    namespace: shop
    to: v1
`

// what pkg/render gives for the document, as the command line would write it.
func rendered(t *testing.T, text string, part render.Part) string {
	t.Helper()
	objects, ds := render.YAML("in.yaml", []byte(text))
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	var out bytes.Buffer
	if err := manifest.Encode(&out, render.Select(objects, part)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLegacyGenerator(t *testing.T) {
	want := output{Stdout: "---\n" + rendered(t, small, render.PartAll)}
	for name, words := range map[string][]string{
		"no words":                nil,
		"argsOneLiner: -":         {"-"},
		"words of somebody else":  {"a", "b c", ""},
		"part=all and other word": {"-", "part=all"},
	} {
		if d := cmp.Diff(want, plugin("", small, words...)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	elsewhere := "/tmp/a=b/kust-plugin-config-1" // TMPDIR is anybody's
	if d := cmp.Diff(want, calledWith(strings.NewReader(""), map[string]string{elsewhere: small}, elsewhere)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("---\n"+rendered(t, small, render.PartResources), plugin("", small, "part=resources").Stdout); d != "" {
		t.Error(d)
	}
}

const stream = `# the shop's
apiVersion: apps/v1
kind: Deployment
metadata:
  annotations:
    kustomize.config.k8s.io/id: |
      kind: Deployment
    mode: 0777
  name: reviews
  namespace: shop
spec:
  template:
    metadata:
        labels:   {app: 'reviews'} # wide
        annotations: {}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data:
  text: >
    folded

    text
`

// A transformer gets the package and its output takes the package's place: what
// is not ours has to be in it byte for byte.
func TestLegacyTransformer(t *testing.T) {
	first := plugin(stream, small)
	if d := cmp.Diff(output{Stdout: stream + "---\n" + rendered(t, small, render.PartAll)}, first); d != "" {
		t.Fatal(d)
	}
	if d := cmp.Diff(first, plugin(first.Stdout, small)); d != "" {
		t.Errorf("run on its own output: %s", d)
	}
	changed := strings.Replace(small, "to: v1", "to: v2", 1)
	if d := cmp.Diff(output{Stdout: stream + "---\n" + rendered(t, changed, render.PartAll)}, plugin(first.Stdout, changed)); d != "" {
		t.Errorf("run on the output for another document: %s", d)
	}
	fewer, _, _ := strings.Cut(small, "  services:")
	if d := cmp.Diff(output{Stdout: stream + "---\n" + rendered(t, fewer, render.PartAll)}, plugin(first.Stdout, fewer)); d != "" {
		t.Errorf("run on the output for a larger document: %s", d)
	}
}

// Path annotations mean nothing to kustomize; it would hand them on.
func TestLegacyWritesNoPaths(t *testing.T) {
	in := strings.Replace(stream, "    mode:", "    config.kubernetes.io/path: a.yaml\n    mode:", 1)
	if got := plugin(in, small); got.Exit != 0 || strings.Count(got.Stdout, "config.kubernetes.io/path") != 1 {
		t.Errorf("exit %d: %s", got.Exit, got.Stdout)
	}
}

// With an error there is nothing on stdout, as there are no results to say it.
func TestLegacyErrors(t *testing.T) {
	foreign := "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: reviews, namespace: shop}\n"
	for name, c := range map[string]struct{ stdin, config, want string }{
		"several faults": {"", strings.Replace(small, "services:", "service: []\n  domain: a_b\n  services:", 1),
			"KymaMesh shop: error KM011: spec.domain: \"a_b\" is no DNS name; write it as shop.example.com\nKymaMesh shop: error KM003: spec.service: no such word; did you mean \"services\"?\n"},
		"foreign object": {foreign, small,
			"KymaMesh shop: error KM103: spec.services[0]: VirtualService shop/reviews exists and is not ours; remove it, or the words that ask for it\n"},
		"MeshService alone": {"", "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: MeshService\nmetadata: {name: a, namespace: b}\nspec: {to: v1}\n",
			"MeshService b/a: error KM009: no KymaMesh in this call; give it with the package, or with -f\n"},
		"another kind": {"", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
			"Secret a: error KM107: functionConfig is v1 Secret; a KymaMesh or a ConfigMap with options is wanted\n"},
		"two documents":    {"", small + "---\n" + small, "error: the plugin's configuration holds 2 documents; one is wanted\n"},
		"no document":      {"", "", "error: the plugin's configuration holds 0 documents; one is wanted\n"},
		"no YAML":          {"", "a: [", "error: the plugin's configuration: line 1: not YAML: did not find expected node content\n"},
		"no YAML on stdin": {"a: [", small, "error: stdin: line 1: not YAML: did not find expected node content\n"},
	} {
		if d := cmp.Diff(output{Exit: 1, Stderr: c.want}, plugin(c.stdin, c.config)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	unreadable := output{Exit: 1, Stderr: "error: the first word has to be a KymaMesh file, as kustomize gives it: open " + configFile + ": file does not exist\n"}
	if got := calledWith(strings.NewReader(""), nil, configFile); got != unreadable {
		t.Errorf("unreadable file: %+v", got)
	}
}

// A transformer that was asked to check the package stops the build at an error,
// whoever wrote the object.
func TestLegacyChecks(t *testing.T) {
	lost := "apiVersion: v1\nkind: Service\nmetadata: {name: reviews, namespace: shop}\nspec: {ports: [{name: http, port: 80}]}\n---\n" +
		"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mine, namespace: shop}\nspec: {hosts: [a.example.com], http: [{route: [{destination: {host: reviews, port: {number: 8080}}}]}]}\n"
	want := "VirtualService shop/mine: error KM155: spec.http[0].route[0].destination.port.number: reviews.shop.svc.cluster.local has no port 8080; it has 80\n"
	if d := cmp.Diff(output{Exit: 1, Stderr: want}, plugin(lost, small, "check=package")); d != "" {
		t.Error(d)
	}
	if got := plugin(lost, small); got.Exit != 0 || got.Stderr != "" {
		t.Errorf("nobody asked: %+v", got)
	}
}

// kustomize shows stderr of a plugin only when it fails, but shows it whole.
func TestLegacyWarning(t *testing.T) {
	typo := strings.Replace(small, "  services:", "  namespaces: {shpo: {security: {mtls: {mode: PERMISSIVE}}}}\n  services:", 1)
	got := plugin(strings.Replace(stream, "---\n", "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n", 1), typo)
	want := "KymaMesh shop: warning KM105: spec.namespaces.shpo: no workload of the package lives in \"shpo\"; did you mean \"shop\"?\n"
	if got.Exit != 0 || got.Stderr != want || !strings.HasPrefix(got.Stdout, "# the shop's") {
		t.Errorf("%+v", got)
	}
}

// kustomize gives the configuration in an environment variable too, but not
// above 131071 bytes; the file always holds the whole.
func TestLegacyLargeConfig(t *testing.T) {
	large := strings.Replace(small, "spec:", "  annotations: {example.com/note: \""+strings.Repeat("x", 200_000)+"\"}\nspec:", 1)
	if d := cmp.Diff(plugin("", small), plugin("", large)); d != "" {
		t.Error(d)
	}
}

// kustomize marshals the configuration anew: keys sorted, comments gone. Every
// document that is a golden case means the same then.
func TestLegacyConfigMarshalledAnew(t *testing.T) {
	files, err := filepath.Glob("../../testdata/golden/render/*/in.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		anew, ok := marshalledAnew(text)
		if !ok {
			continue
		}
		tried++
		want, got := plugin("", string(text)), plugin("", anew)
		if d := cmp.Diff(want, got); d != "" || want.Exit != 0 {
			t.Errorf("%s: exit %d: %s", file, want.Exit, d)
		}
	}
	if tried < 30 {
		t.Errorf("only %d of %d documents tried", tried, len(files))
	}
}

// marshalledAnew writes a document as kustomize does, by way of JSON. That takes
// no number as a key: kustomize refuses such a document before it calls anybody.
func marshalledAnew(text []byte) (string, bool) {
	var document map[string]any
	if bytes.Contains(text, []byte("\n---\n")) || yaml3.Unmarshal(text, &document) != nil {
		return "", false
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		return "", false
	}
	anew, err := yaml.JSONToYAML(asJSON)
	return string(anew), err == nil
}
