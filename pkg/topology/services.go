package topology

import (
	"slices"
	"strings"
)

// Protocol is what Istio takes a port to carry, in the words that port names use.
type Protocol string

// The protocols that Istio knows. Unsaid is a port of which nobody says what it
// carries: Istio looks at the first bytes then.
const (
	Unsaid    Protocol = ""
	HTTP      Protocol = "http"
	HTTPProxy Protocol = "http_proxy"
	HTTP2     Protocol = "http2"
	GRPC      Protocol = "grpc"
	GRPCWeb   Protocol = "grpc-web"
	HTTPS     Protocol = "https"
	TLS       Protocol = "tls"
	TCP       Protocol = "tcp"
	Mongo     Protocol = "mongo"
	MySQL     Protocol = "mysql"
	Redis     Protocol = "redis"
	UDP       Protocol = "udp"
)

// IsHTTP tells whether Istio routes the port by what only HTTP has.
func (p Protocol) IsHTTP() bool {
	return slices.Contains([]Protocol{HTTP, HTTPProxy, HTTP2, GRPC, GRPCWeb}, p)
}

// IsOpaque tells whether the port is said to carry something else than HTTP.
func (p Protocol) IsOpaque() bool { return p != Unsaid && !p.IsHTTP() }

// known are the protocols as names may say them.
var known = []Protocol{HTTP, HTTPProxy, HTTP2, GRPC, GRPCWeb, HTTPS, TLS, TCP, Mongo, MySQL, Redis, UDP}

// sniffless are the ports that Istio takes for TCP when nobody says more: their
// servers speak first, so there is nothing to look at (kube.ConvertProtocol).
var sniffless = []int{25, 53, 3306, 27017}

// ProtocolOf is the protocol that Istio selects for a port of a Service:
// appProtocol is read before the name, and of both the part up to the first
// dash. It is the rule of istio.io/istio/pkg/config/kube.ConvertProtocol.
func ProtocolOf(number int, name, appProtocol, transport string) Protocol {
	if transport == "UDP" {
		return UDP
	}
	said := name
	if appProtocol != "" {
		switch said = appProtocol; said {
		case "kubernetes.io/h2c":
			return HTTP2
		case "kubernetes.io/ws":
			return HTTP
		case "kubernetes.io/wss":
			return HTTPS
		}
	}
	if len(said) >= len(GRPCWeb) && strings.EqualFold(said[:len(GRPCWeb)], string(GRPCWeb)) {
		return GRPCWeb
	}
	said, _, _ = strings.Cut(said, "-")
	if p := Protocol(strings.ToLower(said)); slices.Contains(known, p) {
		return p
	}
	if slices.Contains(sniffless, number) {
		return TCP
	}
	return Unsaid
}

// Service is a Kubernetes Service.
type Service struct {
	*Object
	read bool
	// selector is nil for a Service that selects no pods itself.
	selector     map[string]string
	ports        []Port
	externalName string
	headless     bool
	// sidecars tells whether all its pods have one, once that is known.
	sidecars *Answer
}

// Port is one port of a Service, or of a ServiceEntry.
type Port struct {
	Number int
	// Target is the port of the pods, 0 when it is a name that only the pods
	// resolve.
	Target int
	// TargetName is that name.
	TargetName string
	// Name and AppProtocol say the protocol, if anything does.
	Name, AppProtocol string
	// Protocol is what Istio takes from all of these.
	Protocol Protocol
}

// keptPorts are those at which every sidecar listens itself, on all addresses: for
// what leaves the pod and what comes to it, for its health and its metrics.
var keptPorts = []int{15001, 15006, 15021, 15090}

// Kept tells whether calls of the port end at the caller's own sidecar. Istio listens
// for HTTP on all addresses, and finds the sidecar there already
// (pilot/pkg/model.Proxy.CanBindToPort).
func (p Port) Kept() bool { return p.Protocol.IsHTTP() && slices.Contains(keptPorts, p.Number) }

// Selector are the labels of the Service's pods, nil when it selects none itself.
func (s *Service) Selector() map[string]string { return s.content().selector }

// Ports are the Service's ports in their order.
func (s *Service) Ports() []Port { return s.content().ports }

// ExternalName is the name that the Service stands for, usually "".
func (s *Service) ExternalName() string { return s.content().externalName }

// Headless tells whether the Service has no address of its own: clients choose the
// pod.
func (s *Service) Headless() bool { return s.content().headless }

// Port finds a port by its number.
func (s *Service) Port(number int) (Port, bool) {
	i := slices.IndexFunc(s.Ports(), func(p Port) bool { return p.Number == number })
	if i < 0 {
		return Port{}, false
	}
	return s.ports[i], true
}

// content reads the Service, once.
func (s *Service) content() *Service {
	if s.read {
		return s
	}
	s.read = true
	spec := value(s.node(), "spec")
	s.selector = texts(value(spec, "selector"))
	if text(value(spec, "type")) == "ExternalName" {
		s.externalName = text(value(spec, "externalName"))
	}
	s.headless = text(value(spec, "clusterIP")) == "None"
	for _, p := range elements(value(spec, "ports")) {
		port := Port{Number: number(value(p, "port")), Name: text(value(p, "name")), AppProtocol: text(value(p, "appProtocol"))}
		port.Target = port.Number
		if to := value(p, "targetPort"); to != nil {
			if port.Target = number(to); port.Target == 0 {
				port.TargetName = text(to)
			}
		}
		port.Protocol = ProtocolOf(port.Number, port.Name, port.AppProtocol, text(value(p, "protocol")))
		s.ports = append(s.ports, port)
	}
	return s
}

// Service finds a Service.
func (m *Model) Service(namespace, name string) (*Service, bool) {
	s, ok := m.services[key{namespace, name}]
	return s, ok
}

// ServiceNames are the names of a namespace's Services, in order.
func (m *Model) ServiceNames(namespace string) []string {
	names := m.serviceIDs[namespace]
	slices.Sort(names)
	return names
}

// Services are all Services in the order of the package.
func (m *Model) Services() []*Service {
	var all []*Service
	for _, o := range m.objects {
		if s := m.services[key{o.Namespace, o.Name}]; s != nil && s.Object == o {
			all = append(all, s)
		}
	}
	return all
}

// Behind are the workloads that a Service selects. It is false when the
// Service selects none itself, or when the package holds no workload of its
// namespace: then its pods are not known.
func (m *Model) Behind(s *Service) ([]*Workload, bool) {
	if len(s.Selector()) == 0 || len(m.Workloads(s.Namespace)) == 0 {
		return nil, false
	}
	return m.Selected(s.Namespace, s.Selector()), true
}
