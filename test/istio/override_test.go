package istio

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// heldBy is the library's list of an IstioOperator's fields, which TestFields holds
// against Istio's types.
var heldBy = sync.OnceValue(func() map[string]map[string]string {
	text, err := os.ReadFile(fieldsFile)
	if err != nil {
		panic(err)
	}
	var types map[string]map[string]string
	if err := yaml.Unmarshal(text, &types); err != nil {
		panic(err)
	}
	return types
})

// TestRandomOverrides holds what we let into an IstioOperator against Istio's
// reader of it, and that of some documents against its charts as well, which take a
// third of a second.
func TestRandomOverrides(t *testing.T) {
	t.Parallel()
	documents := func(seed uint64) []tree {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
		words := tree{"kyma": g.text("1.24", "module"), "install": tree{"override": g.override()}}
		return []tree{{"apiVersion": spec.APIVersion, "kind": spec.KindKymaMesh, "metadata": tree{"name": "shop"}, "spec": words}}
	}
	tryRandom(t, documents, documents)
	seed, count := uint64(1), 20
	if soak, err := strconv.Atoi(os.Getenv("KYMAMESH_SOAK")); err == nil {
		seed, count = rand.Uint64(), soak/10
	}
	t.Logf("seed %d for the charts", seed)
	for i := range uint64(count) {
		docs := documents(seed + i)
		if objects, _, ds := inPackage([]byte(streamOf(docs))); !ds.HasErrors() {
			if err := installs(objects); err != nil {
				t.Errorf("seed %d: %v\n%s", seed+i, err, streamOf(docs))
			}
		}
	}
}

// installs tells what Istio's charts have against the IstioOperators of a rendering.
func installs(objects []manifest.Object) error {
	for _, o := range objects {
		if o.Kind.Name != "IstioOperator" {
			continue
		}
		text, err := manifest.AppendYAML(nil, o)
		if err != nil {
			return err
		}
		if _, err := generateOnce(text); err != nil {
			return err
		}
	}
	return nil
}

// override is a random part of an IstioOperator's spec.
func (g *generator) override() any { return g.held("IstioOperatorSpec", "", 0) }

// notOverridden are fields that are refused, or that lead out of the document.
var notOverridden = []string{
	"IstioOperatorSpec.revision", "IstioOperatorSpec.namespace", "IstioOperatorSpec.installPackagePath",
	"Values.revision", "Values.meshConfig", "GlobalConfig.istioNamespace",
}

// needed are fields that items of lists are merged by, or that Kubernetes wants.
var needed = []string{
	"EnvVar.name", "GatewayComponentSpec.name", "KubernetesOverlay.kind", "KubernetesOverlay.name", "Patch.path",
	"MetricSpec.type", "SecretVolume.name", "ServicePort.name", "ServicePort.port", "ServicePort.targetPort",
}

// held is a random value of what a field holds.
func (g *generator) held(holds, field string, depth int) any {
	if g.chance(2) && depth > 0 {
		return nil
	}
	if item, ok := strings.CutPrefix(holds, "list of "); ok {
		return g.heldList(item, field, depth)
	}
	if value, ok := strings.CutPrefix(holds, "map of "); ok {
		return tree{"a": g.held(value, field, max(depth, 1))}
	}
	if values, ok := strings.CutPrefix(holds, "one of "); ok {
		return g.text(strings.Split(values, ", ")...)
	}
	if strings.HasPrefix(holds, "Istio ") {
		return g.text("1.25", "1.29", "1.30")
	}
	if fields, ok := heldBy()[holds]; ok {
		return g.heldStruct(holds, fields, depth)
	}
	switch holds {
	case "bool":
		return g.chance(50)
	case "int32", "int64", "uint32":
		return 1025 + g.IntN(9000)
	case "int32 or text":
		return g.port()
	case "number":
		return g.IntN(100)
	case "quantity":
		return g.text("100m", "128Mi", "4Gi")
	case "MeshConfig":
		return g.meshConfig()
	case "mapping":
		return tree{"a": "b"}
	}
	return g.heldText(field)
}

func (g *generator) heldList(item, field string, depth int) any {
	var all []any
	for range 1 + g.few(1) {
		if v := g.held(item, field, depth); v != nil {
			all = append(all, v)
		}
	}
	if g.chance(5) {
		all = append(all, tree{"$patch": "replace"})
	}
	return all
}

func (g *generator) heldStruct(name string, fields map[string]string, depth int) any {
	percent := 100 / (4 + len(fields)/3)
	if depth == 0 {
		percent = 25
	}
	all := tree{}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		at := name + "." + field
		switch {
		case slices.Contains(notOverridden, at):
		case slices.Contains(needed, at):
			if v := g.held(fields[field], field, 0); v != nil {
				all[field] = v
			}
		case depth < 12 && g.chance(percent):
			all[field] = g.held(fields[field], field, depth+1)
		}
	}
	return all
}

// heldText is text that makes sense at a field.
func (g *generator) heldText(field string) any {
	switch {
	case field == "hub":
		return "docker.io/istio"
	case strings.HasSuffix(field, "IPRanges"):
		return g.text("10.0.0.0/8", "*")
	case strings.HasSuffix(field, "Ports"):
		return "80"
	case field == "kind":
		return "Deployment"
	case field == "keepaliveMaxServerConnectionAge":
		return "30m"
	}
	return g.text("a", "b", "c")
}

// meshConfig is a part of a mesh's configuration whose values Istio takes.
func (g *generator) meshConfig() any {
	all := tree{}
	for _, part := range []tree{
		{"accessLogFile": "/dev/stdout"}, {"accessLogEncoding": "JSON"}, {"trustDomain": "b"}, {"trustDomainAliases": []any{"c"}},
		{"enableTracing": g.chance(50)}, {"outboundTrafficPolicy": tree{"mode": "REGISTRY_ONLY"}},
		{"extensionProviders": []any{tree{"name": g.text("kyma-traces", "authz"), "zipkin": tree{"service": "zipkin.a.svc.cluster.local", "port": 9411}}}},
		{"defaultConfig": tree{"concurrency": 2, "proxyMetadata": tree{"A": "b"}, "drainDuration": "5s"}},
		{"defaultConfig": tree{"tracing": tree{"sampling": 10.5}}},
	} {
		if g.chance(25) {
			maps.Copy(all, part)
		}
	}
	return all
}
