package topology

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// sidecar is a Sidecar.
type sidecar = Config[*networking.Sidecar]

// SidecarOf finds the Sidecar that holds for a client's proxy: the oldest of its
// namespace for its pods, else the oldest for all pods there, else that of the root
// namespace (pilot/pkg/model.PushContext.initSidecarScopes). None holds for a
// gateway.
func (m *Model) SidecarOf(c Client) (Config[*networking.Sidecar], bool) {
	if m.sidecarsIn == nil {
		m.sidecarsIn = map[string][]sidecar{}
		for _, s := range m.Sidecars() {
			m.sidecarsIn[s.Namespace] = append(m.sidecarsIn[s.Namespace], s)
		}
		for _, all := range m.sidecarsIn {
			slices.SortStableFunc(all, func(a, b sidecar) int { return older(a.Object, b.Object) })
		}
	}
	if c.Gateway {
		return sidecar{}, false
	}
	own := m.sidecarsIn[c.Namespace]
	for _, s := range own {
		if w := s.Spec.WorkloadSelector; w != nil && Selects(w.Labels, c.Labels) {
			return s, true
		}
	}
	for _, s := range append(slices.Clone(own), m.sidecarsIn[m.RootNamespace()]...) {
		if s.Spec.WorkloadSelector == nil {
			return s, true
		}
	}
	return sidecar{}, false
}

// Hidden is what keeps a host from a client's proxy: the Sidecar that holds for it,
// or the exportTo of the host's own object.
type Hidden struct {
	*Object
	at []any
}

// At is the place where the host would be let through.
func (h Hidden) At() diag.Path { return h.Object.At(h.at...) }

// exportAnnotation is the exportTo of a Kubernetes Service.
const exportAnnotation = "networking.istio.io/exportTo"

// exportTo are the namespaces whose clients see the Service, nil where nobody says.
func (s *Service) exportTo() []string {
	written, ok := s.item.Annotation(exportAnnotation)
	if !ok {
		return nil
	}
	var all []string
	for name := range strings.SplitSeq(written, ",") {
		all = append(all, strings.TrimSpace(name))
	}
	return all
}

// Hides tells why a client's proxy does not know a host of the package when the
// client calls it on a port, 0 for any; nil when it does. A Sidecar shows the hosts
// that it names. Routes may lead to a host that is hidden all the same, see
// [Model.LedTo].
func (m *Model) Hides(c Client, host string, port int) *Hidden {
	var owners []string
	var unexported *Hidden
	owner := func(o *Object, exportTo []string, at ...any) {
		if m.exported(c, o, exportTo) {
			owners = append(owners, o.Namespace)
		} else {
			unexported = &Hidden{o, at}
		}
	}
	if s, ok := m.ServiceOf(host); ok {
		owner(s.Object, s.exportTo(), "metadata", "annotations", exportAnnotation)
	}
	entries := m.EntriesOf(host)
	has := func(e Config[*networking.ServiceEntry]) bool {
		return port == 0 || slices.ContainsFunc(e.Spec.Ports, func(p *networking.ServicePort) bool { return int(p.Number) == port })
	}
	nobody := !slices.ContainsFunc(entries, has) // which is another fault
	for _, e := range entries {
		if nobody || has(e) {
			owner(e.Object, e.Spec.ExportTo, "spec", "exportTo")
		}
	}
	if len(owners) == 0 {
		return unexported
	}
	s, ok := m.SidecarOf(c)
	if !ok || len(s.Spec.Egress) == 0 {
		return nil
	}
	for _, l := range listening(s, port) {
		if slices.ContainsFunc(owners, func(namespace string) bool { return shows(l, c, namespace, host, inside) }) {
			return nil
		}
	}
	return &Hidden{s.Object, []any{"spec", "egress"}}
}

// exported tells whether a client sees a Service or a ServiceEntry by its exportTo.
func (m *Model) exported(c Client, o *Object, exportTo []string) bool {
	if len(exportTo) == 0 {
		exportTo = m.Install().ServicesTo
	}
	return visible(exportTo, o.Namespace, c.Namespace)
}

// listening are the listeners of a Sidecar for a port: those that name it, else
// those that name none; all for port 0.
func listening(s sidecar, port int) []*networking.IstioEgressListener {
	var own, any []*networking.IstioEgressListener
	for _, l := range s.Spec.Egress {
		switch number := int(l.GetPort().GetNumber()); {
		case port == 0 || number == port:
			own = append(own, l)
		case number == 0:
			any = append(any, l)
		}
	}
	if len(own) > 0 {
		return own
	}
	return any
}

// shows tells whether a listener shows a host that a namespace has. The written
// host and the asked one are compared as Istio does for the kind of object.
func shows(l *networking.IstioEgressListener, c Client, namespace, host string, same func(written, host string) bool) bool {
	shown := false
	for _, written := range l.Hosts {
		in, h, _ := strings.Cut(written, "/")
		in, not := strings.CutPrefix(in, "~")
		switch {
		case not && in == "":
			in = "*"
		case in == ".":
			in = c.Namespace
		}
		if in != "*" && in != namespace {
			continue
		}
		if not && inside(h, host) {
			return false
		}
		shown = shown || !not && same(h, host)
	}
	return shown
}

// inside tells whether a host is one of those that another means.
func inside(wide, host string) bool {
	rest, wild := strings.CutPrefix(wide, "*")
	return wide == host || wild && strings.HasSuffix(strings.TrimPrefix(host, "*"), rest)
}

// showsRoutes tells whether a listener shows a VirtualService.
func showsRoutes(l *networking.IstioEgressListener, c Client, vs vservice) bool {
	return slices.ContainsFunc(vs.Spec.Hosts, func(host string) bool {
		return shows(l, c, vs.Namespace, FullHost(host, vs.Namespace), HostMatches)
	})
}

// LedTo tells whether routes that a client's proxy is shown lead to a port of a host,
// which the proxy knows then as their destination (pilot/pkg/model.SidecarScope.
// collectImportedServices). A destination without a port is every port.
func (m *Model) LedTo(c Client, host string, port int) bool {
	s, ok := m.SidecarOf(c)
	for _, lead := range m.leadingTo(host) {
		if m.nearness(c, lead.vservice) == unseen || lead.port != 0 && lead.port != port {
			continue
		}
		if !ok || len(s.Spec.Egress) == 0 || slices.ContainsFunc(s.Spec.Egress, func(l *networking.IstioEgressListener) bool { return showsRoutes(l, c, lead.vservice) }) {
			return true
		}
	}
	return false
}

// lead is a VirtualService with the port of a host to which it leads.
type lead struct {
	vservice
	port int
}

// leadingTo are the VirtualServices of the mesh with a destination of a host.
func (m *Model) leadingTo(host string) []lead {
	if m.leads == nil {
		m.leads = map[string][]lead{}
		for _, vs := range m.VirtualServices() {
			if !slices.Contains(Sides(vs), Mesh) {
				continue
			}
			for _, r := range RoutesOf(vs) {
				for _, d := range r.Destinations {
					m.leads[d.Host] = append(m.leads[d.Host], lead{vs, d.Port})
				}
			}
		}
	}
	return m.leads[host]
}
