package topology

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Service is a Kubernetes Service.
type Service struct {
	// Selector is nil for a Service that selects no pods itself.
	Selector map[string]string
	Ports    []Port
}

// Port is one port of a Service.
type Port struct {
	Number int
	// Target is the port of the pods, 0 when it is a name that only the pods
	// resolve.
	Target int
	// Name and AppProtocol say the protocol, if anything does.
	Name, AppProtocol string
}

// Opaque tells whether the port is said to carry something else than HTTP: what
// Istio reads from appProtocol, else from the name up to the first dash.
func (p Port) Opaque() bool {
	return slices.Contains([]string{"tcp", "tls", "https", "mongo", "mysql", "redis", "udp"}, p.Protocol())
}

// Protocol is what Istio reads of the port's protocol, in lower case; any other
// text where it says none.
func (p Port) Protocol() string {
	name := strings.ToLower(p.Name)
	if p.AppProtocol != "" {
		name = strings.ToLower(p.AppProtocol)
	}
	switch {
	case name == "kubernetes.io/h2c":
		return "http2"
	case name == "kubernetes.io/ws":
		return "http"
	case name == "kubernetes.io/wss":
		return "https"
	case strings.HasPrefix(name, "grpc-web"):
		return "grpc-web"
	}
	name, _, _ = strings.Cut(name, "-")
	if !slices.Contains(protocols, name) && slices.Contains(tcpPorts, p.Number) {
		return "tcp"
	}
	return name
}

// protocols are the names that Istio knows, and tcpPorts the ports that it takes
// for TCP where nothing says more: SMTP, DNS, MySQL and MongoDB.
// https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
var (
	protocols = []string{"tcp", "udp", "grpc", "grpc-web", "http", "http_proxy", "http2", "https", "tls", "mongo", "redis", "mysql"}
	tcpPorts  = []int{25, 53, 3306, 27017}
)

// Workload is what runs pods.
type Workload struct {
	Kind, Name string
	// Labels are those of the pods.
	Labels map[string]string
	// HostNetwork tells that the pods use the node's own network.
	HostNetwork bool
}

func readService(n *yaml.Node) Service {
	spec := value(n, "spec")
	s := Service{Selector: texts(value(spec, "selector"))}
	ports := value(spec, "ports")
	if ports == nil {
		return s
	}
	for _, p := range ports.Content {
		port := Port{Number: number(value(p, "port")), Name: text(value(p, "name")), AppProtocol: text(value(p, "appProtocol"))}
		port.Target = port.Number
		if target := value(p, "targetPort"); target != nil {
			port.Target = number(target)
		}
		s.Ports = append(s.Ports, port)
	}
	return s
}

// PodTemplate is where a workload of a kind says what its pods are, from the
// object inwards; a Pod is its own template.
func PodTemplate(kind string) []string {
	switch kind {
	case "Pod":
		return nil
	case "CronJob":
		return []string{"spec", "jobTemplate", "spec", "template"}
	}
	return []string{"spec", "template"}
}

// PodLabels are the labels of a workload's pods.
func PodLabels(kind string, n *yaml.Node) map[string]string {
	return texts(within(n, append(PodTemplate(kind), "metadata", "labels")))
}

// hostNetwork tells whether the pods use the node's own network.
func hostNetwork(kind string, n *yaml.Node) bool {
	return text(within(n, append(PodTemplate(kind), "spec", "hostNetwork"))) == "true"
}

func within(n *yaml.Node, path []string) *yaml.Node {
	for _, key := range path {
		n = value(n, key)
	}
	return n
}

// value is the value of a key; nil is a mapping without keys.
func value(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func texts(n *yaml.Node) map[string]string {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	m := make(map[string]string, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		m[n.Content[i].Value] = n.Content[i+1].Value
	}
	return m
}

func text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}

// number is 0 for a name.
func number(n *yaml.Node) int {
	if n == nil {
		return 0
	}
	i, _ := strconv.Atoi(n.Value)
	return i
}
