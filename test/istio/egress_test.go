package istio

import (
	"fmt"
	"strings"
	"testing"

	cluster3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tls3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xdstest"
)

// outside makes the experiments about calls that leave the cluster and about what
// proxies know. tls is a connection of an application that speaks TLS itself.
// egress is one that arrives at the egress gateway. origin is how a proxy speaks to
// a host; without from it is a sidecar that nothing selects. sees tells whether a
// pod of a service knows a host, and unknown what it does with calls to a host that
// it does not know.
func (p *pilot) outside(t *testing.T, verb, object string) (string, error) {
	switch verb {
	case "tls":
		host, port, _, err := hostPortPath(object)
		if err != nil {
			return "", err
		}
		return p.passedOn(t, p.client(), uint32(port), host), nil
	case "egress":
		return p.atEgressGateway(t, object)
	case "origin":
		return p.origin(t, object)
	}
	who, what, _ := strings.Cut(object, " ")
	name, namespace, _ := strings.Cut(who, ".")
	pods := p.cluster.podsOf(named{Namespace: namespace, Name: name})
	if len(pods) == 0 {
		return "", fmt.Errorf("no pod of %s", who)
	}
	proxy := p.sidecar(pods[0])
	if verb == "unknown" {
		return p.unknown(t, proxy)
	}
	host, port, _, err := hostPortPath(what)
	if err != nil {
		return "", err
	}
	if xdstest.ExtractClusters(p.Clusters(proxy))[fmt.Sprintf("outbound|%d||%s", port, host)] == nil {
		return "no", nil
	}
	return "yes", nil
}

// passedOn is where TLS goes that nobody opens.
func (p *pilot) passedOn(t *testing.T, proxy *model.Proxy, port uint32, name string) string {
	// Services with an address have listeners of their own on the same port.
	l := xdstest.ExtractListener(fmt.Sprintf("0.0.0.0_%d", port), p.Listeners(proxy))
	if l == nil {
		return "nobody listens"
	}
	chain := chainFor(l, name)
	if chain == nil {
		chain = l.DefaultFilterChain
	}
	if chain == nil {
		return "connection refused"
	}
	if chain.TransportSocket != nil {
		return "TLS is opened"
	}
	tcp := xdstest.ExtractTCPProxy(t, chain)
	if tcp == nil {
		return "no TCP"
	}
	if tunnel := tcp.GetTunnelingConfig(); tunnel != nil {
		return clusterText(tcp.GetCluster()) + ", CONNECT " + tunnel.Hostname
	}
	return clusterText(tcp.GetCluster())
}

// atEgressGateway is where the egress gateway sends what sidecars send to it.
func (p *pilot) atEgressGateway(t *testing.T, object string) (string, error) {
	how, address, _ := strings.Cut(object, " ")
	host, port, path, err := hostPortPath(address)
	if err != nil {
		return "", err
	}
	proxy, target, err := p.egressGateway(int32(port))
	if err != nil || how == "tls" {
		return p.passedOn(t, proxy, target, host), err
	}
	listeners := p.Listeners(proxy)
	l := listening(listeners, target)
	if l == nil {
		return "nobody listens", nil
	}
	chain := chainFor(l, host)
	if chain == nil {
		return "connection refused", nil
	}
	if !requiresCertificate(t, chain) {
		return "anybody may call", nil
	}
	manager := xdstest.ExtractHTTPConnectionManager(t, chain)
	if manager == nil {
		return "no HTTP", nil
	}
	config := xdstest.ExtractRouteConfigurations(p.RoutesFromListeners(proxy, listeners))
	return answer(config[manager.GetRds().GetRouteConfigName()], host, newRequest(path, nil)), nil
}

func requiresCertificate(t *testing.T, chain *listener3.FilterChain) bool {
	if chain.TransportSocket == nil {
		return false
	}
	tls := xdstest.UnmarshalAny[tls3.DownstreamTlsContext](t, chain.TransportSocket.GetTypedConfig())
	return tls.GetRequireClientCertificate().GetValue()
}

// egressGateway is the egress gateway and the port on which its pods receive what
// arrives at a port of its Service.
func (p *pilot) egressGateway(port int32) (*model.Proxy, uint32, error) {
	id := named{Namespace: istioSystem, Name: "istio-egressgateway"}
	pods := p.cluster.podsOf(id)
	if len(pods) == 0 {
		return nil, 0, fmt.Errorf("no %s", id)
	}
	target := uint32(port)
	for _, s := range p.cluster.services[id].Spec.Ports {
		if s.Port == port {
			target = uint32(s.TargetPort.IntVal)
		}
	}
	return p.gateway(pods[0]), target, nil
}

func (p *pilot) origin(t *testing.T, object string) (string, error) {
	address, from, _ := strings.Cut(object, " from ")
	address, subset, _ := strings.Cut(address, " ")
	host, port, _, err := hostPortPath(address)
	if err != nil {
		return "", err
	}
	proxy := p.client()
	if from == "egress" {
		if proxy, _, err = p.egressGateway(0); err != nil {
			return "", err
		}
	} else if name, namespace, ok := strings.Cut(from, "."); ok {
		set := map[string]string{"app": name}
		proxy = p.SetupProxy(&model.Proxy{
			ConfigNamespace: namespace, IPAddresses: []string{"10.9.9.8"}, Labels: set,
			Metadata: &model.NodeMetadata{Namespace: namespace, Labels: set},
		})
	}
	c := xdstest.ExtractClusters(p.Clusters(proxy))[fmt.Sprintf("outbound|%d|%s|%s", port, subset, host)]
	return originText(t, c), nil
}

// originText says how a cluster's clients speak TLS to a server outside.
func originText(t *testing.T, c *cluster3.Cluster) string {
	if c == nil || c.TransportSocket == nil {
		return clientTLS(c)
	}
	tls := xdstest.UnmarshalAny[tls3.UpstreamTlsContext](t, c.TransportSocket.GetTypedConfig())
	common := tls.GetCommonTlsContext()
	text := "tls to " + tls.GetSni()
	combined := common.GetCombinedValidationContext()
	authorities := combined.GetValidationContextSdsSecretConfig().GetName()
	var names []string
	for _, m := range combined.GetDefaultValidationContext().GetMatchSubjectAltNames() { //nolint:staticcheck // what Pilot writes
		names = append(names, m.GetExact())
	}
	for _, m := range combined.GetDefaultValidationContext().GetMatchTypedSubjectAltNames() {
		names = append(names, m.GetMatcher().GetExact())
	}
	if authorities == "" {
		text += ", any server"
	} else {
		text += fmt.Sprintf(", servers %s by %s", strings.Join(names, " "), authorities)
	}
	for _, c := range common.GetTlsCertificateSdsSecretConfigs() {
		text += ", shows " + c.Name
	}
	return text
}

// unknown is what a proxy does with calls to hosts that it does not know.
func (p *pilot) unknown(t *testing.T, proxy *model.Proxy) (string, error) {
	l := xdstest.ExtractListener("virtualOutbound", p.Listeners(proxy))
	chain := l.GetDefaultFilterChain()
	if chain == nil {
		chain = l.GetFilterChains()[len(l.GetFilterChains())-1]
	}
	switch to := xdstest.ExtractTCPProxy(t, chain).GetCluster(); to {
	case "PassthroughCluster":
		return "passed on", nil
	case "BlackHoleCluster":
		return "refused", nil
	default:
		return "", fmt.Errorf("to %q", to)
	}
}
