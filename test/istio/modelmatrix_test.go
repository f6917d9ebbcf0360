package istio

import (
	"fmt"
	"slices"
	"strings"

	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbac3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	httprbac3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	tcprbac3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	"istio.io/istio/pilot/test/xdstest"

	"github.com/kymamesh/kymamesh/pkg/matrix"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// cells compares every pair of `kymamesh matrix` with what Pilot configures: how the
// caller's proxy opens connections to each pod, what the pod's proxy takes, and what
// its rules do with a call of which only the two ends are known.
func (c contest) cells(pods map[named]configured, gateways []configured) {
	x, err := matrix.Of(c.Model)
	if err != nil {
		c.Fatal(err) // no package of these tests is that large
	}
	for i, row := range x.Callers {
		for _, party := range row {
			from, ok := c.callerOf(party, pods, gateways)
			if !ok {
				continue
			}
			for j, column := range x.Targets {
				for _, to := range column {
					s, _ := c.Service(to.Namespace, to.Name)
					port, _ := s.Port(to.Port)
					c.cell(from, s, port, pods, x.Cells[i][j])
				}
			}
		}
	}
}

// caller is a proxy that opens connections, or a pod without one.
type caller struct {
	configured
	sidecar, gateway bool
	account          string // its SPIFFE name
}

// callerOf finds the proxy of a party; false for a gateway among the workloads, whose
// proxy is configured as a sidecar here.
func (c contest) callerOf(p matrix.Party, pods map[named]configured, gateways []configured) (caller, bool) {
	spiffe := func(namespace, account string) string {
		return fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", c.Install().TrustDomains[0], namespace, account)
	}
	if p.Kind == "Gateway" {
		for _, in := range c.Install().Gateways {
			i := slices.IndexFunc(gateways, func(v configured) bool {
				return v.proxy.ConfigNamespace == in.Namespace && topology.Selects(in.Labels, v.proxy.Labels)
			})
			if in.Name == p.Name && in.Namespace == p.Namespace && i >= 0 {
				return caller{gateways[i], true, true, spiffe(in.Namespace, in.Name+"-service-account")}, true
			}
		}
		return caller{}, false
	}
	v, ok := pods[named{Namespace: p.Namespace, Name: p.Name}]
	for _, w := range c.Workloads(p.Namespace) {
		if ok && w.Name == p.Name && w.Kind == p.Kind && !w.Gateway() {
			return caller{v, c.Injection(w).Sidecar == topology.Yes, false, spiffe(w.Namespace, w.ServiceAccount)}, true
		}
	}
	return caller{}, false
}

// cell compares one pair.
func (c contest) cell(from caller, s *topology.Service, port topology.Port, pods map[named]configured, got matrix.Cell) {
	workloads, known := c.Behind(s)
	object := fmt.Sprintf("%s port %d", s, port.Number)
	if !known || port.Protocol == topology.UDP || slices.ContainsFunc(workloads, func(w *topology.Workload) bool {
		_, found := w.TargetOf(port)
		return !found || w.Gateway() || c.authorizers(w) > 1 || pods[named{Namespace: w.Namespace, Name: w.Name}].proxy == nil
	}) {
		return // whose pods Pilot does not know here either, or which no proxy sees
	}
	want := matrix.Refused
	var deny []string
	for i, w := range workloads {
		word, by := c.met(from, s, port, w, pods[named{Namespace: w.Namespace, Name: w.Name}])
		deny = append(deny, by...)
		if i > 0 && word != want {
			want = matrix.Mixed
			break
		}
		want = word
	}
	c.same(from.configured, "cells", object, "word", string(want), string(got.Word))
	if got.Word != matrix.Denied {
		return
	}
	// One cell may stand for several callers and Services, with the reasons of all.
	for _, name := range deny {
		if got.More == 0 && !slices.ContainsFunc(got.Why, func(why string) bool { return strings.Contains(why, name) }) {
			c.same(from.configured, "cells", object, "who denies it", name, strings.Join(got.Why, "\n"))
		}
	}
}

// authorizers is how many authorizers a workload's policies ask. Several need a flag of
// istiod that Pilot has not here, and that documents with several do ask for.
func (c contest) authorizers(w *topology.Workload) int {
	names := map[string]bool{}
	for _, r := range c.Access(c.PoliciesOf(w), topology.Call{}).Rulings {
		if name := r.Policy.Spec.GetProvider().GetName(); name != "" {
			names[name] = true
		}
	}
	return len(names)
}

// met is what becomes of a connection to one pod, and the rules that deny every call.
func (c contest) met(from caller, s *topology.Service, port topology.Port, w *topology.Workload, server configured) (matrix.Word, []string) {
	speaks := "plaintext"
	if from.sidecar {
		if speaks = c.opens(from, s, port, w); speaks == "nothing" {
			return matrix.Refused, nil
		}
	}
	target, _ := w.TargetOf(port)
	if c.Injection(w).Sidecar != topology.Yes {
		return wordOf[outcome(speaks, "plaintext")], nil
	}
	l := xdstest.ExtractListener("virtualInbound", server.listeners)
	result := outcome(speaks, takes(c.T, l, uint32(target)))
	if result == "refused" {
		return matrix.Refused, nil
	}
	call := attempt{port: uint32(target), endsOnly: true}
	if result == "mtls" {
		call.account = from.account
	}
	switch allowed, denying := c.through(call, l, port.Protocol); allowed {
	case topology.No:
		return matrix.Denied, denying
	case topology.NotKnown:
		return matrix.Depends, nil
	}
	return wordOf[result], nil
}

var wordOf = map[string]matrix.Word{"mtls": matrix.MTLS, "plaintext": matrix.Plaintext, "own TLS": matrix.OwnTLS, "refused": matrix.Refused}

// opens is how a proxy opens connections to a pod; nothing where it lets none out. A
// sidecar leads a call of HTTP by a virtual host, and passes on what it does not know.
func (c contest) opens(from caller, s *topology.Service, port topology.Port, w *topology.Workload) string {
	cluster := xdstest.ExtractClusters(from.clusters)[clusterName(port.Number, "", s.Host())]
	pod := c.pilot.cluster.pods[named{Namespace: w.Namespace, Name: w.Name}]
	there := cluster != nil
	if there && !from.gateway && port.Protocol.IsOpaque() { // a host to which only routes lead has a cluster and no listener
		address := c.pilot.cluster.services[named{Namespace: s.Namespace, Name: s.Name}].Spec.ClusterIP
		there = slices.ContainsFunc(from.listeners, func(l *listener3.Listener) bool {
			at := l.GetAddress().GetSocketAddress()
			return at.GetPortValue() == uint32(port.Number) && slices.Contains([]string{"0.0.0.0", address, pod.Status.PodIP}, at.GetAddress())
		})
	}
	if !from.gateway && !port.Protocol.IsOpaque() {
		there = false
		for _, config := range from.routes {
			for _, host := range config.VirtualHosts {
				there = there || host.Name == fmt.Sprintf("%s:%d", s.Host(), port.Number)
			}
		}
		own := slices.ContainsFunc(from.listeners, func(l *listener3.Listener) bool {
			return strings.HasPrefix(l.Name, "virtual") && l.GetAddress().GetSocketAddress().GetPortValue() == uint32(port.Number)
		}) || port.Number == 15021 || port.Number == 15090 // of which the pod's bootstrap has listeners
		if !there && own && port.Protocol.IsHTTP() {
			return "nothing"
		}
	}
	if there {
		speaks, _ := c.speaks(from.configured, cluster, pod)
		return speaks
	}
	passes := slices.ContainsFunc(c.chainTexts(xdstest.ExtractListener("virtualOutbound", from.listeners)), func(text string) bool {
		return strings.Contains(text, "-> PassthroughCluster")
	})
	if passes && !from.gateway {
		return "plaintext"
	}
	return "nothing"
}

// through is what the rules of the chains do that a call may meet: of a port about
// which nothing is said those for HTTP and those for the rest.
func (c contest) through(call attempt, l *listener3.Listener, protocol topology.Protocol) (_ topology.Answer, denying []string) {
	var all []topology.Answer
	for _, method := range []string{"GET", "TCP"} {
		if method == "GET" && protocol.IsOpaque() || method == "TCP" && protocol.IsHTTP() {
			continue
		}
		call.headers = map[string]string{":method": method}
		if chain := inboundChain(l, &call); chain != nil {
			allowed, policies := c.allowed(call, chain)
			all, denying = append(all, allowed), append(denying, policies...)
		}
	}
	if len(all) == 0 {
		c.Fatal("no chain takes the call")
	}
	if slices.ContainsFunc(all, func(a topology.Answer) bool { return a != all[0] }) {
		return topology.NotKnown, nil
	}
	return all[0], denying
}

// allowed asks the rules of one chain; denying are the policies that deny for certain.
func (c contest) allowed(call attempt, chain *listener3.FilterChain) (result topology.Answer, denying []string) {
	result = topology.Yes
	ask := func(rules, shadow *rbac3.RBAC, shadowPrefix string) {
		if rules != nil {
			matched, name := call.matches(rules)
			if rules.Action == rbac3.RBAC_DENY {
				if parts := policyName.FindStringSubmatch(name); parts != nil {
					denying = append(denying, parts[1]+"/"+parts[2])
				}
				matched = opposite(matched)
			}
			result = bothOfTwo(result, matched)
		}
		if shadowPrefix == "istio_ext_authz_" {
			if asked, _ := call.matches(shadow); asked != topology.No {
				result = bothOfTwo(result, topology.NotKnown)
			}
		}
	}
	for _, f := range xdstest.ExtractHTTPConnectionManager(c.T, chain).GetHttpFilters() {
		if f.Name == "envoy.filters.http.rbac" {
			rules := xdstest.UnmarshalAny[httprbac3.RBAC](c.T, f.GetTypedConfig())
			ask(rules.GetRules(), rules.GetShadowRules(), rules.ShadowRulesStatPrefix)
		}
	}
	for _, f := range chain.Filters {
		if f.Name == "envoy.filters.network.rbac" {
			rules := xdstest.UnmarshalAny[tcprbac3.RBAC](c.T, f.GetTypedConfig())
			ask(rules.GetRules(), rules.GetShadowRules(), rules.ShadowRulesStatPrefix)
		}
	}
	return result, denying
}
