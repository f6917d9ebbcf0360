// Package topology is the package around the documents: the Services, workloads
// and namespaces that its objects say. Checks read it and nothing else.
//
// An item is parsed only when somebody asks for it; finding out what it is costs
// nothing that its reader has not paid already.
package topology

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// Item is one object of the package as its reader holds it.
type Item interface {
	APIVersion() string
	Kind() string
	Namespace() string
	Name() string
	Annotation(key string) (string, bool)
	Node() (*yaml.Node, error)
}

// Package is what a package holds. The zero is a package of which nothing is
// known; every question about it is answered with "not known".
type Package struct {
	services   map[objectKey]Item
	workloads  map[string][]Item   // by namespace
	secrets    map[string][]string // namespaces by name
	namespaces []string
	labelled   map[string]Item // Namespaces by name
	marked     []Item
	telemetry  map[string][]Item // by namespace; not ours
}

type objectKey struct{ namespace, name string }

// New looks the items through without parsing any.
func New[T Item](items []T) *Package {
	p := &Package{
		services: map[objectKey]Item{}, workloads: map[string][]Item{}, secrets: map[string][]string{},
		labelled: map[string]Item{}, telemetry: map[string][]Item{},
	}
	for _, item := range items {
		p.add(item)
	}
	slices.Sort(p.namespaces)
	p.namespaces = slices.Compact(p.namespaces)
	return p
}

func (p *Package) add(item Item) {
	namespace := item.Namespace()
	switch kind := item.APIVersion() + "/" + item.Kind(); {
	case kind == "v1/Service":
		p.services[objectKey{namespace, item.Name()}] = item
	case kind == "v1/Namespace":
		if _, ours := item.Annotation(manifest.SourceAnnotation); ours {
			return // nobody has to live in what an earlier run rendered
		}
		namespace = item.Name()
		p.labelled[namespace] = item
	case RunsPods(item):
		p.workloads[namespace] = append(p.workloads[namespace], item)
	case kind == "v1/Secret":
		p.secrets[item.Name()] = append(p.secrets[item.Name()], namespace)
		return
	case slices.Contains(rootKinds, item.Kind()):
		if _, ok := item.Annotation(manifest.NamespaceAnnotation); ok {
			p.marked = append(p.marked, item)
		}
		if _, ours := item.Annotation(manifest.SourceAnnotation); item.Kind() == "Telemetry" && !ours {
			p.telemetry[namespace] = append(p.telemetry[namespace], item)
		}
		return
	default:
		return
	}
	p.namespaces = append(p.namespaces, namespace)
}

// rootKinds are the kinds that are rendered into the root namespace and mean
// something else outside.
var rootKinds = []string{
	"IstioOperator", "PeerAuthentication", "RequestAuthentication", "AuthorizationPolicy", "DestinationRule", "Certificate", "Telemetry",
}

// RunsPods tells whether an item is of a kind that runs pods.
func RunsPods(item interface {
	APIVersion() string
	Kind() string
}) bool {
	return slices.Contains(workloadKinds, item.APIVersion()+"/"+item.Kind())
}

var workloadKinds = []string{
	"v1/Pod", "v1/ReplicationController", "apps/v1/Deployment", "apps/v1/StatefulSet",
	"apps/v1/DaemonSet", "apps/v1/ReplicaSet", "batch/v1/Job", "batch/v1/CronJob",
}

// Namespaces are the namespaces in which the package has a Service or a
// workload, or which it makes, in order. The empty name stands for objects that
// do not say where they live.
func (p *Package) Namespaces() []string { return p.namespaces }

// NamespaceLabel is a label of a Namespace that somebody wrote, empty where the
// package does not say, or an earlier run of ours did.
func (p *Package) NamespaceLabel(namespace, key string) string {
	item, ok := p.labelled[namespace]
	if !ok {
		return ""
	}
	path := []string{"metadata", "labels", key}
	set, _ := item.Annotation(manifest.SetAnnotation)
	if slices.ContainsFunc(manifest.Pointers(set), func(ours []string) bool { return slices.Equal(ours, path) }) {
		return ""
	}
	n, err := item.Node()
	if err != nil {
		return ""
	}
	return texts(within(n, path[:2]))[key]
}

// Service finds a Service. It is false when the package does not hold it, or
// holds something unreadable under its name.
func (p *Package) Service(namespace, name string) (Service, bool) {
	item, ok := p.services[objectKey{namespace, name}]
	if !ok {
		return Service{}, false
	}
	n, err := item.Node()
	if err != nil {
		return Service{}, false
	}
	return readService(n), true
}

// ServiceNames are the names of a namespace's Services, in order.
func (p *Package) ServiceNames(namespace string) []string {
	var all []string
	for key := range p.services {
		if key.namespace == namespace {
			all = append(all, key.name)
		}
	}
	slices.Sort(all)
	return all
}

// Secrets are the namespaces in which the package has a Secret of the name, in
// the package's order; empty for one that does not say where it lives.
func (p *Package) Secrets(name string) []string { return p.secrets[name] }

// WideTelemetries are the names of Telemetries of others that hold for a whole
// namespace, in the package's order.
func (p *Package) WideTelemetries(namespace string) []string {
	var all []string
	for _, item := range p.telemetry[namespace] {
		n, err := item.Node()
		if err != nil {
			continue
		}
		spec := value(n, "spec")
		if value(spec, "selector") == nil && value(spec, "targetRef") == nil && value(spec, "targetRefs") == nil {
			all = append(all, item.Name())
		}
	}
	return all
}

// Workloads are the workloads of a namespace; those that are unreadable are left
// out.
func (p *Package) Workloads(namespace string) []Workload {
	var all []Workload
	for _, item := range p.workloads[namespace] {
		if n, err := item.Node(); err == nil {
			all = append(all, Workload{
				Kind: item.Kind(), Name: item.Name(), Labels: PodLabels(item.Kind(), n), HostNetwork: hostNetwork(item.Kind(), n),
			})
		}
	}
	return all
}

// Moved is an object of ours that no longer lies where it was rendered.
type Moved struct{ Kind, Name, From, To string }

// Moved are the objects of the root namespace that lie in another one now.
func (p *Package) Moved() []Moved {
	var all []Moved
	for _, item := range p.marked {
		root, _ := item.Annotation(manifest.NamespaceAnnotation)
		if root != item.Namespace() {
			all = append(all, Moved{Kind: item.Kind(), Name: item.Name(), From: root, To: item.Namespace()})
		}
	}
	return all
}
