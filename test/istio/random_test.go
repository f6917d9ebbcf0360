package istio

import (
	"bytes"
	"errors"
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
	"istio.io/istio/pkg/config/analysis/diag"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// TestRandomDocuments holds our validation against Istio's: whatever we accept,
// Istio has to accept. KYMAMESH_SOAK is a number of documents for a long run.
func TestRandomDocuments(t *testing.T) {
	fresh := rand.Uint64()
	if soak := os.Getenv("KYMAMESH_SOAK"); soak != "" {
		count, err := strconv.Atoi(soak)
		if err != nil {
			t.Fatalf("KYMAMESH_SOAK: %v", err)
		}
		tryDocuments(t, fresh, count)
		return
	}
	t.Run("the same every time", func(t *testing.T) { tryDocuments(t, 1, 200) })
	t.Run("new every time", func(t *testing.T) { tryDocuments(t, fresh, 200) })
}

// tryDocuments judges count documents, the first made from seed, the next from
// the one after it, and reports one document for each kind of fault.
func tryDocuments(t *testing.T, seed uint64, count int) {
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
	// Documents that we refuse show nothing.
	if count >= 100 && accepted.Load()*100 < int64(count)*20 {
		t.Errorf("only %d of %d documents are accepted; values_test.go knows too little of new words", accepted.Load(), count)
	}
}

func documentsOf(seed uint64) []tree {
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
	objects, ds := render.YAML("in.yaml", text)
	if ds.HasErrors() {
		return false, nil
	}
	if err := rendersTheSame(text, objects); err != nil {
		return true, &fault{kind: "rendering", text: err.Error()}
	}
	for _, o := range objects {
		if err := judgeObject(o); err != nil {
			return true, &fault{kind: o.Kind.Name + quoted.ReplaceAllString(err.Error(), ""), text: title(o) + ": " + err.Error()}
		}
	}
	messages, err := analyze(testCase{name: "in.yaml", objects: objects}, "")
	if err != nil {
		return true, &fault{kind: "analyzers", text: err.Error()}
	}
	for _, m := range messages {
		if m.Type.Level() == diag.Error && !unknowable[m.Type.Code()] {
			return true, &fault{kind: m.Type.Code(), text: m.String()}
		}
	}
	found, err := alarms(testCase{name: "in.yaml", objects: objects})
	if err != nil {
		return true, &fault{kind: "checks", text: err.Error()}
	}
	for _, f := range found {
		return true, &fault{kind: string(f.Code), text: f.String()}
	}
	return true, nil
}

func judgeObject(o manifest.Object) error {
	text, err := manifest.AppendYAML(nil, o)
	if err != nil {
		return err
	}
	if o.Kind.Name == "IstioOperator" {
		return checkOperator(text)
	}
	_, err = validate(text)
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
	again, _ := render.YAML("in.yaml", text)
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
