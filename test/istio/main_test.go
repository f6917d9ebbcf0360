package istio

import (
	"os"
	"runtime/debug"
	"testing"

	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/log"
)

// TestMain keeps Istio quiet: what it logs about its own start would bury a
// failure. And it keeps Istio from remembering every collection it ever made,
// for a page of its debugger: a long run would fill the memory. Rubbish is
// collected less often than by default, which spares a fifth of the time.
func TestMain(m *testing.M) {
	debug.SetGCPercent(300)
	debug.SetMemoryLimit(4 << 30)
	krt.GlobalDebugHandler = nil
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	os.Exit(m.Run())
}
