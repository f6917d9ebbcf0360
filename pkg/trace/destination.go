package trace

import (
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// branch follows a call to one destination.
func (t *tracer) branch(d topology.Destination, r router, f flight, from at) Branch {
	b := Branch{Host: d.Host, Subset: d.Subset, Port: d.Port}
	ports, known := t.PortsOf(d.Host)
	_, b.Port = t.Reached(r.client, r.side, from.route, d, r.port)
	s, isService := t.ServiceOf(d.Host)
	entries := t.EntriesOf(d.Host)
	doors := t.inner(&b)
	if !isService && len(entries)+len(doors) == 0 {
		b.Verdict = t.nobody(d, from)
		return b
	}
	port, ok := portOf(ports, b.Port)
	if known && len(ports) > 0 && !ok {
		b.Verdict = from.blame(fails(503, "%s has no port %d; it has %s", d.Host, b.Port, numbers(ports)), "port", "number")
		return b
	}
	labels, ok := t.subset(&b, r.client, from)
	switch {
	case !ok:
	case len(doors) > 0:
		t.through(&b, doors, r, f)
	case isService:
		t.service(&b, s, port, labels, r, f)
	default:
		t.outside(&b, entries[0])
	}
	return b
}

func portOf(ports []topology.Port, number int) (topology.Port, bool) {
	for _, p := range ports {
		if p.Number == number {
			return p, true
		}
	}
	return topology.Port{Number: number, Target: number}, false
}

func numbers(ports []topology.Port) string {
	var all []string
	for _, p := range ports {
		all = append(all, fmt.Sprint(p.Number))
	}
	return strings.Join(all, ", ")
}

// nobody is a destination that the package does not have.
func (t *tracer) nobody(d topology.Destination, from at) Verdict {
	if s, ok := t.halfNamed(d.Written); ok {
		return from.blame(fails(503, "Istio does not complete %s; write %s", d.Written, s.Host()), "host")
	}
	namespace, name, ok := topology.SplitHost(d.Host)
	switch {
	case t.HasHost(d.Host) == topology.No:
		return from.blame(fails(503, "no Service %s in %s%s", name, namespace, like(name, t.ServiceNames(namespace))), "host")
	case ok:
		return from.blame(unknown("the package does not hold the Service %s/%s", namespace, name), "host")
	}
	return from.blame(unknown("the package does not hold the host %s", d.Host), "host")
}

// halfNamed is the Service that was meant by NAME.NAMESPACE.
func (t *tracer) halfNamed(written string) (*topology.Service, bool) {
	name, namespace, dot := strings.Cut(written, ".")
	namespace = strings.TrimSuffix(strings.TrimSuffix(namespace, ".cluster"), ".svc")
	s, ok := t.Service(namespace, name)
	return s, dot && ok && s.Host() != written
}

// like is the hint to the name that was probably meant.
func like(name string, names []string) string {
	if near, ok := diag.Nearest(name, names); ok {
		return "; did you mean " + near + "?"
	}
	return ""
}

// subset says which DestinationRule holds, and which labels its subset asks for.
func (t *tracer) subset(b *Branch, client topology.Client, from at) (map[string]string, bool) {
	rules := t.Rules(client, b.Host)
	says := settings(rules.Policy(b.Subset, b.Port))
	if b.Subset == "" {
		if len(says) > 0 {
			b.Hops = append(b.Hops, Hop{Rule, rules[0].Object, rules[0].At("spec", "trafficPolicy"), says})
		}
		return nil, true
	}
	if rule, i, ok := rules.Subset(b.Subset); ok {
		s := rule.Spec.Subsets[i]
		b.Hops = append(b.Hops, Hop{Rule, rule.Object, rule.At("spec", "subsets", i), append([]string{"subset " + b.Subset + " is " + every(s.Labels)}, says...)})
		return s.Labels, true
	}
	about := t.RulesAbout(b.Host)
	namespace, _, _ := topology.SplitHost(b.Host)
	switch rule, _, hidden := about.Subset(b.Subset); {
	case hidden:
		b.Verdict = fails(503, "clients of %s do not see the subset %s", client.Namespace, b.Subset).by(rule.Object, rule.At("spec"))
	case len(about) > 0 || t.RulesIn(namespace):
		b.Verdict = from.blame(fails(503, "no DestinationRule of %s has the subset %s%s", b.Host, b.Subset, others(b.Subset, subsets(about))), "subset")
	default:
		b.Verdict = from.blame(unknown("the package does not hold the DestinationRule of %s with the subset %s", b.Host, b.Subset), "subset")
	}
	return nil, false
}

// every names labels, of which none are those of all pods.
func every(labels map[string]string) string {
	if len(labels) == 0 {
		return "all pods"
	}
	return pairs(labels)
}

// others is the hint to what there is instead.
func others(name string, names []string) string {
	if hint := like(name, names); hint != "" || len(names) == 0 {
		return hint
	}
	return "; there are " + strings.Join(names, ", ")
}

func subsets(rules topology.Rules) []string {
	var all []string
	for _, r := range rules {
		for _, s := range r.Spec.Subsets {
			all = append(all, s.Name)
		}
	}
	return all
}

// settings names what a traffic policy sets.
func settings(p *networking.TrafficPolicy) []string {
	var all []string
	if lb := p.GetLoadBalancer(); lb != nil {
		text := "loadBalancer"
		if lb.GetConsistentHash() != nil {
			text += " by hash"
		} else if lb.LbPolicy != nil {
			text += " " + lb.GetSimple().String()
		}
		all = append(all, text)
	}
	if p.GetConnectionPool() != nil {
		all = append(all, "connectionPool")
	}
	if p.GetOutlierDetection() != nil {
		all = append(all, "outlierDetection")
	}
	if p.GetTls() != nil {
		all = append(all, "tls mode "+p.Tls.Mode.String())
	}
	return all
}

// outside ends at a host that a ServiceEntry brings into the mesh.
func (t *tracer) outside(b *Branch, e topology.Config[*networking.ServiceEntry]) {
	inside := e.Spec.Location == networking.ServiceEntry_MESH_INTERNAL
	where := "outside of the mesh"
	if inside {
		where = "inside the mesh"
	}
	b.Hops = append(b.Hops, Hop{Destination, e.Object, e.At("spec", "hosts"), []string{b.Name() + ", " + where}})
	if inside && (e.Spec.WorkloadSelector != nil || len(e.Spec.Endpoints) > 0) {
		b.Verdict = unknown("the endpoints of %s are not followed", e.Object).by(e.Object, e.At("spec"))
		return
	}
	b.Verdict = Verdict{Outcome: Reaches, Why: b.Name()}
}

// service follows a call to the pods of a Service.
func (t *tracer) service(b *Branch, s *topology.Service, port topology.Port, subset map[string]string, r router, f flight) {
	carries := string(port.Protocol)
	if port.Protocol == topology.Unsaid {
		carries = "not said"
	}
	b.Hops = append(b.Hops, Hop{Destination, s.Object, s.At("spec", "ports"), []string{fmt.Sprintf("port %d, protocol %s", port.Number, carries)}})
	if name := s.ExternalName(); name != "" {
		b.Verdict = unknown("%s stands for %s, which is not followed", s.Object, name).by(s.Object, s.At("spec", "externalName"))
		return
	}
	all, known := t.Behind(s)
	switch {
	case len(s.Selector()) == 0:
		b.Verdict = unknown("%s selects no pods itself", s.Object).by(s.Object, s.At("spec"))
		return
	case !known:
		b.Verdict = unknown("the package does not hold the pods of %s", s.Object).by(s.Object, s.At("spec", "selector"))
		return
	}
	want := map[string]string{}
	for _, labels := range []map[string]string{s.Selector(), subset} {
		for k, v := range labels {
			want[k] = v
		}
	}
	for _, w := range all {
		if topology.Selects(subset, w.Labels) {
			b.Pods = append(b.Pods, t.pod(s, port, b.Subset, w, r, f))
		}
	}
	if len(b.Pods) == 0 {
		b.Verdict = fails(503, "no pod has %s", pairs(want)).by(s.Object, s.At("spec", "selector"))
		return
	}
	b.Verdict = worst(b)
}

// worst is what becomes of calls to a destination: what one of its workloads
// does not take is lost.
func worst(b *Branch) Verdict {
	v := Verdict{Outcome: Reaches, Why: b.Name()}
	for _, p := range b.Pods {
		if p.Verdict.Outcome == Fails || p.Verdict.Outcome == Unknown && v.Outcome == Reaches {
			v = p.Verdict
		}
		if v.Outcome == Fails {
			return v
		}
	}
	return v
}

// pod is what a call meets at one workload.
func (t *tracer) pod(s *topology.Service, port topology.Port, subset string, w *topology.Workload, r router, f flight) Pod {
	p := Pod{Workload: w}
	target, _ := w.TargetOf(port)
	in := t.Injection(w)
	p.Hops = append(p.Hops, Hop{Workload, w.Object, in.At, []string{sidecar(in)}})
	v := t.Meet(r.client, s, port, subset, w)
	p.Connection = v.Outcome
	if v.TLS != nil {
		p.Hops = append(p.Hops, Hop{Rule, v.TLS.Rule.Object, v.TLS.At(), []string{"tls mode " + v.TLS.Mode.String()}})
	}
	if v.Server.From != nil && in.Sidecar != topology.No {
		p.Hops = append(p.Hops, Hop{Mode, v.Server.From, v.Server.From.At("spec"), []string{"mode " + string(v.Server.Mode)}})
	}
	switch {
	case v.Outcome == topology.Refused:
		p.Verdict = refused(v, w, r)
		return p
	case v.Outcome == topology.Unknown:
		p.Verdict = unknown("%s: %s", w, v.Why).by(w.Object, in.At)
		return p
	case in.Sidecar == topology.No:
		p.Verdict = Verdict{Outcome: Reaches, Why: w.String()}
		return p
	}
	call := topology.Call{HTTP: topology.No, Request: f.request, Certified: topology.No, Namespace: r.client.Namespace, Account: r.account, Port: target}
	if v.Outcome == topology.MTLS {
		call.Certified = topology.Yes
	}
	if port.Protocol.IsHTTP() || port.Protocol == topology.Unsaid && f.read {
		call.HTTP = topology.Yes
	}
	hops, verdict := t.access(t.PoliciesOf(w), call)
	p.Hops = append(p.Hops, hops...)
	if p.Verdict = verdict; verdict.Outcome == Reaches {
		p.Verdict.Why = w.String()
	}
	return p
}

func sidecar(in topology.Injection) string {
	switch in.Sidecar {
	case topology.Yes:
		return "has a sidecar: " + in.Why
	case topology.No:
		return "has no sidecar: " + in.Why
	}
	return "sidecar not known: " + in.Why
}

// refused is a connection that one of its ends does not take.
func refused(v topology.Verdict, w *topology.Workload, r router) Verdict {
	status, what := 503, "503 upstream connect error"
	if r.client.Sidecar == topology.No {
		status, what = 0, "connection reset by peer"
	}
	verdict := fails(status, "%s: %s", what, v.Why)
	switch {
	case v.TLS != nil:
		return verdict.by(v.TLS.Rule.Object, v.TLS.At())
	case v.Server.From != nil:
		verdict.Why += "; " + v.Server.From.String() + " says " + string(v.Server.Mode)
		return verdict.by(v.Server.From, v.Server.From.At("spec"))
	}
	return verdict.by(w.Object, w.At())
}

// access asks the policies of a pod, RequestAuthentications first.
func (t *tracer) access(policies []*topology.Policy, call topology.Call) ([]Hop, Verdict) {
	var hops []Hop
	verdict := Verdict{Outcome: Reaches}
	for _, p := range policies {
		if p.Kind != "RequestAuthentication" || call.HTTP == topology.No || call.Request == nil {
			continue
		}
		say := "no token, nothing to check"
		if t.carries(p, call.Request) {
			call.Request.Token = topology.NotKnown
			say = "checks the token: 401 unless it is valid"
			verdict = unknown("whether the token is valid is not known (401 otherwise)").by(p.Object, p.At("spec"))
		}
		hops = append(hops, Hop{Policy, p.Object, p.At("spec"), []string{say}})
	}
	a := t.Access(policies, call)
	for _, r := range a.Rulings {
		hops = append(hops, Hop{Policy, r.Policy.Object, ruleAt(r), []string{ruling(r)}})
	}
	switch {
	case a.Allowed == topology.No:
		status := 403
		if call.HTTP == topology.No {
			status = 0
		}
		return hops, fails(status, "%s: %s", a.By.Policy.Object, a.Why).by(a.By.Policy.Object, ruleAt(*a.By))
	case a.Allowed == topology.NotKnown:
		return hops, unknown("%s: %s", a.By.Policy.Object, a.Why).by(a.By.Policy.Object, ruleAt(*a.By))
	}
	return hops, verdict
}

func ruleAt(r topology.Ruling) diag.Path {
	if r.Matches == topology.No {
		return r.Policy.At("spec")
	}
	return r.Policy.At("spec", "rules", r.Rule)
}

func ruling(r topology.Ruling) string {
	action := r.Policy.Spec.Action.String()
	switch r.Matches {
	case topology.Yes:
		return fmt.Sprintf("%s: rule %d takes it", action, r.Rule)
	case topology.No:
		return action + ": no rule takes it"
	}
	return fmt.Sprintf("%s: rule %d is not known: %s", action, r.Rule, r.Why)
}

// carries tells whether a request has a token where a RequestAuthentication looks
// for one.
func (t *tracer) carries(p *topology.Policy, r *topology.Request) bool {
	for _, c := range t.RequestAuthentications() {
		if c.Object != p.Object {
			continue
		}
		for _, rule := range c.Spec.JwtRules {
			if t.inRequest(rule, r) {
				return true
			}
		}
	}
	return false
}

func (t *tracer) inRequest(rule *security.JWTRule, r *topology.Request) bool {
	if len(rule.FromHeaders)+len(rule.FromParams)+len(rule.FromCookies) == 0 {
		_, header := r.Headers["authorization"]
		return header || t.call.Query.Has("access_token")
	}
	for _, h := range rule.FromHeaders {
		if _, ok := r.Headers[strings.ToLower(h.Name)]; ok {
			return true
		}
	}
	for _, name := range rule.FromParams {
		if t.call.Query.Has(name) {
			return true
		}
	}
	_, cookie := r.Headers["cookie"]
	return cookie && len(rule.FromCookies) > 0
}
