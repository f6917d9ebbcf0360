package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// What is rendered of canary, by file.
const (
	fileInstall = "istio-system/istiooperator_default-operator.yaml"
	fileStrict  = "istio-system/peerauthentication_default.yaml"
	fileAPI     = "istio-system/destinationrule_api-server.yaml"
	fileRule    = "shop/destinationrule_reviews.yaml"
	fileGateway = "kyma-system/gateway_kyma-gateway.yaml"
	fileService = "shop/virtualservice_reviews.yaml"
)

var canaryFiles = []string{fileAPI, fileInstall, fileStrict, fileGateway, fileRule, fileService}

// writes runs the program with --output-dir out and wants it to succeed; it
// returns what it says it did.
func writes(t *testing.T, args ...string) string {
	t.Helper()
	got := call("", append([]string{"render", "--output-dir", "out"}, args...)...)
	if got.Code != 0 || got.Out != "" {
		t.Fatalf("%q: exit %d, stdout %q, stderr:\n%s", args, got.Code, got.Out, got.Err)
	}
	return got.Err
}

// refuses runs the program with --output-dir out and wants nothing to change.
func refuses(t *testing.T, code int, want string, args ...string) {
	t.Helper()
	before := tree(t, ".")
	got := call("", append([]string{"render", "--output-dir", "out"}, args...)...)
	same(t, "result", result{Code: code, Err: want}, got)
	same(t, "files", before, tree(t, "."))
}

func TestOutputDir(t *testing.T) {
	enter(t, files{"mesh.yaml": canary})
	want := files{}
	for i, name := range []string{fileInstall, fileStrict, fileAPI, fileRule, fileGateway, fileService} {
		text, err := manifest.AppendYAML(nil, library(t, canary)[i])
		if err != nil {
			t.Fatal(err)
		}
		want[name] = string(text)
	}
	same(t, "stderr", "out: 6 objects, 6 files written, 0 removed\n", writes(t, "mesh.yaml"))
	same(t, "files", want, tree(t, "out"))
	info, err := os.Stat("out/" + fileGateway)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "mode", fs.FileMode(0o644), info.Mode())
}

func TestOutputDirWritesWhatChangedOnly(t *testing.T) {
	enter(t, files{"mesh.yaml": canary})
	writes(t, "mesh.yaml")
	want, before := tree(t, "out"), stats(t, "out")
	byHand := strings.Replace(want[fileGateway], "mode: SIMPLE", "mode: MUTUAL", 1)
	write(t, files{"out/" + fileGateway: byHand})
	if err := os.Link("out/"+fileGateway, "seen.yaml"); err != nil {
		t.Fatal(err)
	}
	same(t, "stderr", "out: 6 objects, 1 files written, 0 removed\n", writes(t, "mesh.yaml"))
	same(t, "files", want, tree(t, "out"))
	for name, info := range stats(t, "out") {
		if unchanged := os.SameFile(info, before[name]) && info.ModTime().Equal(before[name].ModTime()); unchanged == (name == fileGateway) {
			t.Errorf("%s: unchanged is %t", name, unchanged)
		}
	}
	// Who has the old file open reads all of it.
	same(t, "old file", byHand, tree(t, ".")["seen.yaml"])
}

func stats(t *testing.T, dir string) map[string]os.FileInfo {
	t.Helper()
	all := map[string]os.FileInfo{}
	for name := range tree(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = info
	}
	return all
}

func TestOutputDirRemovesWhatIsGone(t *testing.T) {
	enter(t, files{"mesh.yaml": canary})
	writes(t, "mesh.yaml")
	write(t, files{"mesh.yaml": strings.ReplaceAll(canary, "namespace: shop", "namespace: pay")})
	same(t, "stderr", "out: 6 objects, 2 files written, 2 removed\n", writes(t, "mesh.yaml"))
	same(t, "files", []string{fileAPI, fileInstall, fileStrict, fileGateway, "pay/destinationrule_reviews.yaml", "pay/virtualservice_reviews.yaml", "shop/"}, names(tree(t, "out")))
	write(t, files{"out/pay/notes.txt": "", "mesh.yaml": platform})
	same(t, "stderr", "out: 4 objects, 0 files written, 2 removed\n", writes(t, "mesh.yaml"))
	same(t, "files", []string{fileAPI, fileInstall, fileStrict, fileGateway, "pay/notes.txt", "shop/"}, names(tree(t, "out")))
}

func TestOutputDirLeavesOthersAlone(t *testing.T) {
	enter(t, files{"mesh.yaml": canary})
	writes(t, "mesh.yaml")
	text := strings.ReplaceAll(tree(t, "out")[fileService], "reviews", "ratings")
	kept := files{
		"shop/a-txt.txt":      text,
		"shop/two.yaml":       text + "---\n" + strings.ReplaceAll(text, "ratings", "details"),
		"shop/one-mark.yaml":  strings.Replace(text, "  labels:\n    mesh.kyma-project.io/owner: shop\n", "", 1),
		"shop/no-source.yaml": strings.Replace(text, "mesh.kyma-project.io/source", "example.com/source", 1),
		"shop/kind.yaml":      strings.Replace(text, "kind: VirtualService", "kind: WorkloadEntry", 1),
		"shop/group.yaml":     strings.Replace(text, "networking.istio.io", "example.com", 1),
		"shop/other.yaml":     strings.Replace(text, "owner: shop", "owner: bank", 1),
		"shop/not.yaml":       "{",
		"shop/empty.yaml":     "",
		"kustomization.yaml":  "resources: [shop]\n",
		"shop/dir.yaml/x":     "",
	}
	for name, text := range kept {
		write(t, files{"out/" + name: text})
	}
	write(t, files{"out/shop/ratings.yaml": text, "else.yaml": text})
	link(t, "../../else.yaml", "out/shop/link.yaml")
	want := tree(t, "out")
	delete(want, "shop/ratings.yaml") // the only one that is ours and not rendered
	same(t, "stderr", "out: 6 objects, 0 files written, 1 removed\n", writes(t, "mesh.yaml"))
	same(t, "files", want, tree(t, "out"))
	if len(want) != len(canaryFiles)+len(kept)+1 {
		t.Errorf("%d files", len(want))
	}
}

// Nothing is written and nothing removed as long as one file is in the way.
func TestOutputDirRefusesForeignFiles(t *testing.T) {
	const said = "mesh.yaml:7:5: error KM103: spec.services[0]: out/shop/virtualservice_reviews.yaml exists and is not ours; move it away, or remove the words that ask for it\n"
	enter(t, files{"mesh.yaml": canary})
	ours := rendered(t, "", "render", "mesh.yaml")
	service := ours[strings.LastIndex(ours, "apiVersion"):]
	for _, c := range []struct{ name, text string }{
		{"text", "a: 1\n"},
		{"empty", ""},
		{"not YAML", "{"},
		{"label only", strings.Replace(service, "mesh.kyma-project.io/source", "example.com/source", 1)},
		{"annotation only", strings.Replace(service, "mesh.kyma-project.io/owner", "example.com/owner", 1)},
		{"beside another object", service + "---\n" + foreign},
		{"all in one file", ours},
	} {
		t.Run(c.name, func(t *testing.T) {
			enter(t, files{"mesh.yaml": canary, "out/" + fileService: c.text, "out/shop/gone.yaml": strings.ReplaceAll(service, "reviews", "ratings")})
			refuses(t, 1, said, "mesh.yaml")
			refuses(t, 1, said, "mesh.yaml", "--part", "resources")
		})
	}
	t.Run("every one is named", func(t *testing.T) {
		enter(t, files{"mesh.yaml": canary, "out/" + fileService: "", "out/" + fileGateway: ""})
		gateway := strings.NewReplacer("7:5", "4:1", "services", "gateways", "shop/virtualservice_reviews", "kyma-system/gateway_kyma-gateway")
		refuses(t, 1, gateway.Replace(said)+said, "mesh.yaml")
	})
	t.Run("not what is not written", func(t *testing.T) {
		enter(t, files{"mesh.yaml": canary, "out/" + fileService: ""})
		same(t, "stderr", "out: 1 objects, 1 files written, 0 removed\n", writes(t, "mesh.yaml", "--part", "install"))
	})
}

func TestOutputDirThatCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		name, want string
		code       int
		all        files
	}{
		{"a directory in place of a file", "mesh.yaml:7:5: error KM103: spec.services[0]: out/shop/virtualservice_reviews.yaml exists and is not ours; move it away, or remove the words that ask for it\n", 1, files{"out/" + fileService + "/x": ""}},
		{"a file in place of a directory", "kymamesh: out: statat shop/destinationrule_reviews.yaml: not a directory\n", 2, files{"out/shop": ""}},
		{"a file in place of all", "kymamesh: open out: not a directory\n", 2, files{"out": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			enter(t, c.all)
			write(t, files{"mesh.yaml": canary})
			refuses(t, c.code, c.want, "mesh.yaml")
		})
	}
	t.Run("faults", func(t *testing.T) {
		enter(t, files{"wrong.yaml": wrong})
		refuses(t, 1, wrongDomain+wrongSplit, "wrong.yaml")
	})
}

// What --part and --only leave out is nobody's to remove.
func TestOutputDirPrunesWhatIsCovered(t *testing.T) {
	old := files{
		"mesh.yaml":     platform,
		"reviews.yaml":  reviews + "---\n" + strings.ReplaceAll(reviews, "reviews", "ratings"),
		"payments.yaml": payments + "---\n" + strings.ReplaceAll(payments, "payments", "ledger"),
	}
	// Now the teams have one service less each, and the gateway has gone.
	now := files{"mesh.yaml": header + "spec: {domain: shop.example.com, gateways: []}\n", "reviews.yaml": reviews, "payments.yaml": payments}
	const ratings, ledger = "shop/destinationrule_ratings.yaml shop/virtualservice_ratings.yaml", "pay/destinationrule_ledger.yaml pay/virtualservice_ledger.yaml"
	for _, c := range []struct {
		name string
		args []string
		gone string
	}{
		{"all", nil, fileGateway + " " + ledger + " shop/destinationrule_ratings.yaml shop/istiooperator_old.yaml shop/virtualservice_ratings.yaml"},
		{"resources", []string{"--part", "resources"}, fileGateway + " " + ledger + " " + ratings},
		{"install", []string{"--part", "install"}, "shop/istiooperator_old.yaml"},
		{"only", []string{"--only", "shop"}, ratings},
		{"only the other", []string{"--only", "pay"}, ledger},
		{"only and install", []string{"--only", "pay", "--part", "install"}, ""},
		{"only of nobody", []string{"--only", "sho"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			enter(t, old)
			all := []string{"mesh.yaml", "reviews.yaml", "payments.yaml"}
			writes(t, all...)
			before := tree(t, "out")
			before["shop/istiooperator_old.yaml"] = before[fileInstall]
			write(t, files{"out/shop/istiooperator_old.yaml": before[fileInstall]})
			write(t, now)
			writes(t, append(all, c.args...)...)
			after := tree(t, "out")
			var gone []string
			for _, name := range names(before) {
				if _, there := after[name]; !there {
					gone = append(gone, name)
				}
			}
			same(t, "gone", strings.Fields(c.gone), append([]string{}, gone...))
		})
	}
}

func TestOutputDirThatIsALink(t *testing.T) {
	enter(t, files{"mesh.yaml": canary, "real/keep.txt": ""})
	link(t, "real", "out")
	writes(t, "mesh.yaml")
	write(t, files{"mesh.yaml": platform})
	same(t, "stderr", "out: 4 objects, 0 files written, 2 removed\n", writes(t, "mesh.yaml"))
	same(t, "files", []string{fileAPI, fileInstall, fileStrict, "keep.txt", fileGateway, "shop/"}, names(tree(t, "real")))
}

func TestOutputDirInsideThePackage(t *testing.T) {
	enter(t, files{"app/mesh.yaml": strictly, "app/service.yaml": service})
	for _, want := range []string{"7 objects, 7 files written, 0 removed\n", "7 objects, 0 files written, 0 removed\n"} {
		got := call("", "render", "app", "--output-dir", "app/rendered")
		same(t, "result", result{Err: "app/rendered: " + want}, got)
	}
	write(t, files{"app/mesh.yaml": platform})
	got := call("", "render", "app", "--output-dir", "app/rendered")
	same(t, "result", result{Err: "app/rendered: 4 objects, 0 files written, 3 removed\n"}, got)
	same(t, "files", []string{"app/mesh.yaml", "app/rendered/" + fileAPI, "app/rendered/" + fileInstall, "app/rendered/" + fileStrict,
		"app/rendered/" + fileGateway, "app/rendered/shop/", "app/service.yaml"}, names(tree(t, ".")))
}

// The package itself can be the place: only files of ours are touched.
func TestOutputDirIsThePackage(t *testing.T) {
	enter(t, files{"out/mesh.yaml": canary, "out/service.yaml": service, "out/shop/README.md": ""})
	for _, want := range []string{"out: 6 objects, 6 files written, 0 removed\n", "out: 6 objects, 0 files written, 0 removed\n"} {
		same(t, "stderr", want, writes(t, "out"))
	}
	same(t, "files", len(canaryFiles)+3, len(tree(t, "out")))
}
