package istio

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/analysis/analyzers"
	istiodiag "istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/config/kube"
	"istio.io/istio/pkg/config/protocol"
	corev1 "k8s.io/api/core/v1"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// found is a finding of `kymamesh check` with the object that it is about.
type found struct {
	diag.Diagnostic
	object string // KIND NAMESPACE/NAME
}

func (f found) String() string { return f.object + ": " + f.Diagnostic.String() }

// checked is what the checks say of a stream of objects.
func checked(text []byte) ([]found, error) {
	list, err := resourcelist.ParseStream(text)
	if err != nil {
		return nil, err
	}
	items := list.Items()
	var all []found
	for _, d := range check.Whole(topology.New(nil, items, 0)) {
		item := items[d.Path.Document()]
		all = append(all, found{d, item.Kind() + " " + item.Namespace() + "/" + item.Name()})
	}
	return all, nil
}

// alarms are the findings about what a document renders, together with the
// cluster that it implies: all of them are false, but for what the document
// cannot know.
func alarms(c testCase) ([]found, error) {
	text, err := packageText(c)
	if err != nil {
		return nil, err
	}
	all, err := checked(text)
	return slices.DeleteFunc(all, func(f found) bool {
		// The cluster gives a sidecar to every pod, also where the document says that
		// a host has none.
		return f.Code == diag.CodeTLSMode && strings.Contains(f.Message, "DISABLE") ||
			f.Code == diag.CodeNakedPod || // it knows nothing but pods
			f.Code == diag.CodeNoPods || // its Services of extension providers have no pods
			// Deserved: a document may lead two ports of a gateway to one of its pods.
			f.Code == diag.CodeTwoProtocols && f.object == "Service istio-system/istio-ingressgateway" ||
			f.Code == diag.CodePortless // as IST0112: the document cannot know the Service's ports
	}), err
}

// A false alarm is as bad as a wrong rendering.
func TestChecksAreQuiet(t *testing.T) {
	forEachCase(t, func(t *testing.T, c testCase) {
		all, err := alarms(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			t.Error(f)
		}
	})
}

// deserved are the findings in Istio's own samples that are right.
var deserved = []struct{ file, code, because string }{
	{"bookinfo/networking/fault-injection-details-v1.yaml", "KM158", "the first route has no match and takes all; the second is as good as not there"},
}

// Istio's samples are right, each file as a package, and those of bookinfo beside
// its workloads.
func TestChecksOfSamples(t *testing.T) {
	root := istioFolder(t, "samples")
	bookinfo := readAll(t, root, "bookinfo/platform/kube/bookinfo.yaml", "bookinfo/platform/kube/bookinfo-versions.yaml")
	given := map[string]bool{}
	read := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".yaml" || strings.Contains(path, "templates") {
			return err // templates of charts are no YAML
		}
		file, _ := filepath.Rel(root, path)
		text := readAll(t, root, file)
		read++
		for _, with := range [][]byte{text, append(slices.Clip(bookinfo), text...)} {
			all, err := checked(with)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			for _, f := range all {
				if !strings.HasPrefix(file, "bookinfo/networking/") && &with[0] != &text[0] || f.Code == diag.CodeSameObject || f.Severity == diag.Info {
					continue
				}
				i := slices.IndexFunc(deserved, func(d struct{ file, code, because string }) bool {
					return d.file == filepath.ToSlash(file) && d.code == string(f.Code)
				})
				if i < 0 {
					t.Errorf("%s: %s", file, f)
					continue
				}
				given[deserved[i].file] = true
			}
		}
		return nil
	})
	if err != nil || read < 100 {
		t.Fatal(read, err)
	}
	for _, d := range deserved {
		if !given[d.file] {
			t.Errorf("%s no longer gives %s; remove the row", d.file, d.code)
		}
	}
}

func istioFolder(t *testing.T, parts ...string) string {
	t.Helper()
	samples, err := samplesFolder()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(append([]string{filepath.Dir(samples)}, parts...)...)
}

// readAll are files as one stream.
func readAll(t *testing.T, root string, files ...string) []byte {
	t.Helper()
	var all []byte
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, text...), "\n---\n"...)
	}
	return all
}

// agreement is how many messages of a code Istio's analyzers give on their own
// test data, and how many of these we give too, with the reason for the others.
type agreement struct {
	ours, istio int
	because     string
}

var agreements = map[string]agreement{
	"IST0101 gateway":                          {1, 8, "a file without a Gateway of the namespace says nothing about one that is missing"},
	"IST0101 host":                             {2, 87, "most files hold no Service of the namespace, or one that does not say where it lives"},
	"IST0101 host+subset in destinationrule":   {2, 20, "most files hold no DestinationRule"},
	"IST0101 host:port":                        {1, 1, ""},
	"IST0101 mirror host":                      {1, 4, "as for other hosts"},
	"IST0101 mirror+subset in destinationrule": {1, 3, "as for other subsets"},
	"IST0101 namespace":                        {0, 4, "namespaces in rules are not looked for yet"},
	"IST0101 selector":                         {1, 59, "a gateway's pods are rarely in the package; KM171 needs the installation"},
	"IST0002":                                  {2, 2, ""},
	"IST0102":                                  {1, 7, "a namespace without workloads has none to inject"},
	"IST0103":                                  {0, 2, "nothing says of these pods that they run"},
	"IST0106":                                  {19, 32, "EnvoyFilters are not read, and the webhook knows more rules than people run into"},
	"IST0107":                                  {1, 3, "kubernetes.io/ingress.class is none of Istio's"},
	"IST0108":                                  {1, 1, ""},
	"IST0109":                                  {18, 20, "of two wildcards Istio takes the nearer one, so they do not clash"},
	"IST0110":                                  {4, 4, ""},
	"IST0111":                                  {2, 2, ""},
	"IST0112":                                  {0, 1, "sidecars take the port that was called; we tell of gateways, where that is another"},
	"IST0116":                                  {2, 2, ""},
	"IST0118":                                  {3, 3, ""},
	"IST0123":                                  {2, 6, "ambient labels are not looked for yet"},
	"IST0125":                                  {1, 1, ""},
	"IST0127":                                  {2, 6, "a namespace without workloads in the package, and the root namespace, say nothing"},
	"IST0128":                                  {0, 5, "from Istio 1.21 on servers are checked by the system's authorities; the files do not say which Istio"},
	"IST0129":                                  {0, 5, "as for IST0128"},
	"IST0130":                                  {2, 5, "equal matches are not looked for yet"},
	"IST0131":                                  {6, 10, "we compare conditions as a whole; one that is part of a wider one is not looked for"},
	"IST0132":                                  {10, 20, "a host that another Gateway of the VirtualService serves is served; without a Gateway we know nothing"},
	"IST0133":                                  {0, 29, "26 are about EnvoyFilters, which are not read, and the rest are told of under other codes"},
	"IST0134":                                  {5, 5, ""},
	"IST0135":                                  {1, 2, "an annotation of pods at a Deployment is told of as misplaced"},
	"IST0137":                                  {0, 1, "the ports have two protocols as well, and are told of for that"},
	"IST0138":                                  {4, 6, "we compare Secrets with one selector, not paths, nor selectors of which one is a part of the other"},
	"IST0140":                                  {1, 1, ""},
	"IST0144":                                  {4, 4, ""},
	"IST0145":                                  {9, 18, "plain HTTP servers of one host share their routes (pilot/pkg/model.MergeGateways)"},
	"IST0146":                                  {0, 1, "the file says by webhooks what we read from an IstioOperator"},
	"IST0147":                                  {0, 1, "the file says by webhooks what we read from an IstioOperator"},
	"IST0150":                                  {3, 3, ""},
	"IST0157":                                  {0, 1, "without the installation nobody knows the mesh's default"},
	"IST0159":                                  {4, 6, "pods of a Kubernetes Gateway take no selector"},
	"IST0160":                                  {2, 2, ""},
	"IST0161":                                  {0, 12, "the Secrets have other keys' names, or certificates that nobody reads here"},
	"IST0162":                                  {3, 19, "without the gateway's Service nobody knows its ports"},
	"IST0165":                                  {1, 1, ""},
	"IST0167":                                  {2, 2, ""},
	"IST0175":                                  {0, 1, "we read the installation and not istiod's own Deployment"},
	"IST0177":                                  {8, 9, "of one ServiceEntry with several ports of another we tell the later objects only"},
}

// subject tells the many messages of IST0101 apart.
var subject = regexp.MustCompile(`Referenced (.+?) not found`)

// TestChecksFindWhatIstioFinds runs the analyzers of Istio over their own test
// data, and holds ours against every message whose code a check of ours names.
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
	got := map[string]agreement{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all, err := checked(text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, m := range analyzed(t, text) {
			ours := codes[m.Type.Code()]
			if ours == nil {
				continue
			}
			id := m.Type.Code()
			if about := subject.FindStringSubmatch(m.String()); about != nil {
				id += " " + about[1]
			}
			a := got[id]
			a.istio++
			if slices.ContainsFunc(all, func(f found) bool { return slices.Contains(ours, f.Code) && f.about(resourceTitle(m)) }) {
				a.ours++
			} else {
				t.Logf("%s: only Istio: %s", filepath.Base(file), m.String())
			}
			got[id] = a
		}
	}
	for id, a := range got {
		a.because = agreements[id].because
		if want := agreements[id]; a != want || a.ours < a.istio && a.because == "" {
			t.Errorf("%q: {%d, %d, \"\"}, and not %d of %d", id, a.ours, a.istio, want.ours, want.istio)
		}
	}
	for id := range agreements {
		if got[id].istio == 0 {
			t.Errorf("%s: Istio says it no longer", id)
		}
	}
}

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

// The rules of Istio's that the model has in words of its own are Istio's rules.
func TestModelReadsPortsAsIstio(t *testing.T) {
	names := []string{"", "http", "http-web", "HTTP2", "grpc-web-x", "GRPC-Web", "grpcx", "tcp-a", "tls", "https", "mongo-1", "redis", "mysql", "udp", "web", "http_proxy", "kubernetes.io/ws", "kubernetes.io/wss", "kubernetes.io/h2c"}
	for _, number := range []int{80, 25, 53, 3306, 27017} {
		for _, name := range names {
			for _, app := range names {
				for _, transport := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP} {
					var appProtocol *string
					if app != "" {
						appProtocol = &app
					}
					want := kube.ConvertProtocol(int32(number), name, transport, appProtocol)
					got := topology.ProtocolOf(number, name, app, string(transport))
					if want == protocol.Unsupported && got == topology.Unsaid {
						continue
					}
					if !strings.EqualFold(string(want), string(got)) || want.IsHTTP() != got.IsHTTP() {
						t.Errorf("port %d, name %q, appProtocol %q, %s: Istio %s, ours %q", number, name, app, transport, want, got)
					}
				}
			}
		}
	}
}

func TestModelReadsHostsAsIstio(t *testing.T) {
	hosts := []string{"*", "a", "a.b", "a.b.svc", "a.b.svc.cluster.local", "*.b", "*.a.b", "*.b.svc.cluster.local", "c.a.b", "10.0.0.1", "*.svc.cluster.local"}
	for _, a := range hosts {
		want := model.ResolveShortnameToFQDN(a, config.Meta{Namespace: "shop", Domain: "cluster.local"})
		if got := topology.FullHost(a, "shop"); got != string(want) {
			t.Errorf("%s: Istio %s, ours %s", a, want, got)
		}
		for _, b := range hosts {
			if want, got := host.Name(a).Matches(host.Name(b)), topology.HostMatches(a, b); want != got {
				t.Errorf("%s and %s: Istio %t, ours %t", a, b, want, got)
			}
		}
	}
}
