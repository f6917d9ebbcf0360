package mesh

import (
	"net/netip"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// The typed ways out: Istio's own messages, merged over what is rendered. What they
// hold is the platform team's own affair, but for the words that say whom an object
// is for: those have words, and checks.

// elsewhereSaid are the fields of Istio's messages that no way out of a service or a
// gateway may set, by what to do instead (design amendment 7).
var elsewhereSaid = map[protoreflect.FullName]string{
	"istio.networking.v1alpha3.VirtualService.hosts":                "the words name the hosts; write services[] or expose, or the VirtualService yourself",
	"istio.networking.v1alpha3.VirtualService.gateways":             "the words name the gateways; write expose, or the VirtualService yourself",
	"istio.networking.v1alpha3.VirtualService.export_to":            "write services[].exportTo",
	"istio.networking.v1alpha3.DestinationRule.host":                "the words name the host; write another services[], or the DestinationRule yourself",
	"istio.networking.v1alpha3.DestinationRule.export_to":           "write services[].exportTo",
	"istio.networking.v1alpha3.DestinationRule.workload_selector":   "it would hold for some callers only; write the DestinationRule yourself",
	"istio.networking.v1alpha3.TrafficPolicy.tls":                   "write security.mtls, or security.mtls.exclude for a server without a sidecar",
	"istio.networking.v1alpha3.TrafficPolicy.PortTrafficPolicy.tls": "write security.mtls, or security.mtls.exclude for a server without a sidecar",
	"istio.networking.v1alpha3.Gateway.selector":                    "write gateways[].selector",
	"istio.networking.v1alpha3.Server.hosts":                        "write gateways[].hosts, or hosts at the server",
	"istio.networking.v1alpha3.Port.number":                         "write port at the server",
	"istio.networking.v1alpha3.Port.protocol":                       "write protocol at the server",
}

// neverEmpty are the messages that Istio refuses when they are empty
// (pkg/config/validation, validateTrafficPolicy and validatePortSelector), with what
// is said of one.
var neverEmpty = map[protoreflect.FullName]struct {
	code diag.Code
	text string
}{
	"istio.networking.v1alpha3.TrafficPolicy": {diag.CodeEmpty, "empty, which Istio refuses; write what it changes, or leave it out"},
	"istio.networking.v1alpha3.PortSelector":  {diag.CodeMissing, "write the number of the port"},
}

// wayOut checks one way out and copies it; nil where there is none.
func wayOut[M interface {
	comparable
	proto.Message
}](r *resolver, at diag.Path, m M, elsewhere map[protoreflect.FullName]string) *WayOut[M] {
	var none M
	if m == none {
		return nil
	}
	if proto.Size(m) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write what it changes, or leave it out")
		return nil
	}
	r.saidElsewhere(at, m.ProtoReflect(), elsewhere)
	return &WayOut[M]{Message: proto.CloneOf(m), At: at}
}

// saidElsewhere refuses the fields that have a word, and what is empty and may not be.
func (r *resolver) saidElsewhere(at diag.Path, m protoreflect.Message, elsewhere map[protoreflect.FullName]string) {
	eachField(at, m, func(at diag.Path, fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		instead, refused := elsewhere[fd.FullName()]
		if refused {
			r.ds.Errorf(diag.CodePlace, at, "a way out cannot set it; %s", instead)
		} else if fd.Message() != nil {
			if never, ok := neverEmpty[fd.Message().FullName()]; ok && proto.Size(v.Message().Interface()) == 0 {
				r.ds.Errorf(never.code, at, "%s", never.text)
			}
		}
		return !refused
	})
}

// serviceWaysOut are the ways out of one service.
func (r *resolver) serviceWaysOut(s *service, resolved *Service) {
	if s.hasTeam && s.Service.VirtualService != nil && s.team(s.path) { // Go literals only, YAML refuses the words
		r.ds.Errorf(diag.CodePlace, s.path.Key("virtualService"), onlyPlatform)
	}
	if s.VirtualService != nil {
		at := s.at("virtualService")
		needs(r, at, s.VirtualService)
		resolved.VirtualService = wayOut(r, at, s.VirtualService, elsewhereSaid)
		r.knownPorts(at, s.VirtualService)
		r.ownNames(at, s.VirtualService, resolved.Host)
	}
	if s.DestinationRule != nil {
		at := s.at("destinationRule")
		needs(r, at, s.DestinationRule)
		resolved.DestinationRule = wayOut(r, at, s.DestinationRule, elsewhereSaid)
	}
	for i := range s.Expose {
		w := s.Expose[i].VirtualService
		if w == nil {
			continue
		}
		at := s.at("expose").Index(i)
		needs(r, at.Key("virtualService"), w)
		wayOut(r, at.Key("virtualService"), w, elsewhereSaid)
		r.knownPorts(at.Key("virtualService"), w)
		if s.team(at) {
			r.ds.Errorf(diag.CodePlace, at.Key("virtualService"), onlyPlatform)
		}
	}
}

// knownPorts refuses routes of a way out to ports that a host outside does not have.
// Of services nobody but their Service knows the ports.
func (r *resolver) knownPorts(at diag.Path, w *networking.VirtualService) {
	if w == nil {
		return
	}
	eachField(at, w.ProtoReflect(), func(at diag.Path, fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Message() == nil || fd.IsList() || fd.IsMap() {
			return true
		}
		to, ok := v.Message().Interface().(*networking.Destination)
		if !ok {
			return true
		}
		x, known := r.external[to.Host]
		port := int(to.GetPort().GetNumber())
		if known && port != 0 && !slices.ContainsFunc(x.Ports, func(p ExternalPort) bool { return p.Number == port }) {
			r.ds.Errorf(diag.CodeReference, at.Key("port").Key("number"), "%s has no port %d (%s); write it in ports at %s", to.Host, port, x.numbers(), shortPath(x.Origin))
		}
		return false
	})
}

// ownNames refuses routes of TLS by names that no host of the VirtualService includes,
// or by none, as Istio does (pkg/config/validation, validateTLSRoute). Of an address it
// has no more than a warning.
func (r *resolver) ownNames(at diag.Path, w *networking.VirtualService, hosts ...string) {
	for i, route := range w.GetTls() {
		at := at.Key("tls").Index(i)
		if len(route.GetMatch()) == 0 {
			r.ds.Errorf(diag.CodeMissing, at, "write match with the sniHosts that clients ask for")
		}
		for j, m := range route.GetMatch() {
			at := at.Key("match").Index(j)
			if len(m.GetSniHosts()) == 0 {
				r.ds.Errorf(diag.CodeMissing, at, "write the sniHosts that clients ask for")
			}
			for k, name := range m.GetSniHosts() {
				r.ownName(at.Key("sniHosts").Index(k), name, hosts)
			}
		}
	}
}

func (r *resolver) ownName(at diag.Path, name string, hosts []string) {
	_, err := netip.ParseAddr(name)
	switch {
	case err == nil:
	case !isHost(name):
		r.ds.Errorf(diag.CodeName, at, "%q is no host; write a DNS name, or *.name", name)
	case !slices.ContainsFunc(hosts, func(host string) bool { return gatewayHost{name: host}.serves(name) }):
		r.ds.Errorf(diag.CodeReference, at, "%s is not within %s, the host of this VirtualService, and Istio refuses it; write a name of that host", name, strings.Join(hosts, ", "))
	}
}

// hostWayOut is the way out of a host's VirtualService: that of the only entry that
// has one. exposures are those of the host.
func (r *resolver) hostWayOut(exposures []*exposure) *WayOut[*networking.VirtualService] {
	var first *exposure
	for _, x := range exposures {
		switch {
		case x.entry.VirtualService == nil:
		case first == nil:
			first = x
			r.ownNames(x.at.Key("virtualService"), x.entry.VirtualService, x.host)
		case first.at != x.at:
			r.ds.Errorf(diag.CodeDuplicate, x.at.Key("virtualService"), "host %s has one VirtualService, and %s.virtualService changes it already; keep one", x.host, shortPath(first.at))
		}
	}
	if first == nil {
		return nil
	}
	return &WayOut[*networking.VirtualService]{Message: proto.CloneOf(first.entry.VirtualService), At: first.at.Key("virtualService")}
}

// gatewayWayOut is the way out of a gateway. It changes servers and adds none:
// what listens is known by the words.
func (r *resolver) gatewayWayOut(path diag.Path, g spec.Gateway, servers []Server) *WayOut[*networking.Gateway] {
	at := path.Key("gateway")
	var names []string
	for _, s := range servers {
		names = append(names, s.Name)
	}
	for i, s := range g.Gateway.GetServers() {
		at := at.Key("servers").Index(i).Key("port").Key("name")
		switch name := s.GetPort().GetName(); {
		case name == "":
			r.ds.Errorf(diag.CodeMissing, at, "write the name of the server's port: %s", strings.Join(names, ", "))
		case !slices.Contains(names, name):
			r.ds.Errorf(diag.CodeReference, at, "no server %q; there are %s. A new one belongs into servers", name, strings.Join(names, ", "))
		}
	}
	return wayOut(r, at, g.Gateway, elsewhereSaid)
}
