package istio

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// TestModelOfRandomDocuments compares the model with Pilot over documents that
// nobody wrote, those that we accept. KYMAMESH_SOAK is a number of documents for a
// long run.
func TestModelOfRandomDocuments(t *testing.T) {
	tally := newTally()
	t.Cleanup(func() { tally.holds(t, leastAtRandom) })
	if soak := os.Getenv("KYMAMESH_SOAK"); soak != "" {
		count, err := strconv.ParseUint(soak, 10, 64)
		if err != nil {
			t.Fatalf("KYMAMESH_SOAK: %v", err)
		}
		const atOnce = 100 // a Pilot is as large as a hundred documents
		seed := rand.Uint64()
		for i := uint64(0); i < count; i += atOnce {
			modelsOf(t, fmt.Sprint("from seed ", seed+i), seed+i, min(atOnce, count-i), documentsOf, tally)
		}
		return
	}
	modelsOf(t, "the same every time", 1, 40, documentsOf, tally)
	modelsOf(t, "new every time", rand.Uint64(), 40, asTheyCome, tally)
}

func modelsOf(t *testing.T, name string, seed, count uint64, documentsOf func(uint64) []tree, tally *tally) {
	t.Run(name, func(t *testing.T) {
		for i := range count {
			docs := documentsOf(seed + i)
			text := streamOf(docs)
			objects, _, ds := inPackage([]byte(text))
			if ds.HasErrors() {
				continue
			}
			t.Run(fmt.Sprint("seed ", seed+i), func(t *testing.T) {
				t.Parallel()
				c := testCase{name: "in.yaml", objects: objects}
				p := startPilot(t, c)
				p.walk(t, modelOf(t, c, p.cluster), p.gatewayPods(c), tally)
				if t.Failed() {
					t.Log(text)
				}
			})
		}
	})
}

// leastAtRandom is what they have to show; most documents are accepted.
var leastAtRandom = map[string]int{"routes": 100, "subsets": 100, "client TLS": 100}
