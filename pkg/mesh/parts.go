package mesh

import (
	"github.com/kymamesh/kymamesh/internal/parallel"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// partSize is how many services are one processor's work.
const partSize = 256

// inParts has work done for 0 to n-1, on all processors. Work is given a resolver of
// its own to report to, and may read what was resolved before, and write to what
// belongs to i alone. What is reported is put together in the order of the numbers.
func (r *resolver) inParts(n int, work func(part *resolver, i int)) {
	parts, lists := make([]resolver, (n+partSize-1)/partSize), make([]diag.List, (n+partSize-1)/partSize)
	parallel.Do(len(parts), func(p int) {
		part := &parts[p]
		*part = *r
		part.ds, part.names = &lists[p], names{&lists[p]}
		part.delegated, part.onPods = nil, map[string][]*gateway{}
		for i := p * partSize; i < min(n, (p+1)*partSize); i++ {
			work(part, i)
		}
	})
	for p := range parts {
		*r.ds = append(*r.ds, lists[p]...)
		r.delegated = append(r.delegated, parts[p].delegated...)
	}
}
