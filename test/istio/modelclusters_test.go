package istio

import (
	"fmt"
	"slices"
	"strings"

	cluster3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	proxyprotocol3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/proxy_protocol/v3"
	tls3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/xds/endpoints"
	"istio.io/istio/pilot/test/xdstest"
	corev1 "k8s.io/api/core/v1"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// clusterPolicies compares the clusters of a proxy: which subsets there are, and
// what DestinationRules say of each.
func (c contest) clusterPolicies(v configured) {
	client, hosts := c.client(v), c.hosts()
	there := map[string][]string{}
	for _, cluster := range v.clusters {
		direction, subset, name, port := model.ParseSubsetKey(cluster.Name)
		host := string(name)
		if direction != model.TrafficDirectionOutbound || !strings.HasPrefix(cluster.Name, "outbound|") {
			continue
		}
		id := fmt.Sprintf("%s:%d", host, port)
		there[id] = append(there[id], subset)
		if _, known := hosts[host]; !known {
			c.say(v, "host "+host, "cluster", "has "+cluster.Name, "knows no such host")
			continue
		}
		rules := c.Rules(client, host)
		policy := rules.Policy(subset, port)
		object := "cluster " + cluster.Name
		c.same(v, "load balancer", object, "load balancer", balancerOf(cluster), wantedBalancer(policy, cluster))
		c.same(v, "outlier detection", object, "outlier detection", outlierOf(cluster), wantedOutlier(policy.GetOutlierDetection()))
		c.same(v, "connections", object, "connections", poolOf(cluster, policy.GetConnectionPool()), wantedPool(policy.GetConnectionPool()))
		switch tls := rules.TLS(subset, port); {
		case tls != nil && tls.Holds(client):
			c.same(v, "client TLS", object, "TLS mode", tlsOf(c, cluster), tls.Mode.String())
		case tls != nil:
			c.same(v, "client TLS", object, "TLS mode", tlsOf(c, cluster), "DISABLE")
		case cluster.GetType() != cluster3.Cluster_ORIGINAL_DST: // what those do the pairs show
			c.same(v, "client TLS", object, "TLS mode", strings.Replace(tlsOf(c, cluster), "DISABLE", "automatic", 1), "automatic")
		}
	}
	for host, ports := range hosts {
		subsets := []string{""}
		for _, rule := range c.Rules(client, host) {
			for _, s := range rule.Spec.Subsets {
				subsets = append(subsets, s.Name)
			}
		}
		slices.Sort(subsets)
		for _, p := range ports {
			if p.Protocol == topology.UDP {
				continue
			}
			if c.Hides(client, host, p.Number) != nil && !c.LedTo(client, host, p.Number) {
				c.same(v, "seen hosts", "host "+host, "clusters", fmt.Sprintf("%q", there[fmt.Sprintf("%s:%d", host, p.Number)]), "[]")
				continue
			}
			got := there[fmt.Sprintf("%s:%d", host, p.Number)]
			slices.Sort(got)
			c.same(v, "subsets", "host "+host, fmt.Sprintf("subsets of port %d", p.Number), fmt.Sprintf("%q", got), fmt.Sprintf("%q", slices.Compact(subsets)))
		}
	}
}

func balancerOf(cluster *cluster3.Cluster) string { return cluster.LbPolicy.String() }

// wantedBalancer is what a policy asks for; without one Istio's own. Where the pods
// are found by DNS or by the caller there is nothing to choose.
func wantedBalancer(policy *networking.TrafficPolicy, cluster *cluster3.Cluster) string {
	lb := policy.GetLoadBalancer()
	dns := cluster.GetClusterType() != nil // which resolves each name that is called
	switch {
	case lb.GetConsistentHash().GetMaglev() != nil:
		return "MAGLEV"
	case lb.GetConsistentHash() != nil:
		return "RING_HASH"
	case lb.GetSimple() == networking.LoadBalancerSettings_PASSTHROUGH || cluster.GetType() == cluster3.Cluster_ORIGINAL_DST || dns:
		return "CLUSTER_PROVIDED"
	case lb.GetSimple() == networking.LoadBalancerSettings_ROUND_ROBIN || lb.GetSimple() == networking.LoadBalancerSettings_RANDOM:
		return lb.GetSimple().String()
	}
	return "LEAST_REQUEST"
}

func outlierOf(cluster *cluster3.Cluster) string {
	o := cluster.OutlierDetection
	if o == nil {
		return "none"
	}
	return fmt.Sprint(o.GetConsecutive_5Xx().GetValue(), o.GetConsecutiveGatewayFailure().GetValue(), o.GetInterval().AsDuration(), o.GetBaseEjectionTime().AsDuration(), o.GetMaxEjectionPercent().GetValue())
}

func wantedOutlier(o *networking.OutlierDetection) string {
	if o == nil {
		return "none"
	}
	return fmt.Sprint(o.GetConsecutive_5XxErrors().GetValue(), o.GetConsecutiveGatewayErrors().GetValue(), o.GetInterval().AsDuration(), o.GetBaseEjectionTime().AsDuration(), o.GetMaxEjectionPercent())
}

// poolOf are the limits of a cluster that a policy can set. What nobody sets has
// Istio's own value.
func poolOf(cluster *cluster3.Cluster, asked *networking.ConnectionPoolSettings) string {
	limits := cluster.GetCircuitBreakers().GetThresholds()[0]
	text := fmt.Sprint(number(limits.GetMaxConnections().GetValue()), number(limits.GetMaxPendingRequests().GetValue()), number(limits.GetMaxRequests().GetValue()))
	if asked.GetTcp().GetConnectTimeout() != nil {
		text += cluster.GetConnectTimeout().AsDuration().String()
	}
	return text
}

func wantedPool(p *networking.ConnectionPoolSettings) string {
	text := fmt.Sprint(number(uint32(p.GetTcp().GetMaxConnections())), number(uint32(p.GetHttp().GetHttp1MaxPendingRequests())), number(uint32(p.GetHttp().GetHttp2MaxRequests())))
	if timeout := p.GetTcp().GetConnectTimeout(); timeout != nil {
		text += timeout.AsDuration().String()
	}
	return text
}

// number is a limit; Istio writes the highest number for none.
func number(n uint32) string {
	if n == 0 || n == 1<<32-1 {
		return "unlimited "
	}
	return fmt.Sprint(n, " ")
}

// tlsOf is the mode of a DestinationRule that a cluster's clients behave by.
func tlsOf(c contest, cluster *cluster3.Cluster) string {
	if len(cluster.TransportSocketMatches) > 0 {
		return "automatic"
	}
	socket := cluster.TransportSocket
	if socket.GetName() == "envoy.transport_sockets.upstream_proxy_protocol" { // around the one that counts
		socket = xdstest.UnmarshalAny[proxyprotocol3.ProxyProtocolUpstreamTransport](c.T, socket.GetTypedConfig()).TransportSocket
	}
	if socket == nil || socket.Name == "raw_buffer" {
		return "DISABLE"
	}
	tls := xdstest.UnmarshalAny[tls3.UpstreamTlsContext](c.T, socket.GetTypedConfig())
	common := tls.GetCommonTlsContext()
	configs := common.GetTlsCertificateSdsSecretConfigs()
	switch {
	case len(configs) == 1 && configs[0].Name == "default":
		return "ISTIO_MUTUAL"
	case len(configs) > 0 || len(common.GetTlsCertificates()) > 0:
		return "MUTUAL"
	}
	return "SIMPLE"
}

// pairs compares what a sidecar and each pod behind a Service do together.
func (c contest) pairs(v configured, pods map[named]configured) {
	clusters := xdstest.ExtractClusters(v.clusters)
	client := c.client(v)
	for _, s := range c.Services() {
		workloads, _ := c.Behind(s)
		for _, port := range s.Ports() {
			subsets := []string{""}
			for _, rule := range c.Rules(client, s.Host()) {
				for _, subset := range rule.Spec.Subsets {
					subsets = append(subsets, subset.Name)
				}
			}
			for _, subset := range subsets {
				for _, w := range workloads {
					server, ok := pods[named{Namespace: w.Namespace, Name: w.Name}]
					cluster := clusters[clusterName(port.Number, subset, s.Host())]
					if !ok || cluster == nil {
						continue
					}
					c.pair(v, client, s, port, subset, w, server, cluster)
				}
			}
		}
	}
}

func (c contest) pair(v configured, client topology.Client, s *topology.Service, port topology.Port, subset string, w *topology.Workload, server configured, cluster *cluster3.Cluster) {
	verdict := c.Meet(client, s, port, subset, w)
	target, ok := w.TargetOf(port)
	if !ok {
		return
	}
	speaks, found := c.speaks(v, cluster, c.pilot.cluster.pods[named{Namespace: w.Namespace, Name: w.Name}])
	if !found {
		return // the subset has not this pod
	}
	object := fmt.Sprintf("%s %d %s to %s", s, port.Number, subset, w)
	if verdict.Outcome == topology.Unknown {
		c.tally.notKnown("pairs", verdict.Why)
		return
	}
	takes := takes(c.T, xdstest.ExtractListener("virtualInbound", server.listeners), uint32(target))
	if c.Injection(w).Sidecar == topology.No {
		takes = "plaintext" // there is no such listener
	}
	c.same(v, "pairs", object, "what both do", outcome(speaks, takes), outcomeName[verdict.Outcome])
}

var outcomeName = map[topology.Outcome]string{topology.MTLS: "mtls", topology.Plaintext: "plaintext", topology.OwnTLS: "own TLS", topology.Refused: "refused"}

// outcome is what becomes of a client that speaks in one way to a server that takes
// what it takes.
func outcome(speaks, takes string) string {
	switch {
	case speaks == "mtls" && !strings.Contains(takes, "mtls"):
		return "refused"
	case speaks == "mtls":
		return "mtls"
	case !strings.Contains(takes, "plaintext"):
		return "refused"
	}
	return speaks
}

// speaks is how a sidecar opens a connection to a pod of a cluster; false when the
// cluster has not the pod.
func (c contest) speaks(v configured, cluster *cluster3.Cluster, pod *corev1.Pod) (string, bool) {
	mode := tlsOf(c, cluster)
	labelled := false
	if cluster.GetType() == cluster3.Cluster_EDS {
		found := false
		builder := endpoints.NewEndpointBuilder(cluster.Name, v.proxy, c.pilot.PushContext())
		for _, local := range builder.BuildClusterLoadAssignment(c.pilot.Discovery.Env.EndpointIndex).Endpoints {
			for _, e := range local.LbEndpoints {
				if address(e.GetEndpoint().GetAddress()) == pod.Status.PodIP {
					found = true
					labelled = e.GetMetadata().GetFilterMetadata()["envoy.transport_socket_match"].GetFields()["tlsMode"].GetStringValue() == "istio"
				}
			}
		}
		if !found {
			return "", false
		}
	}
	switch mode {
	case "automatic":
		if labelled {
			return "mtls", true
		}
		return "plaintext", true
	case "ISTIO_MUTUAL":
		return "mtls", true
	case "DISABLE":
		return "plaintext", true
	}
	return "own TLS", true
}

func address(a *core3.Address) string { return a.GetSocketAddress().GetAddress() }
