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
	}
	change(&in)
	return in
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
			got, err := installationOf(test.spec)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("spec: %s (-want +got)\n%s", test.spec, diff)
			}
		})
	}
}

// installationOf is what istioctl makes of a document.
func installationOf(spec string) (installation, error) {
	objects, ds := render.YAML("in.yaml", []byte("apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec: "+spec+"\n"))
	if ds.HasErrors() {
		return installation{}, fmt.Errorf("%v", ds)
	}
	text, err := manifest.AppendYAML(nil, render.Select(objects, render.PartInstall)[0])
	if err != nil {
		return installation{}, err
	}
	sets, err := generate(text)
	if err != nil {
		return installation{}, err
	}
	all := objectsByName{}
	for _, set := range sets {
		for _, m := range set.Manifests {
			all[m.GetKind()+" "+m.GetName()] = m.Unstructured
		}
	}
	return all.installation()
}

// objectsByName are Kubernetes objects by "KIND NAME".
type objectsByName map[string]*unstructured.Unstructured

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
	}
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

// webhooks are the names of the injector's webhooks.
func (all objectsByName) webhooks() []string {
	hooks, _, _ := unstructured.NestedSlice(all.object("MutatingWebhookConfiguration", "istio-sidecar-injector"), "webhooks")
	var names []string
	for _, h := range hooks {
		names = append(names, textAt(h.(map[string]any), "name"))
	}
	slices.Sort(names)
	return names
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
