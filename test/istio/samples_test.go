package istio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"istio.io/istio/pilot/pkg/model"
	"k8s.io/apimachinery/pkg/api/meta"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// testdata/samples/TASK-NAME/in.yaml is a document that says what one of Istio's
// own samples says, and sample.yaml beside it names the sample's manifests. Pilot
// has to make the same configuration of both, for every proxy.
//
// The sample takes the place of the document's resources in the mesh that the
// document installs; nothing is added to it. Where our defaults say more than a
// sample does, the document switches them off in its own words.

const samplesDir = "testdata/samples"

// sample is a configuration from Istio's samples. All paths begin in the folder
// of the samples.
type sample struct {
	// Workloads hold what Kubernetes runs, Resources what Istio reads. A resource
	// replaces one of the same name in a manifest before it, as with kubectl.
	Workloads, Resources []string
	// Namespace is where both are applied: default if it is not written.
	Namespace string
	// Differences are the places where the document means something else.
	Differences []difference
}

// difference is a field for which the document has another value than the sample.
type difference struct {
	Object   string // KIND NAME
	At       []any  // the keys and indices that lead to the field
	Sample   any    // nil if the sample does not have the field
	Document any
	Because  string
}

// TestSamples compares what Pilot makes of each sample and of its document.
func TestSamples(t *testing.T) {
	for _, file := range sampleFiles(t) {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			var s sample
			readStrict(t, file, &s)
			if s.Namespace == "" {
				s.Namespace = "default"
			}
			s.hold(t, s.document(t, filepath.Join(folder, "in.yaml")))
		})
	}
}

func sampleFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(samplesDir, "*", "sample.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	return files
}

// readStrict reads a file of testdata; a field that value does not have is an
// error.
func readStrict(t *testing.T, file string, value any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(value); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// document is the document, in a cluster with the sample's workloads.
func (s sample) document(t *testing.T, file string) testCase {
	t.Helper()
	c, err := rendered(file, file)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range s.Workloads {
		objects, err := kubernetesObjects(sampleText(t, path))
		if err != nil || len(objects) == 0 {
			t.Fatalf("%s: no objects of Kubernetes: %v", path, err)
		}
		for _, o := range objects {
			accessor, err := meta.Accessor(o)
			if err != nil {
				t.Fatal(err)
			}
			accessor.SetNamespace(s.Namespace)
		}
		c.besides = append(c.besides, objects...)
	}
	return c
}

// hold compares the sample with the document c.
func (s sample) hold(t *testing.T, c testCase) {
	p := startPilot(t, c)
	document := p.configurations(c)
	of := func(resources []manifest.Object) map[string]configuration {
		// The cluster is the document's to the last pod, also where the sample
		// names services by other names.
		in := testCase{name: c.name, besides: p.cluster.objects()}
		in.objects = append(render.Select(c.objects, render.PartInstall), resources...)
		return startPilot(t, in).configurations(c)
	}
	for _, text := range differing(of(s.resources(t, s.Differences)), document) {
		t.Error(text)
	}
	if len(differing(of(nil), document)) == 0 {
		t.Error("Pilot makes the same without the sample's resources, so the case shows nothing")
	}
	for i, d := range s.Differences {
		others := slices.Delete(slices.Clone(s.Differences), i, i+1)
		if len(differing(of(s.resources(t, others)), document)) == 0 {
			t.Errorf("%s %v: Pilot makes the same of both; remove the difference", d.Object, d.At)
		}
	}
}

// resources are the sample's, with these differences made in them.
func (s sample) resources(t *testing.T, ds []difference) []manifest.Object {
	t.Helper()
	var all []manifest.Object
	found := make([]bool, len(ds))
	for _, path := range s.Resources {
		for _, tree := range trees(t, sampleText(t, path)) {
			if version, _ := tree["apiVersion"].(string); !strings.Contains(version, ".istio.io/") {
				continue // a manifest may hold what Kubernetes runs as well
			}
			name := tree["metadata"].(map[string]any)["name"].(string)
			for i, d := range ds {
				if d.Object == fmt.Sprint(tree["kind"], " ", name) {
					found[i] = true
					d.make(t, tree)
				}
			}
			o := s.object(t, tree)
			all = slices.DeleteFunc(all, func(earlier manifest.Object) bool { return title(earlier) == title(o) })
			all = append(all, o)
		}
	}
	for i, d := range ds {
		if !found[i] {
			t.Errorf("the sample has no %s", d.Object)
		}
	}
	return all
}

// object reads a resource of the sample as if we had rendered it.
func (s sample) object(t *testing.T, tree map[string]any) manifest.Object {
	t.Helper()
	text, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	cfg, schema, err := readConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Namespace == "" {
		cfg.Namespace = s.Namespace
	}
	return manifest.Object{
		Kind:    &manifest.Kind{Name: schema.Kind(), Group: schema.Group()},
		Version: schema.Version(), Namespace: cfg.Namespace, Name: cfg.Name, Spec: cfg.Spec,
	}
}

// make gives the resource the document's value in place of the sample's.
func (d difference) make(t *testing.T, resource map[string]any) {
	t.Helper()
	var holder any = resource
	last := len(d.At) - 1
	for _, key := range d.At[:last] {
		holder = child(holder, key)
	}
	if has := child(holder, d.At[last]); d.Because == "" || !reflect.DeepEqual(has, d.Sample) {
		t.Fatalf("%s %v: the sample has %v, the difference, %q, is from %v", d.Object, d.At, has, d.Because, d.Sample)
	}
	switch h := holder.(type) {
	case map[string]any:
		h[d.At[last].(string)] = d.Document
	case []any:
		h[d.At[last].(int)] = d.Document
	}
}

// child is the value under a key or an index; nil if there is none.
func child(holder, key any) any {
	switch h := holder.(type) {
	case map[string]any:
		name, _ := key.(string)
		return h[name]
	case []any:
		if i, ok := key.(int); ok && i < len(h) {
			return h[i]
		}
	}
	return nil
}

// trees are the documents of a stream.
func trees(t *testing.T, text []byte) []map[string]any {
	t.Helper()
	var all []map[string]any
	reader := kubeyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		var tree map[string]any
		if err := yaml.Unmarshal(doc, &tree); err != nil {
			t.Fatal(err)
		}
		if tree != nil { // a --- at the end
			all = append(all, tree)
		}
	}
}

// samplesFolder is the folder of Istio's samples in the module cache.
var samplesFolder = sync.OnceValues(func() (string, error) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "istio.io/istio").Output()
	return filepath.Join(strings.TrimSpace(string(folder)), "samples"), err
})

func sampleText(t *testing.T, path string) []byte {
	t.Helper()
	folder, err := samplesFolder()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestSamplesAreComplete fails on a sample that is neither compared nor known to
// wait for a word, such as one of a new Istio.
func TestSamplesAreComplete(t *testing.T) {
	known := map[string]bool{}
	for _, file := range sampleFiles(t) {
		var s sample
		readStrict(t, file, &s)
		for _, path := range s.Resources {
			known[path] = true
		}
	}
	var waiting []struct{ Task, Sample, Word string }
	readStrict(t, filepath.Join(samplesDir, "waiting.yaml"), &waiting)
	for _, w := range waiting {
		if known[w.Sample] || w.Task == "" || w.Word == "" {
			t.Errorf("waiting.yaml: %s: there twice, compared already, or without task or word", w.Sample)
		}
		known[w.Sample] = true
	}
	for _, path := range istiosResources(t) {
		if !known[path] {
			t.Errorf("samples/%s: neither compared nor in waiting.yaml", path)
		}
		delete(known, path)
	}
	for path := range known {
		t.Errorf("samples/%s: Istio has no such sample", path)
	}
}

// istiosResources are the manifests of the samples with resources that
// documents of ours render; those of the Gateway API are other documents.
func istiosResources(t *testing.T) []string {
	t.Helper()
	folder, err := samplesFolder()
	if err != nil {
		t.Fatal(err)
	}
	resource := regexp.MustCompile(`(?m)^apiVersion: (networking|security|telemetry)\.istio\.io/`)
	var paths []string
	err = filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && resource.Match(text) {
			path, err = filepath.Rel(folder, path)
			paths = append(paths, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// configuration is what Envoy gets, by kind and name.
type configuration map[string]proto.Message

// configurations are those of all proxies of a case, by the proxy's name.
func (p *pilot) configurations(c testCase) map[string]configuration {
	all := map[string]configuration{"a client": p.configuration(p.client())}
	for _, pod := range p.gatewayPods(c) {
		all["gateway "+pod.Name] = p.configuration(p.gateway(pod))
	}
	for _, id := range sortedKeys(p.cluster.pods) {
		if id.Namespace != istioSystem {
			all["pod "+id.String()] = p.configuration(p.sidecar(p.cluster.pods[id]))
		}
	}
	return all
}

func (p *pilot) configuration(proxy *model.Proxy) configuration {
	all := configuration{}
	listeners := p.Listeners(proxy)
	for _, l := range listeners {
		all["listener "+l.Name] = l
	}
	for _, r := range p.RoutesFromListeners(proxy, listeners) {
		all["route configuration "+r.Name] = r
	}
	for _, c := range p.Clusters(proxy) {
		all["cluster "+c.Name] = c
	}
	for _, e := range p.Endpoints(proxy) {
		all["endpoints "+e.ClusterName] = e
	}
	return all
}

// other are the messages that b does not have in the same words.
func (c configuration) other(b configuration) configuration {
	all := configuration{}
	for name, message := range c {
		if !proto.Equal(message, b[name]) {
			all[name] = message
		}
	}
	return all
}

// differing says how the two sides differ, once for all proxies that do so.
func differing(sample, document map[string]configuration) []string {
	proxies := map[string][]string{} // by their difference
	for _, proxy := range slices.Sorted(maps.Keys(sample)) {
		// Most messages are equal to the letter, and protocmp takes its time.
		a, b := sample[proxy].other(document[proxy]), document[proxy].other(sample[proxy])
		if diff := cmp.Diff(a, b, protocmp.Transform(), anyChainOrder, withoutSources); diff != "" {
			proxies[diff] = append(proxies[diff], proxy)
		}
	}
	var texts []string
	for diff, who := range proxies {
		texts = append(texts, fmt.Sprintf("%s (-sample +document):\n%s", strings.Join(who, ", "), diff))
	}
	return texts
}

// anyChainOrder sorts a listener's filter chains: Envoy takes the one that fits best
// wherever it stands, and Pilot writes those of one entry in the order of a map.
var anyChainOrder = protocmp.SortRepeated(func(a, b *listener3.FilterChain) bool {
	return prototext.Format(a.GetFilterChainMatch()) < prototext.Format(b.GetFilterChainMatch())
})

// withoutSources leaves out where Istio notes which object a part was made of:
// the two sides call their objects by different names.
var withoutSources = cmp.FilterPath(func(p cmp.Path) bool {
	var keys []string
	for _, step := range p {
		if index, ok := step.(cmp.MapIndex); ok {
			keys = append(keys, index.Key().String())
		}
	}
	tail := []string{"filter_metadata", "istio", "fields", "config"}
	return len(keys) >= len(tail) && slices.Equal(keys[len(keys)-len(tail):], tail)
}, cmp.Ignore())
