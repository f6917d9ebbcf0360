package spec

import (
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
)

// Egress is what the mesh may call outside of the cluster.
type Egress struct {
	// OutboundTrafficPolicy is ALLOW_ANY, or REGISTRY_ONLY for nothing but Services
	// and Hosts. Default: Istio's, ALLOW_ANY.
	OutboundTrafficPolicy string `yaml:"outboundTrafficPolicy"`
	// Hosts are the hosts outside that the mesh knows.
	Hosts []EgressHost `yaml:"hosts"`
}

// EgressHost is a host outside of the cluster, and how it is called.
type EgressHost struct {
	// Host is required: a full DNS name, or *.name. Several names share Ports,
	// Addresses, Endpoints and Resolution, and take no other word.
	Host []string `yaml:"host" mesh:"one"`
	// Namespace is where the objects of this entry lie. Default: istio-system,
	// whose objects all namespaces see.
	Namespace string `yaml:"namespace"`
	// Ports are the host's ports. Default: 443 HTTPS; with TLS 80 HTTP that leads
	// to 443, and 443 HTTPS.
	Ports []EgressPort `yaml:"ports"`
	// Addresses are IP addresses or ranges by which calls are known; TCP has
	// nothing else to tell hosts apart.
	Addresses []string `yaml:"addresses"`
	// Endpoints are where calls are sent: IP addresses or DNS names. Default: the
	// host, or the address that the application called.
	Endpoints []string `yaml:"endpoints"`
	// Resolution is Istio's: NONE, STATIC, DNS, DNS_ROUND_ROBIN or DYNAMIC_DNS.
	// Default: STATIC with endpoints that are all addresses; NONE with addresses
	// alone or a wildcard; else DNS.
	Resolution string `yaml:"resolution"`
	// ExportTo are the namespaces that see the entry: names, . for its own, or *.
	// Default: all.
	ExportTo []string `yaml:"exportTo"`
	// TLS lets the sidecar, or the gateway, speak TLS to the host for applications
	// that call it in plain HTTP. Mode is SIMPLE, or MUTUAL with a certificate of
	// ours. sni and subjectAltNames default to the host. Default: the application
	// speaks TLS itself.
	TLS *networking.ClientTLSSettings `yaml:"tls"`
	// Selector are the labels of the pods in Namespace whose calls start TLS; the
	// entry is then seen in Namespace only. Default: all pods.
	Selector map[string]string `yaml:"selector"`
	// Gateway is istio-egressgateway to send all calls through it; it is installed
	// then. Without a NetworkPolicy, which is not rendered, a pod without a sidecar
	// can still leave the cluster by itself. Default: none, calls are direct.
	Gateway string `yaml:"gateway"`
	// Timeout, Retries and Fault are as in a route, for HTTP ports.
	Timeout *durationpb.Duration `yaml:"timeout"`
	Retries *Retries             `yaml:"retries"`
	Fault   *Fault               `yaml:"fault"`
	// LoadBalancer, ConnectionPool and OutlierDetection are as at a service.
	LoadBalancer     *networking.LoadBalancerSettings   `yaml:"loadBalancer"`
	ConnectionPool   *networking.ConnectionPoolSettings `yaml:"connectionPool"`
	OutlierDetection *networking.OutlierDetection       `yaml:"outlierDetection"`
	// ServiceEntry, VirtualService and DestinationRule are Istio's own messages, to be
	// merged over what is rendered for the entry. Default: none.
	ServiceEntry    *networking.ServiceEntry    `yaml:"serviceEntry"`
	VirtualService  *networking.VirtualService  `yaml:"virtualService"`
	DestinationRule *networking.DestinationRule `yaml:"destinationRule"`
}

// SetText reads the short form: a host alone.
func (h *EgressHost) SetText(host string) { h.Host = []string{host} }

// EgressPort is a port of a host outside.
type EgressPort struct {
	// Number is the port that applications call; required.
	Number int `yaml:"number"`
	// Protocol is one of Istio's. Default: HTTPS on 443, HTTP on 80; else it has to
	// be written.
	Protocol string `yaml:"protocol"`
	// TargetPort is the host's port. Default: Number.
	TargetPort int `yaml:"targetPort"`
}

// Sidecar is what the proxies of the mesh, a namespace or a service know of
// others. The narrowest place decides; a word that it does not say is the wider
// place's.
type Sidecar struct {
	// Egress are NAMESPACE/HOST that the proxies can call: . is the pod's own
	// namespace, * any namespace or host. istio-system/* is always added. Default:
	// ./*.
	Egress []string `yaml:"egress"`
	// OutboundTrafficPolicy is ALLOW_ANY or REGISTRY_ONLY. Default: the mesh's.
	OutboundTrafficPolicy string `yaml:"outboundTrafficPolicy"`
	// Ingress are Istio's own listeners, in place of those that the pod's Services
	// give. At a service only.
	Ingress []*networking.IstioIngressListener `yaml:"ingress"`
}
