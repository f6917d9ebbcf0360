package conformance

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// large is a document with something of every word.
const large = "testdata/large/kymamesh.yaml"

// hosts are all ways to the same objects, each from a document alone.
var hosts = map[string]func(t *testing.T, document string) []object{
	"C1 kustomize, legacy generator":    kustomizeHost(legacyMode, "generators"),
	"C2 kustomize, legacy transformer":  kustomizeHost(legacyMode, "transformers"),
	"C5 kustomize, exec generator":      kustomizeHost(execMode, "generators"),
	"C5 kustomize, exec transformer":    kustomizeHost(execMode, "transformers"),
	"C3 kubectl":                        kubectlHost,
	"C17 kustomize, container":          containerHost,
	"C18 kustomize fn run":              fnRunHost,
	"C19 kustomize as a library":        krustyHost,
	"D1 kpt fn render":                  renderHost,
	"D13 kpt fn eval":                   evalHost,
	"D13 kpt fn eval --fn-config":       evalConfigHost,
	"D14 the function on its own":       functionHost,
	"command line, file":                commandLineHost("kymamesh.yaml"),
	"command line, folder":              commandLineHost("."),
	"command line, standard input":      commandLineHost("-"),
	"command line, file, -o json":       commandLineHost("kymamesh.yaml", "-o", "json"),
	"command line, folder to a folder":  outputDirHost,
	"the Go library, written as stream": streamHost,
}

// E1.
func TestSameObjectsEverywhere(t *testing.T) {
	t.Parallel()
	document := read(t, large)
	want := library(t, document)
	for name, host := range hosts {
		t.Run(name, func(t *testing.T) {
			objects := host(t, document)
			same(t, want, rendered(t, objects))
			for _, o := range objects {
				if !o.ours() && o.kind() != "ConfigMap" && o.kind() != "KymaMesh" && o.kind() != "Kptfile" {
					t.Errorf("%s is neither ours nor was it there", o.id())
				}
			}
		})
	}
}

// folder is a package with the document, and with one foreign resource: to a
// transformer of no resources kustomize gives nothing to read.
func folder(t *testing.T, document string, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "package")
	write(t, dir, files)
	write(t, dir, map[string]string{
		"kymamesh.yaml": document,
		"foreign.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: foreign}\n",
	})
	return dir
}

func alone(position string) map[string]string {
	return map[string]string{"kustomization.yaml": "resources: [foreign.yaml]\n" + position + ": [kymamesh.yaml]\n"}
}

func kustomizeHost(m mode, position string) func(*testing.T, string) []object {
	return func(t *testing.T, document string) []object {
		dir := folder(t, m.prepare(document), alone(position))
		link(t, filepath.Join(dir, "kymamesh-krm"))
		o := m.build(t, dir)
		o.unfailing(t)
		return clean(t, o)
	}
}

func kubectlHost(t *testing.T, document string) []object {
	dir := folder(t, document, alone("generators"))
	o := command{env: []string{pluginHome(t)}}.run(t, kubectl(t), "kustomize", "--enable-alpha-plugins", dir)
	o.unfailing(t)
	return clean(t, o)
}

func containerHost(t *testing.T, document string) []object {
	c := containers(t)
	dir := folder(t, withFunction(document, "container: {image: "+c.image+"}"), alone("generators"))
	o := command{env: c.env}.run(t, kustomize(t), "build", "--enable-alpha-plugins", dir)
	o.unfailing(t)
	return clean(t, o)
}

func fnRunHost(t *testing.T, document string) []object {
	dir := folder(t, execMode.prepare(document), nil)
	link(t, filepath.Join(dir, "kymamesh-krm"))
	command{dir: dir}.run(t, kustomize(t), "fn", "run", "--enable-exec", ".").unfailing(t)
	return treeOf(t, dir).objects(t)
}

// An importing installer calls our library and gives kustomize the objects as a
// resource: in memory kustomize can start no function (C19).
func krustyHost(t *testing.T, document string) []object {
	disk := filesys.MakeFsInMemory()
	for name, text := range map[string]string{
		"/app/mesh.yaml":          string(encoded(t, document)),
		"/app/kustomization.yaml": "resources: [mesh.yaml]\n",
	} {
		if err := disk.WriteFile(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, "/app")
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return clean(t, outcome{stdout: string(text)})
}

func renderHost(t *testing.T, document string) []object {
	dir := folder(t, document, map[string]string{"Kptfile": kptfile("mutators", withConfigPath())})
	fnRender(t, dir).unfailing(t)
	return treeOf(t, dir).objects(t)
}

func evalHost(t *testing.T, document string) []object {
	dir := folder(t, document, nil)
	fnEval(t, dir, "--exec", function()).unfailing(t)
	return treeOf(t, dir).objects(t)
}

func evalConfigHost(t *testing.T, document string) []object {
	dir := folder(t, document, nil)
	config := filepath.Join(dir, "kymamesh.yaml")
	fnEval(t, dir, "--exec", function(), "--fn-config", config).unfailing(t)
	return treeOf(t, dir).objects(t)
}

func functionHost(t *testing.T, document string) []object {
	list := "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nfunctionConfig:\n"
	for line := range strings.Lines(document) {
		list += "  " + line
	}
	o := command{stdin: list}.run(t, function())
	o.unfailing(t)
	var all []object
	for _, item := range parse(t, o.stdout)[0]["items"].([]any) {
		all = append(all, item.(map[string]any))
	}
	return all
}

func commandLineHost(path string, args ...string) func(*testing.T, string) []object {
	return func(t *testing.T, document string) []object {
		c := command{dir: folder(t, document, nil)}
		if path == "-" {
			c.stdin = document
		}
		o := c.run(t, commandLine(t), append([]string{"render", path}, args...)...)
		o.unfailing(t)
		objects := parse(t, o.stdout)
		if len(objects) != 1 {
			return objects
		}
		var all []object // -o json gives a List
		for _, item := range objects[0]["items"].([]any) {
			all = append(all, item.(map[string]any))
		}
		return all
	}
}

func outputDirHost(t *testing.T, document string) []object {
	out := filepath.Join(t.TempDir(), "out")
	o := command{dir: folder(t, document, nil)}.run(t, commandLine(t), "render", ".", "--output-dir", out)
	o.unfailing(t)
	return treeOf(t, out).objects(t)
}

func streamHost(t *testing.T, document string) []object {
	return parse(t, string(encoded(t, document)))
}

func encoded(t *testing.T, document string) []byte {
	t.Helper()
	objects, ds := render.YAML("kymamesh.yaml", []byte(document))
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	var out bytes.Buffer
	if err := manifest.Encode(&out, objects); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
