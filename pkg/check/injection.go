package check

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var injectionChecks = []Check{
	{
		Code: diag.CodeInjectionLabel, Severity: diag.Error, find: namespaceLabels, Needs: []string{"Namespace"}, Istio: "IST0123",
		Hurts: "Pods of the namespace get no sidecar, or one of another revision than the label says.",
		Mend:  "Write istio-injection: enabled or disabled, or istio.io/rev: REVISION, and one of the two only.",
	},
	{
		Code: diag.CodeUnlabelled, Severity: diag.Info, find: unlabelled, Needs: []string{"Namespace"}, Istio: "IST0102, IST0148",
		Hurts: "Whether its pods get a sidecar depends on how Istio is installed, and changes with it.",
		Mend:  "Write the label istio-injection: enabled or disabled.",
	},
	{
		Code: diag.CodeMisplaced, Severity: diag.Error, find: misplaced, Istio: "IST0107",
		Hurts: "Nothing happens: Istio reads sidecar.istio.io/inject on pods, and istio-injection on namespaces.",
		Mend:  "Write the label into the pod template: spec.template.metadata.labels.",
	},
	{
		Code: diag.CodeInjectionValue, Severity: diag.Error, find: injectionValues, Needs: pods, Istio: "IST0125",
		Hurts: "Istio takes the value for none, and Kubernetes refuses what is not text.",
		Mend:  `Write "true" or "false", in quotes.`,
	},
	{
		Code: diag.CodeNoSidecar, Severity: diag.Error, find: noSidecar, Needs: pods, Istio: "IST0103",
		Hurts: "The pod starts without a sidecar, without a word: no mTLS, no policy, no telemetry.",
		Mend:  "Mend what stands against it: the namespace's label, hostNetwork, or the namespace itself.",
	},
	{
		Code: diag.CodeReserved, Severity: diag.Error, find: reserved, Needs: pods, Istio: "IST0144",
		Hurts: "The requests of a program that runs as the proxy's user pass the sidecar by, and two programs cannot listen on one port.",
		Mend:  "Run as another user than 1337, and listen on another port than Istio's own.",
	},
	{
		Code: diag.CodeAutoImage, Severity: diag.Error, find: autoImages, Needs: pods, Istio: "IST0146, IST0147",
		Hurts: "Kubernetes looks for an image called auto: the pod does not start.",
		Mend:  `Let the pod be injected: the label sidecar.istio.io/inject: "true".`,
	},
}

func namespaceLabels(f *finder) {
	for _, n := range f.NamespaceObjects() {
		labels := n.Labels()
		value, ok := labels[topology.NamespaceLabel]
		rev, both := labels[topology.RevisionLabel]
		at := n.At("metadata", "labels", topology.NamespaceLabel)
		switch {
		case ok && value != "enabled" && value != "disabled":
			f.say(n.Object, at, "no value %q; enabled or disabled, and Istio takes every other one for disabled", value)
		case ok && both:
			f.sayAs(diag.Warning, n.Object, at, "%s: %s holds, and %s: %s does nothing beside it", topology.NamespaceLabel, value, topology.RevisionLabel, rev)
		}
	}
}

// unlabelled finds namespaces of workloads beside Istio's objects: a package that
// is about no mesh has nothing to say about injection.
func unlabelled(f *finder) {
	for _, n := range f.NamespaceObjects() {
		labels := n.Labels()
		_, injection := labels[topology.NamespaceLabel]
		_, revision := labels[topology.RevisionLabel]
		_, ambient := labels["istio.io/dataplane-mode"]
		if injection || revision || ambient || n.Name == f.RootNamespace() || !f.meshed(n.Name) {
			continue
		}
		if f.Install().InjectsByDefault {
			f.say(n.Object, n.At("metadata"), "no label says whether pods of %s get a sidecar; they do, by the installation", n.Name)
			continue
		}
		f.say(n.Object, n.At("metadata"), "no label says whether pods of %s get a sidecar; they do only where the installation injects by default", n.Name)
	}
}

// meshed tells whether a namespace has workloads of which none says itself whether
// it has a sidecar.
func (f *finder) meshed(namespace string) bool {
	unsaid := func(w *topology.Workload) bool { return w.Labels[topology.InjectLabel] == "" && proxyOf(w).Name == "" }
	return f.HasIstio() && slices.ContainsFunc(f.Workloads(namespace), unsaid)
}

// authored are the workloads that somebody wrote: not what another one of the
// package made, which is as its maker says, and one for all that a single owner
// outside of the package made.
func (f *finder) authored() []*topology.Workload {
	seen := map[string]bool{}
	return slices.DeleteFunc(f.AllWorkloads(), func(w *topology.Workload) bool {
		if w.Owner == "" {
			return false
		}
		id := w.Namespace + " " + w.Owner
		_, made := f.Maker(w)
		again := seen[id]
		seen[id] = true
		return made || again
	})
}

// metadata are the labels or the annotations of something.
type metadata struct {
	field  string
	values map[string]string
}

// misplaced finds the pod's word on the object that makes the pods, and on
// namespaces.
func misplaced(f *finder) {
	for _, n := range f.NamespaceObjects() {
		if _, ok := n.Labels()[topology.InjectLabel]; ok {
			f.say(n.Object, n.At("metadata", "labels", topology.InjectLabel), "Istio reads this on pods; for a namespace write %s: enabled or disabled", topology.NamespaceLabel)
		}
	}
	for _, w := range f.authored() {
		_, label := w.Labels[topology.InjectLabel]
		_, annotation := w.Annotations[topology.InjectLabel]
		if label || annotation {
			continue
		}
		for _, own := range []metadata{{"labels", w.OwnLabels}, {"annotations", w.OwnAnnotations}} {
			if _, ok := own.values[topology.InjectLabel]; ok {
				f.say(w.Object, w.At("metadata", own.field, topology.InjectLabel), "Istio reads this on pods; write it into the labels of the pod template")
			}
		}
	}
}

func injectionValues(f *finder) {
	for _, w := range f.authored() {
		for _, steps := range w.NotText {
			f.say(w.Object, w.At(steps...), "Kubernetes takes text here; write the value in quotes")
		}
		if len(w.NotText) > 0 {
			continue
		}
		for _, of := range []metadata{{"labels", w.Labels}, {"annotations", w.Annotations}} {
			if value, ok := of.values[topology.InjectLabel]; ok && value != "true" && value != "false" {
				f.say(w.Object, w.PodAt("metadata", of.field, topology.InjectLabel), "no value %q; \"true\" or \"false\", and Istio takes every other one for none", value)
			}
		}
	}
}

// noSidecar leaves out pods that a word of a document asks for: [Edits] tells of
// them, at the word. Pods of the node's network are none of the mesh's to any
// Istio, so that asking is harmless there.
func noSidecar(f *finder) {
	for _, w := range f.authored() {
		in := f.Injection(w)
		if !in.Asked || in.Sidecar != topology.No || f.Renders() && w.InjectedByWord() {
			continue
		}
		severity := f.check.Severity
		if w.HostNetwork {
			severity = diag.Warning
		}
		f.sayAs(severity, w.Object, in.At, "%s asks for a sidecar and gets none: %s", w, in.Why)
	}
}

// proxyUser is the user whose requests pass the sidecar by.
const proxyUser = 1337

// proxyPorts are those on which the sidecar listens in the pod
// (istio.io/latest/docs/ops/deployment/application-requirements).
var proxyPorts = []int{15000, 15001, 15004, 15006, 15008, 15009, 15020, 15021, 15053, 15090}

func reserved(f *finder) {
	for _, w := range f.authored() {
		sidecar := f.Injection(w).Sidecar
		if w.Gateway() || sidecar == topology.No {
			continue
		}
		severity := f.check.Severity
		if sidecar == topology.NotKnown {
			severity = diag.Warning
		}
		if w.RunAsUser == proxyUser {
			f.sayAs(severity, w.Object, w.PodAt("spec", "securityContext", "runAsUser"), "%d is the sidecar's user", proxyUser)
		}
		for _, c := range w.Containers {
			if c.Name != topology.ProxyContainer && c.Name != "istio-init" && c.Name != "istio-validation" {
				f.reservedBy(w, c, severity)
			}
		}
	}
}

func (f *finder) reservedBy(w *topology.Workload, c topology.Container, severity diag.Severity) {
	if c.RunAsUser == proxyUser {
		f.sayAs(severity, w.Object, w.ContainerAt(c, "securityContext", "runAsUser"), "%d is the sidecar's user", proxyUser)
	}
	for i, p := range c.Ports {
		if severity == diag.Error && slices.Contains(proxyPorts, p.Number) {
			f.say(w.Object, w.ContainerAt(c, "ports", i, "containerPort"), "the sidecar listens on %d", p.Number)
		}
	}
}

func autoImages(f *finder) {
	for _, w := range f.authored() {
		for _, c := range w.Containers {
			if in := f.Injection(w); c.Image == topology.AutoImage && in.Sidecar == topology.No {
				f.say(w.Object, w.ContainerAt(c, "image"), "nobody fills in the image: %s", in.Why)
			}
		}
	}
}
