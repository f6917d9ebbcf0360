package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A small call is mostly the start of the process. What our packages do then is
// done in every call, also by those that never use it: a regular expression or a
// parsed file belongs behind a sync.Once. The bytes are those that the runtime
// counts, which are the same in every run.
func TestLittleIsDoneBeforeMain(t *testing.T) {
	cmd := program(t, "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	code, said := exits(t, cmd)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	const own = "init github.com/kymamesh/kymamesh/"
	seen := 0
	for lines := bufio.NewScanner(strings.NewReader(said)); lines.Scan(); {
		name, costs, ours := strings.Cut(strings.TrimPrefix(lines.Text(), own), " ")
		if !ours || !strings.HasPrefix(lines.Text(), own) {
			continue
		}
		seen++
		var at, clock float64
		var bytes, allocs int
		if _, err := fmt.Sscanf(costs, "@%f ms, %f ms clock, %d bytes, %d allocs", &at, &clock, &bytes, &allocs); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if bytes > 50_000 || allocs > 150 {
			t.Errorf("%s makes %d bytes in %d pieces before main; do it when it is asked for", name, bytes, allocs)
		}
	}
	if seen < 5 {
		t.Errorf("only %d packages: %s", seen, said)
	}
}

// The garbage collector is not needed for a small document: its first cycle comes
// at 4 MB, and costs as much as an eighth of the call. One processor, because on
// several it depends on their work how many pieces of memory are begun, and a begun one
// counts as used up.
func TestSmallCallsNeedNoCollector(t *testing.T) {
	cmd := program(t, "render", filepath.Join("..", "..", "examples", "quickstart", "kymamesh.yaml"))
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=100", "GOMEMLIMIT=off", "GODEBUG=gctrace=1")
	if code, said := exits(t, cmd); code != 0 || said != "" {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// The first collection comes late, unless the user says otherwise.
func TestMiddlingCallsCollectLate(t *testing.T) {
	var in strings.Builder
	in.WriteString("apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec:\n  domain: shop.example.com\n  services:\n")
	for i := range 600 {
		fmt.Fprintf(&in, "  - {name: s%d, namespace: shop, split: {v1: 90, v2: 10}}\n", i)
	}
	for env, collects := range map[string]bool{"GOGC=": false, "GOGC=100": true, "GOMEMLIMIT=10MiB": true} {
		cmd := program(t, "render", "-")
		cmd.Stdin = strings.NewReader(in.String())
		cmd.Env = append(os.Environ(), "GOGC=", "GOMEMLIMIT=", "GODEBUG=gctrace=1", env)
		if code, said := exits(t, cmd); code != 0 || strings.HasPrefix(said, "gc 1 ") != collects {
			t.Errorf("%s: exit code %d: %s", env, code, said)
		}
	}
}
