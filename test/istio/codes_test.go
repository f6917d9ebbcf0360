package istio

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"istio.io/api/annotation"
	"istio.io/istio/pkg/config/analysis/analyzers"
	istiodiag "istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/kube/inject"
	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// istioCode is a row of testdata/codes.yaml.
type istioCode struct {
	Code      string
	Found     diag.Code
	Case      string
	Silent    bool
	Elsewhere string
}

// What has to be found, by the goal that the project set itself.
const (
	wantFound  = 45
	wantSilent = 28
)

// TestIstioctlCodes holds the table of istioctl's messages against istioctl's own
// analyzers: each case has the fault for them too, and where the table says so
// they do not see it in files.
func TestIstioctlCodes(t *testing.T) {
	rows := istioCodes(t)
	found, silent := 0, 0
	for _, row := range rows {
		if row.Elsewhere != "" {
			continue
		}
		found++
		if row.Silent {
			silent++
		}
		t.Run(row.Code, func(t *testing.T) { row.check(t) })
	}
	if found < wantFound || silent < wantSilent {
		t.Errorf("%d messages are found, %d of them where istioctl is silent; want %d and %d", found, silent, wantFound, wantSilent)
	}
	const file = "../../docs/istioctl-codes.md"
	page := codesPage(rows, found, silent, istioMessages(t))
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if string(readAll(t, "../../docs", "istioctl-codes.md")) != page+"\n---\n" {
		t.Error("docs/istioctl-codes.md is another; run this test with -update")
	}
}

// istioCodes reads the table, which has every message of Istio's once.
func istioCodes(t *testing.T) []istioCode {
	t.Helper()
	text, err := os.ReadFile("testdata/codes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rows []istioCode
	if err := yaml.UnmarshalStrict(text, &rows); err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for code := range istioMessages(t) {
		want = append(want, code)
	}
	for _, row := range rows {
		got = append(got, row.Code)
		if (row.Elsewhere == "") == (row.Found == "") || (row.Found == "") != (row.Case == "") {
			t.Errorf("%s: a row says found and case, or elsewhere", row.Code)
		}
	}
	slices.Sort(want)
	if !slices.Equal(want, got) {
		t.Errorf("not Istio's messages in order:\n%v\n%v", got, want)
	}
	return rows
}

// istioMessages are the names of Istio's messages, by their codes.
func istioMessages(t *testing.T) map[string]string {
	t.Helper()
	var list struct {
		Messages []struct{ Name, Code string }
	}
	if err := yaml.Unmarshal(readAll(t, istioFolder(t, "pkg/config/analysis/msg"), "messages.yaml"), &list); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, m := range list.Messages {
		all[m.Code] = m.Name
	}
	return all
}

func (row istioCode) check(t *testing.T) {
	text := row.text(t)
	ours, err := checked(text)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(ours, func(f found) bool { return f.Code == row.Found }) {
		t.Errorf("kymamesh check does not say %s of %s: %v", row.Found, row.Case, ours)
	}
	if all := istioSays(t, text, true); !slices.ContainsFunc(all, func(m istiodiag.Message) bool { return m.Type.Code() == row.Code }) {
		t.Errorf("istioctl does not say it of %s when it sees everything: %v", row.Case, all)
	}
	if files := istioSays(t, text, false); row.Silent != (len(files) == 0) {
		t.Errorf("%s: silent is %t, and istioctl says of the files: %v", row.Case, row.Silent, files)
	}
}

func (row istioCode) text(t *testing.T) []byte {
	t.Helper()
	if own, ok := strings.CutPrefix(row.Case, "istio: "); ok {
		return readAll(t, istioFolder(t, "pkg/config/analysis/analyzers/testdata"), own)
	}
	return readAll(t, filepath.Join("..", ".."), row.Case)
}

// istioSays runs Istio's analyzers. With everything false it is `istioctl analyze
// --use-kube=false --all-namespaces` (istioctl/pkg/analyze): that reader leaves
// out Services, Pods, Namespaces, Nodes and Secrets, and analyzers that read one
// of these do not run. A part that cannot be read is left out by both.
func istioSays(t *testing.T, text []byte, everything bool) istiodiag.Messages {
	t.Helper()
	analyzer := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", istioSystem, nil)
	add := analyzer.AddReaderKubeSource
	if everything {
		add = analyzer.AddTestReaderKubeSource
	}
	if err := add([]local.ReaderSource{{Name: "package.yaml", Reader: bytes.NewReader(text)}}); err != nil {
		t.Logf("not all is read: %v", err)
	}
	stop := make(chan struct{})
	defer close(stop)
	result, err := analyzer.Analyze(stop)
	if err != nil {
		t.Fatal(err)
	}
	return result.Messages
}

// codesPage is docs/istioctl-codes.md.
func codesPage(rows []istioCode, found, silent int, names map[string]string) string {
	var page strings.Builder
	fmt.Fprintf(&page, `# What istioctl finds

istioctl has %d messages about configuration. `+"`kymamesh check`"+` finds %d of them in a package before anything is applied; for %d of these `+"`istioctl analyze --use-kube=false`"+` has nothing at all to say of the same files, since it leaves out Services, Pods, Namespaces and Secrets that it reads from files. A test runs both over every case (test/istio/codes_test.go) and writes this page.

| message | Istio's name | found by | case | istioctl on the files |
|---|---|---|---|---|
`, len(rows), found, silent)
	for _, row := range rows {
		if row.Elsewhere != "" {
			continue
		}
		files := "says it, or something near it"
		if row.Silent {
			files = "silent"
		}
		fmt.Fprintf(&page, "| %s | %s | [%s](checks.md#%s) | %s | %s |\n", row.Code, names[row.Code], row.Found, strings.ToLower(string(row.Found)), row.Case, files)
	}
	page.WriteString("\nThese are not to be found in files, or not ours:\n\n| message | Istio's name | why |\n|---|---|---|\n")
	for _, row := range rows {
		if row.Elsewhere != "" {
			fmt.Fprintf(&page, "| %s | %s | %s |\n", row.Code, names[row.Code], row.Elsewhere)
		}
	}
	return page.String()
}

// What a check says Istio's webhook refuses, it refuses, and not what is right.
func TestRefusedIsRefused(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "pkg", "check", "testdata", string(diag.CodeRefused))
	for _, name := range []string{"bad", "good"} {
		text := readAll(t, filepath.Join(folder, name), "package.yaml")
		objects := strings.Split(strings.TrimSuffix(string(text), "\n---\n"), "\n---\n")
		if len(objects) < 3 {
			t.Fatalf("%s: %d objects", name, len(objects))
		}
		for _, object := range objects {
			if _, err := validate([]byte(object)); (err != nil) != (name == "bad") {
				t.Errorf("%s: Istio says %v:\n%s", name, err, object)
			}
		}
	}
}

// The values that a check takes for an annotation are those that the injector
// takes.
func TestAnnotationValues(t *testing.T) {
	values := []string{"", "*", "0", "8", "15021", "70000", "-1", "a", "80,90", "80, 90", "80,", "80;90", "10.0.0.0/8", "10.0.0.0/8,10.1.0.0/16", "10.0.0.0/8, 10.1.0.0/16", "10.0.0.1", "true", "t", "yes", "False", "REDIRECT", "redirect", "NONE", "5s"}
	judged := 0
	for name, takes := range inject.AnnotationValidation {
		for _, value := range values {
			all, err := checked(fmt.Appendf(nil, "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop, annotations: {%s: %q}}\n", name, value))
			if err != nil {
				t.Fatal(err)
			}
			refused := slices.ContainsFunc(all, func(f found) bool { return f.Code == diag.CodeAnnotationValue })
			if refused {
				judged++
			}
			// Quantities, interfaces and configurations of proxies have rules of their
			// own: of these nothing is said.
			if err := takes(value); refused && err == nil || !refused && err != nil && !slices.Contains(unreadValues, name) {
				t.Errorf("%s: %q: Istio says %v, and we refuse it: %t", name, value, err, refused)
			}
		}
	}
	if judged < 50 {
		t.Errorf("only %d values were refused", judged)
	}
}

// unreadValues are the annotations whose values no check reads.
var unreadValues = []string{
	annotation.ProxyConfig.Name, annotation.SidecarProxyCPU.Name, annotation.SidecarProxyMemory.Name, annotation.SidecarProxyCPULimit.Name, annotation.SidecarProxyMemoryLimit.Name,
	annotation.SidecarTrafficExcludeInterfaces.Name, annotation.SidecarTrafficKubevirtInterfaces.Name, annotation.IoIstioRerouteVirtualInterfaces.Name,
}
