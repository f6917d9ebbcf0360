package mesh

import (
	"cmp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/spec"
)

// build is the route that completed words and matches make. What switches a word
// off is left out here, not before, since it has to hold against wider places.
func (s *service) build(w words, matches []*match) Route {
	route := Route{Name: w.Name, Match: matches, Headers: filled(w.Headers), CORSPolicy: filled(w.CORSPolicy)}
	switch {
	case answers(w.Route):
		route.Redirect, route.DirectResponse = proto.CloneOf(w.Redirect), proto.CloneOf(w.DirectResponse)
		return route
	case w.Delegate != nil:
		route.Delegate = s.delegate(w.Delegate)
	default:
		route.To = s.destinations(w.Route)
	}
	route.Rewrite = filled(w.Rewrite)
	route.Timeout = filled(w.Timeout)
	route.Retries = retries(w.Retries)
	route.Fault = fault(w.Fault)
	for _, m := range w.Mirror {
		to := destination(s, m.To, s.known[m.To], w.Port, 0)
		if w.mirrorTaken && !slices.ContainsFunc(route.To, func(d Destination) bool { return !d.same(to) }) {
			continue // each request would be sent there twice
		}
		route.Mirrors = append(route.Mirrors, Mirror{To: to, Percentage: share(m.Percentage)})
	}
	return route
}

// filled is a copy of a message, nil for one that is empty and so switches
// something off.
func filled[M interface {
	comparable
	proto.Message
}](m M) M {
	var none M
	if m == none || proto.Size(m) == 0 {
		return none
	}
	return proto.CloneOf(m)
}

// share is a percentage, all when it is not written.
func share(p *spec.Percent) float64 {
	if p == nil {
		return 100
	}
	return float64(*p)
}

func percent(p *spec.Percent) *networking.Percent { return &networking.Percent{Value: share(p)} }

func retries(r *spec.Retries) *networking.HTTPRetry {
	if r == nil || r.Attempts == nil {
		return nil
	}
	return &networking.HTTPRetry{
		Attempts:                 int32(*r.Attempts),
		PerTryTimeout:            proto.CloneOf(r.PerTryTimeout),
		RetryOn:                  strings.Join(retryOn(r), ","),
		Backoff:                  proto.CloneOf(r.Backoff),
		RetryRemoteLocalities:    boolValue(r.RetryRemoteLocalities),
		RetryIgnorePreviousHosts: boolValue(r.RetryIgnorePreviousHosts),
	}
}

// retryOn are the single conditions; Istio's own form is one text with commas.
func retryOn(r *spec.Retries) []string {
	var all []string
	for _, text := range r.RetryOn {
		for word := range strings.SplitSeq(text, ",") {
			all = append(all, strings.TrimSpace(word))
		}
	}
	return all
}

func boolValue(b *bool) *wrapperspb.BoolValue {
	if b == nil {
		return nil
	}
	return wrapperspb.Bool(*b)
}

func fault(f *spec.Fault) *networking.HTTPFaultInjection {
	if f == nil || f.Delay == nil && f.Abort == nil {
		return nil
	}
	out := &networking.HTTPFaultInjection{}
	if d := f.Delay; d != nil {
		out.Delay = &networking.HTTPFaultInjection_Delay{
			HttpDelayType: &networking.HTTPFaultInjection_Delay_FixedDelay{FixedDelay: proto.CloneOf(d.FixedDelay)},
			Percentage:    percent(d.Percentage),
		}
	}
	if a := f.Abort; a != nil {
		out.Abort = &networking.HTTPFaultInjection_Abort{
			ErrorType:  &networking.HTTPFaultInjection_Abort_HttpStatus{HttpStatus: int32(a.HTTPStatus)},
			Percentage: percent(a.Percentage),
		}
		if a.GRPCStatus != "" {
			out.Abort.ErrorType = &networking.HTTPFaultInjection_Abort_GrpcStatus{GrpcStatus: a.GRPCStatus}
		}
	}
	return out
}

// destinations are where requests go, all pods of the service unless to or split
// says more. A version with 0 gets no destination.
func (s *service) destinations(w spec.Route) []Destination {
	switch {
	case w.To != "":
		return []Destination{destination(s, w.To, s.known[w.To], w.Port, 0)}
	case len(w.Split) > 0:
		return s.weighted(w)
	}
	return []Destination{{Host: s.host(), Port: w.Port}}
}

func destination(s *service, name string, v spec.Version, port, weight int) Destination {
	d := Destination{Host: s.host(), Subset: name, Port: cmp.Or(v.Port, port), Weight: weight}
	if v.Host != "" {
		d.Host, d.Subset = v.Host, ""
	}
	return d
}

// same tells whether requests to both end at the same pods.
func (d Destination) same(other Destination) bool {
	return d.Host == other.Host && d.Subset == other.Subset && d.Port == other.Port
}

// milliseconds of a duration, 0 when it is not written.
func milliseconds(d *durationpb.Duration) int64 {
	return d.GetSeconds()*1000 + int64(d.GetNanos())/1e6
}
