package istioop

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

//go:embed existing.yaml
var existingText []byte

// patched are the places that an overlay over an existing Istio takes from the
// layers of a generation.
var patched = sync.OnceValue(func() map[string][]string {
	places := map[string][]string{}
	for generation, all := range readEmbedded("existing.yaml", existingText) {
		for _, place := range all.([]any) {
			places[generation] = append(places[generation], place.(string))
		}
	}
	return places
})

// patchOf is what the layers of a generation change in an existing Istio.
func patchOf(in mesh.Install, layer manifest.Tree) manifest.Tree {
	places := patched()[in.Generation]
	kept, _ := keep("", layer, func(at string) bool {
		return slices.ContainsFunc(places, func(place string) bool {
			return at == place || strings.HasPrefix(at, place+".") || strings.HasPrefix(at, place+"[")
		})
	}).(manifest.Tree)
	return kept
}

// keep is the part of a tree whose values lie where wanted says so, nil if none;
// paths are those of leaves. An item of a list keeps its name.
func keep(at string, v any, wanted func(at string) bool) any {
	if wanted(at) {
		return v
	}
	switch v := v.(type) {
	case manifest.Tree:
		kept := manifest.Tree{}
		for key, value := range v {
			if part := keep(strings.TrimPrefix(at+"."+key, "."), value, wanted); part != nil {
				kept[key] = part
			}
		}
		if len(kept) > 0 {
			return kept
		}
	case []any:
		var kept []any
		for i, item := range v {
			part := keep(fmt.Sprintf("%s[%s]", at, itemName(i, item)), item, wanted)
			if part == nil {
				continue
			}
			if named, ok := item.(manifest.Tree); ok && text(named, "name") != "" {
				part.(manifest.Tree)["name"] = named["name"]
			}
			kept = append(kept, part)
		}
		if kept != nil {
			return kept
		}
	}
	return nil
}

// overlay is what words say over an existing Istio: what they do not say stays as
// it is there.
func overlay(in mesh.Install) manifest.Tree {
	istiod := in.Pilot
	istiod.Env = nil
	k8s := component(istiod)
	if len(k8s["resources"].(manifest.Tree)) == 0 {
		delete(k8s, "resources")
	}
	if overlays := webhookOverlays(in); overlays != nil {
		k8s["overlays"] = overlays
	}
	pilot := manifest.Tree{}
	if istiod.MaxReplicas > 0 {
		pilot = autoscaling(istiod)
	}
	// Variables go by the values and not by components.pilot.k8s.env: istioctl
	// replaces a list of the existing installation, and merges a mapping.
	env := manifest.Tree{}
	for _, v := range environment(in) {
		env[v.Name] = v.Value
	}
	put(pilot, env, "env")
	values := manifest.Tree{"sidecarInjectorWebhook": manifest.Tree{"enableNamespacesByDefault": in.InjectUnlabelled}}
	put(values, pilot, "pilot")
	put(values, resources(in.Sidecar), "global", "proxy", "resources")
	spec := manifest.Tree{"values": values}
	put(spec, k8s, "components", "pilot", "k8s")
	put(spec, meshConfig(in), "meshConfig")
	if in.Theirs != nil {
		inPlace(spec, in)
	}
	return spec
}

// inPlace adds what only an IstioOperator of the package can take: elsewhere a list
// would replace the one that is there, and an entry switch a component on.
func inPlace(spec manifest.Tree, in mesh.Install) {
	over := manifest.Tree{}
	put(over, theirComponent(in.CNI.Enabled, mesh.GatewayComponent{Component: mesh.Component{Resources: in.CNI.Resources}}), "components", "cni")
	for _, g := range []struct {
		list, name string
		mesh.GatewayComponent
	}{{"ingressGateways", "istio-ingressgateway", in.IngressGateway}, {"egressGateways", "istio-egressgateway", in.EgressGateway}} {
		entry, values := theirComponent(g.Enabled, g.GatewayComponent), manifest.Tree{}
		if len(entry) > 0 {
			entry["name"] = g.name
			mergeMaps("", over, manifest.Tree{"components": manifest.Tree{g.list: []any{entry}}})
		}
		if g.MaxReplicas > 0 {
			values = autoscaling(g.Component)
		}
		if g.Type != "" {
			values["type"] = g.Type
		}
		if len(values) > 0 {
			mergeMaps("", over, manifest.Tree{"values": manifest.Tree{"gateways": manifest.Tree{g.name: values}}})
		}
	}
	if in.Revision != "" {
		over["revision"] = in.Revision
	}
	mergeMaps("", spec, over)
}

// theirComponent is an entry of a component without its name.
func theirComponent(enabled *bool, g mesh.GatewayComponent) manifest.Tree {
	entry := gateway("", mesh.GatewayComponent{Enabled: new(bool), Component: g.Component, Ports: g.Ports, ExternalTrafficPolicy: g.ExternalTrafficPolicy, Annotations: g.Annotations})
	k8s := entry["k8s"].(manifest.Tree)
	for i := range g.Ports { // TCP is what a port is without a word
		delete(k8s["service"].(manifest.Tree)["ports"].([]any)[i].(manifest.Tree), "protocol")
	}
	if len(k8s["resources"].(manifest.Tree)) == 0 {
		delete(k8s, "resources")
	}
	out := manifest.Tree{}
	put(out, k8s, "k8s")
	if enabled != nil {
		out["enabled"] = *enabled
	}
	return out
}

// put sets a mapping where keys lead to, unless it is empty; nothing stands there.
func put(into, value manifest.Tree, keys ...string) {
	if len(value) == 0 {
		return
	}
	for i := len(keys) - 1; i > 0; i-- {
		value = manifest.Tree{keys[i]: value}
	}
	into[keys[0]] = value
}
