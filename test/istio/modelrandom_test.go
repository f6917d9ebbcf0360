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
	seeds := map[string]uint64{"the same every time": 1, "new every time": rand.Uint64()}
	count := 40
	if soak := os.Getenv("KYMAMESH_SOAK"); soak != "" {
		var err error
		if count, err = strconv.Atoi(soak); err != nil {
			t.Fatalf("KYMAMESH_SOAK: %v", err)
		}
		delete(seeds, "the same every time")
	}
	for name, seed := range seeds {
		t.Run(name, func(t *testing.T) {
			for i := range uint64(count) {
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
}

// leastAtRandom is what they have to show; most documents are accepted.
var leastAtRandom = map[string]int{"routes": 100, "subsets": 100, "client TLS": 100}
