package istioop

import (
	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// meshConfig is what the words say of the configuration of the mesh.
func meshConfig(in mesh.Install) manifest.Tree {
	config := manifest.Tree{"enablePrometheusMerge": in.PrometheusMerge}
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
	if t := in.Reports.Tracing; t != nil {
		config["enableTracing"] = t.Enabled
		config["defaultConfig"] = manifest.Tree{"tracing": messageTree(t.Config)}
	}
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
func messageTree(m proto.Message) any {
	t, err := manifest.MessageTree(m)
	if err != nil {
		return err
	}
	return t
}
