package matrix

import (
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// meet is what becomes of connections of a caller to a port, over all kinds of its
// pods.
func (b *builder) meet(c caller, t target) Cell {
	switch {
	case !t.known:
		return Cell{Word: Unknown}.because("the package does not hold the pods of the Service")
	case len(t.pods) == 0:
		return Cell{Word: Refused}.because("no pod has the labels that the Service selects")
	}
	if t.port.Kept() && c.client.Sidecar == topology.Yes && !c.client.Gateway {
		return Cell{Word: Refused}.because("the caller's proxy listens on the port itself")
	}
	if t.port.Protocol == topology.UDP {
		return b.pods(c, t) // which no proxy sees
	}
	if hidden := b.Hides(c.client, t.service.Host(), t.port.Number); hidden != nil && c.client.Sidecar != topology.No {
		why := hidden.Object.String() + " keeps the Service from the caller's proxy"
		switch lets := b.LetsOut(c.client); {
		case lets == topology.No || c.client.Gateway: // which has no other way
			return Cell{Word: Refused}.because(why)
		case lets == topology.NotKnown:
			return Cell{Word: Unknown}.because(why)
		}
		c.client.Sidecar = topology.No // passed on as it is
	}
	return b.pods(c, t)
}

// pods puts together what becomes of connections to each kind of a Service's pods.
func (b *builder) pods(c caller, t target) Cell {
	type one struct {
		word Word
		why  string
	}
	var all []one
	mixed := false
	for _, w := range t.pods {
		word, why := b.pair(c, t, w)
		all = append(all, one{word, why})
		mixed = mixed || word != all[0].word
	}
	cell := Cell{Word: all[0].word}
	for i, o := range all {
		if mixed {
			cell.Word = Mixed
			if o.why != "" {
				o.why = ": " + o.why
			}
			o.why = string(o.word) + " at " + t.pods[i].String() + o.why
		}
		cell = cell.because(o.why)
	}
	return cell
}

// pair is what becomes of connections to one workload.
func (b *builder) pair(c caller, t target, w *topology.Workload) (Word, string) {
	v := b.Meet(c.client, t.service, t.port, "", w)
	word := map[topology.Outcome]Word{
		topology.MTLS: MTLS, topology.Plaintext: Plaintext, topology.OwnTLS: OwnTLS, topology.Refused: Refused, topology.Unknown: Unknown,
	}[v.Outcome]
	switch {
	case word == Refused && v.TLS != nil:
		return word, v.Why + " (" + v.TLS.Rule.Object.String() + ")"
	case word == Refused && v.Server.From != nil:
		return word, v.Why + " (" + v.Server.From.String() + ")"
	case word == Refused || word == Unknown:
		return word, v.Why
	case b.Injection(w).Sidecar != topology.Yes || t.port.Protocol == topology.UDP:
		return word, ""
	}
	target, _ := w.TargetOf(t.port)
	call := topology.Call{HTTP: topology.No, Certified: topology.No, Namespace: c.client.Namespace, Account: c.account, Port: target}
	if word == MTLS {
		call.Certified = topology.Yes
	}
	if t.port.Protocol.IsHTTP() {
		call.HTTP = topology.Yes
	} else if t.port.Protocol == topology.Unsaid {
		call.HTTP = topology.NotKnown
	}
	switch a := b.Access(b.PoliciesOf(w), call); a.Allowed {
	case topology.No:
		return Denied, a.By.Policy.Object.String() + ": " + a.Why
	case topology.NotKnown:
		return Depends, a.By.Policy.Object.String() + ": " + a.Why
	}
	return word, ""
}
