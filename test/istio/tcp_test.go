package istio

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	core3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"istio.io/istio/pilot/test/xdstest"
)

// connects says where a connection goes: NAME.NAMESPACE:PORT [from NAME.NAMESPACE]
// [to ADDRESS].
func (p *pilot) connects(t *testing.T, object string) (string, error) {
	words := strings.Fields(object)
	host, port, _, err := hostPortPath(words[0])
	if err != nil {
		return "", err
	}
	proxy, address := p.client(), p.cluster.services[serviceOf(host)].Spec.ClusterIP
	for i := 1; i+1 < len(words); i += 2 {
		switch words[i] {
		case "from":
			pods := p.cluster.podsOf(serviceOf(words[i+1] + clusterSuffix))
			if len(pods) == 0 {
				return "", fmt.Errorf("no pod of %s", words[i+1])
			}
			proxy = p.sidecar(pods[0])
		case "to":
			address = words[i+1]
		default:
			return "", fmt.Errorf("%q: want from or to", words[i])
		}
	}
	l := towards(p.Listeners(proxy), address, uint32(port))
	if l == nil {
		return "nobody listens", nil
	}
	return connectionAnswer(t, chainTo(l, address)), nil
}

func serviceOf(host string) named {
	name, namespace, _ := strings.Cut(strings.TrimSuffix(host, clusterSuffix), ".")
	return named{Namespace: namespace, Name: name}
}

// towards is the listener that takes connections to an address, else the one for
// every address of the port.
func towards(all []*listener3.Listener, address string, port uint32) *listener3.Listener {
	var any *listener3.Listener
	for _, l := range all {
		socket := l.GetAddress().GetSocketAddress()
		switch {
		case socket.GetPortValue() != port || l.GetTrafficDirection() != core3.TrafficDirection_OUTBOUND:
		case socket.GetAddress() == address:
			return l
		case socket.GetAddress() == "0.0.0.0":
			any = l
		}
	}
	return any
}

// chainTo is the filter chain for an address: the narrowest that holds it, of equal
// ones the first, else the one for all the rest.
func chainTo(l *listener3.Listener, address string) *listener3.FilterChain {
	best, length := l.GetDefaultFilterChain(), -1
	for _, chain := range l.GetFilterChains() {
		ranges := chain.GetFilterChainMatch().GetPrefixRanges()
		if len(ranges) == 0 && length < 0 {
			best, length = chain, 0
		}
		for _, r := range ranges {
			prefix, err := netip.ParsePrefix(fmt.Sprintf("%s/%d", r.AddressPrefix, r.GetPrefixLen().GetValue()))
			if err == nil && prefix.Contains(netip.MustParseAddr(address)) && prefix.Bits() > length {
				best, length = chain, prefix.Bits()
			}
		}
	}
	return best
}

// connectionAnswer is where a filter chain sends connections.
func connectionAnswer(t *testing.T, chain *listener3.FilterChain) string {
	if chain == nil {
		return "connection refused"
	}
	proxy := xdstest.ExtractTCPProxy(t, chain)
	if proxy == nil {
		return "no TCP"
	}
	if single := proxy.GetCluster(); single != "" {
		if single == "BlackHoleCluster" {
			return "connection refused"
		}
		return clusterText(single)
	}
	var texts []string
	for _, c := range proxy.GetWeightedClusters().GetClusters() {
		texts = append(texts, fmt.Sprintf("%s %d", clusterText(c.Name), c.Weight))
	}
	return strings.Join(texts, ", ")
}
