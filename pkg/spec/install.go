package spec

import meshconfig "istio.io/api/mesh/v1alpha1"

// Install is how Istio itself is installed.
type Install struct {
	// Mode says who installs: istioctl, by the IstioOperator that is rendered, or
	// existing: somebody else did, and what is rendered is what Kyma changes there.
	// kyma, sail and helm are not rendered yet. Default: istioctl.
	Mode string `yaml:"mode"`
	// Existing is NAME or NAMESPACE/NAME of the IstioOperator of the package that mode
	// existing changes in place. Default: the only one; with none an overlay is
	// rendered.
	Existing string `yaml:"existing"`
	// Deliver is the form in which the IstioOperator leaves with all the rest, which
	// kubectl takes and the IstioOperator it does not: object, configmap or none.
	// Default: object.
	Deliver string `yaml:"deliver"`
	// Only renders the IstioOperator and nothing else, for a second installation in
	// one cluster. Default: false.
	Only bool `yaml:"only"`
	// IstioVersion is three numbers, 1.11.0 or later. Default: the generation's.
	IstioVersion string `yaml:"istioVersion" mesh:"bare"`
	// Hub is the image registry. Default: the generation's with the generation's
	// Istio, else left to Istio.
	Hub string `yaml:"hub"`
	// Variant is distroless or debug. Default: distroless.
	Variant string `yaml:"variant"`
	// Revision names this installation among several in one cluster. Default:
	// none, the only one.
	Revision string `yaml:"revision"`
	// Pilot is istiod, the control plane.
	Pilot Component `yaml:"pilot"`
	// IngressGateway is istio-ingressgateway. Enabled by default.
	IngressGateway GatewayComponent `yaml:"ingressGateway"`
	// EgressGateway is istio-egressgateway. Disabled by default.
	EgressGateway GatewayComponent `yaml:"egressGateway"`
	// CNI is the node agent that redirects the traffic of pods, so that they need
	// no privileged init container. Default: disabled in 0.6 and 1.24, else
	// enabled.
	CNI CNI `yaml:"cni"`
	// Webhook is the one that injects sidecars.
	Webhook Webhook `yaml:"webhook"`
	// Override is a partial spec of an IstioOperator with Istio's own fields, merged
	// over all that the words and their defaults say. In it values are
	// map[string]any, []any, string, bool, int and float64; nil deletes. Default:
	// none.
	Override map[string]any `yaml:"override"`
}

// Component is one Deployment of the installation. What is not written is what
// the generation, profile and platform say.
type Component struct {
	// MinReplicas and MaxReplicas are the bounds of the autoscaler.
	MinReplicas int `yaml:"minReplicas"`
	MaxReplicas int `yaml:"maxReplicas"`
	// Resources are the container's; each of the four numbers stands alone.
	Resources Resources `yaml:"resources"`
	// Env are environment variables by name; they are put to the generation's.
	Env map[string]string `yaml:"env"`
}

// Resources are Kubernetes' resource requirements of one container.
type Resources struct {
	// Requests are what is kept free for the container.
	Requests Amounts `yaml:"requests"`
	// Limits are what it may use at most.
	Limits Amounts `yaml:"limits"`
}

// Amounts are Kubernetes quantities, such as 100m and 128Mi.
type Amounts struct {
	// CPU is in cores or thousandths of one.
	CPU string `yaml:"cpu" mesh:"bare"`
	// Memory is in bytes, with a suffix.
	Memory string `yaml:"memory"`
}

// GatewayComponent is a gateway's Deployment with its Service.
type GatewayComponent struct {
	// Enabled installs the gateway. Default: true for the ingress gateway; false for
	// the egress gateway, but where an egress host goes through it.
	Enabled   *bool `yaml:"enabled"`
	Component `yaml:",inline"`
	// Type is the Service's: LoadBalancer, NodePort or ClusterIP. Default for the
	// ingress gateway: LoadBalancer, on Minikube NodePort; for the egress gateway
	// ClusterIP.
	Type string `yaml:"type"`
	// Ports are ports of the Service by name. They are put to the generation's,
	// and what gateways listen on is added without being written here.
	Ports map[string]ServicePort `yaml:"ports"`
	// ExternalTrafficPolicy is Local, which keeps the caller's address, or
	// Cluster. Default: left to Kubernetes, which takes Cluster.
	ExternalTrafficPolicy string `yaml:"externalTrafficPolicy"`
	// Annotations are the Service's, for the cloud's load balancer.
	Annotations map[string]string `yaml:"annotations"`
}

// ServicePort is a port of a gateway's Service: http2: 80 stands for the port
// alone.
type ServicePort struct {
	// Port is the Service's; required.
	Port int `yaml:"port"`
	// TargetPort is where the pods listen. Default: 8080 for 80, 8443 for 443,
	// 10000 more for others below 1024, else Port.
	TargetPort int `yaml:"targetPort"`
}

// SetNumber reads the short form.
func (p *ServicePort) SetNumber(port int) { p.Port = port }

// CNI is Istio's CNI node agent.
type CNI struct {
	// Enabled installs it. Default: false in 0.6 and 1.24, else true.
	Enabled *bool `yaml:"enabled"`
	// Resources are those of its pods.
	Resources Resources `yaml:"resources"`
}

// Webhook is the configuration of the sidecar injector's webhooks.
type Webhook struct {
	// TimeoutSeconds is how long the API server waits for istiod, 1 to 30.
	// Default: 10 in 1.24, else what Istio says.
	TimeoutSeconds int `yaml:"timeoutSeconds"`
	// NamespaceSelector are conditions on namespaces beside Istio's own. Default
	// in 1.24: not Gardener's kube-system, which the webhook kept from being
	// hibernated (kyma issue 8868); else none.
	NamespaceSelector []Requirement `yaml:"namespaceSelector"`
}

// Requirement is Kubernetes' label selector requirement.
type Requirement struct {
	// Key is a label of the namespace; required.
	Key string `yaml:"key"`
	// Operator is In, NotIn, Exists or DoesNotExist.
	Operator string `yaml:"operator"`
	// Values are alternatives, for In and NotIn.
	Values []string `yaml:"values"`
}

// Proxy is the sidecar itself.
type Proxy struct {
	// Resources are what each sidecar gets. Default: what the generation and
	// profile say.
	Resources Resources `yaml:"resources"`
	// NativeSidecar makes the sidecar an init container that keeps running, so that
	// it is there before the other init containers and jobs can end. From Istio 1.19
	// on. Default: Istio's for its version.
	NativeSidecar *bool `yaml:"nativeSidecar"`
	// EnableDNSProxying lets the sidecar answer the pod's DNS queries, so that hosts
	// of ServiceEntries have addresses. Default: Istio's, which is no.
	EnableDNSProxying *bool `yaml:"enableDNSProxying"`
	// Config is Istio's own, merged over the generation's by key.
	// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig
	Config *meshconfig.ProxyConfig `yaml:"config"`
}
