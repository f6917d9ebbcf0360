package topology

import (
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// Answer is yes, no, or not known.
type Answer int

// NotKnown is the zero: what nobody says is not known.
const (
	NotKnown Answer = iota
	Yes
	No
)

// Injection tells whether a workload's pods have a sidecar.
type Injection struct {
	Sidecar Answer
	// Why is the reason, for a message: "the label sidecar.istio.io/inject of the
	// pod is false".
	Why string
	// Asked tells whether the pod itself asks for a sidecar, by label or
	// annotation, whatever becomes of it.
	Asked bool
	// At is the place where the pod says something about it, or would.
	At diag.Path
}

// The label of pods, and the older annotation of the same name; the label of
// namespaces; and the one of both that names a revision.
const (
	InjectLabel    = "sidecar.istio.io/inject"
	NamespaceLabel = "istio-injection"
	RevisionLabel  = "istio.io/rev"
)

// IgnoredNamespaces are those in which Istio injects nothing
// (istio.io/istio/pkg/kube/inject.IgnoredNamespaces).
var IgnoredNamespaces = []string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}

// Injection tells whether a workload's pods have a sidecar: whether one of the
// webhooks of Istio's chart (istio-discovery/templates/mutatingwebhook.yaml) is
// called for them, and what it decides then (pkg/kube/inject.injectRequired).
// Where the package does not hold the namespace, only what the pod itself says
// is known.
func (m *Model) Injection(w *Workload) Injection {
	if w.HasProxy() {
		return Injection{Sidecar: Yes, Why: "the pod has the container istio-proxy"}
	}
	label, annotation := w.Labels[InjectLabel], w.Annotations[InjectLabel]
	revision := w.Labels[RevisionLabel]
	said := label
	at := w.PodAt("metadata", "labels", InjectLabel)
	if _, ok := w.Labels[InjectLabel]; !ok {
		said = annotation
		at = w.PodAt("metadata", "annotations", InjectLabel)
	}
	in := Injection{Asked: said == "true" || revision != "" && said != "false", At: at}
	switch {
	case said == "false":
		in.Sidecar, in.Why = No, InjectLabel+" of the pod is false"
	case w.HostNetwork:
		in.Sidecar, in.Why = No, "the pod uses the network of its node"
	case slices.Contains(IgnoredNamespaces, w.Namespace):
		in.Sidecar, in.Why = No, "Istio injects nothing in "+w.Namespace
	default:
		in.Sidecar, in.Why = m.called(w.Namespace, label, revision, said)
	}
	return in
}

// called tells whether a webhook is called for a pod, and injects.
func (m *Model) called(namespace, label, revision, said string) (Answer, string) {
	n, known := m.namespaces[namespace]
	if !known {
		if label == "true" || revision != "" {
			return Yes, "the pod asks for it"
		}
		return NotKnown, "the package does not hold the namespace " + namespace
	}
	install := m.Install()
	labels := n.Labels()
	enabled, hasEnabled := labels[NamespaceLabel]
	rev, hasRev := labels[RevisionLabel]
	asks := !install.OnlyWhenAsked || said == "true"
	switch {
	case hasEnabled && enabled != "enabled":
		return No, "the namespace " + namespace + " has the label " + NamespaceLabel + ": " + enabled
	case (hasEnabled || hasRev) && !asks:
		return No, "the installation injects pods that ask for it only"
	case hasEnabled:
		return Yes, "the namespace " + namespace + " has the label " + NamespaceLabel + ": enabled"
	case hasRev:
		return Yes, "the namespace " + namespace + " has the label " + RevisionLabel + ": " + rev
	case label == "true" || revision != "":
		return Yes, "the pod asks for it"
	case !install.Known:
		return NotKnown, "the namespace " + namespace + " has no label, and the package does not hold the installation"
	case install.InjectsByDefault && label == "" && asks:
		return Yes, "the installation injects namespaces without a label"
	}
	return No, "the namespace " + namespace + " has no label for injection"
}

// Version is the version that a proxy's image says: its tag without the variant.
func Version(image string) string {
	image, _, _ = strings.Cut(image, "@")
	i := strings.LastIndexByte(image, ':')
	if i < strings.LastIndexByte(image, '/') || i < 0 {
		return ""
	}
	return PlainVersion(image[i+1:])
}

// PlainVersion is a tag without the variant of the image.
func PlainVersion(tag string) string {
	for _, variant := range []string{"-distroless", "-debug"} {
		tag = strings.TrimSuffix(tag, variant)
	}
	return tag
}
