package istio

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/local"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// knownAnalyzerWarnings are the warnings of Istio's analyzers that a case gives
// on purpose.
var knownAnalyzerWarnings = []knownWarning{
	{
		of: "render/exclude-joins-destination-rule", object: "DestinationRule legacy/any", text: "IST0174",
		because: "the analyzer looks for a Service of this very name; the sentences of the case show that Istio takes the wildcard",
	},
	{
		of: "render/gateways-with-one-secret", object: "Gateway kyma-system/other", text: "IST0138",
		because: "the case is about our own warning of the same",
	},
	{
		of: "render/I01d-preview-host-and-claims", object: "VirtualService shop/kyma-system.kyma-gateway.reviews.shop.example.com", text: "IST0149",
		because: "the gateway and its check of tokens are somebody else's",
	},
	{
		of: "render/route-warnings", object: "VirtualService shop/kyma-gateway.a.local.kyma.dev", text: "IST0140",
		because: "the gateway's VirtualService repeats the routes of the mesh's, whose subsets it does not miss",
	},
	refusesTCP,
	ownNamespaceInRoot,
	{
		object: "DestinationRule ", text: "IST0129",
		because: "the analyzer does not know that Istio checks servers by the system's authorities from 1.21 on; for older ones it is an error of ours",
	},
	{
		of: "render/egress-every-word", object: "ServiceEntry istio-system/db.example.com", text: "IST0134",
		because: "we warn of the same",
	},
}

// ownNamespaceInRoot is what Istio says of ./* beside istio-system/* in the Sidecar
// of the mesh.
var ownNamespaceInRoot = knownWarning{
	object: "Sidecar istio-system/default", text: "duplicated egress host: istio-system/*",
	because: "the check takes . for istio-system, and in the root namespace it is each pod's own",
}

// TestAnalyze runs Istio's analyzers over every case together with the cluster
// that its document implies.
func TestAnalyze(t *testing.T) {
	table := newWarningTable(knownAnalyzerWarnings)
	t.Run("cases", func(t *testing.T) {
		forEachCase(t, func(t *testing.T, c testCase) {
			messages, err := analyze(c, meshConfigFile(t, c.objects))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages {
				level := m.Type.Level()
				known := (level == diag.Warning || unknowable[m.Type.Code()]) && table.knows(c.name, resourceTitle(m), m.String())
				if !known && level != diag.Info {
					t.Error(m.String())
				}
			}
		})
	})
	table.allGiven(t)
}

// resourceTitle names the resource that a message is about.
func resourceTitle(m diag.Message) string {
	if m.Resource == nil {
		return ""
	}
	return m.Resource.Metadata.Schema.Kind() + " " + m.Resource.Metadata.FullName.String()
}

// analyze is what Istio's analyzers say of a case, in all namespaces.
func analyze(c testCase, meshConfig string) (diag.Messages, error) {
	text, err := packageText(c)
	if err != nil {
		return nil, err
	}
	return analyzeText(c.name, text, meshConfig)
}

// analyzeText is what they say of a stream of objects. meshConfig is a file, or
// empty.
func analyzeText(name string, text []byte, meshConfig string) (diag.Messages, error) {
	analyzer := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", istioSystem, nil)
	// The reader that is not for tests drops Services, Pods, Namespaces and
	// Secrets, and then skips half of the analyzers without a word.
	if err := analyzer.AddTestReaderKubeSource([]local.ReaderSource{{Name: name, Reader: bytes.NewReader(text)}}); err != nil {
		return nil, err
	}
	if meshConfig != "" {
		if err := analyzer.AddFileKubeMeshConfig(meshConfig); err != nil {
			return nil, err
		}
	}
	stop := make(chan struct{})
	defer close(stop)
	result, err := analyzer.Analyze(stop)
	return result.Messages, err
}

// packageText is a case's resources and its cluster as one stream.
func packageText(c testCase) ([]byte, error) {
	var text bytes.Buffer
	if err := manifest.Encode(&text, c.resources()); err != nil {
		return nil, err
	}
	beside, err := textOf(newCluster(c))
	return append(text.Bytes(), beside...), err
}

// appendObject writes an object with the kind that its Go type leaves out. JSON
// is YAML that its readers, of which random documents have many, read sooner.
func appendObject(text *bytes.Buffer, object runtime.Object) error {
	kinds, _, err := scheme.Scheme.ObjectKinds(object)
	if err != nil {
		return err
	}
	object = object.DeepCopyObject()
	object.GetObjectKind().SetGroupVersionKind(kinds[0])
	text.WriteString("---\n")
	return json.NewEncoder(text).Encode(object)
}

// meshConfigFile is the rendered mesh configuration, which several analyzers
// read, as a file; empty when nothing is installed.
func meshConfigFile(t *testing.T, objects []manifest.Object) string {
	t.Helper()
	installs := operators(objects)
	if len(installs) == 0 {
		return ""
	}
	body, err := yaml.Marshal(installs[0]["meshConfig"])
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "mesh.yaml")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestAnalyzersRun fails when an analyzer is left out because the package does
// not reach it: its silence would be taken for consent.
func TestAnalyzersRun(t *testing.T) {
	analyzer := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", istioSystem, nil)
	if err := analyzer.AddTestReaderKubeSource([]local.ReaderSource{{Name: "nothing", Reader: strings.NewReader("")}}); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	defer close(stop)
	result, err := analyzer.Analyze(stop)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.SkippedAnalyzers) > 0 {
		t.Errorf("skipped: %v", result.SkippedAnalyzers)
	}
}
