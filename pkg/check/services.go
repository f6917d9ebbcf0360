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
