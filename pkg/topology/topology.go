// Package topology is the effective model of a mesh: what the rendered objects
// and every other object of a package say together. Services and workloads,
// who gets a sidecar, what a gateway admits, where a host's requests go, which
// settings hold for them, which mTLS mode a client and a server meet in, and
// which policies hold for a pod.
//
// Checks and other questions about a package read this model and parse nothing
// themselves. It says what Istio would do with these objects and no others:
// where the package does not hold enough to know, the answer is "not known",
// never a guess.
//
// A [Model] is built by [New], which looks at nothing but the identity of the
// items. Their content is read once, when a question needs it, so that ten
// thousand Deployments that nobody asks about cost nothing. Every question about
// a whole package takes time in proportion to its size. A Model is not safe for
// concurrent use.
package topology

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// Item is one object of the package as its reader holds it.
type Item interface {
	APIVersion() string
	Kind() string
	Namespace() string
	Name() string
	Label(key string) (string, bool)
	Annotation(key string) (string, bool)
	Node() (*yaml.Node, error)
}

// Object is one object of the model.
type Object struct {
	// Group and Version are the two parts of apiVersion; the group of Kubernetes'
	// own first kinds is "".
	Group, Version string
	Kind           string
	// Namespace is empty for an object that does not say where it lives.
	Namespace, Name string
	// Rendered tells whether a document of ours asked for the object.
	Rendered bool
	// Ours tells whether an earlier run rendered it for a document that is not
	// here now.
	Ours bool

	item Item // nil for what is rendered
	path diag.Path
	// spec is that of a rendered object, which has no item.
	spec any
	// labels and annotations are those of the object; of one with an item once
	// parsed is set.
	labels, annotations map[string]string
	parsed              bool
	trial               bool
}

// String names the object as messages do: "VirtualService shop/reviews".
func (o *Object) String() string { return o.Kind + " " + o.ID() }

// ID is NAMESPACE/NAME, or the name alone where no namespace is written.
func (o *Object) ID() string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}

func (o *Object) groupKind() string { return groupKind(o.Group, o.Kind) }

func groupKind(group, kind string) string {
	if group == "" {
		return kind
	}
	return group + "/" + kind
}

// At is the place of a field of the object, given by its keys (string) and
// indexes (int) from the object inwards. For a rendered object it is the part of
// the document that asked for the object, whatever the field: a person cannot
// mend the object itself.
func (o *Object) At(steps ...any) diag.Path {
	if o.Rendered {
		return o.path
	}
	return within(o.path, steps)
}

func within(p diag.Path, steps []any) diag.Path {
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			p = p.Key(step)
		case int:
			p = p.Index(step)
		}
	}
	return p
}

// node parses a foreign object; nil when it cannot be parsed. Its labels and
// annotations are kept, as many questions ask for them.
func (o *Object) node() *yaml.Node {
	if o.item == nil {
		return nil
	}
	n, err := o.item.Node()
	if err != nil {
		n = nil
	}
	if !o.parsed {
		o.parsed = true
		meta := value(n, "metadata")
		o.labels, o.annotations = texts(value(meta, "labels")), texts(value(meta, "annotations"))
	}
	return n
}

// metadata reads the object's labels and annotations, once.
func (o *Object) metadata() *Object {
	if !o.parsed {
		o.node()
	}
	return o
}

// Annotations are those of a hand-written object; one that is rendered has none
// of a person's.
func (o *Object) Annotations() map[string]string { return o.metadata().annotations }

// Labels are those of the object itself.
func (o *Object) Labels() map[string]string { return o.metadata().labels }

// Model is the effective model. The zero is a package of which nothing is known.
type Model struct {
	objects []*Object
	byKind  map[string][]*Object
	moved   []Moved

	services   map[key]*Service
	serviceIDs map[string][]string // names by namespace
	namespaces map[string]*Namespace
	inhabited  []string
	workloads  map[string]*population // by namespace
	secrets    map[string][]*Object   // by name

	unreadable []Unreadable
	parts
}

// key is the identity of an object among those of its kind.
type key struct{ namespace, name string }

// New takes the objects that are rendered and the items of the package around
// them, without parsing any. In the paths of the model the first item is
// document number first, those of the rendered objects being lower; hand the
// items to whoever turns paths into positions in that order.
//
// What an earlier run rendered for a document that is rendered now is not taken:
// it is going to be replaced. A List counts as its items.
func New[T Item](objects []manifest.Object, items []T, first int) *Model {
	m := &Model{
		byKind: map[string][]*Object{}, services: map[key]*Service{}, serviceIDs: map[string][]string{},
		namespaces: map[string]*Namespace{}, workloads: map[string]*population{}, secrets: map[string][]*Object{},
	}
	owners := map[string]bool{}
	m.objects = make([]*Object, 0, len(objects)+len(items))
	for _, o := range objects {
		owners[o.Owner] = true
		m.add(&Object{
			Group: o.Kind.Group, Version: o.Version, Kind: o.Kind.Name, Namespace: o.Namespace, Name: o.Name,
			Rendered: true, path: o.Origin, spec: o.Spec, labels: o.Labels, trial: o.DryRun,
		})
	}
	for i, item := range items {
		m.take(item, diag.Document(first+i), owners)
	}
	slices.Sort(m.inhabited)
	m.inhabited = slices.Compact(m.inhabited)
	return m
}

// take adds an item, or those of a List.
func (m *Model) take(item Item, at diag.Path, owners map[string]bool) {
	group, version := groupVersion(item.APIVersion())
	kind := item.Kind()
	if kind == "List" && group == "" {
		n, err := item.Node()
		if err != nil {
			return
		}
		for i, inner := range elements(value(n, "items")) {
			m.take(listed{inner}, at.Key("items").Index(i), owners)
		}
		return
	}
	if slices.Contains(rootKinds, kind) {
		if root, ok := item.Annotation(manifest.NamespaceAnnotation); ok && root != item.Namespace() {
			m.moved = append(m.moved, Moved{Kind: kind, Name: item.Name(), From: root, To: item.Namespace()})
		}
	}
	var ours bool
	if istioGroups[group] || group == "" && kind == "Namespace" {
		owner, marked := marks(item)
		if marked && owners[owner] {
			return
		}
		ours = marked
	}
	m.add(&Object{
		Group: group, Version: version, Kind: kind, Namespace: item.Namespace(), Name: item.Name(),
		Ours: ours, item: item, path: at,
	})
}

func groupVersion(apiVersion string) (group, version string) {
	group, version, found := strings.Cut(apiVersion, "/")
	if !found {
		return "", group
	}
	return group, version
}

// marks are those by which a run knows what an earlier one rendered, and for
// whom.
func marks(item Item) (owner string, ours bool) {
	owner, labelled := item.Label(manifest.OwnerLabel)
	_, annotated := item.Annotation(manifest.SourceAnnotation)
	return owner, labelled && annotated
}

// add files an object under what it is. Of two with one identity the first one
// counts.
func (m *Model) add(o *Object) {
	kind := o.groupKind()
	if !istioGroups[o.Group] && !coreKinds[kind] {
		return
	}
	m.objects = append(m.objects, o)
	id := key{o.Namespace, o.Name}
	switch {
	case podTemplates[kind] != nil:
		p := m.workloads[o.Namespace]
		if p == nil {
			p = &population{}
			m.workloads[o.Namespace] = p
			m.inhabited = append(m.inhabited, o.Namespace)
		}
		p.objects = append(p.objects, o)
	case kind == "Service" && m.services[id] == nil:
		m.services[id] = &Service{Object: o}
		m.serviceIDs[o.Namespace] = append(m.serviceIDs[o.Namespace], o.Name)
		m.inhabited = append(m.inhabited, o.Namespace)
	case kind == "Namespace" && m.namespaces[o.Name] == nil:
		m.namespaces[o.Name] = &Namespace{o}
		if !o.Rendered && !o.Ours {
			m.inhabited = append(m.inhabited, o.Name)
		}
	case kind == "Secret":
		m.secrets[o.Name] = append(m.secrets[o.Name], o)
	default:
		m.byKind[kind] = append(m.byKind[kind], o)
	}
}

// coreKinds are the kinds of Kubernetes that the model reads, by group/Kind.
var coreKinds = map[string]bool{
	"Service": true, "Namespace": true, "Secret": true, "ServiceAccount": true,
	"Pod": true, "ReplicationController": true,
	"apps/Deployment": true, "apps/StatefulSet": true, "apps/DaemonSet": true, "apps/ReplicaSet": true,
	"batch/Job": true, "batch/CronJob": true, "argoproj.io/Rollout": true,
	"Endpoints": true, "discovery.k8s.io/EndpointSlice": true,
	"cert-manager.io/Certificate": true, "cert.gardener.cloud/Certificate": true,
	"gateway.networking.k8s.io/Gateway": true, "gateway.networking.k8s.io/HTTPRoute": true,
	"gateway.networking.k8s.io/GRPCRoute": true, "gateway.networking.k8s.io/TCPRoute": true,
	"gateway.networking.k8s.io/TLSRoute": true,
}

// istioGroups are the API groups of Istio.
var istioGroups = map[string]bool{
	"networking.istio.io": true, "security.istio.io": true, "telemetry.istio.io": true,
	"extensions.istio.io": true, "install.istio.io": true,
}

// rootKinds are the kinds that are rendered into the root namespace and mean
// something else outside.
var rootKinds = []string{"IstioOperator", "PeerAuthentication", "RequestAuthentication", "AuthorizationPolicy", "DestinationRule", "Telemetry", "Sidecar", "Certificate"}

// Objects are all objects of the model, those that are rendered first.
func (m *Model) Objects() []*Object { return m.objects }

// Of are the objects of a kind that has no type here, GROUP/KIND or KIND, in the
// package's order.
func (m *Model) Of(kind string) []*Object { return firsts(m.byKind[kind]) }

// Allocated tells whether Istio gave a ServiceEntry of a cluster an address of its
// own.
func (o *Object) Allocated() bool {
	return len(elements(value(value(o.node(), "status"), "addresses"))) > 0
}

// Spec is the spec of an object as encoding/json would hold it, nil where there is
// none.
func (o *Object) Spec() map[string]any { return o.tree() }

// Namespaces are the namespaces in which the package has a Service or a
// workload, or which it makes, in order; nobody has to live in one that we
// render. The empty name stands for objects that do not say where they live.
func (m *Model) Namespaces() []string { return m.inhabited }

// Namespace is a Namespace that the package makes, or that is rendered.
type Namespace struct{ *Object }

// ByHand is the value of a label that a person wrote; "" for one that we set.
func (n *Namespace) ByHand(label string) string {
	if n.Rendered || n.Ours || n.byWord("metadata", "labels", label) {
		return ""
	}
	return n.Labels()[label]
}

// byWord tells whether a word of a document wrote the key at the end of a path.
func (o *Object) byWord(path ...string) bool {
	if o.item == nil {
		return false
	}
	set, _ := o.item.Annotation(manifest.SetAnnotation)
	return slices.ContainsFunc(manifest.Pointers(set), func(ours []string) bool { return slices.Equal(ours, path) })
}

// InjectedByWord tells whether the label that asks for a sidecar was written by a
// word of a document.
func (w *Workload) InjectedByWord() bool {
	template := podTemplates[w.groupKind()]
	return w.byWord(append(slices.Clone(template), "metadata", "labels", InjectLabel)...)
}

// Renders tells whether a document renders anything here.
func (m *Model) Renders() bool { return len(m.objects) > 0 && m.objects[0].Rendered }

// Namespace finds a Namespace of the package, or one that is rendered.
func (m *Model) Namespace(name string) (*Namespace, bool) {
	n, ok := m.namespaces[name]
	return n, ok
}

// NamespaceObjects are all Namespaces, in the order of the package.
func (m *Model) NamespaceObjects() []*Namespace {
	var all []*Namespace
	for _, o := range m.objects {
		if n := m.namespaces[o.Name]; n != nil && n.Object == o {
			all = append(all, n)
		}
	}
	return all
}

// Moved is an object of ours that no longer lies where it was rendered.
type Moved struct{ Kind, Name, From, To string }

// Moved are the objects of the root namespace that lie in another one now.
func (m *Model) Moved() []Moved { return m.moved }

// Twice are the pairs of objects that have one identity: applied together, the
// later one replaces the other. The model knows the first of each.
func (m *Model) Twice() [][2]*Object {
	seen := make(map[identity]*Object, len(m.objects))
	var all [][2]*Object
	for _, o := range m.objects {
		if first, again := seen[o.identity()]; again {
			all = append(all, [2]*Object{first, o})
		} else {
			seen[o.identity()] = o
		}
	}
	return all
}

// identity is what makes two objects the same, whatever version each is in.
type identity struct{ group, kind, namespace, name string }

func (o *Object) identity() identity { return identity{o.Group, o.Kind, o.Namespace, o.Name} }

// firsts are the objects without those whose identity is there already.
func firsts(all []*Object) []*Object {
	seen := make(map[identity]bool, len(all))
	return slices.DeleteFunc(slices.Clone(all), func(o *Object) bool {
		again := seen[o.identity()]
		seen[o.identity()] = true
		return again
	})
}

// older orders objects as Istio does where only one of several can count: by their
// age, and those made in the same second by name and namespace
// (pilot/pkg/model.configCompareByCreationTime). What says no time is still to be
// made.
func older(a, b *Object) int {
	one, two := a.created(), b.created()
	if (one == "") != (two == "") {
		return strings.Compare(two, one)
	}
	return cmp.Or(strings.Compare(one, two), strings.Compare(a.Name, b.Name), strings.Compare(a.Namespace, b.Namespace))
}

// created is the time that a cluster gave the object, "" for what is not from one.
func (o *Object) created() string {
	return text(value(value(o.node(), "metadata"), "creationTimestamp"))
}

// Unreadable is a hand-written Istio object that Istio could not read either.
type Unreadable struct {
	*Object
	Why string
}

// Unreadable are the Istio objects that could not be read, of all kinds that
// have been asked for.
func (m *Model) Unreadable() []Unreadable { return m.unreadable }
