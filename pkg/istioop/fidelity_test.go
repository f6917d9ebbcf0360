package istioop

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// difference is a part of the spec in which what is rendered is not what Kyma
// shipped, on purpose.
type difference struct {
	generations []string
	path        string
	reason      string
}

var (
	every   = []string{"1.24", "2.18", "module"}
	kyma124 = []string{"1.24"}
	kyma218 = []string{"2.18"}
	module  = []string{"module"}
)

const (
	ingress = "components.ingressGateways[istio-ingressgateway]"
	egress  = "components.egressGateways[istio-egressgateway]"

	managed = "Kyma's controllers own what carries their labels and disclaimers"
	gone    = "today's istioctl refuses the field, and it said nothing"
	chart   = "Istio's chart says the same"
	bounds  = "the charts look at the values, not at hpaSpec, when they decide on an autoscaler and a disruption budget"
	single  = "an autoscaler from 1 to 1 is none, and so is one that is switched off"
	off     = "said of a component that is switched off"
	nothing = "it says nothing"
	full    = "written out as in the other generations; Istio's chart says the same"
)

// differences are all of them. The first row whose path is that of a leaf, or
// above it, is its reason.
var differences = []difference{
	{every, ingress + ".k8s.service.ports", "the ports are always written, with their protocol, so that status-port is the first whatever is added"},
	{every, ingress + ".k8s.hpaSpec.scaleTargetRef", chart + ", and with a revision the shipped name would be another Deployment's"},
	{every, egress + ".k8s.hpaSpec.scaleTargetRef", chart},
	{every, "components.pilot.k8s.hpaSpec.scaleTargetRef", chart + ", and with a revision the shipped name would be another Deployment's"},
	{every, ingress + ".k8s.hpaSpec.metrics", chart},
	{every, egress + ".k8s.hpaSpec.metrics", chart},
	{every, "components.pilot.k8s.hpaSpec.metrics", chart},
	{every, "values.gateways.istio-ingressgateway.autoscale", bounds},
	{every, "values.gateways.istio-egressgateway.autoscale", bounds},
	{every, "values.pilot.autoscale", bounds},
	{every, "components.pilot.k8s.replicaCount", single},
	{every, ingress + ".k8s.replicaCount", single},
	{every, "values.pilot.replicaCount", "an autoscaler decides, and without one components.pilot.k8s.replicaCount"},
	{every, "values.global.priorityClassName", "only Kyma makes the class; a pod that asks for one that is not there is refused"},

	{module, "components.cni.k8s.overlays", managed},
	{module, egress + ".k8s.overlays", managed},
	{module, ingress + `.k8s.overlays[Deployment istio-ingressgateway].patches[spec.template.metadata.labels.kyma-project\.io/module]`, managed},
	{module, ingress + ".k8s.overlays[Deployment istio-ingressgateway]", managed},
	{module, "components.pilot.k8s.overlays", managed},
	{module, "components.pilot.k8s.podAnnotations", managed},
	{module, "components.pilot.k8s.serviceAnnotations.istios.operator.kyma-project.io/managed-by-disclaimer", managed},
	{module, "values.gateways.istio-ingressgateway.podAnnotations", managed},
	{module, "values.gateways.istio-ingressgateway.serviceAnnotations", managed},

	{kyma218, "components.pilot.k8s.podAnnotations", managed},
	{kyma218, "components.pilot.k8s.serviceAnnotations.reconciler.kyma-project.io/managed-by-reconciler-disclaimer", managed},
	{kyma218, "values.gateways.istio-ingressgateway.podAnnotations", managed},
	{kyma218, "values.gateways.istio-ingressgateway.serviceAnnotations.reconciler.kyma-project.io/managed-by-reconciler-disclaimer", managed},
	{kyma218, "values.gateways.istio-ingressgateway.serviceAnnotations.dns.gardener.cloud", "on the platform gardener only, which alone reads it"},
	{kyma218, "values.gateways.istio-ingressgateway.serviceAnnotations.service.beta.kubernetes.io/aws-load-balancer-connection-idle-timeout", "at the component, where it means the same"},
	{kyma218, ingress + ".k8s.serviceAnnotations", "from the values, where it means the same"},
	{kyma218, ingress + ".k8s.hpaSpec.maxReplicas", single},
	{kyma218, "components.cni.k8s.hpaSpec", "a DaemonSet has no autoscaler"},
	{kyma218, egress + ".k8s.hpaSpec", off},
	{kyma218, "meshConfig.extensionProviders[kyma-traces]", "Istio no longer has OpenCensus; the documentation of 2.18 speaks of OTLP"},
	{kyma218, "values.sidecarInjectorWebhook.objectSelector", gone},
	{kyma218, "values.pilot", full},
	{kyma218, "values.base", full},
	{kyma218, "values.istiodRemote", full},
	{kyma218, "values.global", full},
	{kyma218, "values.gateways.istio-ingressgateway", full},
	{kyma218, "values.gateways.istio-egressgateway", full},
	{kyma218, "components.base.enabled", full},
	{kyma218, "components.istiodRemote.enabled", full},

	{kyma124, egress + ".k8s.service", off + ", and " + chart},
	{kyma124, "components.pilot.k8s.env[POD_NAME", chart},
	{kyma124, "components.pilot.k8s.overlays", "Kyma patched the webhooks after istioctl had made them; it is part of the installation here"},
	{kyma124, "meshConfig.defaultConfig.proxyMetadata", nothing},
	{kyma124, "meshConfig.defaultConfig.holdApplicationUntilProxyStarts", "its place today; values.global.proxy.holdApplicationUntilProxyStarts is deprecated"},
	{kyma124, "values.global.proxy.holdApplicationUntilProxyStarts", "its place today is meshConfig.defaultConfig"},
	{kyma124, "values.gateways.istio-ingressgateway.zvpn", gone},
	{kyma124, "values.gateways.istio-egressgateway.zvpn", gone},
	{kyma124, "values.global.useMCP", gone},
	{kyma124, "values.global.oneNamespace", gone},
	{kyma124, "values.pilot.configNamespace", gone},
	{kyma124, "values.pilot.enableProtocolSniffing", gone},
	{kyma124, "values.sidecarInjectorWebhook.objectSelector", gone},
	{kyma124, "values.global.proxy.resources", "profile: default is the documented sidecar, 20m/32Mi..200m/128Mi, which no file of 1.20 to 1.24 had"},
	{kyma124, ingress + ".k8s.strategy.rollingUpdate", "on Minikube the pod holds the node's ports, and a second one would wait for them for ever"},
	{kyma124, "values.global.defaultPodDisruptionBudget.enabled", "on Minikube there is one replica, and a budget over it keeps the node from being drained"},
	{kyma124, ingress + ".k8s.overlays[Deployment istio-ingressgateway].apiVersion", "as in the other overlays; istioctl does not read it"},
	{kyma124, "profile", "Istio's default profile, which istioctl takes where none is named"},
}

// shipped are Kyma's files, each with the documents that mean it.
var shipped = []struct {
	generation, profile, platform, file string
}{
	{"1.24", "default", "cluster", "kyma-1.24.11/cluster.yaml"},
	{"1.24", "evaluation", "cluster", "kyma-1.24.11/cluster-evaluation.yaml"},
	{"1.24", "production", "cluster", "kyma-1.24.11/cluster-production.yaml"},
	{"1.24", "default", "minikube", "kyma-1.24.11/minikube.yaml"},
	{"1.24", "production", "minikube", "kyma-1.24.11/minikube.yaml"},
	{"1.24", "evaluation", "minikube", "kyma-1.24.11/minikube-evaluation.yaml"},
	{"2.18", "evaluation", "cluster", "kyma-2.18.1/evaluation.yaml"},
	{"2.18", "production", "cluster", "kyma-2.18.1/production.yaml"},
	{"module", "evaluation", "cluster", "istio-1.30.0/istio-operator-light.yaml"},
	{"module", "production", "cluster", "istio-1.30.0/istio-operator.yaml"},
}

// TestFidelity compares what is rendered with what Kyma shipped, leaf by leaf.
// docs/fidelity.md is the list of differences; -update writes it.
func TestFidelity(t *testing.T) {
	used := make([]bool, len(differences))
	var page strings.Builder
	page.WriteString(fidelityHead)
	for _, s := range shipped {
		was := shippedSpec(t, s.file)
		is := leavesOf(specOf(resolved(s.generation, s.profile, s.platform)))
		fmt.Fprintf(&page, "\n## kyma %s, profile %s, platform %s\n\nshipped: `%s`\n\n| path | shipped | rendered | why |\n|---|---|---|---|\n",
			s.generation, s.profile, s.platform, s.file)
		places := map[int][]string{} // by the row of differences
		for _, path := range union(was, is) {
			if reflect.DeepEqual(was[path], is[path]) {
				continue
			}
			i := reasonFor(s.generation, path)
			if i < 0 {
				t.Errorf("%s %s %s: %s: shipped %v, rendered %v, for no reason", s.generation, s.profile, s.platform, path, was[path], is[path])
				continue
			}
			used[i] = true
			places[i] = append(places[i], path)
		}
		for i, d := range differences {
			if paths := places[i]; len(paths) > 0 {
				fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", placeOf(d, paths), cell(was, paths), cell(is, paths), d.reason)
			}
		}
	}
	for i, d := range differences {
		if !used[i] {
			t.Errorf("%s of %v is no difference; it was listed since %s", d.path, d.generations, d.reason)
		}
	}
	golden.Assert(t, page.String(), "../../../docs/fidelity.md")
}

const fidelityHead = `# What is rendered, and what Kyma shipped

Every place in which an IstioOperator of kymamesh is not the one that Kyma shipped, with the reason. The list is written by ` + "`TestFidelity`" + ` in pkg/istioop, which fails on a difference without a reason and on a reason without a difference. Kyma 0.6 shipped no IstioOperator.
`

func reasonFor(generation, path string) int {
	return slices.IndexFunc(differences, func(d difference) bool {
		return slices.Contains(d.generations, generation) && strings.HasPrefix(path, d.path)
	})
}

func union(a, b map[string]any) []string {
	all := slices.Collect(maps.Keys(a))
	for path := range b {
		if _, both := a[path]; !both {
			all = append(all, path)
		}
	}
	slices.Sort(all)
	return all
}

// placeOf is the one leaf that differs, or the place above all of them.
func placeOf(d difference, paths []string) string {
	if len(paths) == 1 {
		return paths[0]
	}
	return d.path + "…"
}

// cell is what one side has at the leaves, as a cell of a table.
func cell(leaves map[string]any, paths []string) string {
	var found []string
	for _, path := range paths {
		switch v := leaves[path].(type) {
		case nil:
		case string:
			found = append(found, strconv.Quote(v))
		default:
			found = append(found, fmt.Sprint(v))
		}
	}
	switch len(found) {
	case 0:
		return ""
	case 1:
		return "`" + strings.ReplaceAll(found[0], "|", `\|`) + "`"
	default:
		return fmt.Sprintf("%d values", len(found))
	}
}

func specOf(in mesh.Install) manifest.Tree {
	return Render(&mesh.Mesh{Install: in})[0].Spec.(manifest.Tree)
}

func shippedSpec(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return leavesOf(tree(t, string(text))["spec"].(manifest.Tree))
}
