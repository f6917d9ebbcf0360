package check

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// workloadPorts finds a Service's port where the workload's is meant: Istio
// would take it and it would hold for nothing.
func workloadPorts(ds *diag.List, objects []manifest.Object, p *topology.Model) {
	for o, policy := range manifest.Of[*security.PeerAuthentication](objects) {
		s, ok := p.Service(o.Namespace, o.Name)
		if !ok {
			continue
		}
		for _, port := range slices.Sorted(maps.Keys(policy.PortLevelMtls)) {
			if target := misread(s, int(port)); target != 0 {
				ds.Errorf(diag.CodePort, o.Origin.Key("ports").Key(strconv.Itoa(int(port))),
					"%d is the Service's port; the workload listens on %d", port, target)
			}
		}
	}
}

// rulePorts does the same for the ports in rules.
func rulePorts(ds *diag.List, objects []manifest.Object, p *topology.Model) {
	for o := range selecting(objects) {
		rules, ok := o.Spec.(*security.AuthorizationPolicy)
		if !ok {
			continue
		}
		s, known := p.Service(o.Namespace, o.service)
		if !known {
			continue
		}
		for _, port := range portsOf(rules) {
			if target := misread(s, port); target != 0 {
				ds.Errorf(diag.CodePort, o.Origin, "%d is the Service's port; the workload listens on %d", port, target)
			}
		}
	}
}

// portsOf are the ports that rules name, in their order.
func portsOf(policy *security.AuthorizationPolicy) []int {
	var all []int
	for _, rule := range policy.Rules {
		for _, to := range rule.To {
			for _, text := range slices.Concat(to.Operation.Ports, to.Operation.NotPorts) {
				port, _ := strconv.Atoi(text) // the renderer made it of a number
				all = append(all, port)
			}
		}
	}
	return all
}

// misread is the port that was meant when number is a Service's port and no
// port of the workload as far as the Service knows, else 0.
func misread(s *topology.Service, number int) int {
	meant := 0
	for _, port := range s.Ports() {
		if port.Target == number {
			return 0
		}
		if port.Number == number {
			meant = port.Target
		}
	}
	return meant
}

// servicePorts finds routes to a Service with several ports that do not say
// which: Istio refuses to guess and drops the route.
func servicePorts(ds *diag.List, objects []manifest.Object, p *topology.Model) {
	for o, vs := range manifest.Of[*networking.VirtualService](objects) {
		for _, host := range portless(vs) {
			if s, ok := p.ServiceOf(host); ok && len(s.Ports()) > 1 {
				ds.Errorf(diag.CodePort, o.Origin, "%s has ports %s: write port", s.Name, numbers(s.Ports()))
			}
		}
	}
}

// portless are the destinations without a port, once each.
func portless(vs *networking.VirtualService) []string {
	var hosts []string
	for _, to := range destinations(vs) {
		if to.GetPort() == nil && !slices.Contains(hosts, to.GetHost()) {
			hosts = append(hosts, to.GetHost())
		}
	}
	return hosts
}

// destinations are all destinations of a VirtualService.
func destinations(vs *networking.VirtualService) []*networking.Destination {
	var all []*networking.Destination
	for _, route := range vs.Http {
		for _, to := range route.Route {
			all = append(all, to.Destination)
		}
	}
	for _, route := range vs.Tcp {
		for _, to := range route.Route {
			all = append(all, to.Destination)
		}
	}
	for _, route := range vs.Tls {
		for _, to := range route.Route {
			all = append(all, to.Destination)
		}
	}
	return all
}

func numbers(ports []topology.Port) string {
	var all []string
	for _, p := range ports {
		all = append(all, strconv.Itoa(p.Number))
	}
	return strings.Join(all, ", ")
}
