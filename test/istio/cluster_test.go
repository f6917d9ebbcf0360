package istio

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

const (
	clusterSuffix = ".svc.cluster.local"
	istioSystem   = "istio-system"
	proxyImage    = "proxyv2"
)

// named is the name of an object in its namespace.
type named = types.NamespacedName

// cluster is the smallest cluster in which the resources of a case find all that
// they name. What the case's package holds is taken as it is.
type cluster struct {
	services map[named]*corev1.Service
	pods     map[named]*corev1.Pod
	secrets  map[named]*corev1.Secret
	// deployments are the package's own; none is made up.
	deployments map[named]*appsv1.Deployment
	// namespaces are labelled for injection, but for Istio's own.
	namespaces map[string]*corev1.Namespace
	// gateways are those that VirtualServices name and nobody renders.
	gateways map[named]*networking.Gateway
}

// newCluster makes the cluster of a case.
func newCluster(c testCase) *cluster {
	all := newEmptyCluster()
	for _, object := range c.besides {
		all.take(object)
	}
	all.ingress(c.objects)
	all.providers(c.objects)
	all.egress(c.objects)
	n := namesOf(c.resources())
	all.foreignGateways(n)
	for _, g := range n.gateways {
		all.gatewayPods(g)
	}
	for _, g := range sortedKeys(all.gateways) {
		all.gatewayPods(gatewayOf{id: g, spec: all.gateways[g]})
	}
	all.applications(n)
	for _, name := range n.namespaces {
		if name != "*" {
			all.namespace(strings.ReplaceAll(name, "*", "x"))
		}
	}
	for _, o := range c.resources() {
		all.namespace(o.Namespace)
	}
	for _, o := range c.objects {
		if isNamespace(o) {
			all.namespace(o.Name)
			all.namespaces[o.Name].Labels = o.Labels
		}
	}
	all.addresses()
	return all
}

func newEmptyCluster() *cluster {
	return &cluster{
		services: map[named]*corev1.Service{}, pods: map[named]*corev1.Pod{},
		secrets: map[named]*corev1.Secret{}, namespaces: map[string]*corev1.Namespace{},
		gateways: map[named]*networking.Gateway{}, deployments: map[named]*appsv1.Deployment{},
	}
}

// take keeps an object that the package holds.
func (c *cluster) take(object runtime.Object) {
	switch o := object.(type) {
	case *corev1.Service:
		o = o.DeepCopy()
		for i := range o.Spec.Ports { // as the API server would
			o.Spec.Ports[i].Protocol = cmp.Or(o.Spec.Ports[i].Protocol, corev1.ProtocolTCP)
		}
		c.services[named{Namespace: o.Namespace, Name: o.Name}] = o
	case *appsv1.Deployment:
		c.deployments[named{Namespace: o.Namespace, Name: o.Name}] = o
		c.pod(o.Namespace, o.Name, o.Spec.Template.Labels)
		pod := c.pods[named{Namespace: o.Namespace, Name: o.Name}]
		application := o.Spec.Template.Spec.DeepCopy().Containers
		for _, container := range application {
			for i := range container.Ports { // as the API server would
				container.Ports[i].Protocol = cmp.Or(container.Ports[i].Protocol, corev1.ProtocolTCP)
			}
		}
		pod.Spec.Containers = append(application, pod.Spec.Containers[1])
	case *corev1.Namespace:
		c.namespaces[o.Name] = o
	case *corev1.Pod:
		c.pods[named{Namespace: o.Namespace, Name: o.Name}] = o
	case *corev1.Secret:
		c.secrets[named{Namespace: o.Namespace, Name: o.Name}] = o
	}
}

// applications are the services that routes, rules and policies are about.
func (c *cluster) applications(n names) {
	for _, id := range sortedKeys(n.services) {
		s := n.services[id]
		service := c.services[id]
		if service == nil {
			service = &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Namespace: id.Namespace, Name: id.Name},
				Spec:       corev1.ServiceSpec{Selector: s.selector, Ports: s.servicePorts()},
			}
			switch {
			case id == apiServer:
				service.Spec.Ports = []corev1.ServicePort{servicePort("https", 443, 6443)}
			case s.selector == nil:
				service.Spec.Selector = map[string]string{"app": id.Name}
			}
			c.services[id] = service
		}
		if len(service.Spec.Selector) == 0 {
			c.namespace(id.Namespace)
			continue // no pod of the cluster answers for it
		}
		c.podLike(id.Namespace, id.Name, service.Spec.Selector)
		for _, name := range slices.Sorted(maps.Keys(s.subsets)) {
			c.podLike(id.Namespace, id.Name+"."+name, service.Spec.Selector, s.subsets[name])
		}
	}
	for i, w := range n.workloads {
		c.podLike(w.namespace, fmt.Sprintf("workload-%d", i), w.labels)
	}
	for _, id := range sortedKeys(n.services) {
		if n.services[id].onlyInside() {
			c.agreeWithOthers(n, id)
		}
	}
}

// agreeWithOthers has the ports of a Service of which only policies speak, and not by
// their protocol, carry what they carry in other Services of the same pods.
func (c *cluster) agreeWithOthers(n names, id named) {
	own := c.services[id].Spec
	for _, other := range sortedKeys(n.services) {
		there := c.services[other].Spec
		if other.Namespace != id.Namespace || n.services[other].onlyInside() || !within(own.Selector, there.Selector) && !within(there.Selector, own.Selector) {
			continue
		}
		for i, p := range own.Ports {
			for _, o := range there.Ports {
				if o.TargetPort == p.TargetPort {
					protocol, _, _ := strings.Cut(o.Name, "-")
					own.Ports[i].Name = fmt.Sprintf("%s-%d", protocol, p.Port)
				}
			}
		}
	}
}

// within tells whether whoever has the second labels has the first.
func within(some, all map[string]string) bool {
	return labels.SelectorFromSet(some).Matches(labels.Set(all))
}

// podLike adds a pod with these labels, unless there is one.
func (c *cluster) podLike(namespace, name string, sets ...map[string]string) {
	all := map[string]string{}
	for _, set := range sets {
		maps.Copy(all, set)
	}
	if !c.selects(workload{namespace, all}) {
		c.pod(namespace, name, all)
	}
}

// apiServer is the Service of the Kubernetes API.
var apiServer = named{Namespace: "default", Name: "kubernetes"}

func (c *cluster) selects(w workload) bool {
	for id, pod := range c.pods {
		if id.Namespace == w.namespace && labels.SelectorFromSet(w.labels).Matches(labels.Set(pod.Labels)) {
			return true
		}
	}
	return false
}

// foreignGateways are the gateways that nobody renders; they serve what is asked
// of them.
func (c *cluster) foreignGateways(n names) {
	for _, id := range sortedKeys(n.gatewayHosts) {
		if slices.ContainsFunc(n.gateways, func(g gatewayOf) bool { return g.id == id }) {
			continue
		}
		c.gateways[id] = &networking.Gateway{
			Selector: map[string]string{"gateway": id.Namespace + "." + id.Name},
			Servers: append([]*networking.Server{{
				Port:  &networking.Port{Number: 80, Name: "http", Protocol: "HTTP"},
				Hosts: slices.Compact(slices.Sorted(slices.Values(n.gatewayHosts[id]))),
			}}, n.gatewayServers[id]...),
		}
		c.namespace(id.Namespace)
	}
}

// gatewayPods are the pods that a gateway runs on, with a Service that leads to
// every port and the Secrets of its certificates.
func (c *cluster) gatewayPods(g gatewayOf) {
	w := workload{namespace: istioSystem, labels: g.spec.Selector}
	if !c.selects(w) {
		id := named{Namespace: istioSystem, Name: "gateway-" + g.id.Namespace + "-" + g.id.Name}
		c.pod(id.Namespace, id.Name, w.labels)
		c.services[id] = &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: id.Namespace, Name: id.Name},
			Spec:       corev1.ServiceSpec{Selector: w.labels},
		}
	}
	for _, service := range c.services {
		if service.Namespace == istioSystem && strings.HasPrefix(service.Name, "gateway-") &&
			labels.SelectorFromSet(g.spec.Selector).Matches(labels.Set(service.Spec.Selector)) {
			openPorts(service, g.spec)
		}
	}
	for _, s := range g.spec.Servers {
		tls := s.GetTls()
		for _, name := range append([]string{tls.GetCredentialName(), tls.GetCaCertCredentialName()}, tls.GetCredentialNames()...) {
			if name != "" {
				id := named{Namespace: istioSystem, Name: name}
				c.secrets[id] = tlsSecret(id)
			}
		}
	}
}

func openPorts(service *corev1.Service, g *networking.Gateway) {
	for _, s := range g.Servers {
		port := int32(s.Port.Number)
		if !slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == port }) {
			service.Spec.Ports = append(service.Spec.Ports, servicePort(fmt.Sprintf("tcp-%d", port), port, port))
		}
	}
}

// ingress is the ingress gateway that the rendered IstioOperator installs.
func (c *cluster) ingress(objects []manifest.Object) {
	id := named{Namespace: istioSystem, Name: "istio-ingressgateway"}
	pod := map[string]string{"app": id.Name, "istio": "ingressgateway"}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: id.Namespace, Name: id.Name, Labels: pod},
		Spec:       corev1.ServiceSpec{Selector: pod},
	}
	for _, p := range ingressPorts(objects) {
		service.Spec.Ports = append(service.Spec.Ports, servicePort(p.Name, int32(p.Port), int32(p.TargetPort)))
	}
	c.services[id] = service
	c.pod(id.Namespace, id.Name, pod)
	c.namespace(istioSystem)
}

// providers are the Services that the mesh's extension providers name.
func (c *cluster) providers(objects []manifest.Object) {
	for _, operator := range operators(objects) {
		config, _ := operator["meshConfig"].(manifest.Tree)
		list, _ := config["extensionProviders"].([]any)
		for _, item := range list {
			provider, _ := item.(manifest.Tree)
			for _, field := range provider {
				called, _ := field.(manifest.Tree)
				host, _ := called["service"].(string)
				port, _ := called["port"].(int)
				short, inside := strings.CutSuffix(host[strings.IndexByte(host, '/')+1:], clusterSuffix)
				name, namespace, found := strings.Cut(short, ".")
				id := named{Namespace: namespace, Name: name}
				if !inside || !found || c.services[id] != nil {
					continue
				}
				c.services[id] = &corev1.Service{
					ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
					Spec: corev1.ServiceSpec{
						Selector: map[string]string{"app": name},
						Ports:    []corev1.ServicePort{servicePort("grpc", int32(port), int32(port))},
					},
				}
				c.namespace(namespace)
			}
		}
	}
}

// egress is the egress gateway, where the rendered IstioOperator installs one.
func (c *cluster) egress(objects []manifest.Object) {
	for _, g := range installedGateways(objects, "egressGateways") {
		if !g.Enabled {
			continue
		}
		id := named{Namespace: istioSystem, Name: "istio-egressgateway"}
		pod := map[string]string{"app": id.Name, "istio": "egressgateway"}
		service := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: id.Namespace, Name: id.Name, Labels: pod},
			Spec: corev1.ServiceSpec{Selector: pod, Ports: []corev1.ServicePort{
				servicePort("http2", 80, 8080), servicePort("https", 443, 8443), // the chart's own
			}},
		}
		if len(g.K8s.Service.Ports) > 0 {
			service.Spec.Ports = nil
		}
		for _, p := range g.K8s.Service.Ports {
			service.Spec.Ports = append(service.Spec.Ports, servicePort(p.Name, int32(p.Port), int32(p.TargetPort)))
		}
		c.services[id] = service
		c.pod(id.Namespace, id.Name, pod)
		// Gateways get no label that has sidecars offer them mutual TLS: TLS that
		// they pass on would be wrapped in it.
		delete(c.pods[id].Labels, "security.istio.io/tlsMode")
	}
}

func servicePort(name string, port, target int32) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Port: port, TargetPort: intstr.FromInt32(target), Protocol: corev1.ProtocolTCP}
}

// pod adds a pod with a sidecar.
func (c *cluster) pod(namespace, name string, set map[string]string) {
	id := named{Namespace: namespace, Name: name}
	c.namespace(namespace)
	// Istio's injector sets this label; it tells clients that the pod takes
	// mutual TLS.
	all := map[string]string{"security.istio.io/tlsMode": "istio"}
	maps.Copy(all, set)
	c.pods[id] = &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: all},
		Spec: corev1.PodSpec{
			ServiceAccountName: name,
			Containers:         []corev1.Container{{Name: "app", Image: "app"}, {Name: "istio-proxy", Image: proxyImage}},
		},
		Status: corev1.PodStatus{
			Phase:      corev1.PodRunning,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
}

func (c *cluster) namespace(name string) {
	if c.namespaces[name] != nil {
		return
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if name != istioSystem {
		ns.Labels = map[string]string{"istio-injection": "enabled"}
	}
	c.namespaces[name] = ns
}

// addresses gives every pod and every Service an address of its own.
func (c *cluster) addresses() {
	for i, id := range sortedKeys(c.pods) {
		pod := c.pods[id]
		pod.Status.PodIP = fmt.Sprintf("10.1.%d.%d", i/250, i%250+1)
		pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	}
	for i, id := range sortedKeys(c.services) {
		if c.services[id].Spec.ClusterIP == corev1.ClusterIPNone {
			continue
		}
		c.services[id].Spec.ClusterIP = fmt.Sprintf("10.2.%d.%d", i/250, i%250+1)
	}
}

// endpoints are what Kubernetes would make of Services and pods.
func (c *cluster) endpoints() []*discoveryv1.EndpointSlice {
	var all []*discoveryv1.EndpointSlice
	for _, id := range sortedKeys(c.services) {
		service := c.services[id]
		slice := &discoveryv1.EndpointSlice{
			ObjectMeta:  metav1.ObjectMeta{Namespace: id.Namespace, Name: id.Name, Labels: map[string]string{discoveryv1.LabelServiceName: id.Name}},
			AddressType: discoveryv1.AddressTypeIPv4,
		}
		for _, p := range service.Spec.Ports {
			target := cmp.Or(p.TargetPort.IntVal, c.containerPort(id, p.TargetPort.StrVal), p.Port)
			slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &p.Name, Port: &target, Protocol: &p.Protocol})
		}
		for _, pod := range c.podsOf(id) {
			ready := true
			slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
				Addresses: []string{pod.Status.PodIP}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
				TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name},
			})
		}
		all = append(all, slice)
	}
	return all
}

// containerPort is the port of a Service's pods that has the name; 0 for none.
func (c *cluster) containerPort(id named, name string) int32 {
	for _, pod := range c.podsOf(id) {
		for _, container := range pod.Spec.Containers {
			for _, p := range container.Ports {
				if p.Name == name && name != "" {
					return p.ContainerPort
				}
			}
		}
	}
	return 0
}

// podsOf are the pods behind a Service, by name.
func (c *cluster) podsOf(id named) []*corev1.Pod {
	service := c.services[id]
	if service == nil || len(service.Spec.Selector) == 0 {
		return nil
	}
	var all []*corev1.Pod
	for _, p := range sortedKeys(c.pods) {
		if p.Namespace == id.Namespace && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(c.pods[p].Labels)) {
			all = append(all, c.pods[p])
		}
	}
	return all
}

// objects are all of it but the gateways, as the API server would give them.
func (c *cluster) objects() []runtime.Object {
	var all []runtime.Object
	for _, name := range slices.Sorted(maps.Keys(c.namespaces)) {
		all = append(all, c.namespaces[name])
	}
	for _, id := range sortedKeys(c.services) {
		all = append(all, c.services[id])
	}
	for _, id := range sortedKeys(c.deployments) {
		all = append(all, c.deployments[id])
	}
	for _, id := range sortedKeys(c.pods) {
		all = append(all, c.pods[id])
	}
	for _, id := range sortedKeys(c.secrets) {
		all = append(all, c.secrets[id])
	}
	return all
}

func sortedKeys[K interface {
	comparable
	String() string
}, V any](m map[K]V) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int { return strings.Compare(a.String(), b.String()) })
}
