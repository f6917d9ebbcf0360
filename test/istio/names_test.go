package istio

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"
	corev1 "k8s.io/api/core/v1"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"
	typev1 "istio.io/api/type/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// names is all that resources name and do not make.
type names struct {
	services map[named]*namedService
	// workloads are the pods that policies select.
	workloads []workload
	gateways  []gatewayOf
	// namespaces are those that rules name.
	namespaces []string
	// gatewayHosts are the hosts that VirtualServices ask gateways for, and
	// gatewayServers those servers that take connections.
	gatewayHosts   map[named][]string
	gatewayServers map[named][]*networking.Server
}

// namedService is what resources say of one Service.
type namedService struct {
	subsets  map[string]map[string]string
	selector map[string]string
	// routed are the Service's ports that routes name.
	routed map[int32]bool
	// opaque are the protocols of those that no proxy looks into; 0 is a port that
	// a route leaves to the Service.
	opaque map[int32]string
	// anyPort is set when a route leaves the port to the Service, which then may
	// have only one.
	anyPort bool
	// workloadPorts are the ports of the pods that policies name.
	workloadPorts map[int32]bool
}

type workload struct {
	namespace string
	labels    map[string]string
}

type gatewayOf struct {
	id   named
	spec *networking.Gateway
}

func namesOf(objects []manifest.Object) names {
	n := names{services: map[named]*namedService{}, gatewayHosts: map[named][]string{}, gatewayServers: map[named][]*networking.Server{}}
	for _, o := range objects {
		switch spec := o.Spec.(type) {
		case *networking.VirtualService:
			n.virtualService(o, spec)
		case *networking.DestinationRule:
			if s := n.service(spec.Host); s != nil {
				for _, subset := range spec.Subsets {
					s.subsets[subset.Name] = subset.Labels
				}
			}
		case *networking.Gateway:
			n.gateways = append(n.gateways, gatewayOf{id: named{Namespace: o.Namespace, Name: o.Name}, spec: spec})
		case *networking.Sidecar:
			if spec.WorkloadSelector != nil {
				n.service(o.Name + "." + o.Namespace + clusterSuffix).selector = spec.WorkloadSelector.Labels
			}
		case *security.PeerAuthentication:
			n.peerAuthentication(o, spec)
		case *security.RequestAuthentication:
			n.guarded(o.Namespace, o.Name, spec.Selector)
		case *security.AuthorizationPolicy:
			n.authorization(o, spec)
		case *telemetry.Telemetry:
			if spec.Selector != nil {
				n.service(o.Name + "." + o.Namespace + clusterSuffix).selector = spec.Selector.MatchLabels
			}
		}
		if message, ok := o.Spec.(proto.Message); ok {
			n.within(o.Namespace, message)
		}
	}
	return n
}

// service is what is known of the Service of a host; nil for hosts that are none.
func (n names) service(host string) *namedService {
	short, ok := strings.CutSuffix(host, clusterSuffix)
	name, namespace, found := strings.Cut(short, ".")
	if !ok || !found {
		return nil
	}
	if name == "*" {
		name = "any" // one of all that the wildcard means
	}
	id := named{Namespace: namespace, Name: name}
	if n.services[id] == nil {
		n.services[id] = &namedService{
			subsets: map[string]map[string]string{}, routed: map[int32]bool{}, workloadPorts: map[int32]bool{}, opaque: map[int32]string{},
		}
	}
	return n.services[id]
}

func (n names) virtualService(o manifest.Object, spec *networking.VirtualService) {
	for _, gateway := range spec.Gateways {
		namespace, name, ok := strings.Cut(gateway, "/")
		if !ok && gateway == "mesh" {
			continue
		}
		id := named{Namespace: namespace, Name: name}
		if !ok {
			id = named{Namespace: o.Namespace, Name: gateway}
		}
		n.gatewayHosts[id] = append(n.gatewayHosts[id], spec.Hosts...)
		n.gatewayServers[id] = append(n.gatewayServers[id], connectionServers(spec)...)
	}
	for _, host := range spec.Hosts {
		s := n.service(host)
		if s == nil {
			continue
		}
		for _, route := range spec.Http {
			for _, match := range route.Match {
				if match.Port != 0 {
					s.routed[int32(match.Port)] = true
				}
			}
		}
		for _, route := range spec.Tcp {
			for _, match := range route.Match {
				if match.Port != 0 {
					s.routed[int32(match.Port)] = true
					s.opaque[int32(match.Port)] = "tcp"
				}
			}
		}
	}
	for _, route := range spec.Tcp {
		n.opaque("tcp", route.Route)
	}
	for _, route := range spec.Tls {
		n.opaque("tls", route.Route)
	}
}

// opaque notes the protocol of what connections go to.
func (n names) opaque(protocol string, to []*networking.RouteDestination) {
	for _, d := range to {
		if s := n.service(d.GetDestination().GetHost()); s != nil {
			s.opaque[int32(d.Destination.GetPort().GetNumber())] = protocol
		}
	}
}

// connectionServers are servers that take the connections of a VirtualService.
func connectionServers(spec *networking.VirtualService) []*networking.Server {
	var all []*networking.Server
	for _, route := range spec.Tcp {
		for _, m := range route.Match {
			all = append(all, &networking.Server{
				Port:  &networking.Port{Number: m.Port, Name: fmt.Sprintf("tcp-%d", m.Port), Protocol: "TCP"},
				Hosts: []string{"*"},
			})
		}
	}
	for _, route := range spec.Tls {
		for _, m := range route.Match {
			port := cmp.Or(m.Port, 443)
			all = append(all, &networking.Server{
				Port:  &networking.Port{Number: port, Name: fmt.Sprintf("tls-%d-%s", port, strings.ReplaceAll(spec.Hosts[0], ".", "-")), Protocol: "TLS"},
				Hosts: spec.Hosts, Tls: &networking.ServerTLSSettings{Mode: networking.ServerTLSSettings_PASSTHROUGH},
			})
		}
	}
	return all
}

func (n names) peerAuthentication(o manifest.Object, spec *security.PeerAuthentication) {
	if spec.Selector == nil {
		return
	}
	s := n.service(o.Name + "." + o.Namespace + clusterSuffix)
	s.selector = spec.Selector.MatchLabels
	for port := range spec.PortLevelMtls {
		s.workloadPorts[int32(port)] = true
	}
}

// guarded is the Service before the pods that a policy selects; nil for the
// policies of gateways, of namespaces and of the mesh.
func (n names) guarded(namespace, name string, selector *typev1.WorkloadSelector) *namedService {
	if selector == nil || namespace == istioSystem {
		return nil
	}
	s := n.service(name + "." + namespace + clusterSuffix)
	s.selector = selector.MatchLabels
	return s
}

// policySuffix is what an AuthorizationPolicy adds to the name of its service.
var policySuffix = regexp.MustCompile(`-(allow|deny|jwt)(-dry-run)?$|-ext-auth-.*$`)

func (n names) authorization(o manifest.Object, spec *security.AuthorizationPolicy) {
	s := n.guarded(o.Namespace, policySuffix.ReplaceAllString(o.Name, ""), spec.Selector)
	if s == nil {
		return
	}
	for _, rule := range spec.Rules {
		for _, to := range rule.To {
			ports := s.workloadPorts
			if len(rule.From) > 0 && rule.From[0].Source.NotRequestPrincipals != nil || len(to.Operation.Methods)+len(to.Operation.Paths) > 0 {
				ports = s.routed // HTTP
			}
			for _, text := range to.Operation.Ports {
				port, err := strconv.Atoi(text)
				if err != nil {
					panic(err) // the renderer made it of a number
				}
				ports[int32(port)] = true
			}
		}
	}
}

// within finds destinations and selectors wherever they stand in a message, so
// that a new word needs nothing here.
func (n *names) within(namespace string, message proto.Message) {
	visit := func(values protopath.Values) error {
		m, ok := values.Index(-1).Value.Interface().(protoreflect.Message)
		if !ok {
			return nil
		}
		switch v := m.Interface().(type) {
		case *networking.Destination:
			n.destination(v)
		case *security.Source:
			n.namespaces = append(append(n.namespaces, v.Namespaces...), v.NotNamespaces...)
		case *typev1.WorkloadSelector:
			n.workloads = append(n.workloads, workload{namespace, v.MatchLabels})
		case *networking.WorkloadSelector:
			n.workloads = append(n.workloads, workload{namespace, v.Labels})
		}
		return nil
	}
	if err := (protorange.Options{Stable: true}).Range(message.ProtoReflect(), visit, nil); err != nil {
		panic(err) // visit returns none
	}
}

func (n names) destination(d *networking.Destination) {
	s := n.service(d.Host)
	switch {
	case s == nil:
	case d.Port == nil:
		s.anyPort = true
	default:
		s.routed[int32(d.Port.Number)] = true
	}
}

// onlyInside tells whether ports of its pods are all that is known of the Service's.
func (s *namedService) onlyInside() bool {
	return len(s.routed) == 0 && !s.anyPort && len(s.workloadPorts) > 0
}

// servicePorts are the fewest ports with which the Service is as resources name
// it.
func (s *namedService) servicePorts() []corev1.ServicePort {
	routed := slices.Sorted(maps.Keys(s.routed))
	inside := slices.Sorted(maps.Keys(s.workloadPorts))
	var ports []corev1.ServicePort
	for _, p := range routed {
		ports = append(ports, servicePort(fmt.Sprintf("%s-%d", cmp.Or(s.opaque[p], "http"), p), p, p))
	}
	switch {
	case len(ports) > 0:
	case s.anyPort && len(inside) > 0:
		ports = append(ports, servicePort("http", 80, inside[0]))
	case len(inside) > 0:
		for _, p := range inside {
			ports = append(ports, servicePort(fmt.Sprintf("tcp-%d", p), p, p))
		}
	default:
		ports = append(ports, servicePort(cmp.Or(s.opaque[0], "http"), 80, 8080))
	}
	return ports
}
