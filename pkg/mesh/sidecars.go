package mesh

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Sidecar is what the proxies of one place know of others: the mesh, a namespace,
// or the workload that Selector finds.
type Sidecar struct {
	Namespace, Name string
	Selector        map[string]string
	// Hosts are NAMESPACE/HOST, sorted.
	Hosts []string
	// OutboundTrafficPolicy is empty where the mesh's holds.
	OutboundTrafficPolicy string
	Ingress               []*networking.IstioIngressListener
	Origin                diag.Path
}

// sidecars are the places that say what proxies know, the mesh first. Istio reads
// one for each pod, the narrowest, so that each holds all that the wider ones say.
func (r *resolver) sidecars() []Sidecar {
	var all []Sidecar
	at := r.at().Key("sidecar")
	mesh, providers := r.spec.Sidecar, r.providerHosts()
	if mesh != nil {
		r.sidecarWords(at.Key, *mesh, false)
		all = append(all, sidecarOf(Sidecar{Namespace: Root, Name: "default", Origin: at}, *mesh, providers.everywhere()...))
	}
	wider := map[string]*spec.Sidecar{}
	for _, name := range sortedKeys(r.spec.Namespaces) {
		w, at := r.spec.Namespaces[name].Sidecar, r.at().Key("namespaces").Key(name).Key("sidecar")
		switch {
		case w == nil:
		case name == Root:
			r.ds.Errorf(diag.CodePlace, at, "istio-system is the root namespace, its Sidecar holds for the whole mesh; write it under spec.sidecar")
		default:
			r.sidecarWords(at.Key, *w, false)
			wider[name] = inherited(*w, mesh)
			all = append(all, sidecarOf(Sidecar{Namespace: name, Name: "default", Origin: at}, *wider[name], providers.in(name)...))
		}
	}
	said := &saidOfPods{}
	for _, s := range r.services {
		if s.Sidecar == nil {
			continue
		}
		r.onePods(s.at("sidecar"), s, said)
		around := mesh
		if w := wider[s.Namespace]; w != nil {
			around = w
		}
		all = append(all, r.serviceSidecar(s, around, providers.in(s.Namespace)))
	}
	return all
}

// serviceSidecar is what the pods of one service know. Its versions of other names
// are always among it, and the hosts that are added.
func (r *resolver) serviceSidecar(s *service, around *spec.Sidecar, hosts []string) Sidecar {
	at := func(word string) diag.Path { return s.at("sidecar." + word) }
	r.sidecarWords(at, *s.Sidecar, true)
	r.teamSidecar(s, around)
	w := inherited(*s.Sidecar, around)
	origin := s.at("sidecar")
	for _, word := range []string{"egress", "outboundTrafficPolicy", "ingress"} {
		if s.teamWords["sidecar."+word] {
			origin = s.teamPath.Key("sidecar")
		}
	}
	for _, name := range sortedKeys(s.Versions) {
		if host := s.known[name].Host; host != "" {
			hosts = append(hosts, r.namespaceOf(host)+"/"+host)
		}
	}
	return sidecarOf(Sidecar{Namespace: s.Namespace, Name: s.Name, Selector: s.selector(), Origin: origin}, *w, hosts...)
}

// namespaceOf is where the Service or the entry of a host lies.
func (r *resolver) namespaceOf(host string) string {
	if x, ok := r.external[host]; ok {
		return x.Namespace
	}
	_, rest, _ := strings.Cut(strings.TrimSuffix(host, clusterSuffix), ".")
	return rest
}

// inherited completes the words of a place with those of the wider one.
func inherited(w spec.Sidecar, around *spec.Sidecar) *spec.Sidecar {
	if around != nil {
		if w.Egress == nil {
			w.Egress = around.Egress
		}
		w.OutboundTrafficPolicy = cmp.Or(w.OutboundTrafficPolicy, around.OutboundTrafficPolicy)
	}
	return &w
}

func sidecarOf(s Sidecar, w spec.Sidecar, added ...string) Sidecar {
	own := s.Namespace
	if s.Namespace == Root && s.Selector == nil {
		own = "" // in the Sidecar of the mesh . is each pod's own namespace
	}
	s.Hosts = visible(own, slices.Concat(w.Egress, added), w.Egress == nil)
	s.OutboundTrafficPolicy = w.OutboundTrafficPolicy
	for _, listener := range w.Ingress {
		s.Ingress = append(s.Ingress, proto.CloneOf(listener))
	}
	return s
}

// visible are NAMESPACE/HOST of a list and what is always added, sorted and without
// those that another one covers. own is the namespace that . stands for.
func visible(own string, list []string, byDefault bool) []string {
	if byDefault {
		list = append([]string{"./*"}, list...)
	}
	all := map[string]bool{}
	for _, host := range append(slices.Clone(list), Root+"/*") {
		all[inOwn(own, host)] = true
	}
	var hosts []string
	for _, host := range sortedKeys(all) {
		if !shown(all, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// inOwn writes the own namespace as ., so that one host has one text.
func inOwn(own, host string) string {
	if name, found := strings.CutPrefix(host, own+"/"); found && own != "" {
		return "./" + name
	}
	return host
}

// shown tells whether a wider entry of the set shows the host as well.
func shown(set map[string]bool, host string) bool {
	namespace, name, _ := strings.Cut(host, "/")
	for _, ns := range []string{namespace, "*"} {
		for _, n := range widening(name) {
			if wide := ns + "/" + n; wide != host && set[wide] {
				return true
			}
		}
	}
	return false
}

// widening are a host and the wildcards above it.
func widening(name string) []string {
	all := []string{name}
	for rest := strings.TrimPrefix(name, "*."); ; {
		_, after, found := strings.Cut(rest, ".")
		if !found {
			break
		}
		if wide := "*." + after; wide != name {
			all = append(all, wide)
		}
		rest = after
	}
	if name != "*" {
		all = append(all, "*")
	}
	return all
}

// sidecarWords checks the words of one place.
func (r *resolver) sidecarWords(at place, w spec.Sidecar, workload bool) {
	if w.Egress != nil && len(w.Egress) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at("egress"), `a proxy that sees nothing cannot call anything; write ["./*"]`)
	}
	seen := map[string]bool{}
	for i, text := range w.Egress {
		at := at("egress").Index(i)
		ns, host, _ := strings.Cut(text, "/")
		known := host == "*" || isHost(host) && strings.Contains(host, ".")
		switch {
		case !known || ns != "." && ns != "*" && !isLabel(ns):
			r.ds.Errorf(diag.CodeName, at, "%q: write namespace/host, for example shop/reviews.shop%s or ./*", text, clusterSuffix)
		case seen[text]:
			r.ds.Errorf(diag.CodeDuplicate, at, "%s is written twice; keep one", text)
		}
		seen[text] = true
	}
	r.outboundTrafficPolicy(at, w.OutboundTrafficPolicy)
	switch {
	case w.Ingress == nil:
	case !workload:
		r.ds.Errorf(diag.CodePlace, at("ingress"), "ingress needs a workload; write it at a service")
	case len(w.Ingress) == 0:
		r.ds.Errorf(diag.CodeEmpty, at("ingress"), "empty; write listeners, or leave ingress out for the ports of the Services")
	default:
		r.listeners(at("ingress"), w.Ingress)
	}
}

// teamSidecar keeps a team from knowing more than the platform lets its proxies
// know.
func (r *resolver) teamSidecar(s *service, around *spec.Sidecar) {
	if at := s.at("sidecar.ingress"); s.team(at) && s.Sidecar.Ingress != nil {
		r.ds.Errorf(diag.CodePlace, at, onlyPlatform)
	}
	if at := s.at("sidecar.outboundTrafficPolicy"); s.team(at) && s.Sidecar.OutboundTrafficPolicy == "ALLOW_ANY" {
		r.ds.Errorf(diag.CodePlace, at, "a MeshService may close what is open and not the reverse; REGISTRY_ONLY, or the platform team sets it in KymaMesh services[]")
	}
	at := s.at("sidecar.egress")
	if around == nil || !s.team(at) {
		return
	}
	wide := visible(s.Namespace, around.Egress, around.Egress == nil)
	set := map[string]bool{}
	for _, host := range wide {
		set[host] = true
	}
	for i, host := range s.Sidecar.Egress {
		if own := inOwn(s.Namespace, host); !set[own] && !shown(set, own) {
			r.ds.Errorf(diag.CodePlace, at.Index(i), "%s is not among what the platform shows here (%s); the platform team adds it in the KymaMesh", host, strings.Join(wide, ", "))
		}
	}
}

// listeners checks Istio's own listeners of a workload.
func (r *resolver) listeners(at diag.Path, all []*networking.IstioIngressListener) {
	first := map[uint32]int{}
	for i, l := range all {
		at := at.Index(i)
		needs(r, at, l)
		port := l.Port
		if port == nil || port.Number == 0 {
			r.ds.Errorf(diag.CodeMissing, at.Key("port").Key("number"), "write the port that the pods take calls on")
			continue
		}
		r.port(at.Key("port").Key("number"), int(port.Number))
		if j, twice := first[port.Number]; twice {
			r.ds.Errorf(diag.CodeDuplicate, at.Key("port").Key("number"), "%d is also ingress[%d]; keep one", port.Number, j)
		}
		first[port.Number] = i
		if port.Protocol == "" {
			r.ds.Errorf(diag.CodeMissing, at.Key("port").Key("protocol"), "write HTTP, HTTPS, TLS or TCP")
		} else {
			r.oneOf(at.Key("port").Key("protocol"), port.Protocol, serverProtocols)
		}
		if port.Name != "" {
			r.names.portName(at.Key("port").Key("name"), port.Name)
		}
		if _, err := netip.ParseAddr(l.Bind); l.Bind != "" && err != nil {
			r.ds.Errorf(diag.CodeValue, at.Key("bind"), "%q is no address", l.Bind)
		}
		r.defaultEndpoint(at.Key("defaultEndpoint"), l.DefaultEndpoint)
		r.connectionPool(at.Key("connectionPool"), l.ConnectionPool)
		r.listenerTLS(at, l)
	}
}

// defaultEndpoint checks where the application listens in the pod.
func (r *resolver) defaultEndpoint(at diag.Path, text string) {
	if text == "" || strings.HasPrefix(text, "unix:///") || strings.HasPrefix(text, "unix://@") && len(text) > len("unix://@") {
		return
	}
	colon := strings.LastIndexByte(text, ':')
	host, port := text[:max(0, colon)], text[colon+1:]
	number, err := strconv.Atoi(port)
	known := slices.Contains([]string{"", "127.0.0.1", "0.0.0.0", "[::1]", "[::]"}, host)
	if colon < 0 || err != nil || !known || number < 1 || number > 65535 {
		r.ds.Errorf(diag.CodeValue, at, "%q is no place in the pod; write 127.0.0.1:PORT, 0.0.0.0:PORT or unix:///PATH", text)
	}
}

// tlsOnListeners is the switch of istiod without which TLS of a Sidecar is not
// read (pilot/pkg/features, Istio 1.11 to 1.31).
const tlsOnListeners = "ENABLE_TLS_ON_SIDECAR_INGRESS"

func (r *resolver) listenerTLS(at diag.Path, l *networking.IstioIngressListener) {
	w := l.Tls
	if w == nil {
		return
	}
	at = at.Key("tls")
	if r.spec.Install.Pilot.Env[tlsOnListeners] != "true" {
		r.ds.Errorf(diag.CodeTLS, at, "Istio does not read it and would take plain text; write install.pilot.env: {%s: %q}", tlsOnListeners, "true")
	}
	if !opensTLS(l.Port.Protocol) {
		r.ds.Errorf(diag.CodeTLS, at, "%s port takes no tls; write protocol: HTTPS or TLS", article(l.Port.Protocol))
	}
	for _, o := range []struct {
		word string
		said bool
	}{
		{"httpsRedirect", w.HttpsRedirect}, {"credentialName", w.CredentialName != ""}, {"credentialNames", len(w.CredentialNames) > 0},
		{"caCertCredentialName", w.CaCertCredentialName != ""}, {"subjectAltNames", len(w.SubjectAltNames) > 0}, {"tlsCertificates", len(w.TlsCertificates) > 0},
	} {
		if o.said {
			r.ds.Errorf(diag.CodeTLS, at.Key(o.word), "a sidecar knows it not; it reads serverCertificate, privateKey and caCertificates from files")
		}
	}
	switch w.Mode {
	case networking.ServerTLSSettings_SIMPLE:
		if w.CaCrl != "" {
			r.ds.Errorf(diag.CodeTLS, at.Key("caCrl"), "SIMPLE asks callers for no certificate that a list could revoke; write mode: MUTUAL, or leave caCrl out")
		}
	case networking.ServerTLSSettings_MUTUAL, networking.ServerTLSSettings_OPTIONAL_MUTUAL:
		if w.CaCertificates == "" {
			r.ds.Errorf(diag.CodeTLS, at, "tls.mode %s needs caCertificates: who signed the callers' certificates", w.Mode)
		}
	default:
		r.ds.Errorf(diag.CodeTLS, at.Key("mode"), "write SIMPLE, MUTUAL or OPTIONAL_MUTUAL")
		return
	}
	if w.ServerCertificate == "" || w.PrivateKey == "" {
		r.ds.Errorf(diag.CodeTLS, at, "write serverCertificate and privateKey, files in the proxy's container")
	}
}
