package mesh

import (
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// egressPorts are the ports of an entry with what they do not say.
func egressPorts(h spec.EgressHost) []spec.EgressPort {
	https := spec.EgressPort{Number: 443, Protocol: "HTTPS"}
	switch {
	case h.Ports == nil && h.TLS != nil:
		return []spec.EgressPort{{Number: 80, Protocol: "HTTP", TargetPort: 443}, https}
	case h.Ports == nil:
		return []spec.EgressPort{https}
	}
	ports := slices.Clone(h.Ports)
	for i, p := range ports {
		switch {
		case p.Protocol != "":
		case p.Number == 443:
			ports[i].Protocol = "HTTPS"
		case p.Number == 80:
			ports[i].Protocol = "HTTP"
		}
	}
	return ports
}

func (r *resolver) checkEgressPorts(h egressHost) {
	at := h.at.Key("ports")
	if h.Ports != nil && len(h.Ports) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write the host's ports, or leave ports out for 443")
	}
	seen := map[int]bool{}
	for i, p := range h.ports {
		at := at.Index(i)
		switch {
		case p.Number == 0:
			r.ds.Errorf(diag.CodeMissing, at.Key("number"), "write the port that applications call")
			continue
		case seen[p.Number]:
			r.ds.Errorf(diag.CodeDuplicate, at.Key("number"), "%d is written twice; keep one", p.Number)
		}
		seen[p.Number] = true
		r.port(at.Key("number"), p.Number)
		if p.TargetPort != 0 {
			r.port(at.Key("targetPort"), p.TargetPort)
		}
		if p.Protocol == "" {
			r.ds.Errorf(diag.CodeMissing, at.Key("protocol"), "port %d does not say it; write HTTP, HTTPS, TLS or TCP", p.Number)
			continue
		}
		r.oneOf(at.Key("protocol"), p.Protocol, serverProtocols)
	}
}

// named are the ports as Istio wants them: each has a name, the protocol, with the
// number where two ports have one protocol.
func (h egressHost) named() []ExternalPort {
	sharing := map[string]int{}
	for _, p := range h.ports {
		sharing[p.Protocol]++
	}
	var all []ExternalPort
	for _, p := range h.ports {
		name := strings.ToLower(p.Protocol)
		if sharing[p.Protocol] > 1 {
			name += "-" + itoa(p.Number)
		}
		all = append(all, ExternalPort{Name: name, Number: p.Number, Protocol: p.Protocol, TargetPort: p.TargetPort})
	}
	return all
}

// opaquePorts are the entries by their TCP ports, the first one of each.
type opaquePorts map[int]*egressHost

// tellApart refuses TCP ports on which proxies could not know which host is meant.
func (r *resolver) tellApart(h egressHost, first opaquePorts) {
	for _, p := range h.ports {
		if p.Protocol == "" || speech(p.Protocol) != "TCP" {
			continue
		}
		at := h.at.Key("addresses")
		if len(h.Host) > 1 {
			r.ds.Errorf(diag.CodeOpaque, at, "TCP cannot tell hosts apart; write an entry with addresses for each")
			return
		}
		other := first[p.Number]
		switch {
		case other == nil:
			first[p.Number] = &h
			if len(h.Addresses) == 0 {
				r.ds.Warnf(diag.CodeOpaque, at, "TCP cannot tell hosts apart: calls to port %d that no Service takes go to %s, whoever was meant; write addresses", p.Number, h.Host[0])
			}
			continue
		case len(h.Addresses) > 0 && len(other.Addresses) > 0:
			continue
		case len(h.Addresses) > 0:
			at = other.at.Key("addresses")
			first[p.Number] = &h // said once
		}
		r.ds.Errorf(diag.CodeOpaque, at, "TCP cannot tell hosts apart; write addresses: port %d is also that of %s and %s", p.Number, other.Host[0], h.Host[0])
	}
}

var resolutions = choice{
	values:  []string{"NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"},
	unknown: "no resolution %s; NONE, STATIC, DNS, DNS_ROUND_ROBIN or DYNAMIC_DNS",
}

// resolution is how proxies find the addresses that calls are sent to.
func (r *resolver) resolution(h egressHost) networking.ServiceEntry_Resolution {
	at := h.at.Key("resolution")
	endpoints, _ := h.endpoints()
	named := r.egressAddresses(h)
	mode := h.Resolution
	switch {
	case mode != "":
		r.oneOf(at, mode, resolutions)
	case named:
		mode, at = "DNS", h.at.Key("addresses")
	case len(endpoints) > 0:
		mode = "STATIC"
	case len(h.Addresses) > 0 || h.wildcard():
		mode = "NONE"
	default:
		mode = "DNS"
	}
	switch mode {
	case "NONE":
		r.notResolved(at, h)
	case "STATIC":
		r.fixedAddresses(at, h, named)
	case "DNS", "DNS_ROUND_ROBIN":
		r.resolvedByName(at, h, mode)
	case "DYNAMIC_DNS":
		r.resolvedPerRequest(at, h)
	}
	return networking.ServiceEntry_Resolution(networking.ServiceEntry_Resolution_value[mode])
}

// egressAddresses checks addresses and endpoints, and tells whether an endpoint is
// a name.
func (r *resolver) egressAddresses(h egressHost) (named bool) {
	for _, o := range []struct {
		word string
		list []string
	}{{"addresses", h.Addresses}, {"endpoints", h.Endpoints}} {
		if o.list != nil && len(o.list) == 0 {
			r.ds.Errorf(diag.CodeEmpty, h.at.Key(o.word), "empty; write some, or leave %s out", o.word)
		}
	}
	for i, address := range h.Addresses {
		if text := addressText(address); text != "" {
			r.ds.Errorf(diag.CodeValue, h.at.Key("addresses").Index(i), "%s", text)
		}
	}
	endpoints, at := h.endpoints()
	for i, endpoint := range endpoints {
		if address, err := netip.ParseAddr(endpoint); err == nil && address.Zone() == "" {
			continue
		}
		if h.ServiceEntry != nil && (endpoint == "" || strings.HasPrefix(endpoint, "unix://")) {
			continue // Istio's own: a socket, or a network's gateway
		}
		named = true
		if !isDomain(endpoint) || !strings.Contains(endpoint, ".") {
			r.ds.Errorf(diag.CodeName, at(i), "%q is neither an address nor a whole DNS name", endpoint)
		}
	}
	return named
}

// notResolved is for calls that go to the address that the application asked for.
func (r *resolver) notResolved(at diag.Path, h egressHost) {
	if endpoints, _ := h.endpoints(); len(endpoints) > 0 {
		r.ds.Errorf(diag.CodeExclusive, at, "NONE sends calls to the address that was called; leave endpoints or resolution out")
	}
	for i, p := range h.ports {
		if p.TargetPort != 0 && r.istio.before(1, 22) {
			r.ds.Errorf(diag.CodeVersion, h.at.Key("ports").Index(i).Key("targetPort"), "with resolution NONE Istio knows it from 1.22 on; this mesh has %s (install.istioVersion)", r.spec.Install.IstioVersion)
		}
	}
}

func (r *resolver) fixedAddresses(at diag.Path, h egressHost, named bool) {
	endpoints, _ := h.endpoints()
	switch {
	case len(endpoints) == 0:
		r.ds.Errorf(diag.CodeMissing, h.at.Key("endpoints"), "STATIC needs the addresses that calls are sent to; write endpoints")
	case named:
		r.ds.Errorf(diag.CodeExclusive, at, "STATIC takes addresses and endpoints has a name; write DNS, or leave resolution out")
	}
}

func (r *resolver) resolvedByName(at diag.Path, h egressHost, mode string) {
	endpoints, _ := h.endpoints()
	for i, host := range h.Host {
		if strings.HasPrefix(host, "*") && len(endpoints) == 0 {
			r.ds.Errorf(diag.CodeExclusive, at, "%s cannot be resolved; leave resolution out", h.Host[i])
			break
		}
	}
	if slices.ContainsFunc(h.Addresses, func(a string) bool { return strings.Contains(a, "/") }) {
		r.ds.Errorf(diag.CodeExclusive, at, "a range of addresses goes with NONE or STATIC, not with %s", mode)
	}
	if mode == "DNS_ROUND_ROBIN" {
		r.since(at, 12)
	}
	if mode == "DNS_ROUND_ROBIN" && len(endpoints) > 1 {
		r.ds.Errorf(diag.CodeExclusive, at, "DNS_ROUND_ROBIN takes one endpoint; write DNS for several")
	}
}

// resolvedPerRequest is for wildcards whose names are resolved as they are called.
func (r *resolver) resolvedPerRequest(at diag.Path, h egressHost) {
	endpoints, _ := h.endpoints()
	if r.istio.before(1, 28) {
		r.ds.Errorf(diag.CodeVersion, at, "Istio knows DYNAMIC_DNS from 1.28 on; this mesh has %s (install.istioVersion)", r.spec.Install.IstioVersion)
	}
	if slices.ContainsFunc(h.Host, func(host string) bool { return !strings.HasPrefix(host, "*") }) || len(h.Addresses)+len(endpoints) > 0 {
		r.ds.Errorf(diag.CodeExclusive, at, "DYNAMIC_DNS is for wildcards without addresses and endpoints; leave resolution out")
	}
	for i, p := range h.ports {
		switch p.Protocol {
		case "HTTP", "HTTP2", "GRPC", "TLS":
		default:
			at := h.at.Key("ports").Index(i)
			r.ds.Errorf(diag.CodeExclusive, at, "DYNAMIC_DNS takes HTTP, HTTP2, GRPC and TLS; write ports: [{number: 443, protocol: TLS}]")
		}
	}
}
