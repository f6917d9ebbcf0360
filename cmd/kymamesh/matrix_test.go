package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/matrix"
)

func TestMatrix(t *testing.T) {
	enter(t, files{"app.yaml": routed, "mesh.yaml": canary + "  profle: x\n"})
	text := "              1\nshop/reviews  plaintext\n\n1: shop/reviews:80\n"
	same(t, "text", result{0, text, ""}, call("", "matrix", "app.yaml"))
	same(t, "a namespace", result{0, text, ""}, call("", "matrix", "-f", "app.yaml", "-n", "shop"))
	for format, begins := range map[string]string{"markdown": "| from \\ to | shop/reviews:80 |\n", "svg": "<svg ", "mermaid": "flowchart LR\n"} {
		if got := call("", "matrix", "app.yaml", "-o", format); got.Code != 0 || !strings.HasPrefix(got.Out, begins) {
			t.Errorf("%s: %+v", format, got)
		}
	}
	var x matrix.Matrix
	if err := json.Unmarshal([]byte(rendered(t, "", "matrix", "app.yaml", "-o", "json")), &x); err != nil || x.Cells[0][0].Word != matrix.Plaintext {
		t.Error(err, x)
	}
	if got := call("", "matrix", "mesh.yaml"); got.Code != exitFaults || got.Out != "" {
		t.Errorf("a fault: %+v", got)
	}
	same(t, "nothing", result{0, "The package holds no Service that somebody could call.\n", ""}, call("", "matrix", "-"))
}

func TestMatrixCalls(t *testing.T) {
	enter(t, files{"app.yaml": routed})
	for _, c := range []struct{ args, want string }{
		{"matrix", "matrix: name a file, a directory or -"},
		{"matrix app.yaml -o xml", `matrix: no output "xml"; text, markdown, json, svg, mermaid`},
		{"matrix app.yaml -n pay", "matrix: the package holds no Service in pay"},
		{"matrix nowhere", "stat nowhere: no such file or directory"},
	} {
		if got := call("", strings.Fields(c.args)...); got.Code != exitUsage || got.Out != "" || !strings.Contains(got.Err, c.want) {
			t.Errorf("%s: %+v", c.args, got)
		}
	}
}
