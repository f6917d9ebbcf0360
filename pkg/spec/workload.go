package spec

import meshconfig "istio.io/api/mesh/v1alpha1"

// WorkloadProxy is the sidecar of one service's pods. Its words become
// annotations of the pod templates in the package.
type WorkloadProxy struct {
	// Resources are what the sidecar gets. Each of the four numbers stands alone;
	// the others are the mesh's.
	Resources Resources `yaml:"resources"`
	// NativeSidecar runs the sidecar as an init container that stays, so that it
	// starts before the pod's containers and ends after them. Istio 1.24 or
	// later. Default: what the mesh says.
	NativeSidecar *bool `yaml:"nativeSidecar"`
	// EnableDNSProxying lets the sidecar answer the pod's DNS queries. Default:
	// what the mesh says.
	EnableDNSProxying *bool `yaml:"enableDNSProxying"`
	// Config is Istio's own, merged over the mesh's by key: a message in it, such as
	// proxyStatsMatcher, replaces the mesh's whole, and proxyMetadata is put to the
	// mesh's. Not in a MeshService.
	// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig
	Config *meshconfig.ProxyConfig `yaml:"config"`
}
