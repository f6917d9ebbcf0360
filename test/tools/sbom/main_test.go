package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// programs builds what we ship.
func programs(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir, "./cmd/kymamesh", "./plugins/kymamesh-krm")
	build.Dir = filepath.Join("..", "..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return []string{filepath.Join(dir, "kymamesh"), filepath.Join(dir, "kymamesh-krm")}
}

// Every module that is linked is named once, and each program depends on its own.
func TestEveryModule(t *testing.T) {
	paths := programs(t)
	var out, again bytes.Buffer
	if err := run(paths, &out); err != nil {
		t.Fatal(err)
	}
	if err := run(paths, &again); err != nil || again.String() != out.String() {
		t.Errorf("two documents of the same programs differ: %v", err)
	}
	var doc document
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	// Two documents of one second would have the same time.
	if want := (creationInfo{"1970-01-01T00:00:00Z", []string{"Tool: kymamesh-sbom"}}); !reflect.DeepEqual(doc.CreationInfo, want) {
		t.Errorf("made %+v, want %+v", doc.CreationInfo, want)
	}
	byName, ids := map[string]element{}, map[string]bool{}
	for _, e := range doc.Packages {
		if ids[e.SPDXID] {
			t.Errorf("%s is there twice", e.SPDXID)
		}
		byName[e.Name], ids[e.SPDXID] = e, true
	}
	depends := map[relationship]bool{}
	for _, r := range doc.Relationships {
		depends[r] = true
		if !ids[r.Related] {
			t.Errorf("%v leads nowhere", r)
		}
	}
	for _, path := range paths {
		info, err := buildinfo.ReadFile(path)
		if err != nil || len(info.Deps) < 5 {
			t.Fatal(err, len(info.Deps))
		}
		program := byName[filepath.Base(path)]
		if len(program.Checksums) != 1 || !depends[relationship{root, "DESCRIBES", program.SPDXID}] {
			t.Errorf("%s: %+v", path, program)
		}
		for _, m := range info.Deps {
			e := byName[m.Path]
			if e.Version != m.Version || e.ExternalRefs[0].Locator != "pkg:golang/"+m.Path+"@"+m.Version {
				t.Errorf("%s: %+v", m.Path, e)
			}
			if !depends[relationship{program.SPDXID, "DEPENDS_ON", e.SPDXID}] {
				t.Errorf("%s does not depend on %s", path, m.Path)
			}
		}
	}
	if e := byName["stdlib"]; !strings.HasPrefix(e.Version, "1.") {
		t.Errorf("the standard library: %+v", e)
	}
}

func TestRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, paths := range [][]string{nil, {file}, {file + "s"}} {
		if err := run(paths, &bytes.Buffer{}); err == nil {
			t.Errorf("%v: no error", paths)
		}
	}
}
