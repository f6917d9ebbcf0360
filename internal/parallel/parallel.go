// Package parallel has work done on all processors. It is for parts that know
// nothing of each other, whose results somebody puts together in the order of the
// parts: so nothing depends on which was done first.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Do calls part for 0 to n-1, each once and in any order, and returns when all
// are done. A panic of a part is one of the caller, after the others.
func Do(n int, part func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers < 2 {
		for i := range n {
			part(i)
		}
		return
	}
	var next atomic.Int64
	var failed atomic.Pointer[any]
	work := func() {
		defer func() {
			if r := recover(); r != nil {
				failed.CompareAndSwap(nil, &r)
			}
		}()
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			part(int(i))
		}
	}
	var others sync.WaitGroup
	for range workers - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	if r := failed.Load(); r != nil {
		panic(*r)
	}
}
