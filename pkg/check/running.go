package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var runningChecks = []Check{
	{
		Code: diag.CodeOutdated, Severity: diag.Warning, find: outdated, Needs: pods, Istio: "IST0158",
		Hurts: "A proxy of another version than the control plane may lose its connections after an upgrade.",
		Mend:  "Restart what made the pod (kubectl rollout restart); a pod that nothing made has to be deleted and made anew.",
	},
	{
		Code: diag.CodeNakedPod, Severity: diag.Warning, find: nakedPods, Needs: pods,
		Hurts: "After an upgrade of Istio the pod keeps its old sidecar: no rollout makes it anew.",
		Mend:  "Let a Deployment or another workload make the pod.",
	},
	{
		Code: diag.CodeWithoutProxy, Severity: diag.Warning, find: withoutProxy, Needs: []string{"Pod"}, Istio: "IST0103",
		Hurts: "The pod was made before its namespace was labelled, or while istiod could not be reached, and Istio injects only when a pod is made: no mTLS, no policy, no telemetry, and servers that take mTLS only refuse it.",
		Mend:  "Restart what made the pod (kubectl rollout restart); a pod that nothing made has to be deleted and made anew.",
	},
}

// meshVersions are the versions that the mesh's proxies may have: that of the
// installation, else those of the istiods in the package, one a revision.
func (f *finder) meshVersions() []string {
	if version := topology.PlainVersion(f.Install().Tag); version != "" {
		return []string{version}
	}
	var all []string
	for _, w := range f.Workloads(f.RootNamespace()) {
		for _, c := range w.Containers {
			if version := topology.Version(c.Image); c.Name == "discovery" && version != "" && !slices.Contains(all, version) {
				all = append(all, version)
			}
		}
	}
	slices.Sort(all)
	return all
}

// proxyImage is the annotation that gives a pod a proxy of its own.
const proxyImage = "sidecar.istio.io/proxyImage"

// outdated finds proxies of another version, once for each owner of pods.
func outdated(f *finder) {
	mesh := f.meshVersions()
	if len(mesh) == 0 {
		return
	}
	for _, w := range f.authored() {
		if version := topology.Version(w.Annotations[proxyImage]); version != "" && !slices.Contains(mesh, version) {
			f.say(w.Object, w.PodAt("metadata", "annotations", proxyImage), "%s keeps its sidecar at %s, and the mesh is at %s", w, version, strings.Join(mesh, ", "))
		}
	}
	f.byOwner(func(w *topology.Workload) bool {
		version := topology.Version(proxyOf(w).Image)
		return topology.Version(w.Annotations[proxyImage]) == "" && version != "" && !slices.Contains(mesh, version)
	}, func(w *topology.Workload, whom string) {
		c := proxyOf(w)
		f.say(w.Object, w.ContainerAt(c, "image"), "the proxy in %s is %s and the mesh %s; %s", whom, topology.Version(c.Image), strings.Join(mesh, ", "), f.renewal(w))
	})
}

// proxyOf is the container of the proxy, empty where there is none.
func proxyOf(w *topology.Workload) topology.Container {
	if i := slices.IndexFunc(w.Containers, func(c topology.Container) bool { return c.Name == topology.ProxyContainer }); i >= 0 {
		return w.Containers[i]
	}
	return topology.Container{}
}

// byOwner tells of the workloads that something is true of, once for all pods that
// have one origin. What a maker's own template says is told of the maker.
func (f *finder) byOwner(is func(*topology.Workload) bool, say func(first *topology.Workload, whom string)) {
	var order []string
	alike := map[string][]*topology.Workload{}
	for _, w := range f.AllWorkloads() {
		if maker, made := f.Maker(w); !is(w) || made && is(maker) {
			continue
		}
		id := w.Namespace + " " + cmp.Or(f.Origin(w), w.String())
		if alike[id] == nil {
			order = append(order, id)
		}
		alike[id] = append(alike[id], w)
	}
	for _, id := range order {
		first, whom := alike[id][0], alike[id][0].String()
		if n := len(alike[id]); n > 1 {
			whom = fmt.Sprintf("%d pods of %s", n, strings.Replace(f.Origin(first), " ", " "+first.Namespace+"/", 1))
		}
		say(first, whom)
	}
}

// renewal is what makes pods anew.
func (f *finder) renewal(w *topology.Workload) string {
	kind, name, _ := strings.Cut(f.Origin(w), " ")
	maker, known := f.Maker(w)
	switch {
	case kind == "":
		return "nothing makes the pod anew and no rollout reaches it: delete it and make it again"
	case w.Kind != "Pod":
		return "the version is written here, so a restart does not change it"
	case kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet":
		return fmt.Sprintf("restart it: kubectl rollout restart %s %s%s", strings.ToLower(kind), name, inNamespace(w.Namespace))
	case kind == "ReplicationController" || known && maker.Kind == "ReplicaSet" && maker.Owner == "":
		return fmt.Sprintf("%s %s makes a pod anew when it is deleted; no rollout restart reaches it", kind, name)
	case kind == "Job" || kind == "CronJob":
		return fmt.Sprintf("the next pods of %s %s are right; no restart reaches these", kind, name)
	}
	return fmt.Sprintf("restart what made it, %s %s", kind, name)
}

func inNamespace(namespace string) string {
	if namespace == "" {
		return ""
	}
	return " -n " + namespace
}

func nakedPods(f *finder) {
	for _, w := range f.AllWorkloads() {
		if w.Kind == "Pod" && w.Owner == "" && !w.Running && !w.HasProxy() && !w.Gateway() && f.Injection(w).Sidecar == topology.Yes {
			f.say(w.Object, w.At(), "%s gets a sidecar and nothing makes it anew: after an upgrade of Istio the old sidecar stays", w)
		}
	}
}

// withoutProxy finds pods of a cluster that would get a sidecar if they were made
// now.
func withoutProxy(f *finder) {
	f.byOwner(func(w *topology.Workload) bool {
		return w.Running && !w.HasProxy() && !w.Gateway() && f.Injection(w).Sidecar == topology.Yes
	}, func(w *topology.Workload, whom string) {
		f.say(w.Object, w.At(), "no sidecar in %s, and %s; %s", whom, f.Injection(w).Why, f.renewal(w))
	})
}
