package istio

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
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
	return alarmsOf(text)
}

func alarmsOf(text []byte) ([]found, error) {
	all, err := checked(text)
	return slices.DeleteFunc(all, func(f found) bool {
		// The cluster gives a sidecar to every pod, also where the document says that
		// a host has none.
		return f.Code == diag.CodeTLSMode && strings.Contains(f.Message, "DISABLE") ||
			f.Code == diag.CodeNakedPod || // it knows nothing but pods
			f.Code == diag.CodeTwoPorts || // its Services lead to ports as a route asks for them
			f.Code == diag.CodeNoPods || // its Services of extension providers have no pods
			// Deserved: a document may lead two ports of a gateway to one of its pods.
			f.Code == diag.CodeTwoProtocols && (f.object == "Service istio-system/istio-ingressgateway" || f.object == "Service istio-system/istio-egressgateway") ||
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
