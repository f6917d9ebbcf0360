package istioop

import (
	"cmp"
	"slices"
	"strconv"

	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// nativeSidecars is the variable by which istiod knows what kind of container a
// sidecar is.
const nativeSidecars = "ENABLE_NATIVE_SIDECARS"

// environment are the variables of istiod, in the order of their names.
func environment(in mesh.Install) []mesh.EnvVar {
	if in.Proxy.NativeSidecar == nil {
		return in.Pilot.Env
	}
	all := append(slices.Clone(in.Pilot.Env), mesh.EnvVar{Name: nativeSidecars, Value: strconv.FormatBool(*in.Proxy.NativeSidecar)})
	slices.SortFunc(all, func(a, b mesh.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// proxyConfig is the part of meshConfig.defaultConfig that words say.
func proxyConfig(p mesh.Proxy) manifest.Tree {
	config := manifest.Tree{}
	if p.Config != nil {
		config = messageTree(p.Config)
		// The two are one thing to Istio, which refuses both at once; null takes
		// away what a layer says.
		switch p.Config.ClusterName.(type) {
		case *meshconfig.ProxyConfig_ServiceCluster:
			config["tracingServiceName"] = nil
		case *meshconfig.ProxyConfig_TracingServiceName_:
			config["serviceCluster"] = nil
		}
	}
	if p.EnableDNSProxying != nil {
		metadata, _ := config["proxyMetadata"].(manifest.Tree)
		if metadata == nil {
			metadata = manifest.Tree{}
			config["proxyMetadata"] = metadata
		}
		metadata["ISTIO_META_DNS_CAPTURE"] = strconv.FormatBool(*p.EnableDNSProxying)
	}
	return config
}
