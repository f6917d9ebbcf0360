package kymamesh

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// command is what the test knows of a command that a page shows.
type command struct {
	// clients are the programs that it needs beside ours.
	clients []string
	// wants are in its output.
	wants []string
	// writes is a file that is there afterwards.
	writes string
	// copied lets it work in a copy of examples, since it writes there.
	copied bool
	// elsewhere is where it is run, FILE: TEXT, when it is not run here.
	elsewhere string
}

var kustomize, kpt, podman = []string{"kustomize"}, []string{"kpt"}, []string{"kustomize", "podman"}

// commands are all commands of the pages, to be run in the pages' order. Those
// that are piped to istioctl and kubectl meet the stand-ins of newSandbox.
var commands = map[string]command{
	"make demo": {clients: kustomize, wants: []string{"bookshop:v2-stage", "kind: IstioOperator", "weight: 10"}},
	"make test": {elsewhere: ".ci/run: make test"},
	"go install ./cmd/kymamesh ./plugins/kymamesh-krm": {},
	"make install-plugin":                              {wants: []string{"kustomize/plugin/mesh.kyma-project.io/v1alpha1/kymamesh/KymaMesh"}},

	"kymamesh render examples/quickstart/kymamesh.yaml --part install | istioctl install -y -f -":      {wants: []string{"installed"}},
	"kymamesh render examples/quickstart/kymamesh.yaml --part resources | kubectl apply -f -":          {wants: []string{"applied 5"}},
	"kymamesh render examples/kustomize/apply/kymamesh.yaml --part install | istioctl install -y -f -": {wants: []string{"installed"}},

	"kymamesh render examples/existing --part install | istioctl install -y -f -": {wants: []string{"installed"}},

	"kustomize build --enable-alpha-plugins examples/kustomize/apply | kubectl apply -f -": {
		clients: kustomize, wants: []string{"applied 17"}},
	"kustomize build --enable-alpha-plugins examples/kustomize/overlay": {
		clients: kustomize, wants: []string{"bookshop:v2-stage", "kind: IstioOperator", "weight: 10"}},
	"kubectl kustomize --enable-alpha-plugins examples/kustomize/overlay": {
		clients: []string{"kubectl"}, wants: []string{"bookshop:v2-stage", "kind: IstioOperator", "weight: 10"}},
	"kustomize build --enable-alpha-plugins --enable-exec examples/kustomize/exec": {
		clients: kustomize, wants: []string{"kind: Deployment", "kind: IstioOperator", "weight: 10"}},
	"kustomize build --enable-alpha-plugins examples/kustomize/transformer": {
		clients: kustomize, wants: []string{"kind: Deployment", "kind: IstioOperator", "weight: 10"}},
	"kustomize build examples/kustomize/references": {
		clients: kustomize, wants: []string{"host: blue-reviews", "- blue-public\n", "credentialName: blue-public-certs"}},

	"make image IMAGE=localhost/kymamesh-krm:dev": {elsewhere: "Makefile: test: build image"},
	"docker load -i bin/kymamesh-krm.tar":         {clients: podman, wants: []string{"localhost/kymamesh-krm:dev"}},
	"kustomize build --enable-alpha-plugins examples/kustomize/container": {
		clients: podman, wants: []string{"kind: Deployment", "kind: IstioOperator", "weight: 10"}},

	"kpt fn render --allow-exec examples/kpt":                                                {clients: kpt, copied: true, wants: []string{"Successfully executed 2 function(s)"}, writes: "examples/kpt/rendered/shop/virtualservice_reviews.yaml"},
	"kpt fn eval examples/kpt --exec kymamesh-krm":                                           {clients: kpt, copied: true, wants: []string{"[PASS]"}},
	"kpt fn eval examples/kpt --exec kymamesh-krm -- part=resources":                         {clients: kpt, copied: true, wants: []string{"[PASS]"}},
	"kpt fn eval examples/kpt --exec kymamesh-krm -- check=only":                             {clients: kpt, copied: true, wants: []string{"[PASS]"}},
	"kpt fn eval examples/kpt --image localhost/kymamesh-krm:dev":                            {clients: []string{"kpt", "podman"}, copied: true, wants: []string{"[PASS]"}},
	"set -o pipefail; kpt fn source examples/kpt | kymamesh-krm | kpt fn sink rendered-copy": {clients: kpt, copied: true, writes: "rendered-copy/rendered/shop/virtualservice_reviews.yaml"},

	"kymamesh render examples/quickstart/kymamesh.yaml":     {wants: []string{"kind: IstioOperator", "weight: 10"}},
	"kymamesh render --output-dir rendered examples/kpt":    {copied: true, writes: "rendered/shop/virtualservice_reviews.yaml"},
	"kymamesh render -i --output-dir rendered examples/kpt": {copied: true, writes: "rendered/shop/virtualservice_reviews.yaml"},
	"kymamesh render - <examples/quickstart/kymamesh.yaml":  {wants: []string{"kind: IstioOperator", "weight: 10"}},
	"kymamesh explain examples/quickstart/kymamesh.yaml --diff 2.18": {
		wants: []string{"- tag: 1.30.2-distroless  # generation module", "+ tag: 1.18.2-distroless  # generation 2.18"}},
	"kymamesh explain --nodes cpu=4,memory=16Gi": {wants: []string{"profile: evaluation"}},
	"kymamesh check --codes":                     {wants: []string{"KM152  warning  a host that no Service of the package has"}},
	"kymamesh schema":                            {wants: []string{"json-schema.org/draft/2020-12"}},
	"kymamesh schema --crd --kind MeshService":   {wants: []string{"name: meshservices.mesh.kyma-project.io"}},
	"kymamesh completion bash":                   {wants: []string{"complete"}},
	"kymamesh version":                           {wants: []string{"kymamesh "}},

	"kustomize build examples/kustomize/references | kymamesh check -": {clients: kustomize},
	"kymamesh check -o sarif --fail-on warning examples/kpt":           {wants: []string{`"version": "2.1.0"`, `"results": []`}},

	"kymamesh matrix examples/kpt":                                                               {wants: []string{"mTLS", "1: shop/catalog:80, shop/front:80, shop/reviews:80"}},
	"kymamesh matrix examples/kpt -o svg":                                                        {wants: []string{"<svg ", "mTLS"}},
	"kymamesh trace examples/kpt https://front.shop.example.com/books":                           {wants: []string{"reaches      front.shop.svc.cluster.local:80", "connection   mTLS"}},
	"kymamesh trace examples/kpt --from shop/front -H 'end-user: jason' http://reviews/ -o json": {wants: []string{`"share": 90`, `"connection": "mTLS"`}},

	"go run ./examples/golang":                                   {wants: []string{"kind: IstioOperator", "weight: 10"}},
	"go run ./examples/golang examples/quickstart/kymamesh.yaml": {wants: []string{"kind: IstioOperator", "weight: 10"}},
}

// TestPageCommands runs the commands of the pages as a reader would, one after
// the other: later ones use what earlier ones install.
func TestPageCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs and starts clients")
	}
	s := newSandbox(t)
	var shown []string
	for _, page := range pages(t) {
		for _, f := range fences(t, page) {
			if f.mark == "fails" {
				t.Run(f.arg, func(t *testing.T) { s.fails(t, f) })
			}
			if f.mark == "finds" {
				t.Run(f.arg, func(t *testing.T) { s.finds(t, f) })
			}
			if f.mark == "prints" {
				t.Run(f.arg, func(t *testing.T) { s.prints(t, f) })
			}
			if f.mark != "shell" {
				continue
			}
			for line := range strings.Lines(f.text) {
				line = strings.TrimSuffix(line, "\n")
				shown = append(shown, line)
				t.Run(line, func(t *testing.T) { s.shown(t, line) })
			}
		}
	}
	for line := range commands {
		if !slices.Contains(shown, line) {
			t.Errorf("no page shows %s", line)
		}
	}
}

// shown runs a command of a page.
func (s sandbox) shown(t *testing.T, line string) {
	c, known := commands[line]
	if !known {
		t.Fatal("nothing is known of this command; add it to commands")
	}
	if file, text, found := strings.Cut(c.elsewhere, ": "); found {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(text) + `( |$)`).MatchString(readText(t, file)) {
			t.Errorf("%s does not run it: no line %s", file, text)
		}
		return
	}
	for _, client := range c.clients {
		s.need(t, client)
	}
	stdout, stderr, err := s.run(line, c)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if c.writes != "" {
		if _, err := os.Stat(filepath.Join(s.scratch, c.writes)); err != nil {
			t.Error(err)
		}
	}
	for _, want := range c.wants {
		if !strings.Contains(stdout+stderr, want) {
			t.Errorf("its output lacks %q:\n%s%s", want, stdout, stderr)
		}
	}
}

// fails runs a command that a page shows with the messages that it gives.
func (s sandbox) fails(t *testing.T, f fence) {
	stdout, stderr, err := s.run(f.arg, command{})
	if err == nil || stdout != "" {
		t.Errorf("it does not fail without any output: %v\n%s", err, stdout)
	}
	if diff := gocmp.Diff(stderr, f.text); diff != "" {
		t.Errorf("not what it says:\n%s", diff)
	}
}

// finds runs a command that a page shows with the findings that it prints.
func (s sandbox) finds(t *testing.T, f fence) {
	stdout, _, err := s.run(f.arg, command{})
	if err == nil {
		t.Error("it does not fail")
	}
	if diff := gocmp.Diff(stdout, f.text); diff != "" {
		t.Errorf("not what it says:\n%s", diff)
	}
}

// prints runs a command that a page shows with what it prints.
func (s sandbox) prints(t *testing.T, f fence) {
	stdout, stderr, err := s.run(f.arg, command{})
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if diff := gocmp.Diff(stdout, f.text); diff != "" {
		t.Errorf("not what it says:\n%s", diff)
	}
}

// sandbox is the reader's machine: an own home, so that nothing of the
// developer's is used or changed, and stand-ins for what needs a cluster.
type sandbox struct {
	root, scratch, bin string
	env                []string
}

// The stand-ins take what the real programs would take and refuse the rest.
const (
	istioctl = `#!/bin/sh
[ "$(grep '^kind:' | sort | uniq -c | tr -s ' ')" = " 1 kind: IstioOperator" ] && echo installed
`
	kubectl = `#!/bin/sh
[ "$1" = apply ] || exec "$REAL_KUBECTL" "$@"
grep '^kind:' >"$HOME/applied" && ! grep -q IstioOperator "$HOME/applied" && echo "applied $(wc -l <"$HOME/applied" | tr -d ' ')"
`
)

func newSandbox(t *testing.T) sandbox {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	s := sandbox{root: root, scratch: t.TempDir(), bin: filepath.Join(home, "bin")}
	if err := os.Mkdir(s.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"istioctl": istioctl, "kubectl": kubectl} {
		if err := os.WriteFile(filepath.Join(s.bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(s.scratch, "examples"), os.DirFS("examples")); err != nil {
		t.Fatal(err)
	}
	clients, err := filepath.Abs(clientFolder())
	if err != nil {
		t.Fatal(err)
	}
	path := []string{s.bin, clients, filepath.Join(root, "test/podman"), os.Getenv("PATH")}
	s.env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "XDG_") || strings.HasPrefix(v, "KUSTOMIZE_") || strings.HasPrefix(v, "MAKE")
	}), "HOME="+home, "GOBIN="+s.bin, "PATH="+strings.Join(path, string(os.PathListSeparator)))
	if real, err := exec.LookPath("kubectl"); err == nil {
		s.env = append(s.env, "REAL_KUBECTL="+real)
	}
	// With another home go would begin with empty caches. podman works only with
	// the repository's settings.
	out, err := exec.Command("sh", "-c", "for v in GOCACHE GOMODCACHE GOPATH; do echo $v=$(go env $v); done; . test/podman/environment; env | grep ^CONTAINERS_").Output()
	if err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, strings.Fields(string(out))...)
	return s
}

// clientFolder is where make puts kustomize and kpt.
func clientFolder() string {
	if dir := os.Getenv("KYMAMESH_BIN"); dir != "" {
		return dir
	}
	return "bin"
}

// run runs a command in the repository or, when it writes, beside a copy of
// examples.
func (s sandbox) run(line string, c command) (stdout, stderr string, err error) {
	cmd := exec.Command("bash", "-c", line)
	cmd.Dir = s.root
	if c.copied {
		cmd.Dir = s.scratch
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &errs, s.env
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// need skips what needs a client that this machine does not have. make test
// finds that out before, and says so; there a client is missing only when it is
// in KYMAMESH_WITHOUT.
func (s sandbox) need(t *testing.T, client string) {
	t.Helper()
	without := slices.Contains(strings.Split(os.Getenv("KYMAMESH_WITHOUT"), ","), client)
	if !without && s.has(client) {
		return
	}
	if !without && client != "kubectl" && os.Getenv("KYMAMESH_BIN") != "" {
		t.Fatalf("no %s; make tools builds what can be built, KYMAMESH_WITHOUT=%s does without", client, client)
	}
	t.Skipf("*** NOT RUN: no %s on this machine; run make test", client)
}

func (s sandbox) has(client string) bool {
	switch client {
	case "kubectl":
		return slices.ContainsFunc(s.env, func(v string) bool { return strings.HasPrefix(v, "REAL_KUBECTL=") })
	case "podman":
		_, _, err := s.run("test/podman/usable "+filepath.Join(clientFolder(), "kustomize"), command{})
		_, missing := os.Stat("bin/kymamesh-krm.tar")
		return err == nil && missing == nil
	}
	_, err := os.Stat(filepath.Join(clientFolder(), client))
	return err == nil
}
