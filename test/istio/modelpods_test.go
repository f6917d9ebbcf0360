package istio

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	jwt3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	httprbac3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	"istio.io/istio/pilot/test/xdstest"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// takesAs are the connections that a mode takes.
var takesAs = map[topology.Mode]string{
	topology.Strict: "mtls", topology.Permissive: "mtls or plaintext", topology.Disable: "plaintext",
	topology.UnknownMode: "mtls or plaintext", // Istio's default; another package may say otherwise
}

// inbound compares what a pod takes on each port that anybody names, and on one that
// nobody does.
func (c contest) inbound(v configured, w *topology.Workload) {
	l := xdstest.ExtractListener("virtualInbound", v.listeners)
	ports := map[int]bool{17171: true}
	for _, s := range c.Services() {
		if s.Namespace == w.Namespace && len(s.Selector()) > 0 && topology.Selects(s.Selector(), w.Labels) {
			for _, p := range s.Ports() {
				if target, ok := w.TargetOf(p); ok && p.Protocol != topology.UDP {
					ports[target] = true
				}
			}
		}
	}
	for _, p := range c.PeerAuthentications() {
		for port := range p.Spec.PortLevelMtls {
			ports[int(port)] = true
		}
	}
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		mode := c.ServerMode(w, port)
		if mode.Mode == topology.UnknownMode {
			c.tally.notKnown("inbound", "no PeerAuthentication decides")
		}
		c.same(v, "inbound", w.String(), fmt.Sprintf("mTLS mode of port %d (%s)", port, mode.Mode), takes(c.T, l, uint32(port)), takesAs[mode.Mode])
	}
}

// policyName is how Pilot names the rules of a policy.
var policyName = regexp.MustCompile(`ns\[(.*)\]-policy\[(.*)\]-rule\[`)

// policies compares the AuthorizationPolicies and the issuers of tokens of a pod.
func (c contest) policies(v configured, w *topology.Workload) {
	names, issuers := map[string]bool{}, map[string]bool{}
	for _, l := range v.listeners {
		if l.Name == "virtualOutbound" || l.GetTrafficDirection().String() == "OUTBOUND" && v.proxy.Type != "router" {
			continue
		}
		for _, chain := range append(slices.Clone(l.FilterChains), l.GetDefaultFilterChain()) {
			c.filters(chain, names, issuers)
		}
	}
	wantNames, wantIssuers := map[string]bool{}, map[string]bool{}
	for _, p := range c.PoliciesOf(w) {
		switch p.Kind {
		case "AuthorizationPolicy":
			wantNames[p.ID()] = true
		case "RequestAuthentication":
			for _, r := range c.RequestAuthentications() {
				if r.Object == p.Object {
					for _, rule := range r.Spec.JwtRules {
						wantIssuers[rule.Issuer] = true
					}
				}
			}
		}
	}
	c.same(v, "policies", w.String(), "AuthorizationPolicies", sortedText(names), sortedText(wantNames))
	c.same(v, "policies", w.String(), "issuers", sortedText(issuers), sortedText(wantIssuers))
}

func sortedText(set map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(set)), " ")
}

// filters notes the policies and issuers of a filter chain that reads HTTP.
func (c contest) filters(chain *listener3.FilterChain, names, issuers map[string]bool) {
	if chain == nil {
		return
	}
	manager := xdstest.ExtractHTTPConnectionManager(c.T, chain)
	if manager == nil {
		return
	}
	for _, f := range manager.HttpFilters {
		switch f.Name {
		case "envoy.filters.http.jwt_authn":
			for _, p := range xdstest.UnmarshalAny[jwt3.JwtAuthentication](c.T, f.GetTypedConfig()).Providers {
				issuers[p.Issuer] = true
			}
		case "envoy.filters.http.rbac":
			rules := xdstest.UnmarshalAny[httprbac3.RBAC](c.T, f.GetTypedConfig())
			for _, list := range []map[string]bool{keysOf(rules.GetRules().GetPolicies()), keysOf(rules.GetShadowRules().GetPolicies())} {
				for name := range list {
					if parts := policyName.FindStringSubmatch(name); parts != nil {
						names[parts[1]+"/"+parts[2]] = true
					}
				}
			}
		}
	}
}

func keysOf[V any](m map[string]V) map[string]bool {
	keys := map[string]bool{}
	for k := range m {
		keys[k] = true
	}
	return keys
}
