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

// Of two packages, one below the other, each KymaMesh changes the IstioOperator beside
// it, also where both have one name.
func TestOperatorsOfTwoPackages(t *testing.T) {
	item := func(pkg, kind, apiVersion, name, spec string) string {
		return "- apiVersion: " + apiVersion + "\n  kind: " + kind + "\n  metadata:\n    name: " + name + "\n    annotations:\n" +
			"      internal.config.kubernetes.io/path: '" + pkg + kind + ".yaml'\n      internal.config.kubernetes.io/index: '0'\n" +
			"      internal.config.kubernetes.io/package-path: '" + strings.TrimSuffix("/home/me/root/"+pkg, "/") + "'\n  spec: " + spec + "\n"
	}
	text := "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"
	for _, c := range []struct{ pkg, words string }{{"", "env: {ROOT: x}"}, {"sub/", "env: {SUB: x}"}} {
		text += item(c.pkg, "KymaMesh", "mesh.kyma-project.io/v1alpha1", "mesh"+strings.TrimSuffix(c.pkg, "/"), "{install: {mode: existing, pilot: {"+c.words+"}}}") +
			item(c.pkg, "IstioOperator", "install.istio.io/v1alpha1", "istio", "{profile: default}")
	}
	got := called(text)
	if got.Exit != 0 {
		t.Fatal(got.Stderr)
	}
	for _, entry := range entries(got.Stdout) {
		if !strings.Contains(entry, "kind: IstioOperator") {
			continue
		}
		sub := strings.Contains(entry, "'sub/")
		if strings.Contains(entry, "ROOT: x") == sub || strings.Contains(entry, "SUB: x") != sub {
			t.Errorf("package sub %t\n%s", sub, entry)
		}
	}
}
