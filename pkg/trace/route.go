package trace

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// flight is what goes on to a destination. The zero is bytes that no proxy reads.
type flight struct {
	// read tells whether proxies read requests; then request is nil for one that a
	// route has changed in a way that is not followed.
	read    bool
	request *topology.Request
}

// choose takes the first of the routes that the request meets. Those of the
// VirtualServices from which they come may lead to what the package does not hold.
func (t *tracer) choose(routes []topology.Route, from []virtualService, r router) {
	var taken *topology.Route
	var open string
	for i := range routes {
		is, why := meets(t.call, routes[i].HTTPMatch)
		if is != topology.No {
			taken, open = &routes[i], why
			break
		}
	}
	if v, ok := t.elsewhere(from, taken, r); ok {
		t.end(v)
		return
	}
	switch {
	case taken == nil:
		t.end(fails(404, "no route of %s takes it", from[0].Object).by(from[0].Object, from[0].At("spec", "http")))
	case open != "":
		vs := taken.VirtualService
		t.end(unknown("whether %s takes it is not known: %s", title(*taken), open).by(vs.Object, vs.At("spec", "http", taken.Index)))
	default:
		t.taken(*taken, from, r)
	}
}

func title(r topology.Route) string {
	name := fmt.Sprintf("http[%d]", r.Index)
	if r.HTTP.Name != "" {
		name += " " + r.HTTP.Name
	}
	return name + " of " + r.VirtualService.Object.String()
}

// elsewhere is a route before the taken one that delegates to a VirtualService
// which the package does not hold, or that asks for labels of the proxy's pod which
// nobody knows. Istio would know both.
func (t *tracer) elsewhere(from []virtualService, taken *topology.Route, r router) (Verdict, bool) {
	for _, vs := range from {
		for i, route := range vs.Spec.Http {
			if taken != nil && taken.VirtualService.Object == vs.Object && taken.Index <= i {
				break
			}
			at := vs.At("spec", "http", i)
			if name, lacks := t.lacks(vs, route.Delegate); lacks && t.perhaps(route) {
				return unknown("it goes on in VirtualService %s, which the package does not hold", name).by(vs.Object, at.Key("delegate")), true
			}
			for _, m := range route.Match {
				if is, _ := meets(t.call, m); is != topology.No && !r.whole && !topology.Selects(m.SourceLabels, r.client.Labels) {
					return unknown("whether http[%d] of %s takes it is not known: it asks for labels of the caller", i, vs.Object).by(vs.Object, at), true
				}
			}
		}
	}
	return Verdict{}, false
}

// perhaps tells whether the request may meet one of a route's conditions.
func (t *tracer) perhaps(route *networking.HTTPRoute) bool {
	return len(route.Match) == 0 || slices.ContainsFunc(route.Match, func(m *networking.HTTPMatchRequest) bool {
		is, _ := meets(t.call, m)
		return is != topology.No
	})
}

// lacks names the VirtualService that a route delegates to and that the package
// does not hold.
func (t *tracer) lacks(vs virtualService, d *networking.Delegate) (string, bool) {
	if d == nil {
		return "", false
	}
	return delegate(vs, d), !slices.ContainsFunc(t.VirtualServices(), func(to virtualService) bool { return to.ID() == delegate(vs, d) })
}

func delegate(vs virtualService, d *networking.Delegate) string {
	if d.Namespace == "" {
		return vs.Namespace + "/" + d.Name
	}
	return d.Namespace + "/" + d.Name
}

// taken says what a route does with its requests, and sends them on.
func (t *tracer) taken(route topology.Route, from []virtualService, r router) {
	vs := route.VirtualService
	for _, outer := range from {
		for i, o := range outer.Spec.Http {
			if o.Delegate != nil && delegate(outer, o.Delegate) == vs.ID() && t.perhaps(o) {
				t.hop(Route, outer.Object, outer.At("spec", "http", i), fmt.Sprintf("http[%d] delegates to %s", i, vs.ID()))
				break
			}
		}
	}
	name := ""
	if route.HTTP.Name != "" {
		name = " " + route.HTTP.Name
	}
	says := []string{fmt.Sprintf("http[%d]%s takes it: %s", route.Index, name, asked(route.HTTPMatch))}
	at := vs.At("spec", "http", route.Index)
	t.hop(Route, vs.Object, at, append(says, treatment(route.HTTP)...)...)
	if v, ends := t.answered(route.HTTP); ends {
		t.end(v.by(vs.Object, at))
		return
	}
	t.forward(route, r, flight{read: true, request: rewritten(t.call.request(), route)})
	t.fault(route)
}

// answered is what a route says without asking anybody.
func (t *tracer) answered(route *networking.HTTPRoute) (Verdict, bool) {
	switch {
	case route.Redirect != nil:
		to := route.Redirect
		status := int(to.RedirectCode)
		if status == 0 {
			status = 301
		}
		scheme, host, path := to.Scheme, to.Authority, to.Uri
		if scheme == "" {
			scheme = t.call.Scheme
		}
		if host == "" {
			host = t.call.Host
		}
		if path == "" {
			path = t.call.request().Path
		}
		return Verdict{Outcome: Answered, Status: status, Why: "redirect to " + scheme + "://" + host + path}, true
	case route.DirectResponse != nil:
		return Verdict{Outcome: Answered, Status: int(route.DirectResponse.Status), Why: "the route answers itself"}, true
	case len(route.Route) == 0:
		return fails(404, "the route leads nowhere"), true
	}
	return Verdict{}, false
}

// treatment is what a route does besides leading on.
func treatment(r *networking.HTTPRoute) []string {
	var all []string
	if d := r.Timeout; d != nil {
		all = append(all, "timeout "+d.AsDuration().String())
	}
	if x := r.Retries; x != nil {
		text := fmt.Sprintf("retries %d", x.Attempts)
		if x.RetryOn != "" {
			text += " on " + x.RetryOn
		}
		if x.PerTryTimeout != nil {
			text += ", each " + x.PerTryTimeout.AsDuration().String()
		}
		all = append(all, text)
	}
	if d := r.GetFault().GetDelay(); d != nil {
		all = append(all, fmt.Sprintf("fault: %s wait %s", Percent(portion(d.GetPercentage())), d.GetFixedDelay().AsDuration()))
	}
	if a := r.GetFault().GetAbort(); a != nil {
		all = append(all, fmt.Sprintf("fault: %s get %s", Percent(portion(a.GetPercentage())), abortion(a)))
	}
	if w := r.Rewrite; w != nil {
		all = append(all, strings.TrimSpace("rewrites "+strings.TrimSpace(w.Uri+" "+w.Authority)))
	}
	return all
}

// portion of requests: all of them when nothing is written.
func portion(p *networking.Percent) float64 {
	if p == nil {
		return 100
	}
	return p.Value
}

func abortion(a *networking.HTTPFaultInjection_Abort) string {
	if a.GetGrpcStatus() != "" {
		return a.GetGrpcStatus()
	}
	return strconv.Itoa(int(a.GetHttpStatus()))
}

// fault takes from every branch what the route answers with an error.
func (t *tracer) fault(route topology.Route) {
	a := route.HTTP.GetFault().GetAbort()
	if a == nil {
		return
	}
	vs, share := route.VirtualService, portion(a.GetPercentage())
	for i := range t.answer.Branches {
		t.answer.Branches[i].Share *= 1 - share/100
	}
	v := fails(int(a.GetHttpStatus()), "the fault of the route answers %s", abortion(a))
	t.answer.Branches = append(t.answer.Branches, Branch{Share: share, Host: "fault", Verdict: v.by(vs.Object, vs.At("spec", "http", route.Index, "fault", "abort"))})
	t.end(t.sum())
}

// rewritten is the request as it arrives; nil when a route changes it in a way
// that is not followed.
func rewritten(r *topology.Request, route topology.Route) *topology.Request {
	w := route.HTTP.Rewrite
	if w.GetUriRegexRewrite() != nil || route.HTTP.Headers.GetRequest() != nil {
		return nil
	}
	if w.GetAuthority() != "" {
		r.Authority = w.Authority
	}
	if w.GetUri() != "" {
		prefix := route.HTTPMatch.GetUri().GetPrefix()
		if prefix == "" {
			prefix = r.Path
		}
		r.Path = w.Uri + strings.TrimPrefix(r.Path, prefix)
	}
	return r
}

// forward sends the call to the destinations of a route.
func (t *tracer) forward(route topology.Route, r router, f flight) {
	if route.Protocol != "http" {
		t.hop(Route, route.VirtualService.Object, route.VirtualService.At("spec", route.Protocol, route.Index), fmt.Sprintf("%s[%d] takes it", route.Protocol, route.Index))
	}
	total := 0
	for _, d := range route.Destinations {
		total += d.Weight
	}
	for _, d := range route.Destinations {
		switch {
		case d.Mirror:
			b := t.branch(d, r, f, at{route, d})
			b.Share = copied(route, d)
			t.answer.Copies = append(t.answer.Copies, b)
			continue
		case route.Idle(d):
			continue
		}
		b := t.branch(d, r, f, at{route, d})
		b.Share = 100
		if total > 0 {
			b.Share = math.Round(float64(d.Weight)*1e6/float64(total)) / 1e4
		}
		t.answer.Branches = append(t.answer.Branches, b)
	}
	t.end(t.sum())
}

// copied is the share of requests that a mirror gets.
func copied(r topology.Route, d topology.Destination) float64 {
	route := r.HTTP
	for _, m := range route.Mirrors {
		if topology.FullHost(m.GetDestination().GetHost(), r.VirtualService.Namespace) == d.Host && m.GetDestination().GetSubset() == d.Subset {
			return portion(m.Percentage)
		}
	}
	if route.MirrorPercentage != nil {
		return route.MirrorPercentage.Value
	}
	return 100
}

// at is the destination of a route in its object.
type at struct {
	route topology.Route
	to    topology.Destination
}

func (a at) blame(v Verdict, steps ...any) Verdict {
	if a.route.VirtualService.Object == nil {
		return v
	}
	return v.by(a.route.VirtualService.Object, a.route.At(a.to, steps...))
}

// sorted are the keys of a map, in order.
func sorted[V any](m map[string]V) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

func pairs(labels map[string]string) string {
	var all []string
	for _, k := range sorted(labels) {
		all = append(all, k+"="+labels[k])
	}
	return strings.Join(all, ",")
}
