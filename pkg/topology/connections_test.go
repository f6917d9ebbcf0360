package topology_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// Which connections a gateway's servers lead where. Pilot says the same of
// test/istio/testdata/model/connections-at-gateways.yaml.
func TestConnections(t *testing.T) {
	const tcp, passed = "port: {number: 5432, protocol: TCP}", "port: {number: 443, protocol: TLS}, tls: {mode: PASSTHROUGH}"
	leads := func(host, match string) string {
		if match != "" {
			match = "match: [" + match + "], "
		}
		return "{" + match + "route: [{destination: {host: " + host + "}}]}"
	}
	bound := func(name, hosts, list string, routes ...string) string {
		return routing(name, "shop", "gateways: [edge/g], hosts: ["+hosts+"], "+list+": ["+strings.Join(routes, ", ")+"]")
	}
	for name, c := range map[string]struct {
		server string
		docs   []string
		want   string
	}{
		"the first route":                 {tcp + ", hosts: ['*']", []string{bound("v", "'*'", "tcp", leads("a", ""), leads("b", ""))}, "a"},
		"the first that holds":            {tcp + ", hosts: ['*']", []string{bound("v", "'*'", "tcp", leads("a", "{port: 1}"), leads("b", "{port: 1}, {port: 5432}"))}, "b"},
		"for this gateway":                {tcp + ", hosts: ['*']", []string{bound("v", "'*'", "tcp", leads("a", "{gateways: [edge/h]}"), leads("b", "{gateways: [edge/g]}"))}, "b"},
		"whoever calls":                   {tcp + ", hosts: ['*']", []string{bound("v", "'*'", "tcp", leads("a", "{sourceNamespace: x, sourceLabels: {a: b}}"))}, "a"},
		"a route without destinations":    {tcp + ", hosts: ['*']", []string{bound("v", "'*'", "tcp", "{}", leads("b", ""))}, "b"},
		"none that holds":                 {tcp + ", hosts: ['*']", []string{bound("v", "'*'", "tcp", leads("a", "{port: 1}"))}, ""},
		"another list":                    {tcp + ", hosts: ['*']", []string{bound("v", "'*'", "tls", leads("a", "{sniHosts: [x]}"))}, ""},
		"another host":                    {tcp + ", hosts: [a.example.com]", []string{bound("v", "b.example.com", "tcp", leads("a", ""))}, ""},
		"the host in other case":          {tcp + ", hosts: [A.example.com]", []string{bound("v", "a.Example.com", "tcp", leads("a", ""))}, "a"},
		"another namespace":               {tcp + ", hosts: ['pay/*']", []string{bound("v", "a.example.com", "tcp", leads("a", ""))}, ""},
		"another gateway":                 {tcp + ", hosts: ['*']", []string{strings.Replace(bound("v", "'*'", "tcp", leads("a", "")), "edge/g", "edge/h", 1)}, ""},
		"the older":                       {tcp + ", hosts: ['*']", []string{bound("b", "'*'", "tcp", leads("b", "")), bound("a", "'*'", "tcp", leads("a", ""))}, "a"},
		"one that the gateway sees":       {tcp + ", hosts: ['*']", []string{bound("b", "'*'", "tcp", leads("b", "")), strings.Replace(bound("a", "'*'", "tcp", leads("a", "")), "hosts:", "exportTo: [.], hosts:", 1)}, "b"},
		"TLS that it ends":                {"port: {number: 443, protocol: TLS}, tls: {mode: SIMPLE}, hosts: ['*']", []string{bound("v", "'*'", "tcp", leads("a", ""))}, "a"},
		"HTTP":                            {"port: {number: 80, protocol: HTTP}, hosts: ['*']", []string{bound("v", "'*'", "tcp", leads("a", ""))}, ""},
		"what the name of a cluster says": {"port: {number: 443, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ['*']", []string{bound("v", "'*'", "tls", leads("a", "{sniHosts: [x]}"))}, ""},
		"each name":                       {passed + ", hosts: ['*']", []string{bound("v", "'*'", "tls", leads("a", "{sniHosts: [x]}, {sniHosts: [y, z]}"))}, "x>a y,z>a"},
		"a name that is taken":            {passed + ", hosts: ['*']", []string{bound("v", "'*'", "tls", leads("a", "{sniHosts: [x]}"), leads("b", "{sniHosts: [y, x]}, {sniHosts: [y]}"))}, "x>a y>b"},
		"a match that does not hold":      {passed + ", hosts: ['*']", []string{bound("v", "'*'", "tls", leads("a", "{sniHosts: [x], port: 1}"), leads("b", "{sniHosts: [x], port: 443}"))}, "x>b"},
	} {
		t.Run(name, func(t *testing.T) {
			m := model(t, append(c.docs, "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: edge}\nspec: {servers: [{"+c.server+"}]}\n")...)
			g, _ := m.Gateway("edge", "g")
			var got []string
			for _, r := range m.Connections(topology.Client{Namespace: "istio-system", Gateway: true}, g, g.Spec.Servers[0]) {
				text := r.Destinations[0].Written
				if names := r.TLSMatch.GetSniHosts(); names != nil {
					text = fmt.Sprintf("%s>%s", strings.Join(names, ","), text)
				}
				got = append(got, text)
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
		})
	}
}
