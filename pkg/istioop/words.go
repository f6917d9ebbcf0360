package istioop

import (
	"fmt"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// words is the layer above all layers: what the document and its defaults say, in
// the words that every installer would understand.
func words(in mesh.Install) manifest.Tree {
	if in.Existing {
		return overlay(in)
	}
	istiod := in.Pilot
	istiod.Env = environment(in)
	pilot := component(istiod)
	if overlays := webhookOverlays(in); len(overlays) > 0 {
		pilot["overlays"] = overlays
	}
	cni := manifest.Tree{"enabled": *in.CNI.Enabled}
	if *in.CNI.Enabled {
		cni["k8s"] = manifest.Tree{"resources": resources(in.CNI.Resources)}
	}
	spec := manifest.Tree{
		"tag":        in.Tag,
		"meshConfig": meshConfig(in),
		"components": manifest.Tree{
			"pilot":           manifest.Tree{"k8s": pilot},
			"ingressGateways": []any{gateway("istio-ingressgateway", in.IngressGateway)},
			"egressGateways":  []any{gateway("istio-egressgateway", in.EgressGateway)},
			"cni":             cni,
		},
		"values": manifest.Tree{
			"pilot": autoscaling(in.Pilot),
			"gateways": manifest.Tree{
				"istio-ingressgateway": gatewayValues(in.IngressGateway),
				"istio-egressgateway":  gatewayValues(in.EgressGateway),
			},
			"global":                 manifest.Tree{"proxy": manifest.Tree{"resources": resources(in.Sidecar)}},
			"sidecarInjectorWebhook": manifest.Tree{"enableNamespacesByDefault": in.InjectUnlabelled},
		},
	}
	// An empty hub would be an image without a registry, not Istio's own hub.
	if in.Hub != "" {
		spec["hub"] = in.Hub
	}
	if in.Revision != "" {
		spec["revision"] = in.Revision
	}
	if !in.Reports.Configured {
		// With a tracer in the values Istio's chart would make up an address of its
		// own, istio-system's.
		values := spec["values"].(manifest.Tree)
		values["global"].(manifest.Tree)["proxy"].(manifest.Tree)["tracer"] = "none"
	}
	return spec
}

// component is the k8s block of one Deployment.
func component(c mesh.Component) manifest.Tree {
	k8s := manifest.Tree{"resources": resources(c.Resources)}
	if c.MaxReplicas > 0 {
		k8s["hpaSpec"] = manifest.Tree{"minReplicas": c.MinReplicas, "maxReplicas": c.MaxReplicas}
	}
	if !autoscaled(c) {
		// Where an autoscaler was, its last number of pods would stay.
		k8s["replicaCount"] = 1
	}
	var env []any
	for _, e := range c.Env {
		env = append(env, manifest.Tree{"name": e.Name, "value": e.Value})
	}
	if env != nil {
		k8s["env"] = env
	}
	return k8s
}

// autoscaling says the bounds once more, where Istio's charts look: by these they
// decide whether there is an autoscaler at all, and a disruption budget.
func autoscaling(c mesh.Component) manifest.Tree {
	return manifest.Tree{
		"autoscaleEnabled": autoscaled(c),
		"autoscaleMin":     c.MinReplicas,
		"autoscaleMax":     c.MaxReplicas,
	}
}

// autoscaled is false where there is nothing to scale between.
func autoscaled(c mesh.Component) bool { return c.MinReplicas != 1 || c.MaxReplicas != 1 }

func resources(r mesh.Resources) manifest.Tree {
	out := manifest.Tree{}
	set := func(kind, cpu, memory string) {
		amounts := manifest.Tree{}
		if cpu != "" {
			amounts["cpu"] = cpu
		}
		if memory != "" {
			amounts["memory"] = memory
		}
		if len(amounts) > 0 {
			out[kind] = amounts
		}
	}
	set("requests", r.RequestCPU, r.RequestMemory)
	set("limits", r.LimitCPU, r.LimitMemory)
	return out
}

func gateway(name string, g mesh.GatewayComponent) manifest.Tree {
	k8s := component(g.Component)
	service := manifest.Tree{}
	if len(g.Ports) > 0 {
		service["ports"] = servicePorts(g.Ports)
	}
	if g.ExternalTrafficPolicy != "" {
		service["externalTrafficPolicy"] = g.ExternalTrafficPolicy
	}
	if len(service) > 0 {
		k8s["service"] = service
	}
	if len(g.Annotations) > 0 {
		annotations := manifest.Tree{}
		for key, value := range g.Annotations {
			annotations[key] = value
		}
		k8s["serviceAnnotations"] = annotations
	}
	return manifest.Tree{"name": name, "enabled": *g.Enabled, "k8s": k8s}
}

// servicePorts are written even where they are those of Istio's chart: istioctl
// replaces the chart's list as soon as one port is written, and the health check's
// port has to be the first of whatever is.
func servicePorts(ports []mesh.ServicePort) []any {
	list := make([]any, len(ports))
	for i, p := range ports {
		list[i] = manifest.Tree{
			"name": p.Name, "port": p.Port, "targetPort": p.TargetPort, "protocol": "TCP",
		}
	}
	return list
}

func gatewayValues(g mesh.GatewayComponent) manifest.Tree {
	values := autoscaling(g.Component)
	values["type"] = g.Type
	return values
}

// oldMetrics turns the metrics of the autoscalers into the form that istioctl
// read before Kubernetes' autoscaling/v2.
func oldMetrics(spec manifest.Tree) {
	for _, k8s := range deployments(spec) {
		for _, m := range metricsOf(k8s) {
			metric, _ := m.(manifest.Tree)
			resource, _ := metric["resource"].(manifest.Tree)
			target, ok := resource["target"].(manifest.Tree)
			if !ok {
				continue
			}
			delete(resource, "target")
			for before, now := range map[string]string{"targetAverageUtilization": "averageUtilization", "targetAverageValue": "averageValue"} {
				if value, ok := target[now]; ok {
					resource[before] = value
				}
			}
		}
	}
}

// deployments are the k8s blocks of the components that may have an autoscaler,
// by their paths.
func deployments(spec manifest.Tree) map[string]manifest.Tree {
	components, _ := spec["components"].(manifest.Tree)
	all := map[string]manifest.Tree{}
	add := func(at string, component any) {
		m, _ := component.(manifest.Tree)
		if k8s, ok := m["k8s"].(manifest.Tree); ok {
			all[at+".k8s"] = k8s
		}
	}
	add("components.pilot", components["pilot"])
	for _, kind := range []string{"ingressGateways", "egressGateways"} {
		gateways, _ := components[kind].([]any)
		for i, g := range gateways {
			add(fmt.Sprintf("components.%s[%s]", kind, itemName(i, g)), g)
		}
	}
	return all
}

func metricsOf(k8s manifest.Tree) []any {
	hpa, _ := k8s["hpaSpec"].(manifest.Tree)
	metrics, _ := hpa["metrics"].([]any)
	return metrics
}
