package mesh

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// External is a host outside of the cluster, with all that is said of calls to it.
type External struct {
	Namespace, Name string
	// Hosts are several only where nothing but their ports, addresses, endpoints
	// and resolution is said.
	Hosts      []string
	Addresses  []string
	Endpoints  []string
	Ports      []ExternalPort
	Resolution networking.ServiceEntry_Resolution
	// ExportTo are the namespaces that see the objects; none for all.
	ExportTo []string
	// Selector are the pods for which TLS and Policy hold; nil for all.
	Selector map[string]string
	// TLS is how plain HTTP goes on to the host; nil as it is.
	TLS    *networking.ClientTLSSettings
	Policy TrafficPolicy
	// Gateways are who follows Routes and TLSRoutes; none for sidecars alone.
	Gateways  []string
	Routes    []Route
	TLSRoutes []TLSRoute
	// The ways out; nil for none.
	ServiceEntry    *WayOut[*networking.ServiceEntry]
	VirtualService  *WayOut[*networking.VirtualService]
	DestinationRule *WayOut[*networking.DestinationRule]
	Origin          diag.Path
}

// numbers are those of the ports, for a message.
func (x External) numbers() string {
	var all []string
	for _, p := range x.Ports {
		all = append(all, itoa(p.Number))
	}
	return strings.Join(all, ", ")
}

// ExternalPort is a port of a host outside.
type ExternalPort struct {
	Name       string
	Number     int
	Protocol   string
	TargetPort int // 0 for Number
}

// HTTP tells whether proxies see the requests on the port.
func (p ExternalPort) HTTP() bool { return speech(p.Protocol) == "HTTP" }

// egressHost is one entry of egress.hosts.
type egressHost struct {
	spec.EgressHost
	at    diag.Path
	ports []spec.EgressPort
}

// namespace is where the entry's objects lie.
func (h egressHost) namespace() string {
	if h.Namespace == "" {
		return Root
	}
	return h.Namespace
}

// speaks tells whether a port of the entry begins with HTTP, TLS or TCP.
func (h egressHost) speaks(what string) bool {
	return slices.ContainsFunc(h.ports, func(p spec.EgressPort) bool { return speech(p.Protocol) == what })
}

func (h egressHost) wildcard() bool {
	return slices.ContainsFunc(h.Host, func(host string) bool { return strings.HasPrefix(host, "*") })
}

func (h egressHost) policyWords() policyWords {
	return policyWords{h.LoadBalancer, h.ConnectionPool, h.OutlierDetection}
}

// route are the route words that the entry says.
func (h egressHost) route() spec.Route {
	return spec.Route{Timeout: h.Timeout, Retries: h.Retries, Fault: h.Fault}
}

func (h egressHost) hasRouteWord() bool {
	return h.Timeout != nil || h.Retries != nil || h.Fault != nil
}

// egressHosts are the entries with their ports completed.
func (r *resolver) egressHosts() []egressHost {
	at := r.at().Key("egress").Key("hosts")
	var all []egressHost
	for i, h := range r.spec.Egress.Hosts {
		all = append(all, egressHost{h, at.Index(i), egressPorts(h)})
	}
	return all
}

// externals resolves the hosts outside, by the names of their objects.
func (r *resolver) externals() []External {
	r.external = map[string]External{}
	first := map[string]diag.Path{} // by host
	apart := opaquePorts{}
	var all []External
	hosts := r.egressHosts()
	for _, h := range hosts {
		if !r.egressNames(h, first) {
			continue
		}
		x := r.externalHost(h)
		r.tellApart(h, apart)
		all = append(all, x)
		for _, host := range h.Host {
			r.external[host] = x
			if len(x.Routes)+len(x.TLSRoutes) > 0 || x.VirtualService != nil {
				r.routed[host] = host
			}
		}
	}
	for _, h := range hosts { // when all of them are known
		r.knownPorts(h.at.Key("virtualService"), h.VirtualService)
	}
	if len(r.spec.Egress.Hosts) == 0 && r.spec.Egress.OutboundTrafficPolicy == "REGISTRY_ONLY" {
		r.ds.Warnf(diag.CodeUnused, r.at().Key("egress").Key("outboundTrafficPolicy"), "nothing outside the cluster can be reached")
	}
	return all
}

// outboundTrafficPolicy is what proxies do with calls to hosts that nobody listed;
// empty leaves it to Istio.
func (r *resolver) outboundTrafficPolicy(at place, mode string) string {
	if mode == "" {
		return ""
	}
	return r.oneOf(at("outboundTrafficPolicy"), mode, choice{
		values: []string{"ALLOW_ANY", "REGISTRY_ONLY"}, unknown: "no policy %s; ALLOW_ANY or REGISTRY_ONLY",
	})
}

// egressNames checks the names of an entry. It is false where the entry has none,
// or one that another has.
func (r *resolver) egressNames(h egressHost, first map[string]diag.Path) bool {
	at := h.at.Key("host")
	switch {
	case h.Host == nil:
		r.ds.Errorf(diag.CodeMissing, at, "write the name of the host")
	case len(h.Host) == 0:
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write the name of the host")
	}
	good := len(h.Host) > 0
	for i, host := range h.Host {
		at := at.Index(i)
		if len(h.Host) == 1 { // most often written without its list
			at = h.at.Key("host")
		}
		other, twice := first[host]
		switch {
		case !r.egressName(at, host):
			good = false
		case twice && other == h.at:
			r.ds.Errorf(diag.CodeDuplicate, at, "%s is written twice; keep one", host)
			good = false
		case twice:
			r.ds.Errorf(diag.CodeDuplicate, at, "%s is also %s; put both ports there", host, shortPath(other))
			good = false
		default:
			first[host] = h.at
		}
	}
	return good
}

func (r *resolver) egressName(at diag.Path, host string) bool {
	switch {
	case host == "*":
		r.ds.Errorf(diag.CodeName, at, "* is every host; write outboundTrafficPolicy: ALLOW_ANY, or the hosts")
	case inCluster(host) && host[0] == '*' && !strings.HasSuffix(host, clusterSuffix):
		r.ds.Errorf(diag.CodePlace, at, "%s is every Service of the cluster as well; write a narrower name", host)
	case inCluster(host):
		r.ds.Errorf(diag.CodePlace, at, "%s is a Kubernetes Service; its TLS is set in security.mtls.exclude", host)
	case !strings.Contains(host, ".") && isLabel(host):
		r.ds.Errorf(diag.CodeName, at, "%s is a name inside the cluster; write the whole name, as in api.example.com", host)
	case !isHost(host):
		r.ds.Errorf(diag.CodeName, at, "%q is no host; write a DNS name, or *.name", host)
	default:
		return true
	}
	return false
}

// inCluster tells whether a host is a Service, or a wildcard above all of them.
func inCluster(host string) bool {
	suffix, wildcard := strings.CutPrefix(host, "*")
	return strings.HasSuffix(host, clusterSuffix) || wildcard && strings.HasSuffix(clusterSuffix, suffix)
}

// externalHost resolves one entry.
func (r *resolver) externalHost(h egressHost) External {
	if h.Namespace != "" {
		r.names.label(h.at.Key("namespace"), h.Namespace)
	}
	r.checkEgressPorts(h)
	r.exportTo(h.at.Key("exportTo"), h.namespace(), h.ExportTo)
	r.oneName(h)
	r.egressRouteWords(h)
	r.policy(h.at.Key, h.policyWords(), h.OutlierDetection)
	r.throughGateway(h)
	x := External{
		Namespace: h.namespace(), Name: cut(objectHost(h.Host[0]), 253), Hosts: slices.Clone(h.Host),
		Addresses: slices.Clone(h.Addresses), Endpoints: slices.Clone(h.Endpoints), Ports: h.named(),
		Resolution: r.resolution(h), ExportTo: slices.Clone(h.ExportTo),
		TLS: r.originated(h), Policy: h.policyWords().policy(), Origin: h.at,
	}
	if h.Selector != nil && h.TLS != nil {
		x.Selector, x.ExportTo = maps.Clone(h.Selector), []string{"."}
	}
	h.lead(&x)
	r.externalWaysOut(h, &x)
	return x
}

// oneName refuses several names in an entry with a word that needs to know which
// one was called.
func (r *resolver) oneName(h egressHost) {
	if len(h.Host) > 1 && (h.hasRouteWord() || h.policyWords().said() || h.TLS != nil || h.Gateway != "" || h.VirtualService != nil || h.DestinationRule != nil) {
		r.ds.Errorf(diag.CodeExclusive, h.at.Key("host"), "one entry per host: only ports, addresses, endpoints and resolution can be shared")
	}
}

// egressRouteWords checks timeout, retries and fault.
func (r *resolver) egressRouteWords(h egressHost) {
	w := h.route()
	r.timeout(h.at.Key("timeout"), w.Timeout)
	needs(r, h.at.Key("retries"), retries(w.Retries))
	r.retries(h.at.Key("retries"), w.Retries)
	r.fault(h.at.Key("fault"), w.Fault)
	r.nothingAround(h.at.Key, w, "there is nothing around a host to switch off; leave it out")
	r.fits(h.at, w, words{})
	if h.speaks("HTTP") {
		return
	}
	for _, o := range []struct {
		word string
		said bool
	}{{"timeout", w.Timeout != nil}, {"retries", w.Retries != nil}, {"fault", w.Fault != nil}} {
		if o.said {
			r.ds.Errorf(diag.CodeExclusive, h.at.Key(o.word), "TLS is not opened by the sidecar; %s has no effect. Use connectionPool.tcp.connectTimeout", o.word)
		}
	}
}

// externalVersion is the host outside that is a version of a service, and the port
// of it that takes what the service's callers speak.
func (r *resolver) externalVersion(at diag.Path, s *service, v spec.Version, x External) spec.Version {
	var fitting []string
	port := 0
	for _, p := range x.Ports {
		if p.takes(s.Protocol) {
			fitting = append(fitting, itoa(p.Number))
			port = p.Number
		}
	}
	r.calledByName(at.Key("host"), v.Host, x)
	r.hiddenVersion(at.Key("host"), s, v.Host, x)
	switch {
	case len(fitting) == 0 && s.opaque():
		r.ds.Errorf(diag.CodeReference, at.Key("host"), "%s has no %s port (%s); write it in ports at %s", v.Host, s.Protocol, x.numbers(), shortPath(x.Origin))
	case len(fitting) == 0:
		r.ds.Errorf(diag.CodeReference, at.Key("host"), "%s has no HTTP port (%s); requests would arrive there in plain text, write tls at %s", v.Host, x.numbers(), shortPath(x.Origin))
	case v.Port != 0 && !slices.Contains(fitting, itoa(v.Port)):
		r.ds.Errorf(diag.CodeReference, at.Key("port"), "%d is no %s port of %s; there are %s", v.Port, cmp.Or(s.Protocol, "HTTP"), v.Host, strings.Join(fitting, ", "))
	case v.Port == 0 && len(fitting) > 1:
		r.ds.Errorf(diag.CodeMissing, at.Key("port"), "%s has ports %s: write port", v.Host, strings.Join(fitting, ", "))
	case v.Port == 0:
		v.Port = port
	}
	return v
}

// takes tells whether the port can be called with what a service of the protocol is
// called with. TLS is TCP to those who do not open it.
func (p ExternalPort) takes(protocol string) bool {
	switch protocol {
	case protocolTCP:
		return !p.HTTP()
	case protocolTLS:
		return speech(p.Protocol) == "TLS"
	}
	return p.HTTP()
}

// calledByName refuses hosts whose address is the one that was called: as a version
// of a service that would be the service itself.
func (r *resolver) calledByName(at diag.Path, host string, x External) {
	switch {
	case strings.HasPrefix(host, "*"):
		r.ds.Errorf(diag.CodeReference, at, "%s is many hosts; write one of them, and list it in egress", host)
	case x.Resolution == networking.ServiceEntry_NONE:
		r.ds.Errorf(diag.CodeReference, at, "calls go to the address that was called (resolution NONE), which is the service; write resolution: DNS or endpoints at %s", shortPath(x.Origin))
	}
}
