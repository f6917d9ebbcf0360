package check

import (
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var jobChecks = []Check{
	{
		Code: diag.CodeEndlessJob, Severity: diag.Warning, find: endlessJobs, Needs: []string{"batch/Job", "batch/CronJob"},
		Hurts: "The program ends and the sidecar does not: the Job never completes, and a CronJob's pods pile up.",
		Mend:  "Write the annotation sidecar.istio.io/nativeSidecar: \"true\" in the pod template, let the program end the sidecar (POST /quitquitquit at port 15020), or do without one.",
	},
}

// The annotation by which a pod's sidecar ends with its programs, and the first
// minor version of Istio 1 that makes such sidecars where the nodes can
// (release notes of 1.27).
const (
	nativeSidecar = "sidecar.istio.io/nativeSidecar"
	nativeSince   = 27
)

// endlessJobs asks only where the version of Istio is known: later ones make native
// sidecars themselves.
func endlessJobs(f *finder) {
	in := f.Install()
	if minor, known := in.Minor(); !known || minor >= nativeSince || in.NativeSidecars {
		return
	}
	for _, w := range f.authored() {
		if w.Kind != "Job" && w.Kind != "CronJob" || w.Annotations[nativeSidecar] == "true" || f.Injection(w).Sidecar != topology.Yes || endsSidecar(w) {
			continue
		}
		f.say(w.Object, w.PodAt("metadata"), "the sidecar of %s goes on when the program has ended", w)
	}
}

// endsSidecar tells whether a workload's program names the address at which a sidecar
// is told to end.
func endsSidecar(w *topology.Workload) bool {
	for _, c := range w.Containers {
		for _, text := range c.Says {
			if strings.Contains(text.Text, "quitquitquit") {
				return true
			}
		}
	}
	return false
}
