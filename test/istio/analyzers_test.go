package istio

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"istio.io/istio/pkg/config/analysis/analyzers"
	istiodiag "istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/local"
	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// testdata/analyzers.yaml lists what Istio's analyzers say of their own test data
// and `kymamesh check` does not, message by message, with the reason. Nobody has to
// say the same words; a finding of a check whose code stands for Istio's, about the
// same object, is the same find.
//
// An analyzer takes what it is given for a whole cluster, and our checks take it for
// a package that may be a part of one: where it holds no Service of a namespace they
// do not know that a Service is missing. So every file is completed first by
// something of each kind in each of its namespaces, and both read the same.

const analyzersFile = "testdata/analyzers.yaml"

// silence is what only Istio says.
type silence struct {
	// Code is Istio's, with the subject where the code has many.
	Code    string `json:"code"`
	Because string `json:"because,omitempty"`
	// Ours is how many of its messages we give too.
	Ours int `json:"ours"`
	// Only are those that we do not give: FILE: OBJECT, once for each message.
	Only []string `json:"only,omitempty"`
}

// subject tells the many messages of IST0101 apart.
var subject = regexp.MustCompile(`Referenced (.+?) not found`)

// TestChecksFindWhatIstioFinds holds our checks against every message of Istio's
// analyzers on their own test data.
func TestChecksFindWhatIstioFinds(t *testing.T) {
	codes := map[string][]diag.Code{}
	for _, c := range check.All() {
		for code := range strings.SplitSeq(c.Istio, ", ") {
			codes[code] = append(codes[code], c.Code)
		}
	}
	files, err := filepath.Glob(filepath.Join(istioFolder(t, "pkg/config/analysis/analyzers/testdata"), "*.yaml"))
	if err != nil || len(files) < 80 {
		t.Fatal(len(files), err)
	}
	got := map[string]*silence{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err = completed(text)
		if err != nil {
			t.Fatal(file, err)
		}
		all, err := checked(text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, m := range analyzed(t, text) {
			if isBystander.MatchString(resourceTitle(m)) {
				continue
			}
			id := m.Type.Code()
			if about := subject.FindStringSubmatch(m.String()); about != nil {
				id += " " + about[1]
			}
			if got[id] == nil {
				got[id] = &silence{Code: id}
			}
			if slices.ContainsFunc(all, func(f found) bool { return slices.Contains(codes[m.Type.Code()], f.Code) && f.about(resourceTitle(m)) }) {
				got[id].Ours++
			} else {
				got[id].Only = append(got[id].Only, filepath.Base(file)+": "+resourceTitle(m))
			}
		}
	}
	compareSilences(t, got)
}

// compareSilences holds the file against what was found; where they differ it says
// what the file should hold.
func compareSilences(t *testing.T, got map[string]*silence) {
	t.Helper()
	text, err := os.ReadFile(analyzersFile)
	if err != nil {
		t.Fatal(err)
	}
	var listed []silence
	if err := yaml.UnmarshalStrict(text, &listed); err != nil {
		t.Fatal(err)
	}
	var all []silence
	for _, id := range slices.Sorted(maps.Keys(got)) {
		s := *got[id]
		slices.Sort(s.Only)
		if i := slices.IndexFunc(listed, func(l silence) bool { return l.Code == id }); i >= 0 {
			s.Because = listed[i].Because
		}
		switch {
		case len(s.Only) == 0:
			s.Because = ""
		case s.Because == "":
			t.Errorf("%s: %d messages are Istio's alone, and nobody says why", id, len(s.Only))
		}
		all = append(all, s)
	}
	want, err := yaml.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := bytes.Cut(text, []byte("- "))
	switch now := append(bytes.Clone(header), want...); {
	case bytes.Equal(now, text):
	case *update:
		if err := os.WriteFile(analyzersFile, now, 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s differs; go test . -run %s -update writes it, and every new line has to have its reason:\n%s", analyzersFile, t.Name(), cmp.Diff(string(text), string(now)))
	}
}

// isBystander tells what was added.
var isBystander = regexp.MustCompile(`/(bystander|istio-ingressgateway)$`)

// completed is a stream with something of each kind in each of its namespaces, and
// with an ingress gateway. Objects that say no namespace go into default.
func completed(text []byte) ([]byte, error) {
	places := map[string]bool{"default": true, istioSystem: true}
	var all bytes.Buffer
	err := eachDocument(text, func(doc []byte) error {
		objects, err := unfold(doc)
		if err != nil {
			return err
		}
		for _, o := range objects {
			body, err := yaml.Marshal(o.Object)
			if err != nil {
				return err
			}
			if o.GetNamespace() != "" {
				places[o.GetNamespace()] = true
			}
			all.WriteString("---\n")
			all.Write(body)
		}
		return nil
	})
	for _, place := range slices.Sorted(maps.Keys(places)) {
		fmt.Fprintf(&all, bystanders, place)
	}
	all.WriteString(ingressOfAnalyzers)
	return all.Bytes(), err
}

const bystanders = `
---
apiVersion: v1
kind: Service
metadata: {name: bystander, namespace: %[1]s}
spec: {selector: {app: bystander}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bystander, namespace: %[1]s}
spec:
  selector: {matchLabels: {app: bystander}}
  template:
    metadata: {labels: {app: bystander}}
    spec: {containers: [{name: app, image: app}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bystander, namespace: %[1]s}
spec: {host: bystander.%[1]s.svc.cluster.local}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: bystander, namespace: %[1]s}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [bystander.%[1]s.example.com]
`

const ingressOfAnalyzers = `---
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: bystander, namespace: istio-system}
spec:
  components:
    ingressGateways: [{name: istio-ingressgateway, enabled: true}]
---
apiVersion: v1
kind: Pod
metadata: {name: istio-ingressgateway, namespace: istio-system, labels: {app: istio-ingressgateway, istio: ingressgateway}}
spec: {containers: [{name: istio-proxy, image: proxyv2}]}
---
apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  ports: [{name: http2, port: 80, protocol: TCP}, {name: https, port: 443, protocol: TCP}]
`

// about tells whether a finding is about an object, or about another one
// together with it: of two that clash we tell one.
func (f found) about(object string) bool {
	kind, id, _ := strings.Cut(object, " ")
	_, name, ok := strings.Cut(id, "/")
	if !ok {
		name = id
	}
	ours := f.object == object || f.object == kind+" /"+name || f.object == kind+" default/"+name
	return ours || strings.Contains(f.Message, kind+" "+id)
}

func analyzed(t *testing.T, text []byte) istiodiag.Messages {
	t.Helper()
	analyzer := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", istioSystem, nil)
	if err := analyzer.AddTestReaderKubeSource([]local.ReaderSource{{Name: "file", Reader: bytes.NewReader(text)}}); err != nil {
		return nil // a part of it is no object, on purpose
	}
	stop := make(chan struct{})
	defer close(stop)
	result, err := analyzer.Analyze(stop)
	if err != nil {
		t.Fatal(err)
	}
	return result.Messages
}
