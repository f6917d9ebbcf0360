package check

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var entryChecks = []Check{
	{
		Code: diag.CodeNoAddress, Severity: diag.Warning, find: noAddresses, Needs: []string{"networking.istio.io/ServiceEntry"}, Istio: "IST0134",
		Hurts: "Sidecars know TCP by the address that is called: without one the entry takes every call to the port, also those to other hosts.",
		Mend:  "Write addresses, or protocol: TLS where the caller starts TLS, or let the proxies answer DNS (ISTIO_META_DNS_CAPTURE and ISTIO_META_DNS_AUTO_ALLOCATE).",
	},
	{
		Code: diag.CodeEntryProtocol, Severity: diag.Warning, find: entryProtocols, Needs: []string{"networking.istio.io/ServiceEntry"}, Istio: "IST0177",
		Hurts: "Sidecars take one of the two protocols for all calls to the host's port, and which one depends on the objects' ages.",
		Mend:  "Write one protocol, or put the host into one ServiceEntry.",
	},
	{
		Code: diag.CodeDoubleTLS, Severity: diag.Warning, find: doubleTLS, Needs: []string{"networking.istio.io/ServiceEntry"},
		Hurts: "The caller speaks TLS already, and its sidecar wraps it once more: the server answers with a protocol error.",
		Mend:  "Let applications call a port in plain HTTP, protocol: HTTP with targetPort: 443, or remove tls from the DestinationRule.",
	},
}

type serviceEntry = topology.Config[*networking.ServiceEntry]

// noAddresses finds hand-written entries; documents were asked when they were
// read.
func noAddresses(f *finder) {
	for _, e := range f.ServiceEntries() {
		if !byHand(e.Object) || len(e.Spec.Addresses) > 0 || f.Install().AllocatesAddresses {
			continue
		}
		i := slices.IndexFunc(e.Spec.Ports, func(p *networking.ServicePort) bool {
			return p.GetProtocol() == "" || strings.EqualFold(p.GetProtocol(), "TCP")
		})
		if i >= 0 && !e.Allocated() {
			f.say(e.Object, e.At("spec", "ports", i), "port %d carries TCP, and no address says which calls are meant", e.Spec.Ports[i].GetNumber())
		}
	}
}

func entryProtocols(f *finder) {
	type port struct {
		host   string
		number uint32
	}
	type said struct {
		serviceEntry
		protocol string
	}
	seen := map[port][]said{}
	for _, e := range f.ServiceEntries() {
		for i, p := range e.Spec.Ports {
			for _, host := range e.Spec.Hosts {
				at, now := port{host, p.GetNumber()}, said{e, strings.ToUpper(p.GetProtocol())}
				j := slices.IndexFunc(seen[at], func(o said) bool {
					return o.protocol != now.protocol && topology.ShareClients(o.Spec.ExportTo, o.Namespace, e.Spec.ExportTo, e.Namespace)
				})
				if j >= 0 {
					f.say(e.Object, e.At("spec", "ports", i, "protocol"), "port %d of %s is %s here and %s in %s", p.GetNumber(), host, now.protocol, seen[at][j].protocol, seen[at][j].serviceEntry)
				}
				seen[at] = append(seen[at], now)
			}
		}
	}
}

// doubleTLS finds DestinationRules that start TLS on a port on which the callers
// of a host outside start it.
func doubleTLS(f *finder) {
	for _, rule := range f.DestinationRules() {
		tls := rule.Spec.GetTrafficPolicy().GetTls()
		if !starts(tls) || len(rule.Spec.GetTrafficPolicy().GetPortLevelSettings()) > 0 {
			continue
		}
		for _, e := range f.EntriesOf(topology.FullHost(rule.Spec.Host, rule.Namespace)) {
			ports := e.Spec.Ports
			opaque := func(p *networking.ServicePort) bool {
				protocol := topology.Protocol(strings.ToLower(p.GetProtocol()))
				return protocol == topology.HTTPS || protocol == topology.TLS
			}
			if len(ports) > 0 && !slices.ContainsFunc(ports, func(p *networking.ServicePort) bool { return !opaque(p) }) {
				f.say(rule.Object, rule.At("spec", "trafficPolicy", "tls"), "port %d of %s is %s: callers start TLS themselves", ports[0].GetNumber(), rule.Spec.Host, ports[0].GetProtocol())
				break
			}
		}
	}
}

// starts tells whether clients' sidecars speak TLS that is not Istio's own.
func starts(tls *networking.ClientTLSSettings) bool {
	return tls.GetMode() == networking.ClientTLSSettings_SIMPLE || tls.GetMode() == networking.ClientTLSSettings_MUTUAL
}
