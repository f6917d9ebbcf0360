package mesh

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// workloadConfig is what two words of a service say together, since they are one
// annotation, and the word to name; nil where they say nothing.
func (r *resolver) workloadConfig(s *service) (*meshconfig.ProxyConfig, diag.Path) {
	if s.Proxy.Config == nil && s.Proxy.EnableDNSProxying == nil {
		return nil, diag.Path{}
	}
	var all *meshconfig.ProxyConfig
	origin := s.at("proxy.enableDNSProxying")
	if own := s.Proxy.Config; own != nil {
		at := s.at("proxy.config")
		if s.team(at) {
			r.ds.Errorf(diag.CodePlace, at, onlyPlatform)
		}
		r.proxyConfig(at, own)
		r.replacesConfig(at, own)
		if proto.Size(own) > 0 {
			all, origin = proto.CloneOf(own), at
		}
	}
	if dns := s.Proxy.EnableDNSProxying; dns != nil {
		if all == nil {
			all = &meshconfig.ProxyConfig{}
		}
		if all.ProxyMetadata == nil {
			all.ProxyMetadata = map[string]string{}
		}
		all.ProxyMetadata[dnsCapture] = strconv.FormatBool(*dns)
	}
	return all, origin
}

// replacesConfig names what the document says for the mesh and the pods lose by
// their own: Istio merges the fields of a ProxyConfig, and what stands in one of
// them only for proxyMetadata and the fields of mergedHeaders (istio
// pkg/config/mesh/mesh.go, MergeProxyConfig).
func (r *resolver) replacesConfig(at diag.Path, own *meshconfig.ProxyConfig) {
	ofMesh, ofPods := r.spec.Proxy.Config.ProtoReflect(), own.ProtoReflect()
	fields := ofPods.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if !ofMesh.Has(fd) || !ofPods.Has(fd) || fd.Name() == "proxy_metadata" {
			continue
		}
		if lost := lostBelow(fd, ofMesh.Get(fd), ofPods.Get(fd)); len(lost) > 0 {
			r.ds.Infof(diag.CodeUnused, at.Key(fd.JSONName()), "it replaces the mesh's, so these pods do not have %s of spec.proxy.config.%s; write it here as well to keep it",
				strings.Join(lost, ", "), fd.JSONName())
		}
	}
}

// mergedHeaders are the fields of proxyHeaders that Istio keeps.
var mergedHeaders = []protoreflect.FullName{
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.attempt_count",
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.envoy_debug_headers",
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.forwarded_client_cert",
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.request_id",
	"istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.server",
}

// lostBelow are the keys that the value below has in a field and the one above has
// not, nor another choice in their place.
func lostBelow(fd protoreflect.FieldDescriptor, below, above protoreflect.Value) (lost []string) {
	switch {
	case fd.IsMap():
		below.Map().Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
			if !above.Map().Has(key) {
				lost = append(lost, key.String())
			}
			return true
		})
		slices.Sort(lost)
	case fd.Message() != nil && !fd.IsList() && fd.Message().ParentFile().Package() != "google.protobuf":
		eachField(diag.Path{}, below.Message(), func(_ diag.Path, inner protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			oneof := inner.ContainingOneof()
			chosen := oneof != nil && above.Message().WhichOneof(oneof) != nil
			if !above.Message().Has(inner) && !chosen && !slices.Contains(mergedHeaders, inner.FullName()) {
				lost = append(lost, inner.JSONName())
			}
			return false
		})
	}
	return lost
}
