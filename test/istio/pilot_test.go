package istio

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	cluster3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pilot/test/xdstest"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/kube"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"

	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// pilot is Istio's control plane with a case's resources, in its cluster.
type pilot struct {
	*xds.FakeDiscoveryServer
	cluster *cluster
}

func startPilot(t *testing.T, c testCase) *pilot {
	t.Helper()
	all := newCluster(c)
	var configs []config.Config
	for _, o := range c.resources() {
		text, err := manifest.AppendYAML(nil, o)
		if err != nil {
			t.Fatal(err)
		}
		cfg, _, err := readConfig(text)
		if err != nil {
			t.Fatalf("%s: %v", title(o), err)
		}
		configs = append(configs, cfg)
	}
	for _, id := range sortedKeys(all.gateways) {
		configs = append(configs, config.Config{
			Meta: config.Meta{GroupVersionKind: gvk.Gateway, Namespace: id.Namespace, Name: id.Name, Domain: "cluster.local"},
			Spec: all.gateways[id],
		})
	}
	meshConfig := mesh.DefaultMeshConfig()
	for _, tree := range operators(c.objects) {
		body, err := yaml.Marshal(tree["meshConfig"])
		if err != nil {
			t.Fatal(err)
		}
		if meshConfig, err = mesh.ApplyMeshConfigDefaults(string(body)); err != nil {
			t.Fatal(err)
		}
	}
	return all.pilot(t, configs, meshConfig)
}

// pilot starts Istio's control plane in the cluster.
func (c *cluster) pilot(t *testing.T, configs []config.Config, meshConfig *meshconfig.MeshConfig) *pilot {
	t.Helper()
	objects := c.objects()
	for _, slice := range c.endpoints() {
		objects = append(objects, slice)
	}
	options := xds.FakeOptions{
		MeshConfig: meshConfig, Configs: configs,
		KubeClientBuilder: func(...runtime.Object) kube.Client { return kubeClient(t, objects) },
	}
	return &pilot{FakeDiscoveryServer: xds.NewFakeDiscoveryServer(t, options), cluster: c}
}

// kubeClient is a client of an API server that has these objects. Given to the
// client when it is made, each is created, and who owns which of its fields is
// reckoned: a sixth of the time of all these tests.
func kubeClient(t *testing.T, objects []runtime.Object) kube.Client {
	client := kube.NewFakeClient()
	tracker := client.Kube().(*fake.Clientset).Tracker()
	for _, object := range objects {
		if err := tracker.Add(object); err != nil {
			t.Error(err)
		}
	}
	return client
}

// client is a sidecar of the mesh in a namespace that no document names.
func (p *pilot) client() *model.Proxy {
	return p.SetupProxy(&model.Proxy{
		ConfigNamespace: "clients", IPAddresses: []string{"10.9.9.9"},
		Metadata: &model.NodeMetadata{Namespace: "clients", ClusterID: "Kubernetes", EnvoyStatusPort: 15021, EnvoyPrometheusPort: 15090},
	})
}

// sidecar is the proxy of a pod.
func (p *pilot) sidecar(pod *corev1.Pod) *model.Proxy {
	return p.SetupProxy(p.proxy(model.SidecarProxy, pod))
}

// gateway is the proxy of a gateway's pod.
func (p *pilot) gateway(pod *corev1.Pod) *model.Proxy {
	return p.SetupProxy(p.proxy(model.Router, pod))
}

func (p *pilot) proxy(kind model.NodeType, pod *corev1.Pod) *model.Proxy {
	return &model.Proxy{
		Type: kind, ConfigNamespace: pod.Namespace, ID: pod.Name + "." + pod.Namespace,
		IPAddresses: []string{pod.Status.PodIP}, Labels: pod.Labels,
		Metadata: &model.NodeMetadata{
			Namespace: pod.Namespace, Labels: pod.Labels, ClusterID: "Kubernetes",
			EnvoyStatusPort: 15021, EnvoyPrometheusPort: 15090, // as every agent says
		},
	}
}

// gatewayPods are the pods that any Gateway selects.
func (p *pilot) gatewayPods(c testCase) []*corev1.Pod {
	selectors := []map[string]string{}
	for _, spec := range manifest.Of[*networking.Gateway](c.objects) {
		selectors = append(selectors, spec.Selector)
	}
	for _, id := range sortedKeys(p.cluster.gateways) {
		selectors = append(selectors, p.cluster.gateways[id].Selector)
	}
	var all []*corev1.Pod
	for _, id := range sortedKeys(p.cluster.pods) {
		pod := p.cluster.pods[id]
		for _, selector := range selectors {
			if id.Namespace == istioSystem && labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels)) {
				all = append(all, pod)
				break
			}
		}
	}
	return all
}

// TestPilot lets Pilot make the configuration of every proxy that a case knows,
// and holds it against Envoy's own rules and against the model of the case.
func TestPilot(t *testing.T) {
	tally := newTally()
	t.Cleanup(func() { tally.holds(t, leastCompared) })
	forEachCase(t, func(t *testing.T, c testCase) {
		p := startPilot(t, c)
		for _, v := range p.walk(t, modelOf(t, c, p.cluster), p.gatewayPods(c), tally) {
			v.check(t)
		}
	})
}

// walk holds the model against the configuration of every proxy of the cluster, and
// gives these back.
func (p *pilot) walk(t *testing.T, m *topology.Model, gateways []*corev1.Pod, tally *tally) []configured {
	t.Helper()
	agree := contest{t, m, p, tally, new(int)}
	client := p.configured("a client", p.client())
	all := []configured{client}
	agree.sidecar(client)
	for _, pod := range gateways {
		v := p.configured("gateway "+pod.Name, p.gateway(pod))
		all = append(all, v)
		agree.gatewayRoutes(v)
		agree.gatewayConnections(v)
		agree.clusterPolicies(v)
	}
	pods := map[named]configured{}
	for _, id := range sortedKeys(p.cluster.pods) {
		if id.Namespace != istioSystem {
			pods[id] = p.configured("pod "+id.String(), p.sidecar(p.cluster.pods[id]))
			all = append(all, pods[id])
		}
	}
	for _, w := range m.AllWorkloads() {
		if v, ok := pods[named{Namespace: w.Namespace, Name: w.Name}]; ok {
			agree.inbound(v, w)
			agree.policies(v, w)
			agree.sidecar(v)
		}
	}
	agree.pairs(client, pods)
	agree.cells(pods, all[1:1+len(gateways)])
	return all
}

func (p *pilot) configured(who string, proxy *model.Proxy) configured {
	v := configured{who: who, proxy: proxy, listeners: p.Listeners(proxy), clusters: p.Clusters(proxy)}
	v.routes = p.RoutesFromListeners(proxy, v.listeners)
	return v
}

// check holds it against Envoy's own rules.
func (v configured) check(t *testing.T) {
	t.Run(v.who, func(t *testing.T) {
		xdstest.ValidateListeners(t, v.listeners)
		xdstest.ValidateClusters(t, v.clusters)
		xdstest.ValidateRouteConfigurations(t, v.routes)
		known := xdstest.ExtractClusters(v.clusters)
		for _, config := range v.routes {
			for _, host := range config.VirtualHosts {
				for _, r := range host.Routes {
					for _, d := range targets(r) {
						if known[d.Name] == nil {
							t.Errorf("route %s, host %s: cluster %s does not exist, requests would get 503", config.Name, host.Name, d.Name)
						}
					}
				}
			}
		}
	})
}

// targets are the clusters of a route with their weights.
func targets(r *route3.Route) []*route3.WeightedCluster_ClusterWeight {
	action := r.GetRoute()
	if weighted := action.GetWeightedClusters(); weighted != nil {
		return weighted.Clusters
	}
	if name := action.GetCluster(); name != "" {
		return []*route3.WeightedCluster_ClusterWeight{{Name: name}}
	}
	return nil
}

// answer is where a route configuration leads a request.
func answer(config *route3.RouteConfiguration, authority string, q request) string {
	r := matching(virtualHost(config, authority), q)
	switch {
	case r == nil:
		return "404"
	case r.GetRedirect() != nil && r.GetRedirect().GetHttpsRedirect():
		return "redirect to https"
	case r.GetRedirect() != nil:
		return "redirect"
	case r.GetDirectResponse() != nil:
		return strconv.Itoa(int(r.GetDirectResponse().GetStatus()))
	}
	var texts []string
	for _, d := range targets(r) {
		text := clusterText(d.Name)
		if d.Weight != nil {
			text += fmt.Sprintf(" %d", d.Weight.GetValue())
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// virtualHost is the one that Envoy takes: the exact name, the longest wildcard,
// or the one for every host.
func virtualHost(config *route3.RouteConfiguration, authority string) *route3.VirtualHost {
	if config.GetIgnorePortInHostMatching() {
		authority, _, _ = strings.Cut(authority, ":")
	}
	var best *route3.VirtualHost
	length := -1
	for _, host := range config.GetVirtualHosts() {
		for _, domain := range host.Domains {
			suffix, wildcard := strings.CutPrefix(domain, "*")
			switch {
			case domain == authority:
				return host
			case wildcard && len(suffix) > length && strings.HasSuffix(authority, suffix):
				best, length = host, len(suffix)
			}
		}
	}
	return best
}

// matching is the first route that takes the request.
func matching(host *route3.VirtualHost, q request) *route3.Route {
	// A redirect of all requests stands at the virtual host, not at a route.
	if host != nil && host.RequireTls == route3.VirtualHost_ALL {
		return &route3.Route{Action: &route3.Route_Redirect{Redirect: &route3.RedirectAction{
			SchemeRewriteSpecifier: &route3.RedirectAction_HttpsRedirect{HttpsRedirect: true},
		}}}
	}
	for _, r := range host.GetRoutes() {
		if q.meets(r.Match) {
			return r
		}
	}
	return nil
}

// clusterText is a cluster as NAME.NAMESPACE:PORT VERSION.
func clusterText(name string) string {
	_, subset, host, port := model.ParseSubsetKey(name)
	if host == "" {
		return name
	}
	text := fmt.Sprintf("%s:%d", strings.TrimSuffix(string(host), clusterSuffix), port)
	if subset != "" {
		text += " " + subset
	}
	return text
}

// listening is the listener on a port of a proxy.
func listening(all []*listener3.Listener, port uint32) *listener3.Listener {
	for _, l := range all {
		if l.GetAddress().GetSocketAddress().GetPortValue() == port {
			return l
		}
	}
	return nil
}

// chainFor is the filter chain that takes a TLS connection for a name: the exact
// name, the longest wildcard, or any.
func chainFor(l *listener3.Listener, name string) *listener3.FilterChain {
	var best *listener3.FilterChain
	length := -1
	for _, chain := range l.GetFilterChains() {
		names := chain.GetFilterChainMatch().GetServerNames()
		if len(names) == 0 && length < 0 {
			best, length = chain, 0
		}
		for _, server := range names {
			suffix, wildcard := strings.CutPrefix(server, "*")
			if server == name {
				return chain
			}
			if wildcard && strings.HasSuffix(name, suffix) && len(suffix) > length {
				best, length = chain, len(suffix)
			}
		}
	}
	return best
}

// clientTLS says how a cluster's clients connect.
func clientTLS(c *cluster3.Cluster) string {
	switch {
	case c == nil:
		return "no such cluster"
	case c.TransportSocket != nil:
		return "mtls"
	case len(c.TransportSocketMatches) > 0:
		return "mtls where offered"
	default:
		return "plaintext"
	}
}
