package check

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var mtlsChecks = []Check{
	{
		Code: diag.CodeTLSMode, Severity: diag.Error, find: refusedTLS, Needs: []string{"networking.istio.io/DestinationRule"},
		Hurts: "Connections are reset: 503 with upstream connect error in the mesh and at gateways. A tls block of any kind turns automatic mTLS off for the host.",
		Mend:  "Leave tls out, so that Istio chooses, or write the mode that the server takes.",
	},
	{
		Code: diag.CodePlainCaller, Severity: diag.Error, find: plainCallers, Needs: []string{"Service"},
		Hurts: "Connection reset by peer, or connection refused: the server's sidecar takes mTLS only, and the caller has nobody to speak it.",
		Mend:  "Give the caller a sidecar, or let the server's port take plain text with a PeerAuthentication in mode PERMISSIVE.",
	},
	{
		Code: diag.CodeProbe, Severity: diag.Error, find: refusedProbes, Needs: pods,
		Hurts: "The kubelet has no certificate: the probe fails and the pod is restarted or gets no requests.",
		Mend:  "Leave the annotation out, so that Istio answers the kubelet, or write the port with mode PERMISSIVE.",
	},
	{
		Code: diag.CodeTwoPolicies, Severity: diag.Error, find: twoPolicies, Istio: "IST0110, IST0111, IST0159, IST0160",
		Needs: []string{"security.istio.io/PeerAuthentication", "networking.istio.io/Sidecar", "telemetry.istio.io/Telemetry"},
		Hurts: "Istio takes the older one and passes the other over in silence.",
		Mend:  "Put both into one object, or give them selectors that do not meet.",
	},
}

// pods are the kinds that run pods.
var pods = []string{"Pod", "ReplicationController", "apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet", "batch/Job", "batch/CronJob", "argoproj.io/Rollout"}

// refusedTLS holds every tls block of a DestinationRule against the pods of the
// Services that it is for, as a sidecar of the rule's namespace meets them.
func refusedTLS(f *finder) {
	for _, rule := range f.DestinationRules() {
		said := map[diag.Path]bool{}
		for _, s := range f.ServicesOf(topology.FullHost(rule.Spec.Host, rule.Namespace)) {
			client := topology.Client{Namespace: rule.Namespace, Sidecar: topology.Yes}
			if rule.Namespace == f.RootNamespace() {
				client.Namespace = s.Namespace
			}
			f.refused(rule, s, client, said)
		}
	}
}

func (f *finder) refused(rule destinationRule, s *topology.Service, client topology.Client, said map[diag.Path]bool) {
	servers, _ := f.Behind(s)
	subsets := []string{""}
	for _, subset := range rule.Spec.Subsets {
		subsets = append(subsets, subset.Name)
	}
	for _, server := range servers {
		for _, subset := range subsets {
			if owner, i, ok := topology.Rules([]destinationRule{rule}).Subset(subset); ok && !topology.Selects(owner.Spec.Subsets[i].Labels, server.Labels) {
				continue
			}
			for _, port := range s.Ports() {
				v := f.Meet(client, s, port, subset, server)
				if v.Outcome != topology.Refused || v.TLS == nil || v.TLS.Rule.Object != rule.Object || said[v.TLS.At()] {
					continue
				}
				said[v.TLS.At()] = true
				f.say(rule.Object, v.TLS.At(), "tls mode %s does not reach port %d of %s (%s): %s%s", v.TLS.Mode, port.Number, s.Host(), server, v.Why, f.because(v, server))
			}
		}
	}
}

// because names what makes a server take what it takes.
func (f *finder) because(v topology.Verdict, server *topology.Workload) string {
	if in := f.Injection(server); in.Sidecar == topology.No {
		return "; " + in.Why
	}
	if v.Server.From != nil {
		return "; " + v.Server.From.String() + " says " + string(v.Server.Mode)
	}
	return ""
}

// called finds a server in the text of a caller: scheme://host[:port], or
// host:port.
var called = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:([a-z][a-z0-9+]*)://(?:[^/@\s]*@)?([a-z0-9][a-z0-9.-]*)(?::([0-9]{1,5}))?|(?:^|[\s,=@(])([a-z][a-z0-9.-]*):([0-9]{1,5}))(?:$|[^0-9a-z.:-])`)
})

// plainCallers finds workloads that are known to have no sidecar and whose own
// configuration names a Service that only mTLS reaches.
func plainCallers(f *finder) {
	for _, w := range f.authored() {
		if f.Injection(w).Sidecar != topology.No {
			continue
		}
		said := map[string]bool{}
		f.calls(w, func(s *topology.Service, port topology.Port, at diag.Path) {
			if !said[s.Host()] {
				f.plainCall(w, s, port, at, said)
			}
		})
	}
}

// calls calls back with every port of a Service that a workload's own configuration
// names.
func (f *finder) calls(w *topology.Workload, each func(*topology.Service, topology.Port, diag.Path)) {
	for _, c := range w.Containers {
		for _, text := range c.Says {
			for _, match := range called().FindAllStringSubmatch(text.Text, -1) {
				s, ok := f.callee(w, match[2]+match[4])
				if !ok {
					continue
				}
				if port, ok := s.Port(portCalled(match[1], match[3]+match[5])); ok {
					each(s, port, w.SaidAt(c, text))
				}
			}
		}
	}
}

func (f *finder) plainCall(w *topology.Workload, s *topology.Service, port topology.Port, at diag.Path, said map[string]bool) {
	servers, _ := f.Behind(s)
	for _, server := range servers {
		v := f.Meet(f.ClientOf(w), s, port, "", server)
		if v.Outcome == topology.Refused {
			said[s.Host()] = true
			f.say(w.Object, at, "%s calls port %d of %s without a sidecar (%s), and %s takes mTLS only%s",
				w, port.Number, s.Host(), f.Injection(w).Why, server, f.because(v, server))
			return
		}
	}
}

// callee is the Service that a program finds under a name by DNS, which knows
// NAME.NAMESPACE too.
func (f *finder) callee(w *topology.Workload, host string) (*topology.Service, bool) {
	name, namespace, dot := strings.Cut(host, ".")
	if !dot {
		return f.Service(w.Namespace, name)
	}
	namespace, _, _ = strings.Cut(namespace, ".svc")
	return f.Service(namespace, name)
}

func portCalled(scheme, number string) int {
	if number != "" {
		port, _ := strconv.Atoi(number) // five digits
		return port
	}
	switch scheme {
	case "http", "ws":
		return 80
	case "https", "wss":
		return 443
	}
	return 0
}

// rewriteProbes is the annotation that keeps Istio from answering probes.
const rewriteProbes = "sidecar.istio.io/rewriteAppHTTPProbers"

func refusedProbes(f *finder) {
	for _, w := range f.authored() {
		if w.Annotations[rewriteProbes] != "false" || f.Injection(w).Sidecar != topology.Yes {
			continue
		}
		f.refusedProbe(w)
	}
}

// refusedProbe says it of the first probe of a workload: one word mends them all.
func (f *finder) refusedProbe(w *topology.Workload) {
	for _, c := range w.Containers {
		for _, probe := range c.Probes {
			mode := f.ServerMode(w, probe.Port)
			if probe.Port != 0 && mode.Mode == topology.Strict {
				f.say(w.Object, w.PodAt("metadata", "annotations", rewriteProbes), "the %s of container %s asks port %d without a certificate, and %s says STRICT", probe.Kind, c.Name, probe.Port, mode.From)
				return
			}
		}
	}
}

// singular are the kinds of which Istio takes one for a scope; of the others all
// hold.
var singular = map[string]bool{"PeerAuthentication": true, "Sidecar": true, "Telemetry": true}

func twoPolicies(f *finder) {
	type scope struct{ kind, namespace, labels string }
	first := map[scope]*topology.Policy{}
	doubled := map[*topology.Policy]bool{}
	for _, p := range f.Policies() {
		if !singular[p.Kind] {
			continue
		}
		id := scope{p.Kind, p.Namespace, text(p.Selector, "=", ",")}
		if other, again := first[id]; again {
			doubled[p] = true
			if p.Kind == "Telemetry" && id.labels == "" && other.Rendered && byHand(p.Object) {
				continue // the document's own check tells of these
			}
			whom := "the namespace " + p.Namespace
			if id.labels != "" {
				whom = id.labels
			} else if p.Namespace == f.RootNamespace() {
				whom = "the mesh"
			}
			f.say(p.Object, p.At("spec"), "%s is for %s too; Istio takes one of the two", other, whom)
			continue
		}
		first[id] = p
	}
	f.overlapping(doubled)
}

// overlapping finds two objects whose selectors differ and find one workload.
func (f *finder) overlapping(doubled map[*topology.Policy]bool) {
	for _, w := range f.AllWorkloads() {
		found := map[string]*topology.Policy{}
		for _, p := range f.PoliciesOf(w) {
			if !singular[p.Kind] || len(p.Selector) == 0 || doubled[p] {
				continue
			}
			if other := found[p.Kind]; other == nil {
				found[p.Kind] = p
			} else if other.Namespace == p.Namespace {
				doubled[p] = true
				f.say(p.Object, p.At(p.SelectorAt...), "%s finds %s too; Istio takes one of the two", other, w)
			}
		}
	}
}
