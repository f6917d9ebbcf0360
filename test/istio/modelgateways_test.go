package istio

import (
	"fmt"
	"slices"
	"strings"

	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tcpproxy3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/test/xdstest"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// gatewayConnections compares where a gateway leads connections that it does not
// read, server by server: the names by which a chain is chosen, and its clusters.
func (c contest) gatewayConnections(v configured) {
	for port, servers := range v.proxy.MergedGateway.MergedServers {
		var want []string
		opaque := false
		for _, server := range servers.Servers {
			namespace, name, _ := strings.Cut(v.proxy.MergedGateway.GatewayNameForServer[server], "/")
			g, ok := c.Gateway(namespace, name)
			if !ok {
				c.say(v, "Gateway "+namespace+"/"+name, "servers", "has it", "does not know it")
				continue
			}
			if topology.RouteList(server) != "http" && server.GetTls().GetMode() != networking.ServerTLSSettings_AUTO_PASSTHROUGH {
				opaque = true
				want = append(want, c.connectionsAt(v, g, server)...)
			}
		}
		if !opaque {
			continue
		}
		got := c.chainTexts(listening(v.listeners, port.Number))
		slices.Sort(got)
		slices.Sort(want)
		c.same(v, "gateway connections", fmt.Sprintf("port %d", port.Number), "chains", strings.Join(got, "\n      "), strings.Join(want, "\n      "))
	}
}

// connectionsAt are the chains of the model for one server.
func (c contest) connectionsAt(v configured, g topology.Config[*networking.Gateway], server *networking.Server) []string {
	var all []string
	for _, r := range c.Connections(c.client(v), g, server) {
		var names []string
		switch {
		case r.TLSMatch != nil:
			names = slices.Clone(r.TLSMatch.SniHosts)
		case server.Tls != nil:
			for _, written := range server.Hosts {
				_, host := topology.ServerHost(written, g.Namespace)
				names = append(names, host)
			}
		}
		all = append(all, chainText(names, c.ledTo(c.client(v), topology.Side(g.ID()), r, int(server.Port.Number))))
	}
	return all
}

// ledTo are the clusters of a route of connections.
func (c contest) ledTo(client topology.Client, side topology.Side, r topology.Route, called int) string {
	var to []string
	for _, d := range r.Destinations {
		host, number := c.Reached(client, side, r, d, called)
		text := clusterName(number, d.Subset, host)
		if len(r.Destinations) > 1 {
			text += fmt.Sprintf(" %d", d.Weight)
		}
		if !r.Idle(d) {
			to = append(to, text)
		}
	}
	return strings.Join(to, ", ")
}

// chainTexts are Pilot's chains that pass connections on.
func (c contest) chainTexts(l *listener3.Listener) []string {
	var all []string
	for _, chain := range append(slices.Clone(l.GetFilterChains()), l.GetDefaultFilterChain()) {
		for _, f := range chain.GetFilters() {
			if f.Name == "envoy.filters.network.tcp_proxy" {
				all = append(all, chainText(chain.GetFilterChainMatch().GetServerNames(), proxied(xdstest.UnmarshalAny[tcpproxy3.TcpProxy](c.T, f.GetTypedConfig()))))
			}
		}
	}
	return all
}

// chainText leaves out the name that is any name, as Pilot does.
func chainText(names []string, to string) string {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "*" })
	return strings.Join(slices.Sorted(slices.Values(names)), " ") + " -> " + to
}

// unknownHosts compares what a sidecar does with calls of hosts that it does not
// know.
func (c contest) unknownHosts(v configured) {
	l := xdstest.ExtractListener("virtualOutbound", v.listeners)
	out := false
	for _, text := range c.chainTexts(l) {
		out = out || strings.Contains(text, "-> PassthroughCluster")
	}
	lets := c.LetsOut(c.client(v))
	if lets == topology.NotKnown { // Istio's default; another package may say otherwise
		lets = topology.Yes
	}
	c.same(v, "unknown hosts", "calls of unknown hosts", "get out", fmt.Sprint(out), fmt.Sprint(lets == topology.Yes))
}
