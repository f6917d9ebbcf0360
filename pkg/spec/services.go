package spec

import (
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
)

// Service is one service of the mesh.
type Service struct {
	// Name and Namespace are those of the Kubernetes Service. Both are required
	// in a KymaMesh; in a MeshService they are its metadata's.
	Name      string `yaml:"name"`
	Namespace string `yaml:"namespace"`
	// Selector are the labels of the service's pods, for what is said of its
	// workload (injection, proxy, security, telemetry). Default: app with the
	// service's name.
	Selector map[string]string `yaml:"selector"`
	// Protocol is HTTP, which includes gRPC and WebSocket; TCP, whose connections
	// are told apart by port and caller only; or TLS that no proxy opens, which is
	// routed at gateways by the name that the caller asks for. Default: HTTP.
	Protocol string `yaml:"protocol"`
	// Port is the Service's port that is routed; needed where it has several.
	// Written, routes in the mesh hold for this port only.
	Port int `yaml:"port"`
	// Versions are the versions there are, by name. Default: the names in To or
	// Split, each with the label version.
	Versions map[string]Version `yaml:"versions"`
	// Routes are requests that go elsewhere than the rest, the first match wins.
	Routes []Route `yaml:"routes"`
	// To sends all requests to one version; it excludes Split. The service is its
	// own last route: To and Split are for what no route takes, the next words
	// hold for all routes.
	To string `yaml:"to"`
	// Split sends requests to versions by weight; the weights make 100.
	Split map[string]Percent `yaml:"split"`
	// Timeout and the next words are as in a route.
	Timeout    *durationpb.Duration   `yaml:"timeout"`
	Retries    *Retries               `yaml:"retries"`
	Fault      *Fault                 `yaml:"fault"`
	Mirror     []Mirror               `yaml:"mirror" mesh:"one"`
	Headers    *networking.Headers    `yaml:"headers"`
	CORSPolicy *networking.CorsPolicy `yaml:"corsPolicy" mesh:"one=allowOrigins"`
	// LoadBalancer, ConnectionPool and OutlierDetection are how clients in the mesh
	// and gateways call the service's pods. A version's own word replaces them.
	LoadBalancer     *networking.LoadBalancerSettings   `yaml:"loadBalancer"`
	ConnectionPool   *networking.ConnectionPoolSettings `yaml:"connectionPool"`
	OutlierDetection *networking.OutlierDetection       `yaml:"outlierDetection"`
	// Expose opens the service to the outside, through gateways.
	Expose []Expose `yaml:"expose" mesh:"one"`
	// ExportTo are the namespaces whose proxies see what is said of the service's
	// traffic inside the mesh: names, . for its own, * for all. Default: all.
	ExportTo []string `yaml:"exportTo"`
	// VirtualService and DestinationRule are Istio's own messages, merged over what
	// is rendered for the mesh, for what no word says. Not in a MeshService.
	VirtualService  *networking.VirtualService  `yaml:"virtualService"`
	DestinationRule *networking.DestinationRule `yaml:"destinationRule"`
	// Injection says whether the service's pods get a sidecar: enabled, or
	// disabled, which a MeshService cannot say. Default: what the namespace says.
	Injection string `yaml:"injection"`
	// Proxy is the sidecar of the service's pods.
	Proxy WorkloadProxy `yaml:"proxy"`
	// Security is what holds for the service's workload.
	Security Security `yaml:"security"`
	// Telemetry is what the proxies of the service's workload report.
	Telemetry Telemetry `yaml:"telemetry"`
	// Sidecar is what the service's proxies know of others.
	Sidecar *Sidecar `yaml:"sidecar"`
}

// Later are the words of the vocabulary that are not rendered yet.
func (Service) Later() []string {
	return []string{
		"dataplane", "waypoint",
	}
}

// Elsewhere are words that people look for here, with the place they belong to.
func (Service) Elsewhere() map[string]string {
	const action = "the service itself takes requests; write it at a route of routes or expose"
	return map[string]string{
		"when":    "what stands here holds for all requests; write it at a route of routes",
		"rewrite": action, "redirect": action, "directResponse": action, "delegate": action,
	}
}

// MeshServiceSpec is what a MeshService says: the words of a service but for the
// name and namespace, which its metadata gives.
type MeshServiceSpec struct {
	// Mesh is the name of the KymaMesh that the service belongs to; needed where
	// a call holds several.
	Mesh    string `yaml:"mesh"`
	Service `yaml:",inline"`
}

// Elsewhere are words that a team may not say, with who says them.
func (MeshServiceSpec) Elsewhere() map[string]string {
	const platform = "no such word in a MeshService; it belongs to KymaMesh services[]"
	const mesh = "no such word in a MeshService; it belongs to the KymaMesh"
	return map[string]string{
		"name":            "a MeshService speaks for its own service; its name is metadata.name",
		"namespace":       "a MeshService speaks for its own namespace",
		"virtualService":  platform,
		"destinationRule": platform,
		"services":        mesh, "gateways": mesh, "egress": mesh, "namespaces": mesh,
		"install": mesh, "kyma": mesh, "profile": mesh, "platform": mesh, "domain": mesh,
		"extensionProviders": mesh,
		"checks":             "no such word in a MeshService; write the annotation ignore.mesh.kyma-project.io/CODE on the object, or checks in the KymaMesh",
	}
}

// Percent is a share of 100 with at most four decimals.
type Percent float64

// Version is one version of a service: by default the pods of the service with
// the label version, else another Service.
type Version struct {
	// Labels are what tells the version's pods apart. Default: version with the
	// version's name.
	Labels map[string]string `yaml:"labels"`
	// Host is another Service that is this version: a name in the same
	// namespace, or a full name. It excludes Labels.
	Host string `yaml:"host"`
	// Port is the destination's port. Default: the service's.
	Port int `yaml:"port"`
	// LoadBalancer and the next two replace the service's for this version.
	LoadBalancer     *networking.LoadBalancerSettings   `yaml:"loadBalancer"`
	ConnectionPool   *networking.ConnectionPoolSettings `yaml:"connectionPool"`
	OutlierDetection *networking.OutlierDetection       `yaml:"outlierDetection"`
}

// Expose opens a service to the outside on some hosts of one gateway.
type Expose struct {
	// Hosts are the names under which the service is reached; a name without a
	// dot is completed with the domain. A TCP service has none, it is known by
	// the port in When.
	Hosts []string `yaml:"hosts" mesh:"one"`
	// Gateway is a name in gateways, or namespace/name of a Gateway that exists
	// elsewhere. Default: kyma-gateway, else the only one.
	Gateway string `yaml:"gateway"`
	// Path is where the service stands on the hosts: /a means /a itself and all
	// below /a/. Default: the whole host.
	Path []string `yaml:"path" mesh:"one"`
	// Route are the words of a route, put around the service's routes: When has to
	// hold as well, the others hold unless a route says them. With a To, Split,
	// Redirect, DirectResponse or Delegate of its own the entry is the only route
	// of its hosts.
	Route `yaml:",inline"`
	// VirtualService is Istio's own message, merged over what is rendered for each
	// of the hosts, for what no word says. Not in a MeshService.
	VirtualService *networking.VirtualService `yaml:"virtualService"`
}

// SetText reads the short form: expose: reviews stands for the host alone.
func (e *Expose) SetText(host string) { e.Hosts = []string{host} }
