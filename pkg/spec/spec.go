// Package spec is the vocabulary: the documents KymaMesh and MeshService as
// their authors write them. It holds no logic; pkg/mesh says what a document
// means.
//
// A zero value means "not written" everywhere, so a document can be built as a
// Go literal. Where writing nothing and writing "none" differ, the field is a
// list: nil is not written, an empty list is none on purpose.
//
// The struct tag mesh holds what the YAML reader must know beside the name:
// "one" lets a single item stand without its list, at a mapping the lists that
// are its values, "bare" lets a number stand
// for text without quotes.
//
// A field whose type is a pointer to a message of istio.io/api is Istio's own
// message: its words are the message's fields, read as strictly as ours. nil is
// not written, an empty message is {}. There "one=FIELD" lets a single item stand
// without the list FIELD of the message, and text stands for {exact: text} of a
// StringMatch. A *durationpb.Duration is written as 5s.
package spec

import meshconfig "istio.io/api/mesh/v1alpha1"

// The documents' identity in YAML.
const (
	Group      = "mesh.kyma-project.io"
	APIVersion = Group + "/v1alpha1"

	KindKymaMesh    = "KymaMesh"
	KindMeshService = "MeshService"
)

// Generations are the values of kyma, the oldest first.
var Generations = []string{"0.6", "1.24", "2.18", "module"}

// KymaMesh is the platform team's document: one mesh.
type KymaMesh struct {
	// APIVersion is required: mesh.kyma-project.io/v1alpha1.
	APIVersion string `yaml:"apiVersion"`
	// Kind is required: KymaMesh.
	Kind string `yaml:"kind"`
	// Metadata has the name.
	Metadata Metadata `yaml:"metadata"`
	// Spec is all that the document says.
	Spec       Spec `yaml:"spec"`
	PluginArgs `yaml:",inline"`
}

// MeshService is an application team's document: one service of a mesh, kept in
// the service's namespace. It is rendered only together with a KymaMesh.
type MeshService struct {
	// APIVersion is required: mesh.kyma-project.io/v1alpha1.
	APIVersion string `yaml:"apiVersion"`
	// Kind is required: MeshService.
	Kind string `yaml:"kind"`
	// Metadata has the name and the namespace of the service.
	Metadata Metadata `yaml:"metadata"`
	// Spec is all that the document says.
	Spec       MeshServiceSpec `yaml:"spec"`
	PluginArgs `yaml:",inline"`
}

// PluginArgs are the two top-level fields that kustomize's legacy exec plugin
// reads from a document before handing it on. They say nothing to us; they are
// here so that a document that has them is not refused.
type PluginArgs struct {
	// ArgsOneLiner are arguments that kustomize hands to the plugin, such as
	// part=resources.
	ArgsOneLiner string `yaml:"argsOneLiner"`
	// ArgsFromFile is the file that kustomize reads them from.
	ArgsFromFile string `yaml:"argsFromFile"`
}

// Metadata is what we read of a document's Kubernetes metadata. Labels and
// annotations are accepted and not copied to what is rendered.
type Metadata struct {
	// Name is required. A KymaMesh's is the owner label of all that is rendered,
	// so it is a DNS label; a MeshService's is the name of the service.
	Name string `yaml:"name"`
	// Namespace says nothing at a KymaMesh but is part of its identity; at a
	// MeshService it is the service's and required.
	Namespace string `yaml:"namespace"`
	// Labels are not copied.
	Labels map[string]string `yaml:"labels"`
	// Annotations are not copied; some say to kustomize and kpt how to call us.
	Annotations map[string]string `yaml:"annotations"`
}

// Spec is what a KymaMesh says. Empty, it renders a whole, safe mesh.
type Spec struct {
	// Kyma chooses whose defaults hold: 0.6, 1.24, 2.18 or module. Default:
	// module.
	Kyma string `yaml:"kyma" mesh:"bare"`
	// Profile is default, evaluation or production. Default: default, which for
	// 2.18 and module is production. Kyma 0.6 had no profiles.
	Profile string `yaml:"profile"`
	// Platform is cluster, minikube, k3d, gardener or gke. Default: cluster.
	Platform string `yaml:"platform"`
	// Domain completes host names without a dot. Default: local.kyma.dev.
	Domain string `yaml:"domain"`
	// Install is how Istio itself is installed.
	Install Install `yaml:"install"`
	// Injection says whether pods of namespaces without a label get a sidecar:
	// enabled or disabled. Default: enabled in 1.24, else disabled.
	Injection string `yaml:"injection"`
	// Proxy is the sidecar itself.
	Proxy Proxy `yaml:"proxy"`
	// Security holds for the whole mesh.
	Security Security `yaml:"security"`
	// Telemetry is what all proxies report.
	Telemetry Telemetry `yaml:"telemetry"`
	// ExtensionProviders are tracers, logs and authorizers, used by their names.
	// They are put to the generation's; one of the same name replaces it whole.
	// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider
	ExtensionProviders []*meshconfig.MeshConfig_ExtensionProvider `yaml:"extensionProviders"`
	// Namespaces holds words for single namespaces, by their names.
	Namespaces map[string]Namespace `yaml:"namespaces"`
	// Gateways replaces the default list, which is kyma-gateway alone; an empty
	// list is none.
	Gateways []Gateway `yaml:"gateways"`
	// Sidecar is what proxies know of others. Default: of every service.
	Sidecar *Sidecar `yaml:"sidecar"`
	// Egress is what the mesh calls outside of the cluster.
	Egress Egress `yaml:"egress"`
	// Services are the services that have something to say.
	Services []Service `yaml:"services"`
	// Checks is about `kymamesh check`, and renders nothing.
	Checks Checks `yaml:"checks"`
}

// Later are the words of the vocabulary that are not rendered yet.
func (Spec) Later() []string {
	return []string{"targets", "dataplane"}
}

// Namespace is what is said of one namespace.
type Namespace struct {
	// Security holds for the namespace's pods.
	Security Security `yaml:"security"`
	// Telemetry is what the namespace's proxies report.
	Telemetry Telemetry `yaml:"telemetry"`
	// Sidecar is what the namespace's proxies know of others.
	Sidecar *Sidecar `yaml:"sidecar"`
	// Injection says whether the namespace's pods get a sidecar: enabled or
	// disabled. Default: what the mesh says.
	Injection string `yaml:"injection"`
	// Revision is the installation, or the tag, whose sidecar they get. It
	// excludes Injection.
	Revision string `yaml:"revision"`
}

// Later are the words of the vocabulary that are not rendered yet.
func (Namespace) Later() []string {
	return []string{"dataplane", "waypoint"}
}

// Elsewhere are words that people look for here, with the place they belong to.
func (Namespace) Elsewhere() map[string]string {
	return map[string]string{"proxy": "no such word at a namespace; set it at spec.proxy or at a service"}
}

// MTLS is mutual TLS between workloads.
type MTLS struct {
	// Mode is STRICT, PERMISSIVE or DISABLE. Default: STRICT for the mesh, else
	// what the wider place says.
	Mode string `yaml:"mode"`
	// Ports are modes of single ports of a service's workload: the port the
	// process listens on, not the Service's. At a service only. Under kustomize
	// the ports have to stand in quotes, it knows no numbers as keys.
	Ports map[int]string `yaml:"ports"`
	// Exclude are the hosts, as full Service names, that clients in the mesh call
	// in plain text because the server has no sidecar. For the mesh only.
	Exclude []string `yaml:"exclude"`
	// MinProtocolVersion is the oldest TLS that workloads speak with each other:
	// TLSV1_2 or TLSV1_3. For the mesh only. Default: Istio's.
	MinProtocolVersion string `yaml:"minProtocolVersion"`
}
