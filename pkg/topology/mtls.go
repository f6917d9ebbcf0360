package topology

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
)

// Mode is the mTLS mode of a server's port, as a PeerAuthentication writes it.
type Mode string

// The modes. UnknownMode is said where the package holds no PeerAuthentication
// that decides: one of the mesh may lie elsewhere.
const (
	UnknownMode Mode = ""
	Disable     Mode = "DISABLE"
	Permissive  Mode = "PERMISSIVE"
	Strict      Mode = "STRICT"
)

// ServerMode is a mode with the object that says it.
type ServerMode struct {
	Mode Mode
	// From is the PeerAuthentication that decides, nil when none does.
	From *Object
}

// peerTable are the PeerAuthentications by whom they hold for.
type peerTable struct {
	mesh       *Config[*security.PeerAuthentication]
	namespaces map[string]*Config[*security.PeerAuthentication]
	workloads  map[*Workload]*Config[*security.PeerAuthentication]
}

func (m *Model) peerTable() *peerTable {
	if m.mtls != nil {
		return m.mtls
	}
	t := &peerTable{
		namespaces: map[string]*Config[*security.PeerAuthentication]{},
		workloads:  map[*Workload]*Config[*security.PeerAuthentication]{},
	}
	m.mtls = t
	all := slices.Clone(m.PeerAuthentications())
	slices.SortStableFunc(all, func(a, b Config[*security.PeerAuthentication]) int { return older(a.Object, b.Object) })
	for i := range all {
		p := &all[i]
		selector := p.Spec.GetSelector().GetMatchLabels()
		switch root := p.Namespace == m.RootNamespace(); {
		case root && len(selector) == 0 && t.mesh == nil:
			t.mesh = p
		case root: // one with a selector holds for nobody there
		case len(selector) == 0 && t.namespaces[p.Namespace] == nil:
			t.namespaces[p.Namespace] = p
		case len(selector) > 0:
			for _, w := range m.Selected(p.Namespace, selector) {
				if t.workloads[w] == nil {
					t.workloads[w] = p
				}
			}
		}
	}
	return t
}

// ServerMode is the mTLS mode of a port of a workload's pods, as sidecars take
// it: the port's own word before the workload's, the namespace's and the mesh's,
// and PERMISSIVE where all are silent
// (pilot/pkg/security/authn.ComposePeerAuthentication). Of several objects of
// one scope the oldest counts.
func (m *Model) ServerMode(w *Workload, port int) ServerMode {
	mode := m.wideMode(w.Namespace)
	if p := m.peerTable().workloads[w]; p != nil {
		mode = saying(mode, p.Object, p.Spec.Mtls)
		mode = saying(mode, p.Object, p.Spec.PortLevelMtls[uint32(port)])
	}
	return mode
}

func saying(mode ServerMode, from *Object, mtls *security.PeerAuthentication_MutualTLS) ServerMode {
	if mtls == nil || mtls.Mode == security.PeerAuthentication_MutualTLS_UNSET {
		return mode
	}
	return ServerMode{Mode(mtls.Mode.String()), from}
}

// Outcome is what becomes of a connection between two workloads.
type Outcome int

// A connection whose outcome is Unknown has its reason in Verdict.Why.
const (
	Unknown Outcome = iota
	// MTLS is Istio's own, both ends known to each other.
	MTLS
	// Plaintext is not encrypted by Istio.
	Plaintext
	// OwnTLS is TLS that a DestinationRule starts and that the program ends.
	OwnTLS
	// Refused is a connection that the server's proxy resets, or a handshake that
	// the server does not understand.
	Refused
)

// Client is how a caller opens connections.
type Client struct {
	// Namespace is where the caller lives: DestinationRules are looked for there
	// first, and it decides what exportTo lets the caller see.
	Namespace string
	// Labels are those of its pods, which some rules and routes are for.
	Labels map[string]string
	// Sidecar tells whether it has a proxy. Without one it speaks plain text.
	Sidecar Answer
	// Gateway tells whether it is a gateway: no Sidecar holds for it, and it reads
	// a credentialName in every DestinationRule.
	Gateway bool
}

// ClientOf is a workload as a caller.
func (m *Model) ClientOf(w *Workload) Client {
	return Client{w.Namespace, w.Labels, m.Injection(w).Sidecar, w.Gateway()}
}

// Verdict is what becomes of connections from a client to one workload behind a
// port of a host.
type Verdict struct {
	Outcome Outcome
	Why     string
	// TLS is what a DestinationRule says about it, nil when mTLS is automatic or
	// the client has no sidecar.
	TLS    *ClientTLS
	Server ServerMode
}

// Meet tells what becomes of connections from a client to a workload behind a
// port of a Service, for a subset unless that is "".
func (m *Model) Meet(c Client, s *Service, port Port, subset string, server *Workload) Verdict {
	if server.Gateway() {
		return Verdict{Why: "the server is a gateway, which takes what its Gateways say"}
	}
	target, ok := server.TargetOf(port)
	if !ok {
		return Verdict{Why: "no container declares the port " + port.TargetName}
	}
	if port.Protocol == UDP {
		return Verdict{Outcome: Plaintext} // which no proxy sees
	}
	sidecar := m.Injection(server).Sidecar
	v := Verdict{Server: m.ServerMode(server, target)}
	if c.Sidecar == NotKnown || sidecar == NotKnown {
		v.Why = "it is not known who has a sidecar"
		return v
	}
	speaks := clientPlain
	if c.Sidecar == Yes {
		rules := m.Rules(c, s.Host())
		v.TLS = rules.TLS(subset, port.Number)
		switch {
		case v.TLS != nil:
			speaks = v.TLS.speech(c)
		case m.Install().NoAutoMTLS:
		case s.Headless() || rules.Policy(subset, port.Number).GetLoadBalancer().GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH:
			speaks = m.speaksToAll(s, server)
		default:
			speaks = m.speaks(server, sidecar, v.Server.Mode)
		}
	}
	v.Outcome, v.Why = meet(speaks, sidecar, v.Server.Mode)
	return v
}

// speech is how a client opens a connection.
type speech int

const (
	clientPlain speech = iota
	clientMTLS
	clientOwn
	clientUnknown
)

// Holds tells whether a client does what the block says. A sidecar reads a
// credentialName only in a rule for its pods, and starts no TLS by another one's
// (pilot/pkg/networking/core.buildUpstreamClusterTLSContext).
func (t *ClientTLS) Holds(c Client) bool {
	if t.Mode != networking.ClientTLSSettings_SIMPLE && t.Mode != networking.ClientTLSSettings_MUTUAL {
		return true
	}
	return c.Gateway || t.CredentialName == "" || strings.HasPrefix(t.CredentialName, "configmap://") || t.Rule.Spec.WorkloadSelector != nil
}

// speech is how a client opens connections by a DestinationRule.
func (t *ClientTLS) speech(c Client) speech {
	switch {
	case t.Mode == networking.ClientTLSSettings_DISABLE || !t.Holds(c):
		return clientPlain
	case t.Mode == networking.ClientTLSSettings_ISTIO_MUTUAL:
		return clientMTLS
	}
	return clientOwn
}

// speaks is how a client opens connections to one pod when mTLS is automatic: where
// the server's namespace or the mesh switches mTLS off no client uses it, whatever
// is said of the pod itself (PushContext.BestEffortInferServiceMTLSMode).
func (m *Model) speaks(server *Workload, sidecar Answer, mode Mode) speech {
	switch {
	case sidecar == No || mode == Disable || m.wideMode(server.Namespace).Mode == Disable:
		return clientPlain
	case mode == UnknownMode:
		return clientUnknown
	}
	return clientMTLS
}

// speaksToAll is how a client opens connections when it chooses the pod itself: to
// all in one way, which is mTLS when all of them have a sidecar.
func (m *Model) speaksToAll(s *Service, server *Workload) speech {
	mode := m.wideMode(server.Namespace).Mode
	switch all := m.sidecarsBehind(s); {
	case all == No || mode == Disable:
		return clientPlain
	case all == NotKnown || mode == UnknownMode:
		return clientUnknown
	}
	return clientMTLS
}

// sidecarsBehind tells whether all pods of a Service have a sidecar.
func (m *Model) sidecarsBehind(s *Service) Answer {
	if s.sidecars != nil {
		return *s.sidecars
	}
	found := Yes
	s.sidecars = &found
	all, _ := m.Behind(s)
	for _, w := range all {
		switch m.Injection(w).Sidecar {
		case No:
			found = No
			return No
		case NotKnown:
			found = NotKnown
		}
	}
	return found
}

// wideMode is the mode of a namespace, or of the mesh.
func (m *Model) wideMode(namespace string) ServerMode {
	t := m.peerTable()
	var mode ServerMode
	if t.mesh != nil {
		mode = ServerMode{Permissive, nil}
	}
	for _, p := range []*Config[*security.PeerAuthentication]{t.mesh, t.namespaces[namespace]} {
		if p != nil {
			mode = saying(mode, p.Object, p.Spec.Mtls)
		}
	}
	return mode
}

func meet(speaks speech, sidecar Answer, mode Mode) (Outcome, string) {
	switch {
	case sidecar == No && speaks == clientMTLS:
		return Refused, "the client's proxy speaks mTLS and the server has no sidecar"
	case sidecar == No && speaks == clientOwn:
		return OwnTLS, ""
	case sidecar == No:
		return Plaintext, ""
	case speaks == clientUnknown || mode == UnknownMode:
		return Unknown, "no PeerAuthentication of the package says what the server takes"
	case speaks == clientMTLS && mode == Disable:
		return Refused, "the client's proxy speaks mTLS and the server takes plain text only"
	case speaks == clientMTLS:
		return MTLS, ""
	case mode == Strict && speaks == clientOwn:
		return Refused, "the client's TLS is not Istio's and the server takes mTLS only"
	case mode == Strict:
		return Refused, "the client speaks plain text and the server takes mTLS only"
	case speaks == clientOwn:
		return OwnTLS, ""
	}
	return Plaintext, ""
}
