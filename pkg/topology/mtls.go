package topology

import (
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
	all := m.PeerAuthentications()
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
// one scope the package's first counts.
func (m *Model) ServerMode(w *Workload, port int) ServerMode {
	t := m.peerTable()
	var mode ServerMode
	if t.mesh != nil {
		mode = ServerMode{Permissive, nil}
	}
	for _, p := range []*Config[*security.PeerAuthentication]{t.mesh, t.namespaces[w.Namespace], t.workloads[w]} {
		if p != nil {
			mode = saying(mode, p.Object, p.Spec.Mtls)
		}
	}
	if p := t.workloads[w]; p != nil {
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
}

// ClientOf is a workload as a caller.
func (m *Model) ClientOf(w *Workload) Client {
	return Client{w.Namespace, w.Labels, m.Injection(w).Sidecar}
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
	sidecar := m.Injection(server).Sidecar
	v := Verdict{Server: m.ServerMode(server, target)}
	if c.Sidecar == NotKnown || sidecar == NotKnown {
		v.Why = "it is not known who has a sidecar"
		return v
	}
	speaks := clientPlain
	if c.Sidecar == Yes {
		v.TLS = m.Rules(c, s.Host()).TLS(subset, port.Number)
		speaks = m.speaks(v.TLS, sidecar, v.Server.Mode)
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

func (m *Model) speaks(tls *ClientTLS, sidecar Answer, mode Mode) speech {
	if tls == nil {
		switch {
		case m.Install().NoAutoMTLS || sidecar == No || mode == Disable:
			return clientPlain
		case mode == UnknownMode:
			return clientUnknown
		}
		return clientMTLS
	}
	switch tls.Mode {
	case networking.ClientTLSSettings_DISABLE:
		return clientPlain
	case networking.ClientTLSSettings_ISTIO_MUTUAL:
		return clientMTLS
	}
	return clientOwn
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
