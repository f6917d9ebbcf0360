package mesh

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// The labels and annotations that Istio's injector reads (istio.io/api, packages
// label and annotation).
const (
	InjectionLabel          = "istio-injection"
	RevisionLabel           = "istio.io/rev"
	InjectLabel             = "sidecar.istio.io/inject"
	NativeSidecarAnnotation = "sidecar.istio.io/nativeSidecar"
	ProxyConfigAnnotation   = "proxy.istio.io/config"
)

// NamespaceLabel is the label by which a namespace says whose sidecar its pods
// get, if any.
type NamespaceLabel struct {
	Namespace string
	// Key is InjectionLabel or RevisionLabel; a namespace has one of the two.
	Key, Value string
	// Default tells that the generation says so, and the document nothing.
	Default bool
	Origin  diag.Path
}

// ClusterOwned tells whether the cluster makes the namespace itself, so that it
// is nobody's to render.
func (l NamespaceLabel) ClusterOwned() bool {
	return slices.Contains([]string{"default", "kube-system", "kube-public", "kube-node-lease"}, l.Namespace)
}

// PodSetting is a label or an annotation of the pods that Selector finds.
type PodSetting struct {
	Namespace string
	Selector  map[string]string
	// Key is InjectLabel or RevisionLabel, labels, or that of an annotation.
	Key string
	// Value is empty at ProxyConfigAnnotation, where Config says it.
	Value  string
	Config *meshconfig.ProxyConfig
	Origin diag.Path
}

// Pods names the pods in a sentence: app=reviews.
func (s PodSetting) Pods() string { return labelText(s.Selector) }

var injections = choice{values: []string{"enabled", "disabled"}, unknown: "no injection %s; enabled or disabled"}

// namespaceLabels are the labels of namespaces by their names: those of the
// document, and the generation's where the document says nothing.
func (r *resolver) namespaceLabels() []NamespaceLabel {
	var all []NamespaceLabel
	names := sortedKeys(r.spec.Namespaces)
	for _, name := range sortedKeys(r.facts.Injection) {
		if _, written := r.spec.Namespaces[name]; !written {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if l, ok := r.namespaceLabel(name); ok {
			all = append(all, l)
		}
	}
	return all
}

func (r *resolver) namespaceLabel(name string) (NamespaceLabel, bool) {
	at, words := r.at().Key("namespaces").Key(name), r.spec.Namespaces[name]
	l := NamespaceLabel{Namespace: name, Key: InjectionLabel}
	switch {
	case words.Injection != "" && words.Revision != "":
		advice := "remove injection: " + words.Injection
		if words.Injection == "disabled" {
			advice = "keep one of the two"
		}
		r.ds.Errorf(diag.CodeExclusive, at, "revision already injects; %s", advice)
		return l, false
	case words.Injection != "":
		l.Origin = at.Key("injection")
		l.Key, l.Value = r.injectionLabel(r.oneOf(l.Origin, words.Injection, injections))
		r.injector(l)
	case words.Revision != "":
		l.Origin, l.Key, l.Value = at.Key("revision"), RevisionLabel, words.Revision
		r.revisionLabel(l)
	case r.facts.Injection[name] != "":
		l.Origin, l.Default = r.at().Key("kyma"), true
		l.Key, l.Value = r.injectionLabel(r.facts.Injection[name])
	default:
		return l, false
	}
	return l, true
}

// injectionLabel is the label by which this mesh's injector is told. An installation
// with a revision answers that one only (istio
// manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml).
func (r *resolver) injectionLabel(injection string) (key, value string) {
	if revision := r.spec.Install.Revision; injection == "enabled" && revision != "" {
		return RevisionLabel, revision
	}
	return InjectionLabel, injection
}

func (r *resolver) revisionLabel(l NamespaceLabel) {
	if strings.Contains(l.Value, ".") {
		r.ds.Errorf(diag.CodeName, l.Origin, "a revision has no dots; %s", strings.ReplaceAll(l.Value, ".", "-"))
		return
	}
	if r.names.label(l.Origin, l.Value) {
		r.injector(l)
	}
}

// injector warns of a label that this mesh's injector does not answer.
func (r *resolver) injector(l NamespaceLabel) {
	if l.Value == "disabled" && l.Key == InjectionLabel {
		return
	}
	if ignored(l.Namespace) {
		r.ds.Warnf(diag.CodeNoInjector, l.Origin, "Istio leaves %s alone; its pods get no sidecar", l.Namespace)
	}
}

// unlabelled says that a revision never gives sidecars to namespaces that say
// nothing.
func (r *resolver) unlabelled() {
	const text = "an installation with a revision gives no sidecar to namespaces that say nothing; write namespaces.NAME.injection: enabled"
	switch {
	case r.spec.Injection != "enabled" || r.spec.Install.Revision == "" || r.existing():
	case r.doc.Value.Spec.Injection != "":
		r.ds.Warnf(diag.CodeNoInjector, r.at().Key("injection"), text)
	default: // the generation's
		r.ds.Infof(diag.CodeNoInjector, r.at().Key("install").Key("revision"), text)
	}
}

// ignored are the namespaces that Istio's injector leaves out whatever they say
// (istio pkg/kube/inject/initializer.go).
func ignored(namespace string) bool {
	return slices.Contains([]string{"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}, namespace)
}

// podSettings are what services say about their pods' sidecar.
func (r *resolver) podSettings(mesh Resources) []PodSetting {
	var all []PodSetting
	for _, s := range r.services {
		set := func(word, key, value string) {
			all = append(all, PodSetting{Namespace: s.Namespace, Selector: s.selector(), Key: key, Value: value, Origin: s.at(word)})
		}
		if s.Injection != "" {
			value := r.serviceInjection(s)
			set("injection", InjectLabel, value)
			if _, said := r.injectionOf(s.Namespace); value == "true" && !said && r.spec.Install.Revision != "" {
				// The namespace says nothing, and a revision is named or does not answer.
				set("injection", RevisionLabel, r.spec.Install.Revision)
			}
		}
		if s.Proxy.Resources != (spec.Resources{}) {
			for _, a := range r.proxyResources(s, mesh) {
				if a.value != "" {
					set("proxy.resources", a.key, a.value)
				}
			}
		}
		if native := s.Proxy.NativeSidecar; native != nil {
			// istio.io/api knows the annotation from 1.24.0 on.
			r.since(s.at("proxy.nativeSidecar"), 24)
			set("proxy.nativeSidecar", NativeSidecarAnnotation, strconv.FormatBool(*native))
		}
		if config, at := r.workloadConfig(s); config != nil {
			all = append(all, PodSetting{
				Namespace: s.Namespace, Selector: s.selector(), Key: ProxyConfigAnnotation, Config: config, Origin: at,
			})
		}
	}
	return all
}

// serviceInjection is the value of the pods' label.
func (r *resolver) serviceInjection(s *service) string {
	at := s.at("injection")
	if r.oneOf(at, s.Injection, injections) == "disabled" {
		if s.team(at) {
			r.ds.Errorf(diag.CodePlace, at, "a pod without a sidecar leaves the mesh with its mTLS and its rules; that belongs to KymaMesh services[]")
		}
		return "false"
	}
	switch l, said := r.injectionOf(s.Namespace); {
	case said && l == "disabled":
		r.ds.Errorf(diag.CodeNoInjector, at, "namespaces.%s is disabled and wins over the pod; leave the namespace out and disable its other services", s.Namespace)
	case ignored(s.Namespace):
		r.ds.Warnf(diag.CodeNoInjector, at, "Istio leaves %s alone; the pods get no sidecar", s.Namespace)
	}
	return "true"
}

// injectionOf is the injection that holds for a namespace.
func (r *resolver) injectionOf(name string) (string, bool) {
	words := r.spec.Namespaces[name]
	switch {
	case words.Injection != "":
		return words.Injection, true
	case words.Revision != "":
		return "enabled", true
	}
	value, said := r.facts.Injection[name]
	return value, said
}

type amountAnnotation struct{ key, value string }

// proxyResources are the four annotations: with one of them Istio forgets all
// four of the mesh's numbers (istio manifests/charts/istio-control/
// istio-discovery/files/injection-template.yaml).
func (r *resolver) proxyResources(s *service, mesh Resources) []amountAnnotation {
	at, own := s.at("proxy.resources"), s.Proxy.Resources
	r.proxyAmount(at, "cpu", own.Requests.CPU, own.Limits.CPU, mesh.RequestCPU, mesh.LimitCPU)
	r.proxyAmount(at, "memory", own.Requests.Memory, own.Limits.Memory, mesh.RequestMemory, mesh.LimitMemory)
	return []amountAnnotation{
		{"sidecar.istio.io/proxyCPU", cmp.Or(own.Requests.CPU, mesh.RequestCPU)},
		{"sidecar.istio.io/proxyMemory", cmp.Or(own.Requests.Memory, mesh.RequestMemory)},
		{"sidecar.istio.io/proxyCPULimit", cmp.Or(own.Limits.CPU, mesh.LimitCPU)},
		{"sidecar.istio.io/proxyMemoryLimit", cmp.Or(own.Limits.Memory, mesh.LimitMemory)},
	}
}

// proxyAmount checks that the request of one resource is not above its limit,
// either of which may be the mesh's.
func (r *resolver) proxyAmount(at diag.Path, what, request, limit, meshRequest, meshLimit string) {
	requestAt, limitAt := at.Key("requests").Key(what), at.Key("limits").Key(what)
	_, ok := r.quantity(requestAt, request)
	_, ok2 := r.quantity(limitAt, limit)
	if !ok || !ok2 || request == "" && limit == "" {
		return
	}
	const ofMesh = " of the mesh (spec.proxy.resources)"
	low, okLow := parseQuantity(cmp.Or(request, meshRequest))
	high, okHigh := parseQuantity(cmp.Or(limit, meshLimit))
	switch {
	case !okLow || !okHigh || low.Cmp(high) <= 0:
	case request == "":
		r.ds.Errorf(diag.CodeValue, limitAt, "%s is below the request %s%s", limit, meshRequest, ofMesh)
	case limit == "":
		r.ds.Errorf(diag.CodeValue, requestAt, "%s is above the limit %s%s", request, meshLimit, ofMesh)
	default:
		r.ds.Errorf(diag.CodeValue, requestAt, "%s is above the limit %s", request, limit)
	}
}
