package istio

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/schema"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// TestRandomWords wants every word of the vocabulary in a random document that is
// accepted: one that occurs in refused documents alone is never judged.
func TestRandomWords(t *testing.T) {
	t.Parallel()
	missing := vocabulary()
	all := len(missing)
	const most = 3000
	tried, accepted := 0, 0
	for ; tried < most && len(missing) > 0; tried++ {
		// Rare words more often than in documents that are judged, to be here sooner.
		g := &generator{Rand: rand.New(rand.NewPCG(uint64(tried), 0)), atLeast: tried % 3 * 6}
		docs := g.documents()
		withoutRefused(docs)
		if _, _, ds := inPackage([]byte(streamOf(docs))); ds.HasErrors() {
			continue
		}
		accepted++
		for _, doc := range docs {
			kind := reflect.TypeFor[spec.KymaMesh]()
			if doc["kind"] == spec.KindMeshService {
				kind = reflect.TypeFor[spec.MeshService]()
			}
			said(missing, kind, doc)
		}
	}
	t.Logf("%d of %d words in %d accepted of %d documents", all-len(missing), all, accepted, tried)
	for _, word := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("no accepted document says %s; values_test.go knows too little of it", word)
	}
}

// vocabulary is every word, TYPE.WORD. The head of a document is not random.
func vocabulary() map[string]bool {
	all := map[string]bool{}
	for _, words := range schema.Types() {
		if words == reflect.TypeFor[spec.Metadata]() || words == reflect.TypeFor[spec.PluginArgs]() {
			continue
		}
		for _, w := range strictyaml.Words(words) {
			all[w.Owner.Name()+"."+w.Name] = true
		}
	}
	delete(all, "PluginArgs.argsOneLiner")
	delete(all, "PluginArgs.argsFromFile")
	delete(all, "Install.existing") // of a package; TestRandomInPlace has it
	return all
}

// said takes the words that a value says out of those that are missing.
func said(missing map[string]bool, of reflect.Type, value any) {
	if list, ok := value.([]any); ok {
		for _, item := range list {
			said(missing, of, item)
		}
		return
	}
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if all, ok := value.(map[any]any); ok && of.Kind() == reflect.Map {
		for _, item := range all {
			said(missing, of.Elem(), item)
		}
		return
	}
	words, ok := value.(tree)
	if !ok || of.Kind() != reflect.Struct || reflect.PointerTo(of).Implements(reflect.TypeFor[proto.Message]()) {
		return
	}
	for _, w := range strictyaml.Words(of) {
		if item, ok := words[w.Name]; ok {
			delete(missing, w.Owner.Name()+"."+w.Name)
			said(missing, w.Field.Type, item)
		}
	}
}
