package istio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"
	admission "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	klabels "k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// injections are cases of the function whose workloads are handed to Istio's own
// injector, and what it makes of the pods.
var injections = []struct {
	name string
	want []string
}{
	{"U05-injection", []string{
		"Namespace legacy: []",
		"Deployment batch: no sidecar",
		"Deployment front: 10m/192Mi..1/1Gi",
	}},
	{"U06-sidecar-resources", []string{"Deployment cache: 10m/192Mi..1/512Mi"}},
	{"edits-every-kind-of-workload", []string{
		"StatefulSet all: 10m/192Mi..1/1Gi native DNS=true",
		"DaemonSet all: 10m/192Mi..1/1Gi native DNS=true",
		"ReplicaSet all: 10m/192Mi..1/1Gi native DNS=true",
		"Job all: 10m/192Mi..1/1Gi native DNS=true",
		"ReplicationController all: 10m/192Mi..1/1Gi native DNS=true",
		"CronJob all: 10m/192Mi..1/1Gi native DNS=true",
		"Pod all: 10m/192Mi..1/1Gi native DNS=true",
		"Deployment all: 10m/192Mi..1/1Gi",
	}},
	// A message that the pods say takes the place of the mesh's; all else of the
	// mesh's stays.
	{"proxy-config-of-services", []string{
		`Deployment front: 10m/192Mi..1/1Gi last DNS=false concurrency=0 holdApplicationUntilProxyStarts=false` +
			` privateKeyProvider={"qat":{"pollDelay":"0.010s"}} proxyHeaders={"requestId":{"disabled":true},"server":{"disabled":true}}` +
			` proxyMetadata.MORE=1 proxyMetadata.OWN=front proxyStatsMatcher={"inclusionPrefixes":["http"]} runtimeValues.c.d=3 without runtimeValues.a.b`,
		`Deployment cache: 10m/192Mi..1/1Gi terminationDrainDuration="60s"`,
		"Deployment plain: 10m/192Mi..1/1Gi",
		`Deployment joined: 10m/192Mi..1/1Gi DNS=false drainDuration="10s"`,
	}},
	// The installation has a revision, and answers nothing else.
	{"injection-with-a-revision", []string{
		"Namespace shop: [rev.namespace.sidecar-injector.istio.io]",
		"Namespace legacy: []",
		"Namespace silent: [rev.object.sidecar-injector.istio.io]",
		"Deployment a: 10m/192Mi..1/1Gi by [rev.namespace.sidecar-injector.istio.io]",
		"Deployment b: 10m/192Mi..1/1Gi by [rev.object.sidecar-injector.istio.io]",
		"Deployment c: 10m/192Mi..1/1Gi by [rev.object.sidecar-injector.istio.io]",
		"Deployment d: no sidecar by []",
		"Deployment e: 10m/192Mi..1/1Gi by []",
	}},
	{"edits-that-say-the-same", []string{"Namespace shop: [namespace.sidecar-injector.istio.io]", "Deployment f: no sidecar"}},
	{"edits-taken-back", []string{"Namespace legacy: [rev.object.sidecar-injector.istio.io object.sidecar-injector.istio.io]", "Deployment batch: 10m/192Mi..1/1Gi"}},
	{"edits-no-sidecar-will-come", []string{
		"Namespace kube-public: [namespace.sidecar-injector.istio.io]",
		"Namespace kube-system: []",
		"DaemonSet agent: no sidecar",
	}},
}

// TestInjection holds what is written into pod templates against the injector
// that reads it, with the templates and the values of the document's installation.
func TestInjection(t *testing.T) {
	t.Parallel()
	for _, c := range injections {
		t.Run(c.name, func(t *testing.T) {
			got, err := injected(filepath.Join(goldenDir, "krm", c.name, "want.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// injected says of each Namespace and workload of a list what Istio makes of it.
func injected(file string) ([]string, error) {
	items, err := itemsOf(file)
	if err != nil {
		return nil, err
	}
	words, _, _ := unstructured.NestedMap(items[0].Object, "spec")
	delete(words, "services") // which change the package and not the installation
	delete(words, "namespaces")
	spec, err := json.Marshal(words)
	if err != nil {
		return nil, err
	}
	all, err := installed(string(spec))
	if err != nil {
		return nil, err
	}
	name := "istio-sidecar-injector"
	if revision, ok, _ := unstructured.NestedString(words, "install", "revision"); ok {
		name += "-" + revision
	}
	injector, err := newInjector(all, name)
	if err != nil {
		return nil, err
	}
	webhooks, err := newNamespaceWebhooks(all, name)
	if err != nil {
		return nil, err
	}
	var said []string
	namespaces := map[string]klabels.Set{}
	for i := range items {
		if u := &items[i]; u.GetKind() == "Namespace" {
			namespaces[u.GetName()] = u.GetLabels()
			said = append(said, fmt.Sprintf("Namespace %s: %v", u.GetName(), webhooks.answering(u.GetLabels())))
		} else if runsPods(u) {
			sidecar, err := injector.sidecar(u)
			if err != nil {
				return nil, err
			}
			if strings.Contains(string(spec), `"revision"`) {
				sidecar += fmt.Sprintf(" by %v", webhooks.asked(namespaces[u.GetNamespace()], podLabels(u)))
			}
			said = append(said, fmt.Sprintf("%s %s: %s", u.GetKind(), u.GetName(), sidecar))
		}
	}
	return said, nil
}

// itemsOf are the items of a list, the KymaMesh first.
func itemsOf(file string) ([]unstructured.Unstructured, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list struct{ Items []map[string]any }
	if err := yaml.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	var items []unstructured.Unstructured
	for _, item := range list.Items {
		items = append(items, unstructured.Unstructured{Object: item})
	}
	if len(items) == 0 || items[0].GetKind() != "KymaMesh" {
		return nil, errors.New("the first item has to be the KymaMesh")
	}
	return items, nil
}

// namespaceWebhooks are the injector's webhooks, by what namespaces have to say.
type namespaceWebhooks []admission.MutatingWebhook

func newNamespaceWebhooks(all objectsByName, name string) (namespaceWebhooks, error) {
	var config admission.MutatingWebhookConfiguration
	o := all.object("MutatingWebhookConfiguration", name)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o, &config); err != nil {
		return nil, err
	}
	if len(config.Webhooks) == 0 {
		return nil, errors.New("the installation has no webhooks that inject")
	}
	return config.Webhooks, nil
}

// answering are the webhooks that look at pods of a namespace with these labels.
func (w namespaceWebhooks) answering(labels map[string]string) []string {
	var names []string
	for _, hook := range w {
		selector, err := metav1.LabelSelectorAsSelector(hook.NamespaceSelector)
		if err == nil && selector.Matches(klabels.Set(labels)) {
			names = append(names, hook.Name)
		}
	}
	return names
}

// asked are the webhooks that are asked about a pod with these labels.
func (w namespaceWebhooks) asked(namespace, pod klabels.Set) []string {
	names := []string{}
	for _, hook := range w {
		of, err := metav1.LabelSelectorAsSelector(hook.NamespaceSelector)
		about, err2 := metav1.LabelSelectorAsSelector(hook.ObjectSelector)
		if err == nil && err2 == nil && of.Matches(namespace) && about.Matches(pod) {
			names = append(names, hook.Name)
		}
	}
	return names
}

func podLabels(u *unstructured.Unstructured) klabels.Set {
	path, _ := topology.PodTemplate(u.GetAPIVersion(), u.GetKind())
	labels, _, _ := unstructured.NestedStringMap(u.Object, append(slices.Clone(path), "metadata", "labels")...)
	return labels
}

// TestNamespaces holds rendered Namespaces against Kubernetes' own type and rules.
func TestNamespaces(t *testing.T) {
	count := 0
	all, err := cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		for _, o := range c.objects {
			if !isNamespace(o) {
				continue
			}
			count++
			text, err := manifest.AppendYAML(nil, o)
			if err == nil {
				err = checkNamespace(text)
			}
			if err != nil {
				t.Errorf("%s: %s: %v", c.name, title(o), err)
			}
		}
	}
	if count == 0 {
		t.Error("no case renders a Namespace")
	}
}

func checkNamespace(text []byte) error {
	var ns corev1.Namespace
	if err := yaml.UnmarshalStrict(text, &ns); err != nil {
		return err
	}
	if ns.APIVersion != "v1" || ns.Kind != "Namespace" || ns.Labels["istio-injection"] != "" && ns.Labels["istio.io/rev"] != "" {
		return fmt.Errorf("%s %s with the labels %v", ns.APIVersion, ns.Kind, ns.Labels)
	}
	faults := validation.ValidateLabels(ns.Labels, field.NewPath("labels"))
	return append(faults, apivalidation.ValidateAnnotations(ns.Annotations, field.NewPath("annotations"))...).ToAggregate()
}

func runsPods(u *unstructured.Unstructured) bool {
	_, ok := topology.PodTemplate(u.GetAPIVersion(), u.GetKind())
	return ok
}

type podInjector struct {
	templates inject.Templates
	values    inject.ValuesConfig
	mesh      *meshconfig.MeshConfig
}

func newInjector(all objectsByName, name string) (podInjector, error) {
	config, err := inject.UnmarshalConfig([]byte(all.text("ConfigMap", name, "data", "config")))
	if err != nil {
		return podInjector{}, err
	}
	var in podInjector
	if in.templates, err = inject.ParseTemplates(config.RawTemplates); err != nil {
		return in, err
	}
	if in.values, err = inject.NewValuesConfig(all.text("ConfigMap", name, "data", "values")); err != nil {
		return in, err
	}
	in.mesh, err = mesh.ApplyMeshConfigDefaults(all.text("ConfigMap", "istio"+strings.TrimPrefix(name, "istio-sidecar-injector"), "data", "mesh"))
	return in, err
}

// sidecar is what a workload's pods get.
func (in podInjector) sidecar(u *unstructured.Unstructured) (string, error) {
	template := u.Object
	if path, _ := topology.PodTemplate(u.GetAPIVersion(), u.GetKind()); len(path) > 0 {
		template, _, _ = unstructured.NestedMap(u.Object, path...)
	}
	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, pod); err != nil {
		return "", err
	}
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	pod.Name, pod.Namespace = u.GetName(), u.GetNamespace()
	out, err := inject.IntoObject(nil, in.templates, in.values, "", in.mesh, pod, func(string) {})
	if err != nil {
		return "", err
	}
	injected, ok := out.(*corev1.Pod)
	if !ok {
		return "", fmt.Errorf("the injector gives %T", out)
	}
	return in.describe(injected)
}

// describe says of a sidecar what words are about.
func (in podInjector) describe(pod *corev1.Pod) (string, error) {
	for native, containers := range map[bool][]corev1.Container{false: pod.Spec.Containers, true: pod.Spec.InitContainers} {
		for i, c := range containers {
			if c.Name != "istio-proxy" {
				continue
			}
			r := c.Resources
			words := []string{fmt.Sprintf("%s/%s..%s/%s", r.Requests.Cpu(), r.Requests.Memory(), r.Limits.Cpu(), r.Limits.Memory())}
			if native {
				words = append(words, "native")
			} else if i > 0 {
				words = append(words, "last")
			}
			own, err := in.proxyWords(c)
			return strings.Join(append(words, own...), " "), err
		}
	}
	return "no sidecar", nil
}

// proxyWords are what a sidecar's environment says beside what the mesh says for
// all of them.
func (in podInjector) proxyWords(c corev1.Container) ([]string, error) {
	var words []string
	env := map[string]string{}
	for _, e := range c.Env {
		env[e.Name] = e.Value
	}
	if dns := env["ISTIO_META_DNS_CAPTURE"]; dns != "" && dns != in.mesh.DefaultConfig.ProxyMetadata["ISTIO_META_DNS_CAPTURE"] {
		words = append(words, "DNS="+dns)
	}
	own, err := mesh.ApplyProxyConfig(env["PROXY_CONFIG"], mesh.DefaultMeshConfig())
	if err != nil {
		return nil, err
	}
	have, ofMesh := fieldTexts(own.DefaultConfig), fieldTexts(in.mesh.DefaultConfig)
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if have[name] != ofMesh[name] && name != "proxyMetadata.ISTIO_META_DNS_CAPTURE" {
			words = append(words, name+"="+have[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ofMesh)) {
		if _, ok := have[name]; !ok {
			words = append(words, "without "+name)
		}
	}
	return words, nil
}

// fieldTexts are the fields of a message by their names, a map's by its keys.
func fieldTexts(m proto.Message) map[string]string {
	texts := map[string]string{}
	m.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.IsMap() {
			v.Map().Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
				texts[fd.JSONName()+"."+key.String()] = v.String()
				return true
			})
			return true
		}
		only := m.ProtoReflect().New()
		only.Set(fd, v)
		text, err := protojson.Marshal(only.Interface())
		if err != nil {
			panic(err)
		}
		var compact bytes.Buffer // protojson puts blanks as it likes
		if err := json.Compact(&compact, text); err != nil {
			panic(err)
		}
		_, value, _ := strings.Cut(compact.String(), ":")
		texts[fd.JSONName()] = strings.TrimSuffix(value, "}")
		return true
	})
	return texts
}
