package istio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"istio.io/istio/pkg/config/schema/collections"
	"k8s.io/apimachinery/pkg/runtime"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kymamesh/kymamesh/pkg/certificates"
	"github.com/kymamesh/kymamesh/pkg/istioop"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/namespaces"
	"github.com/kymamesh/kymamesh/pkg/render"
)

const (
	goldenDir   = "../../testdata/golden"
	examplesDir = "../../examples"
)

// unjudged are the golden areas that are not documents which render.
var unjudged = map[string]string{
	"errors": "documents that render to nothing",
	"krm":    "lists of the function, around documents that other areas hold",
}

// testCase is one input with all that it renders to.
type testCase struct {
	// name is area/case, or examples/FOLDER.
	name    string
	objects []manifest.Object
	// besides are the Kubernetes objects that the input's package holds beside
	// our documents.
	besides []runtime.Object
}

// forEachCase runs a judge on every case, as subtests named after the case.
func forEachCase(t *testing.T, judge func(t *testing.T, c testCase)) {
	t.Helper()
	all, err := cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			judge(t, c)
		})
	}
}

// cases are all golden cases and examples, rendered once.
var cases = sync.OnceValues(func() ([]testCase, error) {
	golden, err := goldenCases()
	if err != nil {
		return nil, err
	}
	examples, err := exampleCases()
	return append(golden, examples...), err
})

func goldenCases() ([]testCase, error) {
	inputs, err := filepath.Glob(filepath.Join(goldenDir, "*", "*", "in.yaml"))
	if err != nil {
		return nil, err
	}
	var all []testCase
	for _, input := range inputs {
		folder := filepath.Dir(input)
		area := filepath.Base(filepath.Dir(folder))
		if unjudged[area] != "" {
			continue
		}
		c, err := rendered(area+"/"+filepath.Base(folder), input)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("no golden case in " + goldenDir)
	}
	return all, nil
}

// exampleCases are the folders of the examples that hold a KymaMesh, each with
// all that lies in and below it.
func exampleCases() ([]testCase, error) {
	var all []testCase
	err := filepath.WalkDir(examplesDir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(text, []byte("\nkind: KymaMesh\n")) {
			return err
		}
		if filepath.Dir(path) == existingExample {
			return nil // of the package around it, see TestEditedOperators
		}
		files, err := packageFiles(filepath.Dir(path))
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(examplesDir, filepath.Dir(path))
		if err != nil {
			return err
		}
		c, err := rendered("examples/"+filepath.ToSlash(folder), files...)
		all = append(all, c)
		return err
	})
	if err == nil && len(all) == 0 {
		err = errors.New("no example in " + examplesDir)
	}
	return all, err
}

func packageFiles(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".yaml" && e.Name() != "kustomization.yaml" {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

func rendered(name string, files ...string) (testCase, error) {
	c := testCase{name: name}
	var docs []render.Document
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return c, err
		}
		found, ds := render.Split(file, text)
		if ds.HasErrors() {
			return c, errors.New(ds[0].String())
		}
		docs = append(docs, found...)
		besides, err := kubernetesObjects(text)
		if err != nil {
			return c, errors.New(file + ": " + err.Error())
		}
		c.besides = append(c.besides, besides...)
	}
	objects, ds := render.Documents(docs...)
	for _, d := range ds {
		if ds.HasErrors() {
			return c, errors.New(name + ": " + d.String())
		}
	}
	c.objects = objects
	return c, nil
}

// kubernetesObjects are the objects of a stream whose kinds Kubernetes itself
// has; the others are ours, Istio's, or nobody's.
func kubernetesObjects(text []byte) ([]runtime.Object, error) {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return nil, nil // JSON documents are ours
	}
	var all []runtime.Object
	err := eachDocument(text, func(doc []byte) error {
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(doc, nil, nil)
		switch {
		case err == nil:
			all = append(all, object)
		case !runtime.IsNotRegisteredError(err) && !runtime.IsMissingKind(err) && !runtime.IsMissingVersion(err):
			return err
		}
		return nil
	})
	return all, err
}

// eachDocument takes the documents of a YAML stream one by one, up to the first
// that cannot be taken.
func eachDocument(text []byte, take func(doc []byte) error) error {
	reader := kubeyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := take(doc); err != nil {
			return err
		}
	}
}

// applied are the objects that kubectl applies.
func (c testCase) applied() []manifest.Object {
	return slices.DeleteFunc(render.Select(c.objects, render.PartResources), isNamespace)
}

// resources are those that Istio reads.
func (c testCase) resources() []manifest.Object {
	return slices.DeleteFunc(slices.Clone(c.applied()), func(o manifest.Object) bool { return isCertificate(o) || isConfigMap(o) })
}

// isCertificate tells whether an object is for those who make certificates. The
// API server judges it by testdata/definitions.yaml, and nobody else.
func isCertificate(o manifest.Object) bool {
	return o.Kind == &certificates.Kind || o.Kind == &certificates.Gardener
}

// isConfigMap tells the form in which an IstioOperator may leave, which the API
// server judges.
func isConfigMap(o manifest.Object) bool { return o.Kind == &istioop.ConfigMap }

// isNamespace tells Kubernetes' own kind apart, which TestNamespaces judges.
func isNamespace(o manifest.Object) bool { return o.Kind == &namespaces.Kind }

// title names an object in failures.
func title(o manifest.Object) string {
	return o.Kind.Name + " " + o.Namespace + "/" + o.Name
}

// TestKindsAreIstios fails on a rendered kind that neither Istio nor Kubernetes
// itself knows, which would otherwise pass all judges unseen.
func TestKindsAreIstios(t *testing.T) {
	known := make(map[string]bool)
	for _, s := range collections.Pilot.All() {
		known[s.Group()+"/"+s.Kind()] = true
	}
	forEachCase(t, func(t *testing.T, c testCase) {
		for _, o := range c.resources() {
			if kind := o.Kind.Group + "/" + o.Kind.Name; !known[kind] && o.Kind.Group != "" {
				t.Errorf("%s: Istio has no kind %s", title(o), kind)
			}
		}
	})
}
