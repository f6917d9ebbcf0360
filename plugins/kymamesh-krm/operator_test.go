package main

import (
	"slices"
	"strings"
	"testing"
)

// What was written into an IstioOperator goes again without a trace: byte by byte it
// is what its author wrote.
func TestOperatorTakenBack(t *testing.T) {
	const set, goes = "existing-in-place", "existing-in-place-taken-back"
	theirs := func(entry string) bool { return strings.Contains(entry, "name: my-istio") }
	before, with := entries(readCase(t, set, "in.yaml")), entries(readCase(t, set, "want.yaml"))
	after := entries(readCase(t, goes, "want.yaml"))
	wrote, carries, left := before[slices.IndexFunc(before, theirs)], with[slices.IndexFunc(with, theirs)], after[slices.IndexFunc(after, theirs)]
	if carries == wrote || left != wrote {
		t.Errorf("left:\n%s\nwant:\n%s", left, wrote)
	}
}

// An IstioOperator is of the installation: a call for the resources reads it, so that
// the words about it may stand in the document, and leaves it alone.
func TestOperatorOfAPart(t *testing.T) {
	in := readCase(t, "existing-in-place", "in.yaml")
	for part, changes := range map[string]bool{"install": true, "all": true, "resources": false} {
		got := called(strings.Replace(in, "part: install", "part: "+part, 1))
		if got.Exit != 0 || strings.Contains(got.Stdout, "mesh.kyma-project.io/set") != changes {
			t.Errorf("part %s: exit %d\n%s", part, got.Exit, got.Stderr)
		}
	}
}
