package mesh

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// health is the host by which load balancers and monitors ask whether the ingress
// gateway is ready: Kyma's VirtualService istio-healthz, where the generation's own
// charts had it (facts.Healthz).
func (r *resolver) health(others []VirtualHost) []VirtualHost {
	if !r.facts.Healthz || r.existing() {
		return nil
	}
	host := "healthz." + r.spec.Domain
	if slices.ContainsFunc(others, func(v VirtualHost) bool { return v.Host == host }) {
		return nil // it is a service's, and Istio would take one of the two
	}
	for i := range r.gateways {
		g := &r.gateways[i]
		if g.Name == kymaGateway && g.Namespace == "kyma-system" && OnIngressPods(g.Selector) && g.servesFor(Root, host) {
			return []VirtualHost{{
				Namespace: Root, Name: "istio-healthz", Host: host, Gateway: g.Namespace + "/" + g.Name, Origin: g.path,
				Routes: []Route{{
					Match: []*networking.HTTPMatchRequest{{Uri: &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: "/healthz/ready"}}}},
					To:    []Destination{{Host: "istio-ingressgateway." + Root + ".svc.cluster.local", Port: 15021}},
				}},
			}}
		}
	}
	return nil
}

// servesFor tells whether a gateway takes HTTP for the host to services of a
// namespace.
func (g *gateway) servesFor(namespace, host string) bool {
	return slices.ContainsFunc(g.listeners, func(l listener) bool {
		return l.routesHTTP() && slices.ContainsFunc(l.hosts, func(h gatewayHost) bool { return h.serves(host) && h.admits(namespace) })
	})
}
