package check

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var serviceChecks = []Check{
	{
		Code: diag.CodeNoPods, Severity: diag.Warning, find: noPods, Needs: []string{"Service"},
		Hurts: "The Service has no endpoints: requests get 503.",
		Mend:  "Write the labels of the pod template into the selector.",
	},
	{
		Code: diag.CodeNamedPort, Severity: diag.Error, find: namedPorts, Needs: []string{"Service"},
		Hurts: "The port has no endpoints: requests to it get 503.",
		Mend:  "Give the container's port the name, or write its number.",
	},
	{
		Code: diag.CodeExternalPort, Severity: diag.Warning, find: externalPorts, Needs: []string{"Service"}, Istio: "IST0150",
		Hurts: "Istio takes the port for TCP to any address, and traffic of others on that port goes there too.",
		Mend:  "Begin the port's name with its protocol, such as http- or tls-.",
	},
	{
		Code: diag.CodeTwoProtocols, Severity: diag.Warning, find: twoProtocols, Needs: []string{"Service"}, Istio: "IST0116",
		Hurts: "The pod's sidecar takes the port for one of the two, and requests through the other Service fail or pass its policies by.",
		Mend:  "Give both Services' ports the same protocol.",
	},
	{
		Code: diag.CodePortName, Severity: diag.Info, find: unnamedPorts, Needs: []string{"Service"}, Istio: "IST0118",
		Hurts: "Istio looks at the first bytes of every connection to tell HTTP from the rest: servers that speak first wait for it, and policies about HTTP are not held to be about the port.",
		Mend:  "Write appProtocol, or begin the port's name with its protocol, such as http- or tcp-.",
	},
	{
		Code: diag.CodeTwoPorts, Severity: diag.Info, find: twoPorts, Needs: []string{"Service"}, Istio: "IST0137",
		Hurts: "The pod's sidecar has one listener for the port: policies and telemetry that name a Service's port meet both.",
		Mend:  "Give both Services the same port, or the pod two.",
	},
	{
		Code: diag.CodeNoEndpoints, Severity: diag.Warning, find: noEndpoints, Needs: []string{"Endpoints", "discovery.k8s.io/EndpointSlice"},
		Hurts: "Requests get 503: nobody is behind the Service.",
		Mend:  "Call the Endpoints like the Service, give an EndpointSlice the label kubernetes.io/service-name, or give the Service a selector.",
	},
}

func noPods(f *finder) {
	for _, s := range f.Services() {
		found, known := f.Behind(s)
		if !known || len(found) > 0 || s.Namespace != "" && len(f.Workloads("")) > 0 {
			continue
		}
		f.say(s.Object, s.At("spec", "selector"), "no workload has %s", text(s.Selector(), "=", ","))
	}
}

func namedPorts(f *finder) {
	for _, s := range f.Services() {
		found, _ := f.Behind(s)
		for i, p := range s.Ports() {
			if p.TargetName == "" || len(found) == 0 {
				continue
			}
			has := func(w *topology.Workload) bool { _, ok := w.NamedPort(p.TargetName); return ok }
			if !slices.ContainsFunc(found, has) {
				f.say(s.Object, s.At("spec", "ports", i, "targetPort"), "no container of %s has a port %s", found[0], p.TargetName)
			}
		}
	}
}

func externalPorts(f *finder) {
	for _, s := range f.Services() {
		if s.ExternalName() == "" {
			continue
		}
		for i, p := range s.Ports() {
			if p.Protocol == topology.Unsaid || p.Protocol == topology.TCP {
				f.say(s.Object, s.At("spec", "ports", i), "nobody says that port %d is HTTP or TLS, so Istio takes it for TCP", p.Number)
			}
		}
	}
}

func twoProtocols(f *finder) {
	type port struct {
		*topology.Workload
		number int
	}
	type said struct {
		*topology.Service
		protocol topology.Protocol
	}
	first := map[port]said{}
	for _, s := range f.Services() {
		found, _ := f.Behind(s)
		for i, p := range s.Ports() {
			for _, w := range found {
				target, ok := w.TargetOf(p)
				if !ok || p.Protocol == topology.Unsaid || p.Protocol == topology.UDP {
					continue
				}
				other, again := first[port{w, target}]
				if !again {
					first[port{w, target}] = said{s, p.Protocol}
				} else if other.protocol.IsHTTP() != p.Protocol.IsHTTP() {
					f.say(s.Object, s.At("spec", "ports", i), "port %d of %s is %s here and %s in %s", target, w, p.Protocol, other.protocol, other.Service)
					break
				}
			}
		}
	}
}

// unnamedPorts leaves out Services that nobody in the mesh serves or calls by a
// protocol: Istio's own, and those of gateways.
func unnamedPorts(f *finder) {
	for _, s := range f.Services() {
		if s.Namespace == f.RootNamespace() || s.ExternalName() != "" {
			continue
		}
		for i, p := range s.Ports() {
			if p.Protocol == topology.Unsaid {
				f.say(s.Object, s.At("spec", "ports", i), "nobody says what port %d carries", p.Number)
			}
		}
	}
}

func twoPorts(f *finder) {
	type port struct {
		*topology.Workload
		number int
	}
	type said struct {
		*topology.Service
		topology.Port
	}
	first := map[port]said{}
	for _, s := range f.Services() {
		found, _ := f.Behind(s)
		for i, p := range s.Ports() {
			for _, w := range found {
				target, ok := w.TargetOf(p)
				if _, made := f.Maker(w); !ok || made || w.Gateway() {
					continue
				}
				other, again := first[port{w, target}]
				if !again {
					first[port{w, target}] = said{s, p}
				} else if other.Number != p.Number && other.Service != s && other.Protocol.IsHTTP() == p.Protocol.IsHTTP() {
					f.say(s.Object, s.At("spec", "ports", i), "port %d of %s is %d here and %d in %s", target, w, p.Number, other.Number, other.Service)
					break
				}
			}
		}
	}
}

// serviceName is the label by which an EndpointSlice belongs to a Service.
const serviceName = "kubernetes.io/service-name"

// noEndpoints tells of a Service only where its namespace has endpoints of others:
// elsewhere somebody else makes them.
func noEndpoints(f *finder) {
	named, there := map[string]bool{}, map[string]bool{}
	for _, o := range f.Of("Endpoints") {
		there[o.Namespace], named[o.ID()] = true, true
	}
	for _, o := range f.Of("discovery.k8s.io/EndpointSlice") {
		there[o.Namespace], named[(&topology.Object{Namespace: o.Namespace, Name: o.Labels()[serviceName]}).ID()] = true, true
	}
	for _, s := range f.Services() {
		if there[s.Namespace] && len(s.Selector()) == 0 && s.ExternalName() == "" && !named[s.ID()] {
			f.say(s.Object, s.At(), "no selector, and neither Endpoints nor an EndpointSlice of %s", s)
		}
	}
}
