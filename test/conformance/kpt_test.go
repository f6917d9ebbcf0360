package conformance

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// kptfile is a Kptfile whose pipeline has one function.
func kptfile(stage, function string) string {
	return `apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: shop # of the autumn
pipeline:
  ` + stage + `:
  - ` + function + "\n"
}

func withConfigPath() string { return "{exec: '" + function() + "', configPath: kymamesh.yaml}" }

// kptShop is the shop as a kpt package with the function as mutator.
func kptShop(t *testing.T, document string) string {
	t.Helper()
	return shopWith(t, map[string]string{"kymamesh.yaml": document, "Kptfile": kptfile("mutators", withConfigPath())})
}

// fnRender calls kpt fn render for a package. kpt talks on stderr and has
// nothing to say on stdout.
func fnRender(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	o := command{}.run(t, kpt(t), append([]string{"fn", "render", "--allow-exec", "--truncate-output=false", dir}, args...)...)
	o.silent(t)
	return o
}

func fnEval(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	o := command{}.run(t, kpt(t), append([]string{"fn", "eval", "--truncate-output=false", dir}, args...)...)
	o.silent(t)
	return o
}

// rendersBeside checks that our objects, one a file, came into the package and
// that all other files are what they were.
func rendersBeside(t *testing.T, dir string, before tree, want set) {
	t.Helper()
	after := treeOf(t, dir)
	if diff := cmp.Diff(before.without("rendered/"), after.without("rendered/")); diff != "" {
		t.Errorf("files beside ours were changed (-before +after):\n%s", diff)
	}
	same(t, want, rendered(t, after.objects(t)))
	if n := len(after) - len(after.without("rendered/")); n != len(want) {
		t.Errorf("%d files of %d objects", n, len(want))
	}
	for name, text := range after {
		if strings.HasPrefix(name, "rendered/") && strings.Contains(text, "config.kubernetes.io/") {
			t.Errorf("%s holds a client's notes:\n%.1000s", name, text)
		}
	}
}

// D1, D2, D8. The comments of the KymaMesh stay where they are: kpt would copy
// them into objects that came back with its internal id.
func TestKptRender(t *testing.T) {
	t.Parallel()
	dir := kptShop(t, document(t))
	before := treeOf(t, dir)
	fnRender(t, dir).expect(t, 0, `[PASS] "`+function()+`"`)
	rendersBeside(t, dir, before, library(t, document(t)))
	once := treeOf(t, dir)
	want := []string{
		"Kptfile", "kymamesh.yaml", "ratings.yaml",
		"rendered/istio-system/destinationrule_api-server.yaml",
		"rendered/istio-system/istiooperator_default-operator.yaml",
		"rendered/istio-system/peerauthentication_default.yaml",
		"rendered/kyma-system/gateway_kyma-gateway.yaml",
		"rendered/shop/destinationrule_reviews.yaml",
		"rendered/shop/peerauthentication_ratings.yaml",
		"rendered/shop/virtualservice_kyma-gateway.reviews.shop.example.com.yaml",
		"rendered/shop/virtualservice_reviews.yaml",
		"reviews.yaml",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(once))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for name, text := range once {
		if strings.HasPrefix(name, "rendered/") && strings.Contains(text, "#") {
			t.Errorf("%s holds a comment:\n%s", name, text)
		}
	}
	fnRender(t, dir).expect(t, 0, "[PASS]")
	unchanged(t, dir, once)
}

// D3. What is no longer asked for goes, with its file.
func TestKptRenderPrunes(t *testing.T) {
	t.Parallel()
	dir := kptShop(t, document(t))
	fnRender(t, dir).expect(t, 0, "[PASS]")
	all := document(t)
	for _, step := range []struct{ name, text string }{
		{"not exposed", document(t, "    expose: reviews\n", "")},
		{"empty", all[:strings.Index(all, "spec:\n")] + "spec: {}\n"},
		{"all back", all},
	} {
		t.Run(step.name, func(t *testing.T) {
			write(t, dir, map[string]string{"kymamesh.yaml": step.text})
			before := treeOf(t, dir)
			fnRender(t, dir).expect(t, 0, "[PASS]")
			rendersBeside(t, dir, before, library(t, step.text))
		})
	}
}

// D4. A person's comments, labels and annotations in a rendered file stay, what
// the document says is put right.
func TestKptRenderKeepsEdits(t *testing.T) {
	t.Parallel()
	const file = "rendered/shop/virtualservice_reviews.yaml"
	dir := kptShop(t, document(t))
	fnRender(t, dir).expect(t, 0, "[PASS]")
	before := treeOf(t, dir)
	text := before[file]
	for old, new := range map[string]string{
		"  annotations:\n": "  annotations:\n    example.com/ticket: \"12\"\n",
		"  labels:\n":      "  labels:\n    team: books\n",
		"weight: 90":       "weight: 90 # until December",
	} {
		if !strings.Contains(text, old) {
			t.Fatalf("%s lacks %q:\n%s", file, old, text)
		}
		text = strings.Replace(text, old, new, 1)
	}
	write(t, dir, map[string]string{file: strings.Replace(text, "weight: 10", "weight: 11", 1)})
	fnRender(t, dir).expect(t, 0, "[PASS]")
	before[file] = text
	unchanged(t, dir, before)
}

// D5. What a person wrote is not overwritten, whether it is the object that we
// would render or only lies where we would put ours.
func TestKptRenderForeignObject(t *testing.T) {
	t.Parallel()
	const gateway = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: NAME, namespace: kyma-system}\nspec: {servers: []}\n"
	for name, test := range map[string]struct{ file, object, text string }{
		"same object": {"gateway.yaml", "kyma-gateway", "error KM103: spec.gateways[0]: Gateway kyma-system/kyma-gateway exists in gateway.yaml and is not ours; remove it, or the words that ask for it"},
		"same file":   {"rendered/kyma-system/gateway_kyma-gateway.yaml", "other", "error KM103: spec.gateways[0]: rendered/kyma-system/gateway_kyma-gateway.yaml is there and is not ours; move it away, Gateway kyma-system/kyma-gateway is written there"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := kptShop(t, document(t))
			write(t, dir, map[string]string{test.file: strings.Replace(gateway, "NAME", test.object, 1)})
			before := treeOf(t, dir)
			fnRender(t, dir).expect(t, 1, "[FAIL]", test.text)
			unchanged(t, dir, before)
		})
	}
}

// D6. kpt gives the items of a package below with paths of their own package;
// ours have to say that they belong there too.
func TestKptRenderSubpackage(t *testing.T) {
	t.Parallel()
	dir := shopWith(t, map[string]string{"Kptfile": kptfile("mutators", "{exec: '"+function()+"'}")})
	write(t, dir, map[string]string{
		"team/Kptfile":       strings.Replace(kptfile("mutators", ""), "pipeline:\n  mutators:\n  - \n", "", 1),
		"team/kymamesh.yaml": document(t),
		"kymamesh.yaml":      "",
	})
	before := treeOf(t, dir)
	fnRender(t, dir).expect(t, 0, "[PASS]")
	once := treeOf(t, dir)
	if diff := cmp.Diff(before, once.without("team/rendered/")); diff != "" {
		t.Errorf("there is more than team/rendered (-before +after):\n%s", diff)
	}
	same(t, library(t, document(t)), rendered(t, once.objects(t)))
	fnRender(t, dir).expect(t, 0, "[PASS]")
	unchanged(t, dir, once)
}

// D7. With a selector for the KymaMesh alone the function cannot see its output
// of the run before, and kpt appends what comes without a word: this is kpt's,
// and the reason why the selector has to name our label as well.
func TestKptRenderSelectors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		selectors string
		copies    int // after the second run
	}{
		"document and output": {"[{kind: KymaMesh}, {labels: {mesh.kyma-project.io/owner: shop}}]", 1},
		"document alone":      {"[{kind: KymaMesh}]", 2},
	} {
		t.Run(name, func(t *testing.T) {
			dir := shopWith(t, map[string]string{
				"Kptfile": kptfile("mutators", "{exec: '"+function()+"', selectors: "+test.selectors+"}"),
			})
			before, want := treeOf(t, dir), library(t, document(t))
			fnRender(t, dir).expect(t, 0, "[PASS]")
			rendersBeside(t, dir, before, want)
			fnRender(t, dir).expect(t, 0, "[PASS]")
			objects := treeOf(t, dir).objects(t)
			// 1 is the KymaMesh.
			if got := len(objects) - foreignInShop - 1; got != test.copies*len(want) {
				t.Errorf("%d of our objects after the second run, want %d times %d", got, test.copies, len(want))
			}
		})
	}
}

// D9.
func TestKptValidator(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		document string
		code     int
		texts    []string
	}{
		"valid":   {document(t), 0, []string{"[PASS]"}},
		"invalid": {document(t, twoErrors...), 1, append([]string{"[FAIL]"}, "spec.domian", "spec.services[0].split")},
	} {
		t.Run(name, func(t *testing.T) {
			dir := shopWith(t, map[string]string{"kymamesh.yaml": test.document, "Kptfile": kptfile("validators", withConfigPath())})
			before := treeOf(t, dir)
			fnRender(t, dir).expect(t, test.code, test.texts...)
			unchanged(t, dir, before)
		})
	}
}

// A validator that only checks sees what people wrote as well, and a package that
// nobody renders.
func TestKptChecks(t *testing.T) {
	t.Parallel()
	const mine = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mine, namespace: shop}\n" +
		"spec: {hosts: [mine.example.com], http: [{route: [{destination: {host: reviews, port: {number: PORT}}}]}]}\n"
	for name, test := range map[string]struct {
		document, port string
		code           int
		text           string
	}{
		"right":              {document(t), "80", 0, "[PASS]"},
		"wrong":              {document(t), "1", 1, "error KM155: spec.http[0].route[0].destination.port.number: reviews.shop.svc.cluster.local has no port 1"},
		"wrong, no KymaMesh": {"", "1", 1, "error KM155"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := shopWith(t, map[string]string{
				"kymamesh.yaml": test.document, "mine.yaml": strings.Replace(mine, "PORT", test.port, 1),
				"Kptfile": kptfile("validators", "{exec: '"+function()+"', configMap: {check: only}}"),
			})
			before := treeOf(t, dir)
			fnRender(t, dir).expect(t, test.code, test.text)
			unchanged(t, dir, before)
		})
	}
}

// result is one of results.yaml, with the names of KRM's specification.
type result struct {
	Message     string
	Severity    string
	ResourceRef struct {
		APIVersion string `yaml:"apiVersion"`
		Kind, Name string
	} `yaml:"resourceRef"`
	Field, File struct{ Path string }
	Tags        map[string]string
}

// resultsOf reads the results.yaml that kpt wrote.
func resultsOf(t *testing.T, dir string) []result {
	t.Helper()
	var list struct{ Items []struct{ Results []result } }
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join(dir, "results.yaml"))), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 {
		t.Fatalf("results of %d functions, want 1", len(list.Items))
	}
	return list.Items[0].Results
}

func wantResult(severity, code, field, message string) result {
	r := result{Message: message, Severity: severity, Tags: map[string]string{"code": code}}
	r.ResourceRef.APIVersion, r.ResourceRef.Kind, r.ResourceRef.Name = "mesh.kyma-project.io/v1alpha1", "KymaMesh", "shop"
	r.Field.Path, r.File.Path = field, "kymamesh.yaml"
	return r
}

// D10, D11, D12. kpt shows a result without severity as information, though the
// specification says it is an error; so there always is one.
func TestKptResults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		replaced []string
		code     int
		texts    []string
		want     []result
	}{
		"errors": {twoErrors, 1,
			[]string{"[FAIL]", "[error] mesh.kyma-project.io/v1alpha1/KymaMesh/shop spec.domian: ", errorTexts[0][:30], errorTexts[1][:30]},
			[]result{
				wantResult("error", "KM003", "spec.domian", `no such word; did you mean "domain"?`),
				wantResult("error", "KM015", "spec.services[0].split", "90 + 20 = 110; the sum must be 100"),
			}},
		"a warning": {oneWarning, 0,
			[]string{"[PASS]", "[warning] mesh.kyma-project.io/v1alpha1/KymaMesh/shop spec.services[0].expose[0].hosts[0]: ", warningText[:30]},
			[]result{wantResult("warning", "KM023", "spec.services[0].expose[0].hosts[0]", "host reviews becomes reviews.local.kyma.dev; write spec.domain")}},
	} {
		t.Run(name, func(t *testing.T) {
			text, results := document(t, test.replaced...), t.TempDir()
			dir := kptShop(t, text)
			before := treeOf(t, dir)
			fnRender(t, dir, "--results-dir", results).expect(t, test.code, test.texts...)
			if diff := cmp.Diff(test.want, resultsOf(t, results)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if test.code != 0 {
				unchanged(t, dir, before)
			} else {
				rendersBeside(t, dir, before, library(t, text))
			}
		})
	}
}

// D13. eval has no Kptfile to read; what it is given as functionConfig is a file
// from anywhere, or words of key=value, or nothing.
func TestKptEval(t *testing.T) {
	t.Parallel()
	elsewhere := filepath.Join(t.TempDir(), "mesh.yaml")
	write(t, filepath.Dir(elsewhere), map[string]string{"mesh.yaml": document(t)})
	all := library(t, document(t))
	for name, test := range map[string]struct {
		inPackage bool
		args      []string
		want      set
	}{
		"no configuration":  {true, nil, all},
		"document":          {true, []string{"--fn-config", elsewhere}, all},
		"document alone":    {false, []string{"--fn-config", elsewhere}, all},
		"part of resources": {true, []string{"--", "part=resources"}, all.pick(resource)},
		"part of install":   {true, []string{"--", "part=install"}, all.pick(installation)},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{}
			if !test.inPackage {
				files["kymamesh.yaml"] = ""
			}
			dir := shopWith(t, files)
			before := treeOf(t, dir)
			args := append([]string{"--exec", function()}, test.args...)
			fnEval(t, dir, args...).expect(t, 0, "[PASS]")
			rendersBeside(t, dir, before, test.want)
			once := treeOf(t, dir)
			fnEval(t, dir, args...).expect(t, 0, "[PASS]")
			unchanged(t, dir, once)
		})
	}
	for name, test := range map[string]struct{ word, text string }{
		"unknown part":   {"part=all-of-it", `no part "all-of-it"; there is all, install and resources`},
		"unknown option": {"parts=all", `no option "parts"; there is part: all, install or resources`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := shopWith(t, nil)
			before := treeOf(t, dir)
			fnEval(t, dir, "--exec", function(), "--", test.word).expect(t, 1, "[FAIL]", test.text)
			unchanged(t, dir, before)
		})
	}
}

// D14.
func TestKptSourceSink(t *testing.T) {
	t.Parallel()
	pipe := func(t *testing.T, dir, out string) outcome {
		t.Helper()
		bash, err := exec.LookPath("bash") // sh has no pipefail
		if err != nil {
			t.Fatal(err)
		}
		return command{env: []string{"KPT=" + kpt(t), "FN=" + function()}}.run(t, bash, "-c",
			`set -o pipefail; "$KPT" fn source "$1" | "$FN" | "$KPT" fn sink "$2"`, "bash", dir, out)
	}
	t.Run("valid", func(t *testing.T) {
		dir, out := shopWith(t, nil), filepath.Join(t.TempDir(), "out")
		o := pipe(t, dir, out)
		o.expect(t, 0)
		o.silent(t)
		rendersBeside(t, out, treeOf(t, dir), library(t, document(t)))
	})
	t.Run("invalid", func(t *testing.T) {
		dir, out := shopWith(t, map[string]string{"kymamesh.yaml": document(t, twoErrors...)}), filepath.Join(t.TempDir(), "out")
		before := treeOf(t, dir)
		o := pipe(t, dir, out)
		o.expect(t, 1, "kymamesh.yaml: "+errorTexts[0], "kymamesh.yaml: "+errorTexts[1])
		unchanged(t, dir, before)
	})
}

// D16. kpt takes an empty output with exit code 0 for the wish to delete the
// package: however the function ends too early, the code has to say so.
func TestKptFunctionEndsEarly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, text string }{
		"no input":         {`"$FN" </dev/null`, "the input is empty"},
		"no list":          {`echo 'items: [' | "$FN"`, "error: stdin: "},
		"no memory":        {`ulimit -v 60000; "$FN"`, "fatal error: "},
		"no room to write": {`"$FN" >/dev/full`, "no space left on device"},
		// The pipe stays open, so that the function is still reading when it is
		// terminated.
		"terminated": {`exec 3<&0; { cat <&3; sleep 1; } 2>/dev/null | "$FN" & sleep 0.3; kill -TERM $!; wait $!`, ": 143"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := kptShop(t, document(t))
			script := filepath.Join(t.TempDir(), "function")
			write(t, filepath.Dir(script), map[string]string{"function": "#!/bin/sh\nFN='" + function() + "'\n" + test.script + "\n"})
			chmod(t, script)
			write(t, dir, map[string]string{"Kptfile": kptfile("mutators", "{exec: '"+script+"'}")})
			before := treeOf(t, dir)
			fnRender(t, dir).expect(t, 1, "[FAIL]", test.text)
			unchanged(t, dir, before)
		})
	}
}
