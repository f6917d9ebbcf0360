package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

func TestRenderWritesWhatTheLibraryRenders(t *testing.T) {
	enter(t, files{"mesh.yaml": canary})
	for _, c := range []struct {
		encode func(io.Writer, []manifest.Object) error
		args   []string
	}{
		{manifest.Encode, nil},
		{manifest.Encode, []string{"-o", "yaml"}},
		{manifest.EncodeJSON, []string{"-o", "json"}},
		{manifest.EncodeJSON, []string{"--output=json"}},
	} {
		var want bytes.Buffer
		if err := c.encode(&want, library(t, canary)); err != nil {
			t.Fatal(err)
		}
		same(t, strings.Join(c.args, " "), want.String(), rendered(t, "", append([]string{"render", "mesh.yaml"}, c.args...)...))
	}
}

func TestRenderSelects(t *testing.T) {
	enter(t, files{"mesh.yaml": platform, "reviews.yaml": reviews, "payments.yaml": payments})
	all := []string{"render", "mesh.yaml", "reviews.yaml", "payments.yaml"}
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"all", nil, []string{
			"IstioOperator istio-system/default-operator",
			"PeerAuthentication istio-system/default",
			"DestinationRule istio-system/api-server", "DestinationRule pay/payments", "DestinationRule shop/reviews",
			"Gateway kyma-system/kyma-gateway",
			"VirtualService pay/payments", "VirtualService shop/reviews",
		}},
		{"install", []string{"--part", "install"}, ofInstall},
		{"resources", []string{"--part", "resources"}, []string{
			"PeerAuthentication istio-system/default",
			"DestinationRule istio-system/api-server", "DestinationRule pay/payments", "DestinationRule shop/reviews",
			"Gateway kyma-system/kyma-gateway",
			"VirtualService pay/payments", "VirtualService shop/reviews",
		}},
		{"only", []string{"--only", "shop"}, ofReviews},
		{"only the other", []string{"--only", "pay", "--part", "resources"}, ofPayments},
		{"only and install", []string{"--only", "shop", "--part", "install"}, nil},
		{"only is no prefix", []string{"--only", "sho"}, nil},
		{"only is no namespace of objects", []string{"--only", "istio-system"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, "objects", c.want, objects(t, rendered(t, "", append(all, c.args...)...)))
		})
	}
}

// A KymaMesh's entry for a namespace is the platform's, not the namespace's; nor
// does it matter where the KymaMesh says it lives.
func TestOnlyLeavesTheEntriesOfTheMeshOut(t *testing.T) {
	for _, text := range []string{canary, strings.Replace(canary, "{name: shop}", "{name: shop, namespace: shop}", 1)} {
		if out := rendered(t, text, "render", "-", "--only", "shop"); out != "" {
			t.Errorf("wrote %s", out)
		}
	}
}

func TestOnlyAsJSONIsAList(t *testing.T) {
	var list struct {
		Kind  string
		Items []struct{ Kind string }
	}
	out := rendered(t, platform+"---\n"+reviews, "render", "-", "--only", "shop", "-o", "json")
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	if list.Kind != "List" || len(list.Items) != 2 {
		t.Errorf("got %+v", list)
	}
}

func TestWrongCalls(t *testing.T) {
	enter(t, files{"mesh.yaml": canary})
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"render"}, "kymamesh: render: name a file, a directory or -\nsee kymamesh render --help\n"},
		{[]string{"render", "mesh.yaml", "-o", "text"}, "kymamesh: render: no output \"text\"; yaml or json\nsee kymamesh render --help\n"},
		{[]string{"render", "mesh.yaml", "--part", "Install"}, "kymamesh: render: no part \"Install\"; all, install, resources\nsee kymamesh render --help\n"},
		{[]string{"render", "mesh.yaml", "--output-dir", "out", "-o", "json"}, "kymamesh: render: --output-dir writes YAML; leave -o out\nsee kymamesh render --help\n"},
		{[]string{"render", "--nosuch"}, "kymamesh: unknown flag: --nosuch\nsee kymamesh render --help\n"},
		{[]string{"render", "mesh.yaml", "-f"}, "kymamesh: flag needs an argument: 'f' in -f\nsee kymamesh render --help\n"},
		{[]string{"rendr", "mesh.yaml"}, "kymamesh: unknown command \"rendr\" for \"kymamesh\"\nsee kymamesh --help\n"},
		{[]string{"mesh.yaml"}, "kymamesh: unknown command \"mesh.yaml\" for \"kymamesh\"\nsee kymamesh --help\n"},
		{[]string{"schema", "--kind", "Gateway"}, "kymamesh: schema: no kind \"Gateway\"; KymaMesh or MeshService\nsee kymamesh schema --help\n"},
		{[]string{"schema", "--kind", ""}, "kymamesh: schema: no kind \"\"; KymaMesh or MeshService\nsee kymamesh schema --help\n"},
		{[]string{"version", "x"}, "kymamesh: unknown command \"x\" for \"kymamesh version\"\nsee kymamesh version --help\n"},
	} {
		same(t, strings.Join(c.args, " "), result{Code: 2, Err: c.want}, call("", c.args...))
	}
	same(t, "files", []string{"mesh.yaml"}, names(tree(t, ".")))
}

// What a reader of stdout did not get must not look like a success.
func TestWriteErrors(t *testing.T) {
	for _, args := range [][]string{{"render", "-"}, {"render", "-", "-o", "json"}, {"schema"}, {"version"}, {"--version"}} {
		var stderr bytes.Buffer
		code := run(args, streams{in: strings.NewReader(canary), out: full{}, err: &stderr})
		if code != 2 || !strings.Contains(stderr.String(), "no space") {
			t.Errorf("%q: exit %d, stderr %q", args, code, stderr.String())
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestStdinThatCannotBeRead(t *testing.T) {
	var out, stderr bytes.Buffer
	code := run([]string{"render", "-"}, streams{in: iotest.ErrReader(errors.New("broken")), out: &out, err: &stderr})
	same(t, "result", result{2, "", "kymamesh: <stdin>: broken\n"}, result{code, out.String(), stderr.String()})
}

func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}, {"-v"}} {
		same(t, args[0], "kymamesh "+version+"\n", rendered(t, "", args...))
	}
}

func TestHelp(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "  render "},
		{[]string{"help"}, "  render "},
		{[]string{"--help"}, "  render "},
		{[]string{"-h"}, "  completion "},
		{[]string{"help", "render"}, "--output-dir"},
		{[]string{"render", "--help"}, "--output-dir"},
		{[]string{"render", "-h"}, "kymamesh render [PATH|-]..."},
	} {
		if out := rendered(t, "", c.args...); !strings.Contains(out, c.want) {
			t.Errorf("%q: no %q in\n%s", c.args, c.want, out)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if out := rendered(t, "", "completion", shell); !strings.Contains(out, "__complete") {
			t.Errorf("%s: no script:\n%s", shell, out)
		}
	}
	for _, c := range []struct {
		flag string
		want string
	}{
		{"--part", "all\ninstall\nresources\n:4\n"}, // 4: no file names
		{"--output", "yaml\njson\n:4\n"},            // the same
		{"-o", "yaml\njson\n:4\n"},                  // the same
		{"--output-dir", ":16\n"},                   // 16: directories
		{"--filename", ":0\n"},                      // 0: file names
	} {
		got := call("", "__complete", "render", c.flag, "")
		same(t, c.flag, result{Out: c.want}, result{Code: got.Code, Out: got.Out})
		if !strings.HasPrefix(got.Err, "Completion ended with directive: ") {
			t.Errorf("%s: stderr has %q", c.flag, got.Err)
		}
	}
}
