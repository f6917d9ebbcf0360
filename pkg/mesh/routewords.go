package mesh

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// place gives the path of a word of one place.
type place func(word string) diag.Path

// routeWords checks the route words of one place: a service, a route, or an
// entry of expose. What Istio would refuse is refused here.
func (r *resolver) routeWords(at place, w spec.Route, s *service) {
	r.target(at, w, s)
	if onlyTarget(w) {
		return
	}
	r.oneAction(at, w)
	needs(r, at("redirect"), w.Redirect)
	needs(r, at("directResponse"), w.DirectResponse)
	needs(r, at("rewrite"), w.Rewrite)
	needs(r, at("retries"), retries(w.Retries))
	needs(r, at("corsPolicy"), w.CORSPolicy)
	if w.Port != 0 {
		r.port(at("port"), w.Port)
	}
	r.redirect(at("redirect"), w.Redirect)
	r.directResponse(at("directResponse"), w.DirectResponse)
	r.delegate(at("delegate"), w.Delegate, s)
	r.rewrite(at("rewrite"), w)
	r.timeout(at("timeout"), w.Timeout)
	r.retries(at("retries"), w.Retries)
	r.fault(at("fault"), w.Fault)
	r.mirror(at("mirror"), w.Mirror, s)
	r.headerChanges(at, w)
	r.corsPolicy(at("corsPolicy"), w.CORSPolicy)
}

// onlyTarget tells whether a place says where requests go and nothing else, as
// most of them.
func onlyTarget(w spec.Route) bool {
	return w.Port == 0 && !ends(w) && w.Rewrite == nil && w.Timeout == nil && w.Retries == nil && w.Fault == nil &&
		w.Mirror == nil && w.Headers == nil && w.CORSPolicy == nil
}

// oneAction refuses two words that each say where requests end, and words about
// requests that go nowhere.
func (r *resolver) oneAction(at place, w spec.Route) {
	var actions []string
	for _, a := range []struct {
		word string
		said bool
	}{
		{"to", w.To != ""}, {"split", w.Split != nil}, {"redirect", w.Redirect != nil}, {"directResponse", w.DirectResponse != nil},
		{"delegate", w.Delegate != nil},
	} {
		if a.said {
			actions = append(actions, a.word)
		}
	}
	if len(actions) > 1 && ends(w) {
		r.ds.Errorf(diag.CodeExclusive, at(actions[1]), "%s and %s exclude each other", actions[0], actions[1])
	}
	if w.Delegate != nil && w.Port != 0 {
		r.ds.Errorf(diag.CodeExclusive, at("port"), "port has no effect on a delegate; the other VirtualService says it")
	}
	if !answers(w) {
		return
	}
	answer := "a redirect"
	if w.DirectResponse != nil {
		answer = "a direct response"
	}
	for _, o := range []struct {
		word string
		said bool
	}{
		{"port", w.Port != 0}, {"rewrite", w.Rewrite != nil}, {"timeout", w.Timeout != nil}, {"retries", w.Retries != nil},
		{"fault", w.Fault != nil}, {"mirror", w.Mirror != nil},
	} {
		if o.said {
			r.ds.Errorf(diag.CodeExclusive, at(o.word), "%s has no effect on %s", o.word, answer)
		}
	}
}

// nothingAround refuses to switch off what no wider place says; because says why
// there is none.
func (r *resolver) nothingAround(at place, w spec.Route, because string) {
	for _, o := range []struct {
		word string
		off  bool
	}{
		{"timeout", w.Timeout != nil && proto.Size(w.Timeout) == 0},
		{"retries", w.Retries != nil && switchesOff(w.Retries)},
		{"fault", w.Fault != nil && *w.Fault == (spec.Fault{})},
		{"mirror", w.Mirror != nil && len(w.Mirror) == 0},
		{"headers", w.Headers != nil && proto.Size(w.Headers) == 0},
		{"corsPolicy", w.CORSPolicy != nil && proto.Size(w.CORSPolicy) == 0},
	} {
		if o.off {
			r.ds.Errorf(diag.CodeEmpty, at(o.word), "empty; %s", because)
		}
	}
}

// fits warns of words that do not go together, once they are completed with those
// of the places around. A place that says none of them is not warned of.
func (r *resolver) fits(at diag.Path, written spec.Route, around words) {
	w := complete(words{Route: written}, around).Route
	r.oneHost(at, w)
	if answers(w) || written.Timeout == nil && written.Retries == nil && written.Fault == nil {
		return
	}
	if fault(w.Fault) != nil && (filled(w.Timeout) != nil || retries(w.Retries) != nil) {
		r.ds.Warnf(diag.CodeUnused, at, "Istio does not apply timeout and retries to a route with fault")
	}
	if retries(w.Retries) == nil || w.Retries.PerTryTimeout == nil || filled(w.Timeout) == nil {
		return
	}
	attempts, each, whole := int64(*w.Retries.Attempts), milliseconds(w.Retries.PerTryTimeout), milliseconds(w.Timeout)
	if attempts > 0 && attempts*each > whole {
		r.ds.Warnf(diag.CodeUnused, at, "%d × %s does not fit into timeout %s", attempts, durationText(w.Retries.PerTryTimeout), durationText(w.Timeout))
	}
}

func durationText(d *durationpb.Duration) string {
	if ms := milliseconds(d); ms%1000 != 0 {
		return strconv.FormatInt(ms, 10) + "ms"
	}
	return strconv.FormatInt(d.GetSeconds(), 10) + "s"
}

// duration refuses what Istio refuses: less than a millisecond, or parts of one.
func (r *resolver) duration(at diag.Path, d *durationpb.Duration) {
	if d != nil && (d.Seconds < 0 || d.Nanos < 0 || proto.Size(d) == 0 || d.Nanos%1e6 != 0) {
		r.ds.Errorf(diag.CodeValue, at, "want whole milliseconds, at least 1ms")
	}
}

func (r *resolver) timeout(at diag.Path, d *durationpb.Duration) {
	if filled(d) != nil {
		r.duration(at, d)
	}
}

// percentage checks a share of requests; 0 would be a word without an effect.
func (r *resolver) percentage(at diag.Path, p *spec.Percent) {
	if p == nil {
		return
	}
	if whole, ok := wholePercent(*p); !ok || whole == 0 {
		r.ds.Errorf(diag.CodeValue, at, "want more than 0, up to 100, with at most four decimals, got %v", float64(*p))
	}
}

// switchesOff tells whether retries is {}.
func switchesOff(w *spec.Retries) bool {
	return w.Attempts == nil && w.PerTryTimeout == nil && w.RetryOn == nil && w.Backoff == nil &&
		w.RetryRemoteLocalities == nil && w.RetryIgnorePreviousHosts == nil
}

func (r *resolver) retries(at diag.Path, w *spec.Retries) {
	if w == nil || switchesOff(w) {
		return
	}
	switch {
	case w.Attempts == nil:
		r.ds.Errorf(diag.CodeMissing, at.Key("attempts"), "write how often it is tried again; 0 for never")
	case *w.Attempts < 0 || *w.Attempts > 1000:
		r.ds.Errorf(diag.CodeValue, at.Key("attempts"), "want 0 to 1000, got %d", *w.Attempts)
	case *w.Attempts == 0 && (w.PerTryTimeout != nil || w.RetryOn != nil || w.Backoff != nil || w.RetryRemoteLocalities != nil || w.RetryIgnorePreviousHosts != nil):
		r.ds.Errorf(diag.CodeExclusive, at.Key("attempts"), "with 0 attempts nothing else has an effect; leave the rest out")
	}
	r.duration(at.Key("perTryTimeout"), w.PerTryTimeout)
	r.duration(at.Key("backoff"), w.Backoff)
	if w.RetryOn != nil && len(w.RetryOn) == 0 {
		r.ds.Errorf(diag.CodeEmpty, at.Key("retryOn"), "empty; write when to try again, or leave retryOn out for Istio's choice")
	}
	for _, word := range retryOn(w) {
		if !slices.Contains(retryConditions, word) && !isStatus(word) {
			message := "no condition " + strconv.Quote(word) + "; there are " + strings.Join(retryConditions, ", ") + " and HTTP status codes"
			if like, ok := diag.Nearest(word, retryConditions); ok {
				message += ". Did you mean " + like + "?"
			}
			r.ds.Errorf(diag.CodeValue, at.Key("retryOn"), "%s", message)
		}
	}
}

// retryConditions are Envoy's, x-envoy-retry-on and x-envoy-retry-grpc-on.
var retryConditions = []string{
	"5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "refused-stream",
	"retriable-status-codes", "retriable-headers", "envoy-ratelimited", "http3-post-connect-failure",
	"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
}

// isStatus tells whether the text is a status code that says that a request
// failed. Istio takes the registered ones only.
func isStatus(text string) bool {
	code, err := strconv.Atoi(text)
	if err != nil || len(text) != 3 {
		return false
	}
	for _, known := range [][2]int{{400, 418}, {421, 426}, {428, 429}, {431, 431}, {451, 451}, {500, 508}, {510, 511}} {
		if known[0] <= code && code <= known[1] {
			return true
		}
	}
	return false
}

var grpcStatuses = choice{
	values: []string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	},
	unknown: "no gRPC status %s; for example UNAVAILABLE",
}

func (r *resolver) fault(at diag.Path, f *spec.Fault) {
	if f == nil {
		return
	}
	if d := f.Delay; d != nil {
		if d.FixedDelay == nil {
			r.ds.Errorf(diag.CodeMissing, at.Key("delay").Key("fixedDelay"), "write how long requests wait, for example 5s")
		}
		r.duration(at.Key("delay").Key("fixedDelay"), d.FixedDelay)
		r.percentage(at.Key("delay").Key("percentage"), d.Percentage)
	}
	if a := f.Abort; a != nil {
		at := at.Key("abort")
		switch {
		case a.HTTPStatus == 0 && a.GRPCStatus == "":
			r.ds.Errorf(diag.CodeMissing, at, "write httpStatus or grpcStatus")
		case a.HTTPStatus != 0 && a.GRPCStatus != "":
			r.ds.Errorf(diag.CodeExclusive, at.Key("grpcStatus"), "httpStatus and grpcStatus exclude each other")
		case a.GRPCStatus != "":
			r.oneOf(at.Key("grpcStatus"), a.GRPCStatus, grpcStatuses)
		default:
			r.status(at.Key("httpStatus"), a.HTTPStatus)
		}
		r.percentage(at.Key("percentage"), a.Percentage)
	}
}

func (r *resolver) status(at diag.Path, status int) {
	if status < 200 || status > 599 {
		r.ds.Errorf(diag.CodeValue, at, "%d is no HTTP status of an answer; 200 to 599", status)
	}
}

func (r *resolver) mirror(at diag.Path, mirrors []spec.Mirror, s *service) {
	if len(mirrors) > 1 {
		r.since(at.Index(1), since["istio.networking.v1alpha3.HTTPRoute.mirrors"])
	}
	seen := map[string]bool{}
	for i, m := range mirrors {
		at := at.Index(i)
		switch {
		case m.To == "":
			r.ds.Errorf(diag.CodeMissing, at.Key("to"), "write the version that gets copies")
		case seen[m.To]:
			r.ds.Errorf(diag.CodeDuplicate, at.Key("to"), "%s gets copies already; keep one", m.To)
		default:
			r.knows(at.Key("to"), s, m.To)
		}
		seen[m.To] = true
		r.percentage(at.Key("percentage"), m.Percentage)
	}
}
