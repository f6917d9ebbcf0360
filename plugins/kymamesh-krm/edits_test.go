package main

import (
	"strings"
	"testing"
)

// Keys in the package's own objects are resources: a call for the installation
// neither writes them nor takes them back.
func TestEditsOfAPart(t *testing.T) {
	for _, name := range []string{"U05-injection", "edits-taken-back"} {
		in := strings.Replace(readCase(t, name, "in.yaml"), "part: resources", "part: install", 1)
		got := called(in)
		if got.Exit != 0 || !strings.Contains(got.Stdout, "kind: IstioOperator") {
			t.Fatalf("%s: %+v", name, got.Stderr)
		}
		leavesForeign(t, strings.ReplaceAll(in, "mesh.kyma-project.io/set", "kept"), output{Stdout: strings.ReplaceAll(got.Stdout, "mesh.kyma-project.io/set", "kept")})
	}
}
