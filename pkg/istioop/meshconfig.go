package istioop

import (
	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// meshConfig is what the words say of the configuration of the mesh.
func meshConfig(in mesh.Install) manifest.Tree {
	config := manifest.Tree{}
	if in.PrometheusMerge != nil {
		config["enablePrometheusMerge"] = *in.PrometheusMerge
	}
	if in.OutboundTrafficPolicy != "" {
		config["outboundTrafficPolicy"] = manifest.Tree{"mode": in.OutboundTrafficPolicy}
	}
	if in.MinProtocolVersion != "" {
		config["meshMTLS"] = manifest.Tree{"minProtocolVersion": in.MinProtocolVersion}
	}
	var providers []any
	for _, p := range in.Providers {
		providers = append(providers, messageTree(p))
	}
	if providers != nil {
		config["extensionProviders"] = providers
	}
	proxies := proxyConfig(in.Proxy)
	if t := in.Reports.Tracing; t != nil {
		if t.Enabled != nil {
			config["enableTracing"] = *t.Enabled
		}
		proxies["tracing"] = messageTree(t.Config)
	}
	put(config, proxies, "defaultConfig")
	if l := in.Reports.AccessLog; l != nil {
		config["accessLogFile"] = l.File
		if l.Encoding != "" {
			config["accessLogEncoding"] = l.Encoding
		}
		if l.Format != "" {
			config["accessLogFormat"] = l.Format
		}
	}
	return config
}

// messageTree is one of Istio's own messages. What cannot be written is left to the
// writer of the whole, which says so.
func messageTree(m proto.Message) manifest.Tree {
	t, err := manifest.MessageTree(m)
	if err != nil {
		return manifest.Tree{"": err}
	}
	return t
}
