package check

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var conditionChecks = []Check{
	{
		Code: diag.CodeRepeatedMatch, Severity: diag.Warning, find: repeatedMatches, Needs: []string{"networking.istio.io/VirtualService"}, Istio: "IST0131",
		Hurts: "The earlier route takes these requests; what this one says of them never happens.",
		Mend:  "Remove the condition, or put the narrower one first.",
	},
	{
		Code: diag.CodeVersionsPassedBy, Severity: diag.Warning, find: passedBy, Needs: []string{"networking.istio.io/VirtualService"}, Istio: "IST0140",
		Hurts: "A gateway reads the VirtualServices that are bound to it and no others: requests from outside go to all pods of the Service, whatever the mesh's routes say.",
		Mend:  "Repeat the routes with their subsets in the gateway's VirtualService.",
	},
	{
		Code: diag.CodeUncheckedClaims, Severity: diag.Warning, find: uncheckedClaims, Needs: []string{"networking.istio.io/VirtualService"}, Istio: "IST0149",
		Hurts: "The route never matches: a claim is there only when a RequestAuthentication of the gateway has checked the token.",
		Mend:  "Add a RequestAuthentication that selects the gateway's pods.",
	},
	{
		Code: diag.CodeWeights, Severity: diag.Warning, find: weights, Needs: []string{"networking.istio.io/VirtualService"},
		Hurts: "Istio shares requests in proportion to the weights: 90 and 5 are not 90 and 5 percent.",
		Mend:  "Write weights whose sum is 100.",
	},
	{
		Code: diag.CodeFaultFirst, Severity: diag.Info, find: faultsFirst, Needs: []string{"networking.istio.io/VirtualService"},
		Hurts: "The fault answers before the route's timeout and retries, so a test of these shows nothing.",
		Mend:  "Put the fault at the server's side: into a VirtualService for calls to the next service.",
	},
}

// repeatedMatches finds conditions of hand-written routes that stand in an earlier
// route already. A route all of whose conditions do is told of once.
func repeatedMatches(f *finder) {
	for _, vs := range f.VirtualServices() {
		if !byHand(vs.Object) {
			continue
		}
		repeats(f, vs, "http", vs.Spec.Http)
		repeats(f, vs, "tls", vs.Spec.Tls)
		repeats(f, vs, "tcp", vs.Spec.Tcp)
	}
}

func repeats[R interface{ GetMatch() []M }, M proto.Message](f *finder, vs virtualService, list string, routes []R) {
	seen := map[string]int{}
	for i, route := range routes {
		for j, m := range route.GetMatch() {
			id := condition(m)
			if first, again := seen[id]; again && first < i {
				f.say(vs.Object, vs.At("spec", list, i, "match", j), "route %d takes these requests", first+1)
			} else if !again {
				seen[id] = i
			}
		}
	}
}

// condition is the same text for conditions that say the same. Their names and
// the prefix that they give statistics say nothing.
func condition(m proto.Message) string {
	bare := proto.Clone(m)
	if http, ok := bare.(*networking.HTTPMatchRequest); ok {
		http.Name, http.StatPrefix = "", ""
	}
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(bare)
	if err != nil {
		return "" // not reached: it was read as a message
	}
	return string(text)
}

// passedBy finds hand-written routes of gateways to a whole Service whose versions
// the mesh's routes tell apart.
func passedBy(f *finder) {
	split := map[string]virtualService{}
	for _, vs := range f.VirtualServices() {
		if !slices.Contains(topology.Sides(vs), topology.Mesh) {
			continue
		}
		for _, r := range topology.RoutesOf(vs) {
			for _, d := range r.Destinations {
				if d.Subset != "" && !d.Mirror && slices.ContainsFunc(vs.Spec.Hosts, func(h string) bool { return topology.FullHost(h, vs.Namespace) == d.Host }) {
					split[d.Host] = vs
				}
			}
		}
	}
	for _, vs := range f.VirtualServices() {
		if !byHand(vs.Object) || slices.Contains(topology.Sides(vs), topology.Mesh) {
			continue
		}
		for _, r := range topology.RoutesOf(vs) {
			for _, d := range r.Destinations {
				if by, ok := split[d.Host]; ok && d.Subset == "" && !d.Mirror {
					f.say(vs.Object, r.At(d), "%s tells versions of %s apart for the mesh, and this route does not", by, d.Host)
				}
			}
		}
	}
}

// claimHeaders are how a header stands for a claim of a checked token
// (pilot/pkg/networking/core/route.ToRoutingClaim).
const claimHeaders = "@request.auth.claims"

func uncheckedClaims(f *finder) {
	unchecked := map[*topology.Object]bool{}
	isUnchecked := func(g gateway) bool {
		is, known := unchecked[g.Object]
		if !known {
			pods, installed := f.GatewayPods(g)
			is = len(pods)+len(installed) > 0 && !f.checksTokens(g)
			unchecked[g.Object] = is
		}
		return is
	}
	for _, vs := range f.VirtualServices() {
		at, claims := claimOf(vs)
		if !claims || !byHand(vs.Object) {
			continue
		}
		gateways, _ := f.gatewaysOf(vs)
		if i := slices.IndexFunc(gateways, isUnchecked); i >= 0 {
			f.say(vs.Object, vs.At(at...), "no RequestAuthentication checks tokens at %s", gateways[i])
		}
	}
}

// claimOf is the first condition about a claim.
func claimOf(vs virtualService) ([]any, bool) {
	for i, route := range vs.Spec.Http {
		for j, m := range route.Match {
			for _, of := range []struct {
				field string
				keys  map[string]*networking.StringMatch
			}{{"headers", m.Headers}, {"withoutHeaders", m.WithoutHeaders}} {
				for key := range of.keys {
					if strings.HasPrefix(strings.ToLower(key), claimHeaders) {
						return []any{"spec", "http", i, "match", j, of.field}, true
					}
				}
			}
		}
	}
	return nil, false
}

// checksTokens tells whether a RequestAuthentication holds for a Gateway's pods:
// those of the package, or those that are installed.
func (f *finder) checksTokens(g gateway) bool {
	pods, installed := f.GatewayPods(g)
	for _, ra := range f.RequestAuthentications() {
		want := ra.Spec.GetSelector().GetMatchLabels()
		holds := func(namespace string, labels map[string]string) bool {
			return (ra.Namespace == f.RootNamespace() || ra.Namespace == namespace) && topology.Selects(want, labels)
		}
		if len(ra.Spec.GetTargetRefs()) > 0 || ra.Spec.GetTargetRef() != nil ||
			slices.ContainsFunc(pods, func(w *topology.Workload) bool { return holds(w.Namespace, w.Labels) }) ||
			slices.ContainsFunc(installed, func(in topology.InstalledGateway) bool { return holds(in.Namespace, in.Labels) }) {
			return true
		}
	}
	return false
}

// weights finds sums that were to be 100. Small numbers are shares, such as 1 and
// 2.
func weights(f *finder) {
	for _, vs := range f.VirtualServices() {
		for i, route := range vs.Spec.Http {
			sum := 0
			for _, to := range route.Route {
				sum += int(to.GetWeight())
			}
			if len(route.Route) > 1 && sum > 50 && sum < 100 || sum > 100 && sum < 200 {
				f.say(vs.Object, vs.At("spec", "http", i, "route"), "the weights are %d together, and each is a share of that", sum)
			}
		}
	}
}

func faultsFirst(f *finder) {
	for _, vs := range f.VirtualServices() {
		if !byHand(vs.Object) {
			continue
		}
		for i, route := range vs.Spec.Http {
			if route.Fault != nil && (route.Timeout != nil || route.GetRetries().GetAttempts() > 0) {
				f.say(vs.Object, vs.At("spec", "http", i, "fault"), "the route's timeout and retries do not see this fault")
			}
		}
	}
}
