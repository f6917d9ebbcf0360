package istio

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"istio.io/istio/pkg/config/mesh"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// installation is the effect of an IstioOperator: what runs in the cluster when
// istioctl has applied it.
type installation struct {
	// Images are the images of istiod, the ingress gateway, the CNI node agent
	// and the injected sidecar.
	Images []string
	// Resources are of the same four, as requests..limits.
	Istiod, Ingress, CNI, Sidecar string
	// Replicas are the least and the most pods of istiod and the gateway.
	IstiodReplicas, IngressReplicas string
	Budgets                         []string
	ServiceType                     string
	ServicePorts                    []string
	HostPorts                       []string
	HTTP10                          string
	Webhooks                        []string
	InjectsUnlabelled               bool
	// Providers are in the order of their names: it means nothing to Istio.
	Providers   []string
	Tracing     bool
	TrustDomain string
	// Zipkin is where the proxies send their spans, AccessLog the file they write.
	Zipkin, AccessLog string
	// CNIFolders are those of the node into which the CNI is put.
	CNIFolders []string
	// LoadBalancer are the annotations of the gateway's Service.
	LoadBalancer map[string]string
}

// module is what every installation of the module generation has in common:
// Kyma's istio 1.30.0, internal/istiooperator/istio-operator.yaml.
func module(change func(*installation)) installation {
	const hub, tag = "europe-docker.pkg.dev/kyma-project/prod/external/istio", "1.30.2-distroless"
	in := installation{
		Images:       []string{hub + "/pilot:" + tag, hub + "/proxyv2:" + tag, hub + "/install-cni:" + tag, hub + "/proxyv2:" + tag},
		ServiceType:  "LoadBalancer",
		ServicePorts: []string{"status-port 15021->15021", "http2 80->8080", "https 443->8443"},
		HTTP10:       "1",
		Webhooks: []string{
			"namespace.sidecar-injector.istio.io", "object.sidecar-injector.istio.io",
			"rev.namespace.sidecar-injector.istio.io", "rev.object.sidecar-injector.istio.io",
		},
		Providers:   []string{"envoy", "kyma-logs", "kyma-traces", "stdout-json"},
		TrustDomain: "cluster.local",
		CNIFolders:  []string{"/etc/cni/net.d", "/opt/cni/bin"},
	}
	change(&in)
	return in
}

// kyma124 is what every installation of Kyma 1.24.11 has in common:
// resources/istio/files/istio-operator-*.yaml, and the patch of the webhooks.
func kyma124(in *installation) {
	images("eu.gcr.io/kyma-project/external/istio", "1.11.4-distroless")(in)
	in.Images[2], in.CNIFolders = "", nil
	in.CNI = noResources
	in.ServicePorts = []string{
		"status-port 15021->15021", "tcp-istiod 15012->15012", "http2 80->8080", "https 443->8443", "tcp 31400->31400",
		"tls 15443->15443", "kiali 15029->15029", "prometheus 15030->15030", "grafana 15031->15031", "tracing 15032->15032",
	}
	in.Ingress = "100m/128Mi..2000m/1024Mi"
	in.Istiod = "250m/512Mi..500m/1024Mi"
	in.Sidecar = "20m/32Mi..200m/128Mi"
	in.IstiodReplicas, in.IngressReplicas = "1-5", "1-5"
	in.Webhooks = kymaWebhooks()
	in.InjectsUnlabelled = true
	in.Providers = []string{"envoy"} // Istio's own
	in.Tracing, in.Zipkin, in.AccessLog = true, "zipkin.kyma-system:9411", "/dev/stdout"
}

// kymaWebhooks are the webhooks as Kyma 1.24 patched them.
func kymaWebhooks() []string {
	var all []string
	for _, name := range []string{"auto", "namespace", "object", "rev.namespace", "rev.object"} {
		all = append(all, name+".sidecar-injector.istio.io 10s gardener.cloud/purpose NotIn [kube-system]")
	}
	return all
}

func kyma124Production(in *installation) {
	in.Sidecar = "150m/128Mi..500m/1024Mi"
	in.IstiodReplicas, in.IngressReplicas = "2-5", "3-10"
	in.Budgets = []string{"istio-ingressgateway", "istiod"}
	in.AccessLog = ""
}

func kyma124Evaluation(in *installation) {
	in.Sidecar = "25m/32Mi..250m/254Mi"
	in.Istiod = "75m/128Mi..250m/384Mi"
	in.Ingress = "25m/32Mi..500m/128Mi"
	in.IstiodReplicas, in.IngressReplicas = "1-1", "1-1"
	in.AccessLog = ""
}

func kyma124Minikube(in *installation) {
	in.ServiceType = "NodePort"
	in.HostPorts = []string{"80->8080", "443->8443"}
	in.IstiodReplicas, in.IngressReplicas = "1-1", "1-1"
	in.Ingress = "100m/96Mi..2000m/256Mi"
}

// kyma218 is what every installation of Kyma 2.18.1 has in common: the chart
// resources/istio.
func kyma218(in *installation) {
	images("europe-docker.pkg.dev/kyma-project/prod/external/istio", "1.18.2-distroless")(in)
	in.Providers = []string{"envoy", "kyma-traces", "stdout-json"}
	in.LoadBalancer = map[string]string{"service.beta.kubernetes.io/aws-load-balancer-connection-idle-timeout": "4000"}
}

func kyma218Production(in *installation) {
	full(in)
	in.IstiodReplicas, in.IngressReplicas = "2-5", "3-10"
}

// kyma06 is the patch of Kyma 0.5.0, resources/istio-kyma-patch, said with the
// Istio of 1.24.
func kyma06(in *installation) {
	kyma124(in)
	in.ServicePorts = []string{"status-port 15021->15021", "http2 80->8080", "https 443->8443", "tcp 31400->31400"}
	in.Istiod = "500m/2048Mi..<nil>/<nil>"
	in.Sidecar = "10m/128Mi..100m/128Mi"
	in.Webhooks = module(func(*installation) {}).Webhooks
	in.InjectsUnlabelled = false
	in.AccessLog = ""
}

// noResources is what a container without resources, or none at all, shows.
const noResources = "<nil>/<nil>..<nil>/<nil>"

// k3d keeps CNI plugins elsewhere, and port 31400 is open as on every local Kyma.
func k3d(in *installation) {
	in.ServicePorts = append(in.ServicePorts, "tcp 31400->31400")
	in.CNIFolders = []string{"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/k3s/data/cni"}
}

// full is istio-operator.yaml, for clusters of five CPUs and 10 GB or more.
func full(in *installation) {
	in.Sidecar = "10m/192Mi..1000m/1024Mi"
	in.Ingress = "100m/128Mi..2000m/1024Mi"
	in.Istiod = "100m/512Mi..4000m/2Gi"
	in.CNI = "100m/512Mi..500m/1024Mi"
	in.IstiodReplicas, in.IngressReplicas = "3-15", "3-15"
	in.Budgets = []string{"istio-ingressgateway", "istiod"}
}

// light is istio-operator-light.yaml.
func light(in *installation) {
	in.Sidecar = "10m/32Mi..250m/254Mi"
	in.Ingress = "10m/32Mi..1000m/1024Mi"
	in.Istiod = "50m/128Mi..1000m/1024Mi"
	in.CNI = "10m/128Mi..250m/384Mi"
	in.IstiodReplicas, in.IngressReplicas = "1-1", "1-1"
}

// minikube is one node whose ports 80 and 443 lead to the gateway, and with a
// single replica a budget would keep the node from being drained.
func minikube(in *installation) {
	in.ServiceType = "NodePort"
	in.ServicePorts = append(in.ServicePorts, "tcp 31400->31400")
	in.HostPorts = []string{"80->8080", "443->8443"}
	in.IstiodReplicas, in.IngressReplicas = "1-1", "1-1"
	in.Budgets = nil
}

// images are those of another registry or version.
func images(hub, tag string) func(*installation) {
	return func(in *installation) {
		in.Images = []string{hub + "/pilot:" + tag, hub + "/proxyv2:" + tag, hub + "/install-cni:" + tag, hub + "/proxyv2:" + tag}
	}
}

// installations are documents and the effects that they must have. What is
// wanted comes from what Kyma ships, never from our output.
var installations = []struct {
	name, spec string
	want       []func(*installation)
}{
	{"default", `{}`, []func(*installation){full}},
	{"default, minikube", `{platform: minikube}`, []func(*installation){full, minikube}},
	{"production", `{profile: production}`, []func(*installation){full}},
	{"production, minikube", `{profile: production, platform: minikube}`, []func(*installation){full, minikube}},
	{"evaluation", `{profile: evaluation}`, []func(*installation){light}},
	{"evaluation, minikube", `{profile: evaluation, platform: minikube}`, []func(*installation){light, minikube}},
	{"k3d", `{platform: k3d}`, []func(*installation){full, k3d}},
	{"gke", `{platform: gke}`, []func(*installation){full, func(in *installation) {
		in.CNIFolders = []string{"/etc/cni/net.d", "/home/kubernetes/bin"}
	}}},
	{"gardener", `{platform: gardener}`, []func(*installation){full}},
	{"0.6", `{kyma: "0.6"}`, []func(*installation){kyma06}},
	{"0.6, minikube", `{kyma: "0.6", platform: minikube}`, []func(*installation){kyma06, func(in *installation) {
		in.ServiceType, in.HostPorts = "NodePort", []string{"80->8080", "443->8443"}
		in.IstiodReplicas, in.IngressReplicas = "1-1", "1-1"
	}}},
	{"1.24", `{kyma: "1.24"}`, []func(*installation){kyma124}},
	{"1.24 production", `{kyma: "1.24", profile: production}`, []func(*installation){kyma124, kyma124Production}},
	{"1.24 evaluation", `{kyma: "1.24", profile: evaluation}`, []func(*installation){kyma124, kyma124Evaluation}},
	{"1.24, minikube", `{kyma: "1.24", platform: minikube}`, []func(*installation){kyma124, kyma124Minikube}},
	{"1.24 production, minikube", `{kyma: "1.24", profile: production, platform: minikube}`, []func(*installation){kyma124, kyma124Minikube, func(in *installation) {
		in.Sidecar = "25m/32Mi..250m/254Mi"
	}}},
	{"1.24 evaluation, minikube", `{kyma: "1.24", profile: evaluation, platform: minikube}`, []func(*installation){kyma124, kyma124Minikube, kyma124Evaluation, func(in *installation) {
		in.Istiod = "75m/128Mi..250m/256Mi"
	}}},
	{"2.18", `{kyma: "2.18"}`, []func(*installation){kyma218, kyma218Production}},
	{"2.18 production", `{kyma: "2.18", profile: production}`, []func(*installation){kyma218, kyma218Production}},
	{"2.18 evaluation", `{kyma: "2.18", profile: evaluation}`, []func(*installation){kyma218, light}},
	{"2.18, k3d", `{kyma: "2.18", platform: k3d}`, []func(*installation){kyma218, kyma218Production, k3d}},
	{"2.18, gardener", `{kyma: "2.18", platform: gardener, domain: shop.example.com}`, []func(*installation){kyma218, kyma218Production, func(in *installation) {
		in.LoadBalancer["dns.gardener.cloud/class"] = "garden"
		in.LoadBalancer["dns.gardener.cloud/dnsnames"] = "*.shop.example.com"
	}}},
	{
		"replicas", `{install: {pilot: {minReplicas: 2, maxReplicas: 4}, ingressGateway: {minReplicas: 1, maxReplicas: 1}}}`,
		[]func(*installation){full, func(in *installation) {
			in.IstiodReplicas, in.IngressReplicas = "2-4", "1-1"
			in.Budgets = []string{"istiod"}
		}},
	},
	{
		"resources and environment", `{install: {pilot: {resources: {limits: {memory: 4Gi}}, env: {PILOT_HTTP10: "0"}}, cni: {resources: {requests: {cpu: 1m}}}}, proxy: {resources: {limits: {cpu: 2}}}}`,
		[]func(*installation){full, func(in *installation) {
			in.Istiod, in.CNI, in.Sidecar = "100m/512Mi..4000m/4Gi", "1m/512Mi..500m/1024Mi", "10m/192Mi..2/1024Mi"
			in.HTTP10 = "0"
		}},
	},
	{
		"injection and webhook", `{injection: enabled, install: {webhook: {timeoutSeconds: 5, namespaceSelector: [{key: a, operator: DoesNotExist}, {key: b, operator: In, values: [c, d]}]}}}`,
		[]func(*installation){full, func(in *installation) {
			in.InjectsUnlabelled = true
			in.Webhooks = append([]string{"auto.sidecar-injector.istio.io"}, in.Webhooks...)
			for i := range in.Webhooks {
				in.Webhooks[i] += " 5s a DoesNotExist [] b In [c d]"
			}
		}},
	},
	{
		"service of the gateway", `{install: {ingressGateway: {type: NodePort, annotations: {a: b}, ports: {https: {port: 443, targetPort: 9443}, ldaps: 636}}}}`,
		[]func(*installation){full, func(in *installation) {
			in.ServiceType, in.LoadBalancer = "NodePort", map[string]string{"a": "b"}
			in.ServicePorts = []string{"status-port 15021->15021", "http2 80->8080", "https 443->9443", "ldaps 636->10636"}
		}},
	},
	{
		"hub", `{install: {hub: "registry.example.com:5000/istio", istioVersion: 1.31.1}}`,
		[]func(*installation){full, images("registry.example.com:5000/istio", "1.31.1-distroless")},
	},
	{
		// Kyma's registry holds the Istio that Kyma shipped only. What is here
		// instead is the own registry of the Istio that these tests link.
		"version without hub", `{install: {istioVersion: 1.31.1}}`,
		[]func(*installation){full, images("registry.istio.io/testing", "1.31.1-distroless")},
	},
	{
		"debug", `{install: {variant: debug, hub: registry.example.com/istio}}`,
		[]func(*installation){full, images("registry.example.com/istio", "1.30.2")},
	},
	{
		"ports of gateways", `{gateways: [{name: kyma-gateway, servers: [{}, {port: 31400, protocol: TCP}, {port: 8081, protocol: HTTP, hosts: "*"}]}]}`,
		[]func(*installation){full, func(in *installation) {
			in.ServicePorts = append(in.ServicePorts, "http-8081 8081->8081", "tcp-31400 31400->31400")
		}},
	},
}

// TestInstallation says for profiles, platforms and words what istioctl makes of
// them.
func TestInstallation(t *testing.T) {
	for _, test := range installations {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := module(func(in *installation) {
				for _, change := range test.want {
					change(in)
				}
			})
			all, err := installed(test.spec)
			if err != nil {
				t.Fatal(err)
			}
			all.want(t, want)
		})
	}
}

// installed are the objects that istioctl makes of a document's IstioOperator, over
// those that a person has.
func installed(spec string, under ...string) (objectsByName, error) {
	objects, ds := render.YAML("in.yaml", []byte("apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec: "+spec+"\n"))
	if ds.HasErrors() {
		return nil, fmt.Errorf("%v", ds)
	}
	text, err := manifest.AppendYAML(nil, render.Select(objects, render.PartInstall)[0])
	if err != nil {
		return nil, err
	}
	var texts [][]byte
	for _, text := range under {
		texts = append(texts, []byte(text))
	}
	return generatedObjects(append(texts, text)...)
}

// generatedObjects are what istioctl makes of IstioOperators over each other.
func generatedObjects(texts ...[]byte) (objectsByName, error) {
	sets, err := generate(texts...)
	if err != nil {
		return nil, err
	}
	all := objectsByName{}
	for _, set := range sets {
		for _, m := range set.Manifests {
			all[m.GetKind()+" "+m.GetName()] = m.Unstructured
		}
	}
	return all, nil
}

// objectsByName are Kubernetes objects by "KIND NAME".
type objectsByName map[string]*unstructured.Unstructured

// want compares what is installed.
func (all objectsByName) want(t *testing.T, want installation) {
	t.Helper()
	got, err := all.installation()
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func (all objectsByName) installation() (installation, error) {
	config, err := mesh.ApplyMeshConfigDefaults(all.text("ConfigMap", "istio", "data", "mesh"))
	if err != nil {
		return installation{}, err
	}
	injector, err := all.injectorValues()
	if err != nil {
		return installation{}, err
	}
	istiod, ingress := all.container("Deployment", "istiod", "discovery"), all.container("Deployment", "istio-ingressgateway", "istio-proxy")
	cni := all.container("DaemonSet", "istio-cni-node", "install-cni")
	in := installation{
		Images: []string{textAt(istiod, "image"), textAt(ingress, "image"), textAt(cni, "image"), textAt(injector, "global", "hub") + "/" + textAt(injector, "global", "proxy", "image") + ":" + textAt(injector, "global", "tag")},
		Istiod: resourcesOf(istiod), Ingress: resourcesOf(ingress), CNI: resourcesOf(cni),
		Sidecar:        resourcesOf(mapAt(injector, "global", "proxy")),
		IstiodReplicas: all.replicas("istiod"), IngressReplicas: all.replicas("istio-ingressgateway"),
		Budgets:      all.budgets(),
		ServiceType:  all.text("Service", "istio-ingressgateway", "spec", "type"),
		ServicePorts: all.servicePorts(),
		HostPorts:    hostPorts(ingress),
		HTTP10:       environment(istiod)["PILOT_HTTP10"],
		Webhooks:     all.webhooks(),
		InjectsUnlabelled: all.injectsUnlabelled() ||
			mapAt(injector, "sidecarInjectorWebhook")["enableNamespacesByDefault"] == true,
		Tracing:     config.EnableTracing,
		TrustDomain: config.TrustDomain,
		Zipkin:      config.GetDefaultConfig().GetTracing().GetZipkin().GetAddress(),
		AccessLog:   config.AccessLogFile,
		CNIFolders:  all.cniFolders(),
	}
	in.LoadBalancer, _, _ = unstructured.NestedStringMap(all.object("Service", "istio-ingressgateway"), "metadata", "annotations")
	for _, p := range config.ExtensionProviders {
		// Istio adds providers of its own to those that are written.
		if !slices.Contains([]string{"prometheus", "stackdriver"}, p.Name) {
			in.Providers = append(in.Providers, p.Name)
		}
	}
	slices.Sort(in.Providers)
	return in, nil
}

func (all objectsByName) object(kind, name string) map[string]any {
	if o := all[kind+" "+name]; o != nil {
		return o.Object
	}
	return nil
}

func (all objectsByName) text(kind, name string, path ...string) string {
	text, _, _ := unstructured.NestedString(all.object(kind, name), path...)
	return text
}

// injectorValues are what the injector fills into its templates.
func (all objectsByName) injectorValues() (map[string]any, error) {
	var values map[string]any
	err := json.Unmarshal([]byte(all.text("ConfigMap", "istio-sidecar-injector", "data", "values")), &values)
	return values, err
}

// container is one container of a workload's pods.
func (all objectsByName) container(kind, name, container string) map[string]any {
	containers, _, _ := unstructured.NestedSlice(all.object(kind, name), "spec", "template", "spec", "containers")
	for _, c := range containers {
		if m := c.(map[string]any); m["name"] == container {
			return m
		}
	}
	return nil
}

// replicas are the least and the most pods of a Deployment.
func (all objectsByName) replicas(name string) string {
	if scaler := all.object("HorizontalPodAutoscaler", name); scaler != nil {
		spec := mapAt(scaler, "spec")
		return fmt.Sprintf("%v-%v", spec["minReplicas"], spec["maxReplicas"])
	}
	replicas := mapAt(all.object("Deployment", name), "spec")["replicas"]
	return fmt.Sprintf("%v-%[1]v", replicas)
}

func (all objectsByName) budgets() []string {
	var names []string
	for key := range all {
		if name, ok := strings.CutPrefix(key, "PodDisruptionBudget "); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (all objectsByName) servicePorts() []string {
	ports, _, _ := unstructured.NestedSlice(all.object("Service", "istio-ingressgateway"), "spec", "ports")
	var texts []string
	for _, p := range ports {
		m := p.(map[string]any)
		texts = append(texts, fmt.Sprintf("%v %v->%v", m["name"], m["port"], m["targetPort"]))
	}
	return texts
}

// webhooks are the injector's webhooks: the name, the timeout where one is set, and
// the conditions on namespaces that are not Istio's own.
func (all objectsByName) webhooks() []string {
	hooks, _, _ := unstructured.NestedSlice(all.object("MutatingWebhookConfiguration", "istio-sidecar-injector"), "webhooks")
	var texts []string
	for _, h := range hooks {
		hook := h.(map[string]any)
		text := textAt(hook, "name")
		if timeout, ok := hook["timeoutSeconds"]; ok {
			text += fmt.Sprintf(" %vs", timeout)
		}
		rules, _, _ := unstructured.NestedSlice(hook, "namespaceSelector", "matchExpressions")
		for _, r := range rules {
			rule := r.(map[string]any)
			if key := textAt(rule, "key"); !slices.Contains(istiosKeys, key) {
				values, _, _ := unstructured.NestedSlice(rule, "values")
				text += fmt.Sprintf(" %s %s %v", key, textAt(rule, "operator"), values)
			}
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}

// istiosKeys are the labels by which Istio's chart selects namespaces.
var istiosKeys = []string{"istio-injection", "istio.io/rev", "kubernetes.io/metadata.name"}

// cniFolders are the node's folders that the CNI agent writes to.
func (all objectsByName) cniFolders() []string {
	volumes, _, _ := unstructured.NestedSlice(all.object("DaemonSet", "istio-cni-node"), "spec", "template", "spec", "volumes")
	var folders []string
	for _, v := range volumes {
		volume := v.(map[string]any)
		if name := textAt(volume, "name"); name == "cni-bin-dir" || name == "cni-net-dir" {
			folders = append(folders, textAt(volume, "hostPath", "path"))
		}
	}
	slices.Sort(folders)
	return folders
}

// injectsUnlabelled tells whether a webhook takes pods without any label in
// namespaces without any label.
func (all objectsByName) injectsUnlabelled() bool {
	hooks, _, _ := unstructured.NestedSlice(all.object("MutatingWebhookConfiguration", "istio-sidecar-injector"), "webhooks")
	return slices.ContainsFunc(hooks, func(h any) bool {
		m := h.(map[string]any)
		return !asksForLabel(m, "namespaceSelector") && !asksForLabel(m, "objectSelector")
	})
}

func asksForLabel(hook map[string]any, selector string) bool {
	rules, _, _ := unstructured.NestedSlice(hook, selector, "matchExpressions")
	return slices.ContainsFunc(rules, func(r any) bool {
		operator := textAt(r.(map[string]any), "operator")
		return operator == "In" || operator == "Exists"
	})
}

func hostPorts(container map[string]any) []string {
	ports, _, _ := unstructured.NestedSlice(container, "ports")
	var texts []string
	for _, p := range ports {
		if m := p.(map[string]any); m["hostPort"] != nil {
			texts = append(texts, fmt.Sprintf("%v->%v", m["hostPort"], m["containerPort"]))
		}
	}
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return texts
}

func environment(container map[string]any) map[string]string {
	entries, _, _ := unstructured.NestedSlice(container, "env")
	all := map[string]string{}
	for _, e := range entries {
		m := e.(map[string]any)
		all[textAt(m, "name")] = textAt(m, "value")
	}
	return all
}

// resourcesOf is requests..limits of what has a field resources.
func resourcesOf(container map[string]any) string {
	requests, limits := mapAt(container, "resources", "requests"), mapAt(container, "resources", "limits")
	return fmt.Sprintf("%v/%v..%v/%v", requests["cpu"], requests["memory"], limits["cpu"], limits["memory"])
}

func mapAt(m map[string]any, path ...string) map[string]any {
	found, _, _ := unstructured.NestedMap(m, path...)
	return found
}

func textAt(m map[string]any, path ...string) string {
	text, _, _ := unstructured.NestedString(m, path...)
	return text
}
