package istio

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.yaml.in/yaml/v3"
	"istio.io/api/annotation"
	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"

	kymadiag "github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// TestRandomDocuments holds our validation against Istio's: whatever we accept,
// Istio has to accept. KYMAMESH_SOAK is a number of documents for a long run.
func TestRandomDocuments(t *testing.T) {
	tryRandom(t, documentsOf, asTheyCome)
}

// tryRandom judges documents made from seeds.
// Those that are new in every run are made by freshOf.
func tryRandom(t *testing.T, documentsOf, freshOf func(uint64) []tree) {
	fresh := rand.Uint64()
	if soak := os.Getenv("KYMAMESH_SOAK"); soak != "" {
		count, err := strconv.Atoi(soak)
		if err != nil {
			t.Fatalf("KYMAMESH_SOAK: %v", err)
		}
		tryDocuments(t, fresh, count, documentsOf)
		return
	}
	t.Run("the same every time", func(t *testing.T) { tryDocuments(t, 1, 200, documentsOf) })
	t.Run("new every time", func(t *testing.T) { tryDocuments(t, fresh, 200, freshOf) })
}

// tryDocuments judges count documents, the first made from seed, the next from
// the one after it, and reports one document for each kind of fault.
func tryDocuments(t *testing.T, seed uint64, count int, documentsOf func(uint64) []tree) {
	t.Logf("seed %d, %d documents", seed, count)
	var next, accepted, faulty atomic.Int64
	var known sync.Map // kinds of faults
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(count); i = next.Add(1) - 1 {
				if i > 0 && i%10_000 == 0 { // a long run may be cut short
					t.Logf("%d documents, %d accepted, %d of them faulty", i, accepted.Load(), faulty.Load())
				}
				docs := documentsOf(seed + uint64(i))
				ok, f := judge(docs)
				if ok {
					accepted.Add(1)
				}
				if f == nil {
					continue
				}
				faulty.Add(1)
				if _, again := known.LoadOrStore(f.kind, true); !again {
					t.Errorf("seed %d: %s\n%s", seed+uint64(i), f.text, streamOf(shrink(docs, f.kind)))
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d accepted, %d of them faulty", accepted.Load(), faulty.Load())
	// Documents that we refuse show nothing. How many of a few new ones are accepted
	// is chance.
	if (seed == 1 || count >= 2000) && accepted.Load()*100 < int64(count)*60 {
		t.Errorf("only %d of %d documents are accepted; values_test.go knows too little of new words", accepted.Load(), count)
	}
}

// documentsOf leaves some documents as they are: what is refused has to be refused
// for each of its faults, and without a panic.
func documentsOf(seed uint64) []tree {
	docs := asTheyCome(seed)
	if seed%4 > 0 {
		withoutRefused(docs)
	}
	return docs
}

// asTheyCome are documents that a run of CI makes of a new seed: what is mended until
// it is accepted finds faults that have nothing to do with the change at hand.
func asTheyCome(seed uint64) []tree {
	return (&generator{Rand: rand.New(rand.NewPCG(seed, 0))}).documents()
}

func streamOf(docs []tree) string {
	var texts []string
	for _, doc := range docs {
		body, err := yaml.Marshal(doc)
		if err != nil {
			panic(err)
		}
		texts = append(texts, string(body))
	}
	return strings.Join(texts, "---\n")
}

// fault is what Istio, or the second rendering, has against a document. Two
// documents with faults of one kind are taken for the same find.
type fault struct{ kind, text string }

// judge tells whether we accept the documents, and what is wrong with what they
// render to.
func judge(docs []tree) (accepted bool, _ *fault) {
	text := []byte(streamOf(docs))
	objects, edits, ds := inPackage(text)
	if ds.HasErrors() {
		return false, nil
	}
	if err := judgeEdits(edits); err != nil {
		return true, &fault{kind: "edit " + quoted.ReplaceAllString(err.Error(), ""), text: err.Error()}
	}
	if err := rendersTheSame(text, objects); err != nil {
		return true, &fault{kind: "rendering", text: err.Error()}
	}
	for _, o := range objects {
		if err := judgeObject(o); err != nil {
			return true, &fault{kind: o.Kind.Name + quoted.ReplaceAllString(err.Error(), ""), text: title(o) + ": " + err.Error()}
		}
	}
	return true, judgeTogether(objects)
}

// judgeTogether asks the analyzers, and our own checks. The analyzer of conflicting gateways remembers
// the hosts of each Gateway that it has compared as hosts of the other, so that
// a third one conflicts with hosts that are not there: what it says has to hold
// for two Gateways alone. The one of conflicting hosts takes a host that some namespaces
// see for one with a wildcard above it that all see, of which Pilot takes the narrower
// (computeWildcardHostVirtualServiceIndex).
func judgeTogether(objects []manifest.Object) *fault {
	text, err := packageText(testCase{name: "in.yaml", objects: objects})
	if err != nil {
		return &fault{kind: "package", text: err.Error()}
	}
	messages, err := analyzeText("in.yaml", text, "")
	if err != nil {
		return &fault{kind: "analyzers", text: err.Error()}
	}
	for _, m := range messages {
		code := m.Type.Code()
		if m.Type.Level() != diag.Error || unknowable[code] {
			continue
		}
		if code == conflictingGateways && !conflictInPairs(objects) || code == conflictingHosts && !sameHost(objects) {
			continue
		}
		return &fault{kind: code, text: m.String()}
	}
	found, err := alarmsOf(text)
	if err != nil {
		return &fault{kind: "checks", text: err.Error()}
	}
	for _, f := range found {
		return &fault{kind: string(f.Code), text: f.String()}
	}
	return nil
}

const (
	conflictingHosts    = "IST0109"
	conflictingGateways = "IST0145"
)

// sameHost tells whether two VirtualServices for sidecars have one host.
func sameHost(objects []manifest.Object) bool {
	seen := map[string]bool{}
	for _, vs := range manifest.Of[*networking.VirtualService](objects) {
		if len(vs.Gateways) > 0 && !slices.Contains(vs.Gateways, "mesh") {
			continue
		}
		for _, host := range vs.Hosts {
			if seen[host] {
				return true
			}
			seen[host] = true
		}
	}
	return false
}

// conflictInPairs tells whether two of the Gateways conflict when there are no
// others.
func conflictInPairs(objects []manifest.Object) bool {
	var pair []manifest.Object
	for i, one := range objects {
		for _, other := range objects[i+1:] {
			if one.Kind.Name != "Gateway" || other.Kind.Name != "Gateway" {
				continue
			}
			pair = append(pair[:0], one, other)
			messages, err := analyze(testCase{name: "in.yaml", objects: pair}, "")
			if err != nil || slices.ContainsFunc(messages, func(m diag.Message) bool { return m.Type.Code() == conflictingGateways }) {
				return true
			}
		}
	}
	return false
}

// inPackage renders the documents for a host that shows a package, since words
// about single workloads are refused by every other.
func inPackage(text []byte) ([]manifest.Object, []edit.Edit, kymadiag.List) {
	docs, ds := render.Split("in.yaml", text)
	if ds.HasErrors() {
		return nil, nil, ds
	}
	return render.InPackage(docs...)
}

// judgeEdits holds what pods are to say against the injector's own checks.
func judgeEdits(edits []edit.Edit) error {
	for _, e := range edits {
		key := e.Path[len(e.Path)-1]
		if check := inject.AnnotationValidation[key]; check != nil && e.Path[1] == "annotations" {
			if err := check(e.Value.Value); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
		if key == annotation.ProxyConfig.Name {
			if _, err := mesh.ApplyProxyConfig(e.Value.Value, mesh.DefaultMeshConfig()); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}

// agreed are hashes of the texts of objects that Istio has nothing against: most of what
// random documents render to, but for their routes, was rendered to before.
var agreed sync.Map

func judgeObject(o manifest.Object) error {
	text, err := manifest.AppendYAML(nil, o)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(text)
	if _, again := agreed.Load(hash); again {
		return nil
	}
	err = judgeText(o, text)
	if err == nil && o.Kind.Name != "VirtualService" {
		agreed.Store(hash, true)
	}
	return err
}

func judgeText(o manifest.Object, text []byte) error {
	switch {
	case o.Kind.Name == "IstioOperator":
		return checkOperator(text)
	case isNamespace(o):
		return checkNamespace(text)
	case isCertificate(o), isConfigMap(o):
		return nil // TestAPIServer judges them
	}
	_, err := validate(text)
	return err
}

// quoted is what differs between messages of one kind.
var quoted = regexp.MustCompile(`"[^"]*"|[0-9]+`)

// unknowable are the analyzers' errors that a document alone cannot avoid.
var unknowable = map[string]bool{
	// A route without a port to a Service of which other routes name several.
	"IST0112": true,
	// Claims of tokens that a RequestAuthentication of somebody else checks.
	"IST0149": true,
}

func rendersTheSame(text []byte, objects []manifest.Object) error {
	again, _, _ := inPackage(text)
	var first, second bytes.Buffer
	if err := manifest.Encode(&first, objects); err != nil {
		return err
	}
	if err := manifest.Encode(&second, again); err != nil {
		return err
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		return errors.New("renders differently the second time")
	}
	return nil
}

// shrink leaves out all that the fault does not need.
func shrink(docs []tree, kind string) []tree {
	still := func() bool {
		_, f := judge(docs)
		return f != nil && f.kind == kind
	}
	for i := len(docs) - 1; i > 0; i-- {
		all := docs
		if docs = slices.Delete(slices.Clone(docs), i, i+1); !still() {
			docs = all
		}
	}
	for _, doc := range docs {
		shrinkTree(doc["spec"], still)
	}
	return docs
}

// shrinkTree takes keys and items away while the fault stays.
func shrinkTree(node any, still func() bool) {
	switch n := node.(type) {
	case tree:
		for _, key := range slices.Sorted(maps.Keys(n)) {
			value := n[key]
			if delete(n, key); still() {
				continue
			}
			n[key] = value
			if list, ok := value.([]any); ok {
				n[key] = shrinkList(list, func(l []any) bool { n[key] = l; return still() })
			}
			shrinkTree(n[key], still)
		}
	case map[any]any:
		for key, value := range maps.Clone(n) {
			if delete(n, key); still() {
				continue
			}
			n[key] = value
			shrinkTree(value, still)
		}
	case []any:
		for _, item := range n {
			shrinkTree(item, still)
		}
	}
}

func shrinkList(list []any, holds func([]any) bool) []any {
	for i := len(list) - 1; i >= 0; i-- {
		shorter := slices.Delete(slices.Clone(list), i, i+1)
		if holds(shorter) {
			list = shorter
		}
	}
	holds(list)
	return list
}
