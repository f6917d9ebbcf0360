package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// After the first collection the heap may only double, as ever.
func TestCollectLateIsOver(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	CollectLate()
	if late := debug.SetGCPercent(100 * first / usual); late != 800 {
		t.Errorf("begins with %d %%", late)
	}
	for start := time.Now(); ; {
		runtime.GC()
		now := debug.SetGCPercent(100 * first / usual)
		debug.SetGCPercent(now)
		if now == 100 {
			return
		}
		if time.Since(start) > 10*time.Second {
			t.Fatalf("still %d %% after a collection", now)
		}
	}
}
