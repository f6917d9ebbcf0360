// Package mesh says what a document means: Resolve completes it with the
// defaults, checks it, and returns the Mesh that the kinds render from.
//
// "No" is said here or when decoding, with the path in hand. A kind never
// refuses: what it gets can be rendered.
package mesh

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// Mesh is a checked and completed document. Only Resolve makes one.
type Mesh struct {
	// Name is the KymaMesh's metadata.name, the owner of all that is rendered.
	Name string
	// Path is the KymaMesh document.
	Path diag.Path
	// Install is how Istio itself is installed.
	Install Install
	// Namespaces are the labels by which namespaces choose their sidecar.
	Namespaces []NamespaceLabel
	// PodSettings are what Istio's injector is to read at pods.
	PodSettings []PodSetting
	// MTLS are the places whose servers have a mode of their own, the mesh first.
	MTLS []MTLS
	// Authentications are the places whose servers check tokens.
	Authentications []Authentication
	// Authorizations are the places that say who may call.
	Authorizations []Authorization
	// Telemetries are the places that say what is reported.
	Telemetries []Telemetry
	// Excluded are the hosts that clients call without mTLS.
	Excluded []Excluded
	// Gateways are the gateways to render.
	Gateways []Gateway
	// Certificates are those that gateways have made.
	Certificates []Certificate
	// Services are the services that have something to say.
	Services []Service
	// VirtualHosts are the hosts that gateways lead to services.
	VirtualHosts []VirtualHost
	// Sidecars are the places that say what proxies know of others.
	Sidecars []Sidecar
	// Externals are the hosts outside of the cluster.
	Externals []External
	// EgressGateway is how sidecars call the egress gateway; nil when they do not.
	EgressGateway *EgressGateway

	istio   istioVersion
	sources sources
}

// Install is how Istio itself is installed, whatever the document that says so to
// an installer looks like.
type Install struct {
	// Generation, Profile and Platform say what holds beside all that follows.
	// Profile is never default for a generation whose default is another one.
	Generation, Profile, Platform string
	// Existing is true where somebody else installed Istio. Then all that follows
	// is what changes there, and what is empty stays as it is.
	Existing bool
	// Theirs is the IstioOperator of the package that says how, and is changed in
	// place; nil where none is.
	Theirs *Theirs
	// Deliver is the form in which the installation's document leaves with the
	// resources: object, configmap or none.
	Deliver string
	// Hub is the image registry; empty leaves it to Istio.
	Hub string
	// Tag is the image tag, with the suffix of the variant.
	Tag string
	// Revision is empty for the only installation of a cluster.
	Revision string
	// OutboundTrafficPolicy is what proxies do with calls to hosts that nobody
	// listed: ALLOW_ANY or REGISTRY_ONLY; empty leaves it to Istio.
	OutboundTrafficPolicy string
	// InjectUnlabelled gives a sidecar to the pods of namespaces that say nothing.
	InjectUnlabelled bool

	Pilot          Component
	IngressGateway GatewayComponent
	EgressGateway  GatewayComponent
	CNI            CNI
	Webhook        Webhook
	// Sidecar are the resources of every injected proxy, Proxy all else of it.
	Sidecar Resources
	// Providers are tracers, logs and authorizers that other resources name.
	Providers []*meshconfig.MeshConfig_ExtensionProvider
	// PrometheusMerge puts applications' metrics to those of their sidecars; nil
	// leaves it to an Istio that is there.
	PrometheusMerge *bool
	// MinProtocolVersion is the oldest TLS between workloads; empty leaves it to
	// Istio.
	MinProtocolVersion string
	// Reports is what is reported in an Istio before 1.18.
	Reports Reports
	Proxy   Proxy
	// IstioMinor is the minor version of Istio 1.
	IstioMinor int
	// Autoscaling is the version of Kubernetes' autoscaling API that the
	// installer knows: v2beta1 or v2.
	Autoscaling string
	// Overrides lie over all of this, the lowest first.
	Overrides []Override
}

// Reports is what an Istio before 1.18 is told to report: it is configured for the
// mesh as a whole. A later Istio has Mesh.Telemetries.
type Reports struct {
	// Configured is false for an Istio that has Telemetry.
	Configured bool
	// Tracing is nil where nobody says anything of it.
	Tracing *ReportedTraces
	// AccessLog is nil where nobody says anything of it.
	AccessLog *ReportedLog
}

// ReportedTraces are the spans of an old Istio.
type ReportedTraces struct {
	// Enabled is nil where an Istio that is there has said it.
	Enabled *bool
	Config  *meshconfig.Tracing
}

// ReportedLog is the log of an old Istio; without a File there is none.
type ReportedLog struct {
	File string
	// Encoding is TEXT or JSON, and Format the line in it; empty leaves them to
	// Istio.
	Encoding, Format string
}

// Component is one Deployment.
type Component struct {
	MinReplicas, MaxReplicas int
	Resources                Resources
	// Env are environment variables, by name.
	Env []EnvVar
}

// Resources are quantities of Kubernetes; an empty one is not set.
type Resources struct {
	RequestCPU, RequestMemory string
	LimitCPU, LimitMemory     string
}

// EnvVar is an environment variable.
type EnvVar struct{ Name, Value string }

// GatewayComponent is a gateway's Deployment and Service.
type GatewayComponent struct {
	// Enabled is nil where an Istio that is there has said it.
	Enabled *bool
	Component
	// Type is the Service's.
	Type string
	// Ports are all ports of the Service, the port of the health check first;
	// none leaves them to Istio's chart.
	Ports []ServicePort
	// ExternalTrafficPolicy is empty where nobody said one.
	ExternalTrafficPolicy string
	// Annotations are the Service's.
	Annotations map[string]string
}

// ServicePort is one port of a gateway's Service.
type ServicePort struct {
	Name       string `yaml:"name"`
	Port       int    `yaml:"port"`
	TargetPort int    `yaml:"targetPort"`
}

// CNI is Istio's node agent.
type CNI struct {
	// Enabled is nil where an Istio that is there has said it.
	Enabled   *bool
	Resources Resources
}

// Webhook is what is changed at the webhooks that inject sidecars.
type Webhook struct {
	// TimeoutSeconds is 0 where Istio's holds.
	TimeoutSeconds int
	// NamespaceSelector are conditions beside Istio's own.
	NamespaceSelector []Requirement
}

// Requirement is a condition on labels, as in Kubernetes.
type Requirement struct {
	Key, Operator string
	Values        []string
}

// MTLS is the mode of the servers of one place: the mesh, a namespace, or the
// workload that Selector finds.
type MTLS struct {
	Namespace, Name string
	Selector        map[string]string
	// Mode is empty where only ports say something.
	Mode string
	// Ports are modes of single workload ports, ascending.
	Ports  []PortMode
	Origin diag.Path
}

// PortMode is the mode of one workload port.
type PortMode struct {
	Port int
	Mode string
}

// Authentication are the issuers whose tokens the servers of one place check: the
// mesh, a namespace, or the workload that Selector finds.
type Authentication struct {
	Namespace, Name string
	Selector        map[string]string
	Issuers         []*security.JWTRule
	Origin          diag.Path
}

// Authorization are rules by which the servers of one place let requests in, or
// refuse them.
type Authorization struct {
	Namespace, Name string
	Selector        map[string]string
	Action          security.AuthorizationPolicy_Action
	// Provider is who is asked, where the Action is CUSTOM.
	Provider string
	// Rules are alternatives; without any, ALLOW lets nobody in.
	Rules []*security.Rule
	// DryRun reports what the rules would do, and does nothing.
	DryRun bool
	Origin diag.Path
}

// Telemetry is what the proxies of one place report: the mesh, a namespace, or the
// workload that Selector finds. Messages in it are Istio's own; nil is not said.
type Telemetry struct {
	Namespace, Name string
	Selector        map[string]string
	Tracing         *telemetry.Tracing
	AccessLogging   []*telemetry.AccessLogging
	Metrics         *telemetry.Metrics
	Origin          diag.Path
}

// Excluded is a host whose server has no sidecar, and the name of the
// DestinationRule that says so.
type Excluded struct {
	Namespace, Name string
	Host            string
	// ConnectSeconds is how long a connection may take to open; 0 leaves it to
	// Istio.
	ConnectSeconds int
	Origin         diag.Path
}

// Gateway is a gateway with all its servers, those for redirects included.
type Gateway struct {
	Namespace, Name string
	Selector        map[string]string
	Servers         []Server
	// Gateway is merged over what is rendered, nil for nothing.
	Gateway *WayOut[*networking.Gateway]
	Origin  diag.Path
}

// Server is one port of a gateway.
type Server struct {
	Name     string
	Port     int
	Protocol string
	Hosts    []string
	// TLS is nil on a plain server.
	TLS *TLS
	// Redirect sends plain HTTP to https.
	Redirect bool
}

// Certificate is a certificate that somebody in the cluster makes.
type Certificate struct {
	// Name is also its Secret's, which lies in the namespace of the gateway's pods.
	Namespace, Name string
	// Provider is cert-manager or gardener.
	Provider string
	// Issuer is the one who signs; IssuerKind is empty where there is one kind.
	Issuer, IssuerKind string
	// Hosts are the names on it, in the written order.
	Hosts  []string
	Origin diag.Path
}

// Service is a service with its versions and where its requests go.
type Service struct {
	Namespace, Name string
	// Host is the full name in the cluster.
	Host string
	// Subsets are the versions that are pods of this service, by name.
	Subsets []Subset
	// Routes are what sidecars follow, the last one without a match but for the
	// port; none when the service has nothing to say about it, and then
	// Kubernetes decides.
	Routes []Route
	// TCP are the same for a service of protocol TCP.
	TCP []TCPRoute
	// Policy is how clients call the service.
	Policy TrafficPolicy
	// ExportTo are the namespaces that see all this; none is all of them.
	ExportTo []string
	// VirtualService and DestinationRule are merged over what is rendered, nil for
	// nothing.
	VirtualService  *WayOut[*networking.VirtualService]
	DestinationRule *WayOut[*networking.DestinationRule]
	// Origin is what asked for the routes, the subsets and the policy.
	Origin diag.Path
}

// Subset is a version that is pods of the service.
type Subset struct {
	Name   string
	Labels map[string]string
	// Policy replaces the service's word by word.
	Policy TrafficPolicy
}

// TrafficPolicy is how clients call pods, in Istio's own messages; nil is not
// said.
type TrafficPolicy struct {
	LoadBalancer     *networking.LoadBalancerSettings
	ConnectionPool   *networking.ConnectionPoolSettings
	OutlierDetection *networking.OutlierDetection
}

// Empty tells whether the policy says nothing.
func (p TrafficPolicy) Empty() bool { return p == TrafficPolicy{} }

// Route is where some requests go and what is done to them on the way. Messages
// in it are Istio's own; nil is not said.
type Route struct {
	Name string
	// Match are conditions of which one has to hold; none is every request.
	Match []*networking.HTTPMatchRequest
	// To are the destinations, none where Redirect or DirectResponse answers or
	// Delegate decides.
	To             []Destination
	Redirect       *networking.HTTPRedirect
	DirectResponse *networking.HTTPDirectResponse
	Delegate       *networking.Delegate
	Rewrite        *networking.HTTPRewrite
	Timeout        *durationpb.Duration
	Retries        *networking.HTTPRetry
	Fault          *networking.HTTPFaultInjection
	Mirrors        []Mirror
	Headers        *networking.Headers
	CORSPolicy     *networking.CorsPolicy
}

// TCPRoute is where some connections go.
type TCPRoute struct {
	// Match are conditions of which one has to hold; none is every connection.
	Match []*networking.L4MatchAttributes
	To    []Destination
}

// TLSRoute is where connections go by the name that the caller asks for.
type TLSRoute struct {
	Match []*networking.TLSMatchAttributes
	To    []Destination
}

// WayOut is one of Istio's own messages, to be merged over what is rendered, with
// the place of the document that says it.
type WayOut[M proto.Message] struct {
	Message M
	At      diag.Path
}

// Mirror is a destination that gets copies of requests.
type Mirror struct {
	To         Destination
	Percentage float64
}

// Destination is one target of a route.
type Destination struct {
	Host string
	// Subset is empty for all pods of the host.
	Subset string
	// Port is 0 when the host's own port holds.
	Port int
	// Weight is 0 when the destination is the only one.
	Weight int
}

// VirtualHost is one host of one gateway and the services behind it.
type VirtualHost struct {
	Namespace, Name string
	Host            string
	// Gateway is namespace/name.
	Gateway string
	// Routes are in the order in which a request is matched.
	Routes []Route
	// TCP and TLS are routes of the services that no proxy looks into.
	TCP []TCPRoute
	TLS []TLSRoute
	// VirtualService is merged over what is rendered, nil for nothing.
	VirtualService *WayOut[*networking.VirtualService]
	Origin         diag.Path
}

// Version is the apiVersion's version in which the mesh's Istio serves a group.
//
// networking, security and telemetry are served as v1 from Istio 1.22 on (release
// notes of Istio 1.22; design amendment 25). Certificates do not depend on it.
func (m *Mesh) Version(group string) string {
	switch {
	case group == "install.istio.io", group == "cert.gardener.cloud":
		return "v1alpha1"
	case group == "", group == "cert-manager.io":
		return "v1"
	case group == "telemetry.istio.io" && m.istio.before(1, 22):
		return "v1alpha1"
	case m.istio.before(1, 22):
		return "v1beta1"
	default:
		return "v1"
	}
}
