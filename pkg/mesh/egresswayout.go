package mesh

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// elsewhereAtHost are the fields of Istio's messages that no way out of a host
// outside may set, by what to do instead. What its ports, addresses and resolution
// are, other words have to know.
var elsewhereAtHost = map[protoreflect.FullName]string{
	"istio.networking.v1alpha3.ServiceEntry.hosts":                  "write host at the entry",
	"istio.networking.v1alpha3.ServiceEntry.ports":                  "write ports at the entry",
	"istio.networking.v1alpha3.ServiceEntry.addresses":              "write addresses at the entry",
	"istio.networking.v1alpha3.ServiceEntry.resolution":             "write resolution at the entry",
	"istio.networking.v1alpha3.ServiceEntry.export_to":              "write exportTo at the entry",
	"istio.networking.v1alpha3.ServiceEntry.subject_alt_names":      "write subjectAltNames in tls at the entry",
	"istio.networking.v1alpha3.ServiceEntry.workload_selector":      "its pods are in the cluster; write the ServiceEntry yourself",
	"istio.networking.v1alpha3.VirtualService.hosts":                "the entry names the host; write another entry, or the VirtualService yourself",
	"istio.networking.v1alpha3.VirtualService.gateways":             "write gateway at the entry, or the VirtualService yourself",
	"istio.networking.v1alpha3.VirtualService.export_to":            "write exportTo at the entry",
	"istio.networking.v1alpha3.DestinationRule.host":                "the entry names the host; write another entry, or the DestinationRule yourself",
	"istio.networking.v1alpha3.DestinationRule.export_to":           "write exportTo at the entry",
	"istio.networking.v1alpha3.DestinationRule.workload_selector":   "write selector and tls at the entry, or the DestinationRule yourself",
	"istio.networking.v1alpha3.TrafficPolicy.tls":                   "write tls at the entry",
	"istio.networking.v1alpha3.TrafficPolicy.PortTrafficPolicy.tls": "write tls at the entry",
}

// externalWaysOut are the ways out of one host outside.
func (r *resolver) externalWaysOut(h egressHost, x *External) {
	at := h.at.Key
	needs(r, at("serviceEntry"), h.ServiceEntry)
	needs(r, at("virtualService"), h.VirtualService)
	needs(r, at("destinationRule"), h.DestinationRule)
	x.ServiceEntry = wayOut(r, at("serviceEntry"), h.ServiceEntry, elsewhereAtHost)
	x.VirtualService = wayOut(r, at("virtualService"), h.VirtualService, elsewhereAtHost)
	x.DestinationRule = wayOut(r, at("destinationRule"), h.DestinationRule, elsewhereAtHost)
	if len(h.Endpoints) > 0 && len(h.ServiceEntry.GetEndpoints()) > 0 {
		r.ds.Errorf(diag.CodeExclusive, at("endpoints"), "serviceEntry.endpoints takes their place; keep one")
	}
	r.ownNames(at("virtualService"), h.VirtualService, h.Host...)
	r.passBy(h)
	r.unreached(h)
}

// endpoints are where calls of the entry are sent, and where each is written: those
// of the way out where it has some.
func (h egressHost) endpoints() ([]string, func(int) diag.Path) {
	at := h.at.Key("serviceEntry").Key("endpoints")
	var all []string
	for _, e := range h.ServiceEntry.GetEndpoints() {
		all = append(all, e.GetAddress())
	}
	if len(all) > 0 {
		return all, func(i int) diag.Path { return at.Index(i).Key("address") }
	}
	return h.Endpoints, h.at.Key("endpoints").Index
}

// passBy refuses routes in place of the two hops that leave the gateway out: calls
// would leave the cluster directly, where the document says otherwise.
func (r *resolver) passBy(h egressHost) {
	if h.Gateway != egressGateway {
		return
	}
	refuse := func(word string) {
		r.ds.Errorf(diag.CodeExclusive, h.at.Key("virtualService").Key(word), "takes the place of the route through %s, and calls would pass it by; lead one to %s, or leave gateway out", egressGateway, egressGatewayHost)
	}
	near := func(d *networking.Destination) bool { return d.GetHost() == egressGatewayHost }
	if http := h.VirtualService.GetHttp(); len(http) > 0 && h.speaks("HTTP") && !slices.ContainsFunc(http, func(route *networking.HTTPRoute) bool {
		return slices.ContainsFunc(route.GetRoute(), func(d *networking.HTTPRouteDestination) bool { return near(d.GetDestination()) })
	}) {
		refuse("http")
	}
	if tls := h.VirtualService.GetTls(); len(tls) > 0 && h.speaks("TLS") && !slices.ContainsFunc(tls, func(route *networking.TLSRoute) bool {
		return slices.ContainsFunc(route.GetRoute(), func(d *networking.RouteDestination) bool { return near(d.GetDestination()) })
	}) {
		refuse("tls")
	}
}

// unreached warns of what a rule says that Istio cannot say of a port with settings
// of its own, which a port that starts TLS is.
func (r *resolver) unreached(h egressHost) {
	i := slices.IndexFunc(h.ports, func(p spec.EgressPort) bool { return speech(p.Protocol) == "HTTP" })
	if h.TLS == nil || i < 0 {
		return
	}
	policy := h.DestinationRule.GetTrafficPolicy()
	for _, o := range []struct {
		word string
		said bool
	}{{"tunnel", policy.GetTunnel() != nil}, {"proxyProtocol", policy.GetProxyProtocol() != nil}, {"retryBudget", policy.GetRetryBudget() != nil}} {
		if o.said {
			r.ds.Warnf(diag.CodeUnused, h.at.Key("destinationRule").Key("trafficPolicy").Key(o.word), "no effect at port %d, which starts TLS; write it in a subset, and lead there by virtualService", h.ports[i].Number)
		}
	}
}
