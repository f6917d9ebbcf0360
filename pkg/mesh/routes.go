package mesh

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// route is one of a service's routes with its conditions resolved.
type route struct {
	spec.Route
	at      diag.Path
	matches []*match
}

// routes resolves and checks a service's routes, without its last one.
func (r *resolver) routes(s *service) []route {
	var all []route
	before := coverIndex{}
	for i, written := range s.Routes {
		at := s.at("routes").Index(i)
		faults := len(*r.ds)
		one := route{Route: written, at: at, matches: r.when(at.Key("when"), written.When, false)}
		faulty := (*r.ds)[faults:].HasErrors()
		if written.When == nil {
			r.ds.Errorf(diag.CodeMissing, at, "it has no when and would hide everything after it; write its words at the service itself")
		}
		r.routeWords(at.Key, written, s)
		r.fits(at, written, s.own())
		r.noLoop(at.Key("redirect"), written, one.matches, s.host())
		r.prefixRedirect(at.Key("redirect"), written, one.matches)
		if slices.ContainsFunc(one.matches, matchesClaims) && len(s.Expose) == 0 {
			r.ds.Errorf(diag.CodePlace, at.Key("when"), "claims can be matched on a gateway only; expose this service")
		}
		if !faulty { // what its conditions are is not known
			r.reached(all, before, one)
			before.add(len(all), one.matches)
			all = append(all, one)
		}
	}
	return all
}

// reached refuses a route that comes after others which take all of its requests.
func (r *resolver) reached(all []route, before coverIndex, one route) {
	if len(one.matches) == 0 {
		return
	}
	first := -1 // the earlier route that takes the first match
	for _, m := range one.matches {
		i := before.first(m)
		if i < 0 {
			return
		}
		if first < 0 {
			first = i
		}
	}
	r.ds.Errorf(diag.CodeUnused, one.at, "it is never reached: %s matches all of it", shortPath(all[first].at))
}

// own are the route words that the service says itself.
func (s *service) own() words {
	return words{Route: spec.Route{
		To: s.To, Split: s.Split, Port: s.Port, Timeout: s.Timeout, Retries: s.Retries, Fault: s.Fault,
		Mirror: s.Mirror, Headers: s.Headers, CORSPolicy: s.CORSPolicy,
	}}
}

// hasRouteWord tells whether the service says anything about all its requests.
func (s *service) hasRouteWord() bool {
	return s.To != "" || s.Split != nil || s.Timeout != nil || s.Retries != nil || s.Fault != nil ||
		s.Mirror != nil || s.Headers != nil || s.CORSPolicy != nil
}

// words are the route words of one place, completed by those around it.
type words struct {
	spec.Route
	// mirrorTaken says that mirror stands at a wider place.
	mirrorTaken bool
}

// ends tells whether requests end at the proxy, so that no word about the
// service makes sense, or leave the document with delegate.
func ends(w spec.Route) bool { return answers(w) || w.Delegate != nil }

// answers tells whether the proxy answers itself.
func answers(w spec.Route) bool { return w.Redirect != nil || w.DirectResponse != nil }

// complete takes over what the inner place does not say.
func complete(inner, outer words) words {
	if ends(inner.Route) {
		return inner
	}
	if inner.To == "" && inner.Split == nil {
		inner.To, inner.Split = outer.To, outer.Split
	}
	if inner.Mirror == nil {
		inner.Mirror, inner.mirrorTaken = outer.Mirror, true
	}
	inner.Name = cmp.Or(inner.Name, outer.Name)
	inner.Port = cmp.Or(inner.Port, outer.Port)
	inner.Rewrite = cmp.Or(inner.Rewrite, outer.Rewrite)
	inner.Timeout = cmp.Or(inner.Timeout, outer.Timeout)
	inner.Retries = cmp.Or(inner.Retries, outer.Retries)
	inner.Fault = cmp.Or(inner.Fault, outer.Fault)
	inner.Headers = cmp.Or(inner.Headers, outer.Headers)
	inner.CORSPolicy = cmp.Or(inner.CORSPolicy, outer.CORSPolicy)
	return inner
}

// meshRoutes are the routes that sidecars follow; none when Kubernetes decides.
func (s *service) meshRoutes() []Route {
	var all []Route
	for _, one := range s.routes {
		matches, none := those(one.matches, onMesh)
		if none {
			continue
		}
		for _, group := range byPort(matches) {
			w := words{Route: one.Route}
			w.Port = cmp.Or(w.Port, int(group[0].Port))
			all = append(all, s.build(complete(w, s.own()), s.onPort(group)))
		}
	}
	if len(all) == 0 && !s.hasRouteWord() {
		return nil
	}
	return append(all, s.build(s.own(), s.onPort(nil)))
}

// byPort parts matches by the called port, which decides where they go.
func byPort(matches []*match) [][]*match {
	var groups [][]*match
	for i, m := range matches {
		if i == 0 || m.Port != matches[i-1].Port {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], m)
	}
	return groups
}

// onPort adds the service's port to matches that name none. Without it, calls to
// the service's other ports would be sent to this one.
func (s *service) onPort(matches []*match) []*match {
	if s.Port == 0 {
		return cloned(matches)
	}
	if len(matches) == 0 {
		return []*match{{Port: uint32(s.Port)}}
	}
	out := cloned(matches)
	for _, m := range out {
		m.Port = cmp.Or(m.Port, uint32(s.Port))
	}
	return out
}

func cloned(matches []*match) []*match {
	var out []*match
	for _, m := range matches {
		out = append(out, proto.CloneOf(m))
	}
	return out
}
