package mesh

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// component resolves one Deployment; of finds the same words in a layer, for
// saying where a number comes from.
func (r *resolver) component(at diag.Path, words spec.Component, of func(*spec.Spec) *spec.Component) Component {
	if r.existing() {
		r.existingReplicas(at, words)
	}
	r.replicas(at, words, of)
	c := Component{
		MinReplicas: words.MinReplicas, MaxReplicas: words.MaxReplicas,
		Resources: r.resources(at.Key("resources"), words.Resources, func(s *spec.Spec) *spec.Resources { return &of(s).Resources }),
	}
	for _, name := range sortedKeys(words.Env) {
		switch {
		case !envName.MatchString(name):
			r.ds.Errorf(diag.CodeName, at.Key("env").Key(name), "%q is no name of an environment variable", name)
		case r.existing() && !bareName(name):
			r.ds.Errorf(diag.CodeName, at.Key("env").Key(name), "an existing IstioOperator gets it through Istio's chart, which writes %s without quotes, and YAML does not read that as a name; write another one", name)
		}
		c.Env = append(c.Env, EnvVar{Name: name, Value: words.Env[name]})
	}
	return c
}

func (r *resolver) replicas(at diag.Path, words spec.Component, of func(*spec.Spec) *spec.Component) {
	low, high := words.MinReplicas, words.MaxReplicas
	switch {
	case low < 0:
		r.ds.Errorf(diag.CodeValue, at.Key("minReplicas"), "%d is no number of pods; 1 or more", low)
	case high < 0:
		r.ds.Errorf(diag.CodeValue, at.Key("maxReplicas"), "%d is no number of pods; 1 or more", high)
	case low <= high, r.existing() && high == 0:
	case of(&r.doc.Value.Spec).MinReplicas != 0:
		r.ds.Errorf(diag.CodeValue, at.Key("minReplicas"), "%d is above maxReplicas %d%s", low, high,
			r.whose(func(s *spec.Spec) bool { return of(s).MaxReplicas != 0 }))
	default:
		r.ds.Errorf(diag.CodeValue, at.Key("maxReplicas"), "%d is below minReplicas %d%s", high, low,
			r.whose(func(s *spec.Spec) bool { return of(s).MinReplicas != 0 }))
	}
}

// bareName tells whether YAML 1.1 reads a name that stands without quotes as text
// (manifests/charts/istio-control/istio-discovery/templates/deployment.yaml, env).
func bareName(name string) bool {
	return name[0] != '-' && name[0] != '.' && !slices.Contains([]string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}, strings.ToLower(name))
}

// What the API server takes for the name of an environment variable.
var envName = pattern.New(`^[-._a-zA-Z][-._a-zA-Z0-9]*$`)

// whose says which layer gave a value; it is empty for a value of the document.
func (r *resolver) whose(says func(*spec.Spec) bool) string {
	if says(&r.doc.Value.Spec) {
		return ""
	}
	for _, l := range r.stack {
		if says(&l.Spec) {
			return " (" + l.label() + ")"
		}
	}
	return ""
}

// label is a layer as a person knows it: generation 1.24, platform minikube.
func (l namedLayer) label() string { return strings.ReplaceAll(l.name, "-", " ") }

// resources checks the four numbers and that no request is above its limit: the
// API server would refuse the pods.
func (r *resolver) resources(at diag.Path, words spec.Resources, of func(*spec.Spec) *spec.Resources) Resources {
	out := Resources{
		RequestCPU: words.Requests.CPU, RequestMemory: words.Requests.Memory,
		LimitCPU: words.Limits.CPU, LimitMemory: words.Limits.Memory,
	}
	requests, limits := at.Key("requests"), at.Key("limits")
	r.amounts(requests.Key("cpu"), limits.Key("cpu"), func(s *spec.Spec) (string, string) {
		return of(s).Requests.CPU, of(s).Limits.CPU
	})
	r.amounts(requests.Key("memory"), limits.Key("memory"), func(s *spec.Spec) (string, string) {
		return of(s).Requests.Memory, of(s).Limits.Memory
	})
	return out
}

// amounts checks a request and a limit of one resource.
func (r *resolver) amounts(requestAt, limitAt diag.Path, of func(*spec.Spec) (request, limit string)) {
	request, limit := of(&r.spec)
	low, ok := r.quantity(requestAt, request)
	high, ok2 := r.quantity(limitAt, limit)
	if !ok || !ok2 || request == "" || limit == "" || low.Cmp(high) <= 0 {
		return
	}
	if own, _ := of(&r.doc.Value.Spec); own != "" {
		r.ds.Errorf(diag.CodeValue, requestAt, "%s is above the limit %s%s", request, limit,
			r.whose(func(s *spec.Spec) bool { _, l := of(s); return l != "" }))
		return
	}
	r.ds.Errorf(diag.CodeValue, limitAt, "%s is below the request %s%s", limit, request,
		r.whose(func(s *spec.Spec) bool { q, _ := of(s); return q != "" }))
}

// ingressGateway resolves the gateway that the installation makes for callers
// from outside.
func (r *resolver) ingressGateway(at diag.Path, words spec.GatewayComponent) GatewayComponent {
	g := r.gatewayComponent(at, words, func(s *spec.Spec) *spec.Component { return &s.Install.IngressGateway.Component })
	g.Ports = r.ingressPorts(at.Key("ports"), words.Ports)
	for _, key := range sortedKeys(r.facts.DNSAnnotations) {
		if _, written := g.Annotations[key]; !written {
			g.Annotations[key] = strings.ReplaceAll(r.facts.DNSAnnotations[key], "{domain}", r.spec.Domain)
		}
	}
	if r.facts.HostPorts && g.MaxReplicas > 1 {
		r.ds.Errorf(diag.CodeValue, at.Key("maxReplicas"), "on Minikube the pod holds the node's ports 80 and 443, and there is one node; leave it out")
	}
	r.neededIngress(at, g)
	return g
}

// neededIngress refuses to switch the gateway off on whose pods others run.
func (r *resolver) neededIngress(at diag.Path, g GatewayComponent) {
	for _, gateway := range r.gateways {
		if g.Enabled != nil && !*g.Enabled && OnIngressPods(gateway.Selector) {
			r.ds.Errorf(diag.CodeReference, at.Key("enabled"), "%s needs the ingress gateway", gateway.Name)
		}
	}
}

func (r *resolver) egressGateway(at diag.Path, words spec.GatewayComponent) GatewayComponent {
	g := r.gatewayComponent(at, words, func(s *spec.Spec) *spec.Component { return &s.Install.EgressGateway.Component })
	g.Ports = r.servicePorts(at.Key("ports"), nil, words.Ports)
	user, used := usesEgressGateway(r.at(), r.spec)
	if !used {
		return g
	}
	if written := r.doc.Value.Spec.Install.EgressGateway.Enabled; written != nil && !*written {
		r.ds.Errorf(diag.CodeReference, at.Key("enabled"), "%s needs the egress gateway", shortPath(user))
	}
	on := true
	g.Enabled = &on
	if len(g.Ports) > 0 { // else the chart's, which are enough
		for _, p := range r.egressGatewayPorts() {
			if !slices.ContainsFunc(g.Ports, func(q ServicePort) bool { return q.Port == p.Port }) {
				g.Ports = append(g.Ports, p)
			}
		}
	}
	return g
}

func (r *resolver) gatewayComponent(at diag.Path, words spec.GatewayComponent, of func(*spec.Spec) *spec.Component) GatewayComponent {
	g := GatewayComponent{
		Enabled: words.Enabled, Component: r.component(at, words.Component, of),
		ExternalTrafficPolicy: words.ExternalTrafficPolicy,
		Annotations:           map[string]string{},
	}
	if words.Type != "" || !r.existing() {
		g.Type = r.oneOf(at.Key("type"), words.Type, choice{
			values: []string{"LoadBalancer", "NodePort", "ClusterIP"}, unknown: "no type %s; LoadBalancer, NodePort or ClusterIP",
		})
	}
	maps.Copy(g.Annotations, words.Annotations)
	for _, key := range sortedKeys(words.Annotations) {
		r.names.labelKey(at.Key("annotations").Key(key), key)
	}
	if policy := words.ExternalTrafficPolicy; policy != "" {
		r.oneOf(at.Key("externalTrafficPolicy"), policy, choice{
			values: []string{"Local", "Cluster"}, unknown: "no policy %s; Local or Cluster",
		})
		if g.Type == "ClusterIP" {
			r.ds.Errorf(diag.CodeExclusive, at.Key("externalTrafficPolicy"), "a Service of type ClusterIP takes nothing from outside; write another type, or leave it out")
		}
	}
	return g
}

// ingressPorts are the ports of the generation and the document, and those that
// gateways on the ingress pods listen on beside them, ascending.
func (r *resolver) ingressPorts(at diag.Path, words map[string]spec.ServicePort) []ServicePort {
	ports := r.servicePorts(at, r.facts.IngressPorts, words)
	var added []ServicePort
	for _, g := range r.gateways {
		if !OnIngressPods(g.Selector) {
			continue
		}
		for _, s := range g.Servers {
			known := func(p ServicePort) bool { return p.Port == s.Port || p.TargetPort == s.Port }
			if !slices.ContainsFunc(ports, known) && !slices.ContainsFunc(added, known) {
				name := fmt.Sprintf("%s-%d", strings.ToLower(s.Protocol), s.Port)
				added = append(added, ServicePort{Name: name, Port: s.Port, TargetPort: targetPort(s.Port)})
			}
		}
	}
	slices.SortFunc(added, func(a, b ServicePort) int { return cmp.Compare(a.Port, b.Port) })
	return append(ports, added...)
}

// servicePorts puts written ports to those of the generation, by name; new ones
// come after them, ascending.
func (r *resolver) servicePorts(at diag.Path, below []ServicePort, words map[string]spec.ServicePort) []ServicePort {
	ports := slices.Clone(below)
	var added []ServicePort
	for _, name := range sortedKeys(words) {
		p := r.servicePort(at.Key(name), name, words[name])
		if i := slices.IndexFunc(ports, func(q ServicePort) bool { return q.Name == name }); i >= 0 {
			ports[i] = p
		} else {
			added = append(added, p)
		}
	}
	slices.SortFunc(added, func(a, b ServicePort) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Name, b.Name))
	})
	ports = append(ports, added...)
	for i, p := range ports {
		if j := slices.IndexFunc(ports[:i], func(q ServicePort) bool { return q.Port == p.Port }); j >= 0 {
			r.ds.Errorf(diag.CodeDuplicate, at.Key(p.Name), "%d is also port %s; keep one", p.Port, ports[j].Name)
		}
	}
	return ports
}

func (r *resolver) servicePort(at diag.Path, name string, p spec.ServicePort) ServicePort {
	r.names.portName(at, name)
	if p.Port == 0 {
		r.ds.Errorf(diag.CodeMissing, at.Key("port"), "write the port of the Service")
		return ServicePort{Name: name}
	}
	r.port(at, p.Port)
	target := p.TargetPort
	switch {
	case target > 0 && target < 1024:
		r.ds.Errorf(diag.CodeValue, at.Key("targetPort"), "only root may listen on %d, and the gateway's pods run as nobody; write a port from 1024 on", target)
	case target != 0:
		r.port(at.Key("targetPort"), target)
	case p.Port == 80:
		target = 8080
	case p.Port == 443:
		target = 8443
	default:
		target = targetPort(p.Port)
	}
	return ServicePort{Name: name, Port: p.Port, TargetPort: target}
}
