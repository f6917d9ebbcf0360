// Package mesh says what a document means: Resolve completes it with the
// defaults, checks it, and returns the Mesh that the kinds render from.
//
// "No" is said here or when decoding, with the path in hand. A kind never
// refuses: what it gets can be rendered.
package mesh

import (
	security "istio.io/api/security/v1beta1"

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
	// MTLS are the places whose servers have a mode of their own, the mesh first.
	MTLS []MTLS
	// Authentications are the places whose servers check tokens.
	Authentications []Authentication
	// Authorizations are the places that say who may call.
	Authorizations []Authorization
	// Excluded are the hosts that clients call without mTLS.
	Excluded []Excluded
	// Gateways are the gateways to render.
	Gateways []Gateway
	// Services are the services that have something to say.
	Services []Service
	// VirtualHosts are the hosts that gateways lead to services.
	VirtualHosts []VirtualHost

	istio istioVersion
}

// Install is what the IstioOperator is rendered from.
type Install struct {
	// Profile is default, evaluation or production.
	Profile string
	// Platform is cluster or minikube.
	Platform string
	// Hub is the image registry; empty leaves it to Istio.
	Hub string
	// Tag is the image tag, with the suffix of the variant.
	Tag string
	// IngressPorts are all ports of the ingress gateway's Service, the port of
	// the health check first.
	IngressPorts []ServicePort
}

// ServicePort is one port of the ingress gateway's Service.
type ServicePort struct {
	Name       string `yaml:"name"`
	Port       int    `yaml:"port"`
	TargetPort int    `yaml:"targetPort"`
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
	// Rules are alternatives; without any, ALLOW lets nobody in.
	Rules []*security.Rule
	// DryRun reports what the rules would do, and does nothing.
	DryRun bool
	Origin diag.Path
}

// Excluded is a host whose server has no sidecar, and the name of the
// DestinationRule that says so.
type Excluded struct {
	Namespace, Name string
	Host            string
	Origin          diag.Path
}

// Gateway is a gateway with all its servers, those for redirects included.
type Gateway struct {
	Namespace, Name string
	Selector        map[string]string
	Servers         []Server
	Origin          diag.Path
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

// Service is a service with its versions and where its requests go.
type Service struct {
	Namespace, Name string
	// Host is the full name in the cluster.
	Host string
	// Port is the Service's port that routes are about, 0 for every port.
	Port int
	// Subsets are the versions that are pods of this service, by name.
	Subsets []Subset
	// Route is where requests go; empty when the service has nothing to say
	// about it, and then Kubernetes decides.
	Route []Destination
	// Origin is what asked for the route and the subsets.
	Origin diag.Path
}

// Subset is a version that is pods of the service.
type Subset struct {
	Name   string
	Labels map[string]string
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
	Routes []HostRoute
	Origin diag.Path
}

// HostRoute leads a path of a host to a service.
type HostRoute struct {
	// Path is the element-wise prefix, /a for /a and all below; empty for the
	// whole host.
	Path string
	To   []Destination
}

// Version is the apiVersion's version in which the mesh's Istio serves a group.
//
// networking and security are served as v1 from Istio 1.22 on (release notes of
// Istio 1.22; design amendment 25).
func (m *Mesh) Version(group string) string {
	switch {
	case group == "install.istio.io":
		return "v1alpha1"
	case m.istio.before(1, 22):
		return "v1beta1"
	default:
		return "v1"
	}
}
