package topology

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// podTemplates are the kinds that run pods, with the way from such an object to
// what describes its pods: metadata and spec.
var podTemplates = map[string][]string{
	"Pod": {}, "ReplicationController": {"spec", "template"},
	"apps/Deployment": {"spec", "template"}, "apps/StatefulSet": {"spec", "template"},
	"apps/DaemonSet": {"spec", "template"}, "apps/ReplicaSet": {"spec", "template"},
	"batch/Job": {"spec", "template"}, "batch/CronJob": {"spec", "jobTemplate", "spec", "template"},
	"argoproj.io/Rollout": {"spec", "template"},
}

// PodTemplate is the way from an object of a kind that runs pods to what
// describes the pods: their metadata and spec. It is empty for a Pod, and false
// for every other kind.
func PodTemplate(apiVersion, kind string) ([]string, bool) {
	group, _ := groupVersion(apiVersion)
	path := podTemplates[groupKind(group, kind)]
	return path, path != nil
}

// PodLabels are the labels of the pods that an object describes by its template.
func PodLabels(template []string, n *yaml.Node) map[string]string {
	for _, step := range template {
		n = value(n, step)
	}
	return texts(value(value(n, "metadata"), "labels"))
}

// Workload is what runs pods.
type Workload struct {
	*Object
	// Labels and Annotations are those of the pods.
	Labels, Annotations map[string]string
	// OwnLabels and OwnAnnotations are those of the object itself, which say
	// nothing about its pods; nil for a Pod.
	OwnLabels, OwnAnnotations map[string]string
	// ServiceAccount is the account that the pods run as, "default" when none is
	// written.
	ServiceAccount string
	HostNetwork    bool
	Containers     []Container
	// RunAsUser is the user of the pod, 0 when it is not said.
	RunAsUser int
	// Owner is KIND NAME of the object that made a Pod or a ReplicaSet, as far as
	// an exported object says it.
	Owner string
	// Running tells whether it is a Pod that was exported from a cluster and has
	// not ended.
	Running bool

	// NotText are the steps to Istio's labels and annotations of the pods whose
	// value YAML reads as something else than text: Kubernetes refuses them.
	NotText [][]any

	template []any // the way to the pods' metadata and spec
	policies []*Policy
}

// Container is one container of a pod.
type Container struct {
	Name, Image string
	// Init tells whether it is one of initContainers.
	Init      bool
	Ports     []ContainerPort
	RunAsUser int
	// Probes are the ports and forms of its probes.
	Probes []Probe
	// Says are the texts that tell the program whom to call: values of its
	// environment, its command and its arguments.
	Says []Said

	index int
}

// ContainerPort is a port that a container declares.
type ContainerPort struct {
	Name   string
	Number int
}

// Probe is an HTTP probe of the kubelet.
type Probe struct {
	// Kind is livenessProbe, readinessProbe or startupProbe.
	Kind string
	// Port is 0 when it is a name that no port of the container has.
	Port int
}

// Said is one text of a container with its place in the container.
type Said struct {
	Text  string
	steps []any
}

// PodAt is the place of a field of the pods that a workload makes: of their
// metadata or their spec.
func (w *Workload) PodAt(steps ...any) diag.Path { return w.At(w.inPod(steps...)...) }

func (w *Workload) inPod(steps ...any) []any {
	return append(append([]any{}, w.template...), steps...)
}

// ContainerAt is the place of a field of a container.
func (w *Workload) ContainerAt(c Container, steps ...any) diag.Path {
	list := "containers"
	if c.Init {
		list = "initContainers"
	}
	return w.At(append(w.inPod("spec", list, c.index), steps...)...)
}

// SaidAt is the place of a text of a container.
func (w *Workload) SaidAt(c Container, s Said) diag.Path { return w.ContainerAt(c, s.steps...) }

// ProxyContainer is what Istio calls its proxy in a pod, and AutoImage what
// stands for its image where injection is to fill it in.
const (
	ProxyContainer = "istio-proxy"
	AutoImage      = "auto"
)

// HasProxy tells whether the pods carry Istio's proxy already: they were injected
// by hand, exported from a cluster, or are a gateway's.
func (w *Workload) HasProxy() bool {
	for _, c := range w.Containers {
		if c.Name == ProxyContainer && c.Image != AutoImage {
			return true
		}
	}
	return false
}

// Gateway tells whether the pods are a gateway: its proxy is the program and not
// beside it.
func (w *Workload) Gateway() bool {
	for template := range strings.SplitSeq(w.Annotations["inject.istio.io/templates"], ",") {
		if strings.TrimSpace(template) == "gateway" {
			return true
		}
	}
	return w.HasProxy() && len(w.Containers) == 1
}

// NamedPort is the number of the port that a container declares under a name.
func (w *Workload) NamedPort(name string) (int, bool) {
	for _, c := range w.Containers {
		for _, p := range c.Ports {
			if p.Name == name {
				return p.Number, true
			}
		}
	}
	return 0, false
}

// TargetOf is the port of the workload that a Service's port leads to. It is
// false for a name that no container declares.
func (w *Workload) TargetOf(p Port) (int, bool) {
	if p.TargetName == "" {
		return p.Target, true
	}
	return w.NamedPort(p.TargetName)
}

// population are the workloads of one namespace.
type population struct {
	objects []*Object
	all     []*Workload
	index   labelIndex
	read    bool
	// makers are the workloads by KIND NAME; nil until somebody asks.
	makers map[string]*Workload
}

// content reads the workloads, once. Those that are unreadable are left out.
func (p *population) content() *population {
	if p == nil || p.read {
		return p
	}
	p.read, p.index = true, labelIndex{}
	for _, o := range firsts(p.objects) {
		n := o.node()
		if n == nil || o.Kind == "Rollout" && value(value(n, "spec"), "template") == nil {
			continue // workloadRef: the template is another workload's
		}
		w := readWorkload(o, n)
		p.index.add(len(p.all), w.Labels)
		p.all = append(p.all, w)
	}
	return p
}

// Workloads are the workloads of a namespace, in the package's order; those that
// are unreadable are left out.
func (m *Model) Workloads(namespace string) []*Workload {
	if p := m.workloads[namespace].content(); p != nil {
		return p.all
	}
	return nil
}

// Selected are the workloads of a namespace that have all the labels; all of
// them for no labels.
func (m *Model) Selected(namespace string, labels map[string]string) []*Workload {
	return m.workloads[namespace].content().selected(labels)
}

// SelectedAnywhere are the workloads of all namespaces that have all the labels.
func (m *Model) SelectedAnywhere(labels map[string]string) []*Workload {
	if m.anybody == nil {
		m.anybody = &population{read: true, index: labelIndex{}, all: m.AllWorkloads()}
		for i, w := range m.anybody.all {
			m.anybody.index.add(i, w.Labels)
		}
	}
	return m.anybody.selected(labels)
}

func (p *population) selected(labels map[string]string) []*Workload {
	switch {
	case p == nil:
		return nil
	case len(labels) == 0:
		return p.all
	}
	var all []*Workload
	for _, i := range p.index.rarest(labels) {
		if Selects(labels, p.all[i].Labels) {
			all = append(all, p.all[i])
		}
	}
	return all
}

// AllWorkloads are those of all namespaces, by namespace.
func (m *Model) AllWorkloads() []*Workload {
	var all []*Workload
	for _, namespace := range m.inhabited {
		all = append(all, m.Workloads(namespace)...)
	}
	return all
}

func readWorkload(o *Object, n *yaml.Node) *Workload {
	w := &Workload{Object: o}
	pod, meta := n, value(n, "metadata")
	template := podTemplates[o.groupKind()]
	for _, step := range template {
		pod = value(pod, step)
		w.template = append(w.template, step)
	}
	if pod != n {
		w.OwnLabels, w.OwnAnnotations = texts(value(meta, "labels")), texts(value(meta, "annotations"))
	}
	podMeta, spec := value(pod, "metadata"), value(pod, "spec")
	w.Labels, w.Annotations = PodLabels(template, n), texts(value(podMeta, "annotations"))
	for _, field := range []string{"labels", "annotations"} {
		for _, key := range notText(value(podMeta, field)) {
			w.NotText = append(w.NotText, w.inPod("metadata", field, key))
		}
	}
	if w.ServiceAccount = text(value(spec, "serviceAccountName")); w.ServiceAccount == "" {
		w.ServiceAccount = "default"
	}
	w.HostNetwork = truth(value(spec, "hostNetwork"))
	w.RunAsUser = number(value(value(spec, "securityContext"), "runAsUser"))
	w.Owner = readOwner(meta)
	phase := text(value(value(n, "status"), "phase"))
	w.Running = o.Kind == "Pod" && phase != "" && phase != "Succeeded" && phase != "Failed" && value(meta, "deletionTimestamp") == nil
	for i, c := range elements(value(spec, "containers")) {
		w.Containers = append(w.Containers, readContainer(c, i, false))
	}
	for i, c := range elements(value(spec, "initContainers")) {
		w.Containers = append(w.Containers, readContainer(c, i, true))
	}
	return w
}

// readOwner is the owner that controls an object, else the first one.
func readOwner(meta *yaml.Node) string {
	said := ""
	for _, owner := range elements(value(meta, "ownerReferences")) {
		if controls := truth(value(owner, "controller")); controls || said == "" {
			said = text(value(owner, "kind")) + " " + text(value(owner, "name"))
		}
	}
	return said
}

// notText are the keys of Istio's labels or annotations whose value is no text.
func notText(n *yaml.Node) []string {
	n = target(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var all []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := target(n.Content[i+1])
		if strings.Contains(n.Content[i].Value, "istio.io/") && v.Kind == yaml.ScalarNode && v.ShortTag() != "!!str" {
			all = append(all, n.Content[i].Value)
		}
	}
	return all
}

func readContainer(n *yaml.Node, index int, init bool) Container {
	c := Container{
		Name: text(value(n, "name")), Image: text(value(n, "image")), Init: init, index: index,
		RunAsUser: number(value(value(n, "securityContext"), "runAsUser")),
	}
	for _, p := range elements(value(n, "ports")) {
		c.Ports = append(c.Ports, ContainerPort{Name: text(value(p, "name")), Number: number(value(p, "containerPort"))})
	}
	for _, kind := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		if get := value(value(n, kind), "httpGet"); get != nil {
			c.Probes = append(c.Probes, Probe{Kind: kind, Port: c.portOf(value(get, "port"))})
		}
	}
	for _, list := range []string{"command", "args"} {
		for i, arg := range elements(value(n, list)) {
			c.says(text(arg), list, i)
		}
	}
	for i, env := range elements(value(n, "env")) {
		c.says(text(value(env, "value")), "env", i, "value")
	}
	return c
}

func (c *Container) says(text string, steps ...any) {
	if text != "" {
		c.Says = append(c.Says, Said{Text: text, steps: steps})
	}
}

func (c *Container) portOf(n *yaml.Node) int {
	if port := number(n); port != 0 {
		return port
	}
	for _, p := range c.Ports {
		if p.Name != "" && p.Name == text(n) {
			return p.Number
		}
	}
	return 0
}
