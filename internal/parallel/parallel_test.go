package parallel

import (
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
)

func TestDo(t *testing.T) {
	for _, processors := range []int{1, 2, 7} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		for _, n := range []int{0, 1, 2, 1000} {
			calls := make([]int32, n)
			Do(n, func(i int) { atomic.AddInt32(&calls[i], 1) })
			if slices.ContainsFunc(calls, func(c int32) bool { return c != 1 }) {
				t.Errorf("%d parts on %d processors: called %v times", n, processors, calls)
			}
		}
	}
}

// Whoever calls the library can recover from a panic in it, wherever that was.
func TestPanics(t *testing.T) {
	for _, processors := range []int{1, 4} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		func() {
			defer func() {
				if r := recover(); r != "part 3" {
					t.Errorf("on %d processors: recovered %v", processors, r)
				}
			}()
			Do(10, func(i int) {
				if i == 3 {
					panic("part 3")
				}
			})
			t.Errorf("on %d processors: no panic", processors)
		}()
	}
}
