package istio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/operator/pkg/apis/validation"
	operatormanifest "istio.io/istio/operator/pkg/manifest"
	operatorrender "istio.io/istio/operator/pkg/render"
	"istio.io/istio/operator/pkg/values"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/validation/agent"
	"istio.io/istio/pkg/util/protomarshal"
	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// TestOperator lets istioctl's own code read, check and render the IstioOperator
// of every case.
func TestOperator(t *testing.T) {
	forEachCase(t, func(t *testing.T, c testCase) {
		installs := render.Select(c.objects, render.PartInstall)
		if len(installs) == 0 {
			t.Error("installs nothing")
		}
		for _, o := range installs {
			text, err := manifest.AppendYAML(nil, o)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkOperator(text); err != nil {
				t.Errorf("%s: %v", title(o), err)
				continue
			}
			if _, err := generate(text); err != nil {
				t.Errorf("%s: %v", title(o), err)
			}
		}
	})
}

// oldMetrics is the one thing whose form depends on the installer: an Istio before
// 1.17 wants it so, and the one in hand knows only the later form.
var oldMetrics = map[string]*regexp.Regexp{
	"${1}target: {type: Utilization, averageUtilization: $2}": regexp.MustCompile(`(?m)^( *name: (?:cpu|memory)\n *)targetAverageUtilization: (.+)$`),
	"${1}target: {type: AverageValue, averageValue: $2}":      regexp.MustCompile(`(?m)^( *name: (?:cpu|memory)\n *)targetAverageValue: (.+)$`),
}

// today turns the form of an older Istio into that of the one in hand.
func today(text []byte) []byte {
	for now, old := range oldMetrics {
		text = old.ReplaceAll(text, []byte(now))
	}
	return text
}

// checkOperator is Istio's verdict on one IstioOperator. Istio takes unknown
// fields of meshConfig without a word, so that is read once more.
func checkOperator(text []byte) error {
	text = today(text)
	operator, err := values.MapFromYaml(text)
	if err != nil {
		return err
	}
	warnings, errs := validation.ParseAndValidateIstioOperator(operator, nil)
	if err := errs.ToError(); err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	if err := warnings.ToError(); err != nil {
		return fmt.Errorf("warning: %w", err)
	}
	body, err := yaml.Marshal(operator["spec"].(map[string]any)["meshConfig"])
	if err != nil {
		return err
	}
	return checkMeshConfig(string(body))
}

func checkMeshConfig(text string) error {
	if err := protomarshal.ApplyYAMLStrict(text, &meshconfig.MeshConfig{}); err != nil {
		return fmt.Errorf("meshConfig: strict decoding: %w", err)
	}
	complete, err := mesh.ApplyMeshConfigDefaults(text)
	if err != nil {
		return fmt.Errorf("meshConfig: %w", err)
	}
	warning, err := agent.ValidateMeshConfig(complete)
	if err != nil {
		return fmt.Errorf("meshConfig: %w", err)
	}
	if warning != nil {
		return fmt.Errorf("meshConfig: warning: %w", warning)
	}
	return nil
}

// operators are the specs of all rendered IstioOperators.
func operators(objects []manifest.Object) []manifest.Tree {
	var all []manifest.Tree
	for _, o := range objects {
		if tree, ok := o.Spec.(manifest.Tree); ok && o.Kind.Name == "IstioOperator" {
			all = append(all, tree)
		}
	}
	return all
}

// gatewayPort is one port of the ingress gateway's Service.
type gatewayPort struct {
	Name             string
	Port, TargetPort int
}

// ingressPorts are the ports of the ingress gateway as they are rendered, or for an
// Istio that was there, those of Istio's own chart.
func ingressPorts(objects []manifest.Object) []gatewayPort {
	var all []gatewayPort
	if slices.ContainsFunc(objects, func(o manifest.Object) bool { return o.Name == "kymamesh-overlay" }) {
		all = []gatewayPort{{"status-port", 15021, 15021}, {"http2", 80, 8080}, {"https", 443, 8443}}
	}
	for _, g := range installedGateways(objects, "ingressGateways") {
		for _, p := range g.K8s.Service.Ports {
			if !slices.Contains(all, p) { // two installations have one Service
				all = append(all, p)
			}
		}
	}
	return all
}

// installedGateway is what the rendered IstioOperators say of one gateway.
type installedGateway struct {
	Enabled bool
	K8s     struct{ Service struct{ Ports []gatewayPort } }
}

func installedGateways(objects []manifest.Object, kind string) []installedGateway {
	var all []installedGateway
	for _, tree := range operators(objects) {
		components, _ := tree["components"].(manifest.Tree)
		body, err := json.Marshal(components[kind])
		if err != nil {
			panic(err)
		}
		var gateways []installedGateway
		if err := json.Unmarshal(body, &gateways); err != nil {
			panic(err)
		}
		all = append(all, gateways...)
	}
	return all
}

// generated is what istioctl would apply for IstioOperators.
type generated struct {
	once sync.Once
	sets []operatormanifest.ManifestSet
	err  error
}

var allGenerated sync.Map // texts of the IstioOperators → *generated

// generate renders IstioOperators, each over those before it as istioctl merges its
// -f, with Istio's charts. Many cases have the same one, and each costs a third of a
// second.
func generate(texts ...[]byte) ([]operatormanifest.ManifestSet, error) {
	entry, _ := allGenerated.LoadOrStore(string(bytes.Join(texts, []byte("\n---\n"))), &generated{})
	g := entry.(*generated)
	g.once.Do(func() { g.sets, g.err = generateOnce(texts...) })
	return g.sets, g.err
}

// generateOnce is generate for texts that nobody asks for again.
func generateOnce(texts ...[]byte) ([]operatormanifest.ManifestSet, error) {
	folder, err := os.MkdirTemp("", "kymamesh-istio-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	var files []string
	for i, text := range texts {
		file := filepath.Join(folder, fmt.Sprintf("operator%d.yaml", i))
		if err := os.WriteFile(file, today(text), 0o600); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	sets, _, err := operatorrender.GenerateManifest(files, nil, false, nil, nil)
	return sets, err
}
