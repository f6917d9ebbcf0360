package trace

import (
	"slices"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// deepest is how many gateways a call may go through; routes that send it around
// have no end.
const deepest = 3

// through follows a call that a route sends to a gateway, as to one for egress: what
// the gateway does with it, and where it goes from there.
func (t *tracer) through(b *Branch, doors []door, r router, f flight) {
	if t.deep >= deepest {
		b.Verdict = unknown("the call goes through more than %d gateways", deepest)
		return
	}
	on := &tracer{Model: t.Model, call: t.call, noted: t.noted, deep: t.deep + 1, from: &r}
	on.call.Port, on.call.Scheme = b.Port, "tls"
	if f.read {
		on.call.Scheme = "http"
	}
	on.receive(doors, f.read)
	b.Hops = append(b.Hops, on.answer.Hops...)
	b.Then, b.Verdict = on.answer.Branches, on.answer.Verdict
	t.answer.Copies = append(t.answer.Copies, on.answer.Copies...)
	t.answer.Notes = append(t.answer.Notes, on.answer.Notes...)
	if i := slices.IndexFunc(b.Then, func(b Branch) bool { return b.Verdict.Outcome == Unknown }); i >= 0 && b.Verdict.Outcome == Unknown {
		b.Verdict = b.Then[i].Verdict // the way there is said before
	}
}

// inner are the servers of the gateway that a destination names, on its port.
func (t *tracer) inner(b *Branch) []door {
	namespace, name, _ := topology.SplitHost(b.Host)
	s, isService := t.ServiceOf(b.Host)
	var all []door
	for _, g := range t.Gateways() {
		pods, installed := t.GatewayPods(g)
		has := slices.ContainsFunc(installed, func(i topology.InstalledGateway) bool { return i.Namespace == namespace && i.Name == name })
		has = has || isService && slices.ContainsFunc(pods, func(w *topology.Workload) bool {
			return w.Namespace == s.Namespace && len(s.Selector()) > 0 && topology.Selects(s.Selector(), w.Labels)
		})
		if has {
			all = append(all, t.doorsOf(g)...)
		}
	}
	if !isService && len(all) == 0 {
		return nil
	}
	return t.openAt(all, b.Port)
}

// receive finds the server of a gateway inside the mesh. One that wants a
// certificate of the mesh gets it from the proxy before it.
func (t *tracer) receive(doors []door, read bool) {
	best := 0
	for _, d := range doors {
		best = max(best, d.rank(t.call.Host))
	}
	doors = slices.DeleteFunc(doors, func(d door) bool {
		list := topology.RouteList(d.server)
		return d.rank(t.call.Host) != best && list != "tcp" || read != (list == "http")
	})
	if best == 0 || len(doors) == 0 {
		t.end(fails(0, "no server of the gateway takes %s on port %d", t.call.Host, t.call.Port))
		return
	}
	first := doors[0]
	if !t.atDoor(first) {
		return
	}
	if list := topology.RouteList(first.server); list != "http" {
		t.bytesAt(first, list)
		return
	}
	if first.tls() {
		doors = doors[:1]
	}
	t.httpAt(first, doors)
}
