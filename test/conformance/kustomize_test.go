package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// layer is a kustomization of the shop with the KymaMesh in one position:
// generators, transformers or validators.
func layer(position string, more ...string) string {
	return "resources: [reviews.yaml, ratings.yaml]\n" + position + ": [kymamesh.yaml]\n" + strings.Join(more, "")
}

// pluginHome is a folder for KUSTOMIZE_PLUGIN_HOME. The function is there as a
// link, as people who build it themselves have it (C4).
func pluginHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	link(t, filepath.Join(home, "mesh.kyma-project.io/v1alpha1/kymamesh/KymaMesh"))
	return "KUSTOMIZE_PLUGIN_HOME=" + home
}

// mode is a way in which kustomize starts a program.
type mode struct {
	name string
	// prepare says in the document how it is started.
	prepare func(document string) string
	// build calls kustomize for a folder.
	build func(t *testing.T, dir string) outcome
	// unchecked is what a generator has on stderr without any fault.
	unchecked []string
}

// The legacy mode swallows the stderr of a function that succeeds.
var (
	legacyMode = mode{
		name:    "legacy",
		prepare: func(document string) string { return document },
		build: func(t *testing.T, dir string) outcome {
			t.Helper()
			return command{env: []string{pluginHome(t)}}.run(t, kustomize(t), "build", "--enable-alpha-plugins", dir)
		},
	}
	execMode = mode{
		name:    "exec",
		prepare: func(document string) string { return withFunction(document, "exec: {path: ./kymamesh-krm}") },
		build: func(t *testing.T, dir string) outcome {
			t.Helper()
			return command{}.run(t, kustomize(t), "build", "--enable-alpha-plugins", "--enable-exec", dir)
		},
		unchecked: []string{uncheckedText},
	}
	modes = []mode{legacyMode, execMode}
)

// kustomization makes a package of the shop with a KymaMesh and a kustomization
// of this text.
func kustomization(t *testing.T, document, text string) string {
	t.Helper()
	dir := shopWith(t, map[string]string{"kustomization.yaml": text, "kymamesh.yaml": document})
	link(t, filepath.Join(dir, "kymamesh-krm"))
	return dir
}

// clean parses the output of a build and checks that nothing is in it that is
// for a client only: its notes (C9), and documents of ours (C10).
func clean(t *testing.T, o outcome) []object {
	t.Helper()
	for _, text := range []string{"internal.config.kubernetes.io/", "config.k8s.io/id", "config.kubernetes.io/", "kind: KymaMesh", "kind: MeshService"} {
		if strings.Contains(o.stdout, text) {
			t.Errorf("the output holds %q", text)
		}
	}
	return parse(t, o.stdout)
}

// whole checks that a build of the shop holds all of its resources and all that
// the library renders.
func whole(t *testing.T, o outcome, document string) {
	t.Helper()
	objects := clean(t, o)
	if n := foreign(objects); n != foreignInShop {
		t.Errorf("%d resources of the package, want %d", n, foreignInShop)
	}
	same(t, library(t, document), rendered(t, objects))
}

// untouched checks that the resources of the shop came out as they are.
func untouched(t *testing.T, o outcome) {
	t.Helper()
	resources := func(objects []object) set {
		s := set{}
		for _, o := range objects {
			if !o.ours() {
				s[o.id()] = o
			}
		}
		return s
	}
	want := parse(t, read(t, shop+"/reviews.yaml")+"---\n"+read(t, shop+"/ratings.yaml"))
	same(t, resources(want), resources(parse(t, o.stdout)))
}

// C1, C2, C3, C5, C9, C10.
func TestKustomize(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		for _, position := range []string{"generators", "transformers"} {
			t.Run(mode.name+" "+position, func(t *testing.T) {
				o := mode.build(t, kustomization(t, mode.prepare(document(t)), layer(position)))
				// A transformer sees the package and has nothing left to say.
				if position == "generators" {
					o.expect(t, 0, mode.unchecked...)
				} else {
					o.expect(t, 0)
				}
				whole(t, o, document(t))
				untouched(t, o)
			})
		}
	}
	for _, position := range []string{"generators", "transformers"} {
		t.Run("kubectl "+position, func(t *testing.T) {
			dir := kustomization(t, document(t), layer(position))
			o := command{env: []string{pluginHome(t)}}.run(t, kubectl(t), "kustomize", "--enable-alpha-plugins", dir)
			o.expect(t, 0)
			whole(t, o, document(t))
		})
	}
}

// C4. What kustomize hands to a legacy plugin beside the file of the document.
func TestKustomizeLegacyArguments(t *testing.T) {
	t.Parallel()
	// Larger than what kustomize puts into the environment.
	large := "    example.com/note: " + strings.Repeat("x", 140_000) + "\n"
	all := func(object) bool { return true }
	for name, test := range map[string]struct {
		after, inserted string
		want            func(object) bool
		stderr          []string
	}{
		"large configuration":         {"  annotations:\n", large, all, []string{"exceeds hard limit of 131071 characters"}},
		"the word for other plugins":  {"kind: KymaMesh\n", "argsOneLiner: \"-\"\n", all, nil},
		"the word part=resources":     {"kind: KymaMesh\n", "argsOneLiner: part=resources\n", resource, nil},
		"the word --part=install":     {"kind: KymaMesh\n", "argsOneLiner: --part=install\n", installation, nil},
		"the part from a file's line": {"kind: KymaMesh\n", "argsFromFile: args\n", installation, nil},
	} {
		for _, position := range []string{"generators", "transformers"} {
			t.Run(name+" "+position, func(t *testing.T) {
				dir := kustomization(t, document(t, test.after, test.after+test.inserted), layer(position))
				write(t, dir, map[string]string{"args": "part=install\n"})
				o := legacyMode.build(t, dir)
				o.expect(t, 0, test.stderr...)
				objects := clean(t, o)
				if n := foreign(objects); n != foreignInShop {
					t.Errorf("%d resources of the package, want %d", n, foreignInShop)
				}
				same(t, library(t, document(t)).pick(test.want), rendered(t, objects))
			})
		}
	}
}

// C5. The path of the program is meant from the kustomization that lists the
// document, wherever kustomize is called and whichever overlay is built.
func TestKustomizeExecPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	app := filepath.Join(dir, "app")
	if err := os.CopyFS(app, os.DirFS(shop)); err != nil {
		t.Fatal(err)
	}
	link(t, filepath.Join(app, "bin", "kymamesh-krm"))
	write(t, dir, map[string]string{
		"app/kymamesh.yaml":          withFunction(document(t), "exec: {path: ./bin/kymamesh-krm}"),
		"app/kustomization.yaml":     layer("generators"),
		"overlay/kustomization.yaml": "resources: [../app]\n",
	})
	for name, call := range map[string]struct{ dir, arg string }{
		"inside":  {app, "."},
		"outside": {dir, "app"},
		"overlay": {filepath.Join(dir, "overlay"), "."},
	} {
		t.Run(name, func(t *testing.T) {
			o := command{dir: call.dir}.run(t, kustomize(t), "build", "--enable-alpha-plugins", "--enable-exec", call.arg)
			o.expect(t, 0, uncheckedText)
			whole(t, o, document(t))
		})
	}
}

// C6. These are kustomize's: an exec function without --enable-exec is left out
// without a word and exit 0, also where the plugin is installed, and so in
// kubectl always. When this changes, our documentation has to.
func TestKustomizeFlags(t *testing.T) {
	t.Parallel()
	dir := kustomization(t, execMode.prepare(document(t)), layer("generators"))
	nothing := func(t *testing.T, o outcome) {
		o.expect(t, 0)
		if objects := clean(t, o); len(objects) != foreignInShop || len(rendered(t, objects)) != 0 {
			t.Errorf("%d resources, want the %d of the package alone", len(objects), foreignInShop)
		}
	}
	t.Run("only --enable-alpha-plugins", func(t *testing.T) {
		nothing(t, command{}.run(t, kustomize(t), "build", "--enable-alpha-plugins", dir))
	})
	t.Run("only --enable-alpha-plugins, installed", func(t *testing.T) {
		nothing(t, legacyMode.build(t, dir))
	})
	t.Run("kubectl, installed", func(t *testing.T) {
		nothing(t, command{env: []string{pluginHome(t)}}.run(t, kubectl(t), "kustomize", "--enable-alpha-plugins", dir))
	})
	t.Run("only --enable-exec", func(t *testing.T) {
		o := command{}.run(t, kustomize(t), "build", "--enable-exec", dir)
		o.expect(t, 1, "external plugins disabled; unable to load external plugin 'KymaMesh'")
		o.silent(t)
	})
}

// C11. Nothing is built, and every message comes in full.
func TestKustomizeErrors(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		for _, position := range []string{"generators", "transformers"} {
			t.Run(mode.name+" "+position, func(t *testing.T) {
				o := mode.build(t, kustomization(t, mode.prepare(document(t, twoErrors...)), layer(position)))
				o.expect(t, 1, errorTexts...)
				o.silent(t)
			})
		}
	}
}

// C12. That the legacy mode swallows warnings is kustomize's.
func TestKustomizeWarning(t *testing.T) {
	t.Parallel()
	texts := map[string][]string{"exec": {"KymaMesh shop: " + warningText}}
	for _, mode := range modes {
		for _, position := range []string{"generators", "transformers"} {
			t.Run(mode.name+" "+position, func(t *testing.T) {
				document := document(t, oneWarning...)
				o := mode.build(t, kustomization(t, mode.prepare(document), layer(position)))
				o.expect(t, 0, texts[mode.name]...)
				whole(t, o, document)
			})
		}
	}
}

// C13. Without this, kustomize does not say in which file a document lies.
func TestKustomizeNamesTheFile(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			dir := kustomization(t, mode.prepare(document(t, twoErrors...)), layer("generators", "buildMetadata: [originAnnotations]\n"))
			o := mode.build(t, dir)
			o.expect(t, 1, "kymamesh.yaml: "+errorTexts[0], "kymamesh.yaml: "+errorTexts[1])
			o.silent(t)
		})
	}
}

// C14. A generator does not see the Gateway that is there: the message is
// kustomize's. A transformer does.
func TestKustomizeExistingObject(t *testing.T) {
	t.Parallel()
	const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: kyma-gateway, namespace: kyma-system}
spec: {servers: []}
`
	texts := map[string]string{
		"generators":   "exists; can not use behavior: 'unspecified', behavior must be merge or replace",
		"transformers": "KymaMesh shop: error KM103: spec.gateways[0]: Gateway kyma-system/kyma-gateway exists and is not ours; remove it, or the words that ask for it\n",
	}
	for _, mode := range modes {
		for position, text := range texts {
			t.Run(mode.name+" "+position, func(t *testing.T) {
				dir := kustomization(t, mode.prepare(document(t)), layer(position))
				write(t, dir, map[string]string{"ratings.yaml": gateway})
				o := mode.build(t, dir)
				o.expect(t, 1, text)
				o.silent(t)
			})
		}
	}
}

// C15. kustomize compares what a validator gives back with what it gave, and
// finds differences in lines and columns: no exec function can succeed here. We
// tell users to list a validating document under transformers; when this test
// fails that advice can go.
func TestKustomizeValidators(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			o := mode.build(t, kustomization(t, mode.prepare(document(t)), layer("validators")))
			o.expect(t, 1, "validator shouldn't modify the resource map")
			o.silent(t)
		})
		t.Run(mode.name+" with errors", func(t *testing.T) {
			o := mode.build(t, kustomization(t, mode.prepare(document(t, twoErrors...)), layer("validators")))
			o.expect(t, 1, errorTexts...)
			o.silent(t)
		})
	}
}

// C16. With fifo, kustomize keeps the order: the package's own, then ours as the
// library has it, which is the order to apply them in.
func TestKustomizeOrder(t *testing.T) {
	t.Parallel()
	want := []string{
		"Service", "Deployment", "Deployment", "Service", "Deployment",
		"IstioOperator", "PeerAuthentication", "PeerAuthentication",
		"DestinationRule", "DestinationRule", "Gateway", "VirtualService", "VirtualService",
	}
	for _, mode := range modes {
		for _, position := range []string{"generators", "transformers"} {
			t.Run(mode.name+" "+position, func(t *testing.T) {
				dir := kustomization(t, mode.prepare(document(t)), layer(position, "sortOptions: {order: fifo}\n"))
				first, second := mode.build(t, dir), mode.build(t, dir)
				if first.code != 0 || first != second {
					t.Fatalf("two builds differ, or fail: %d %d\n%s", first.code, second.code, first.stderr)
				}
				var got []string
				for _, o := range clean(t, first) {
					got = append(got, o.kind())
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("order (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// C18. A second run finds its own output.
func TestKustomizeFnRun(t *testing.T) {
	t.Parallel()
	dir := shopWith(t, map[string]string{"kymamesh.yaml": execMode.prepare(document(t))})
	link(t, filepath.Join(dir, "kymamesh-krm"))
	before := treeOf(t, dir)
	fnRun := func() outcome {
		return command{dir: dir}.run(t, kustomize(t), "fn", "run", "--enable-exec", ".")
	}
	o := fnRun()
	o.expect(t, 0)
	o.silent(t)
	rendersBeside(t, dir, before, library(t, document(t)))
	once := treeOf(t, dir)
	fnRun().expect(t, 0)
	unchanged(t, dir, once)

	write(t, dir, map[string]string{"kymamesh.yaml": execMode.prepare(document(t, twoErrors...))})
	once = treeOf(t, dir)
	fnRun().expect(t, 1, "kymamesh.yaml: "+errorTexts[0], "kymamesh.yaml: "+errorTexts[1])
	unchanged(t, dir, once)
}

// E2. kustomize rewrites what YAML 1.1 takes for a bool, a number or a date, and
// Istio refuses labels that are no text.
func TestKustomizeKeepsText(t *testing.T) {
	t.Parallel()
	want := map[string]any{
		"version": "1.10", "stable": "yes", "mode": "0777", "released": "2001-01-01",
		"commit": "1e3", "build": "0x10", "ticket": "null", "on": "n",
	}
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			o := mode.build(t, kustomization(t, mode.prepare(document(t)), layer("generators")))
			o.expect(t, 0, mode.unchecked...)
			objects := clean(t, o)
			i := slices.IndexFunc(objects, func(o object) bool {
				return o.id() == "networking.istio.io/v1 DestinationRule shop/reviews"
			})
			if i < 0 {
				t.Fatal("no DestinationRule of reviews")
			}
			spec := objects[i]["spec"].(map[string]any)
			subset := spec["subsets"].([]any)[0].(map[string]any)
			if diff := cmp.Diff(want, subset["labels"]); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

// kustomize reads no mapping whose keys are plain numbers: it fails before the
// function is called, whatever the function would say. In quotes it does.
func TestKustomizeNumbersAsKeys(t *testing.T) {
	t.Parallel()
	plain := document(t, "{mode: PERMISSIVE}", "{mode: PERMISSIVE, ports: {8080: STRICT}}")
	quotes := strings.Replace(plain, "8080: STRICT", `"8080": STRICT`, 1)
	for _, mode := range modes {
		t.Run(mode.name+" plain", func(t *testing.T) {
			o := mode.build(t, kustomization(t, mode.prepare(plain), layer("generators")))
			o.expect(t, 1, "json: unsupported type: map[interface {}]interface {}")
			o.silent(t)
		})
		t.Run(mode.name+" in quotes", func(t *testing.T) {
			o := mode.build(t, kustomization(t, mode.prepare(quotes), layer("generators")))
			o.expect(t, 0, mode.unchecked...)
			whole(t, o, plain)
		})
	}
}
