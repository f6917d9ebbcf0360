package kymamesh

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/golden"
)

// goModule is a module that is linked into what we ship.
type goModule struct {
	Path, Version, Dir string
	Main               bool
}

// licences are known by a sentence of theirs.
var licences = []struct{ name, sentence string }{
	{"Apache-2.0", "Apache License Version 2.0, January 2004"},
	{"Apache-2.0", "icensed under the Apache License, Version 2.0"},
	{"BSD-3-Clause", "Neither the name of"},
	{"BSD-2-Clause", "Redistributions in binary form must reproduce"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"},
}

const thirdParty = "THIRD_PARTY.md"

// TestThirdParty holds THIRD_PARTY.md against the modules that are linked into
// the programs and the library, on any system. -update writes it.
func TestThirdParty(t *testing.T) {
	got := thirdPartyPage(t)
	if golden.FlagUpdate() {
		if err := os.WriteFile(thirdParty, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(thirdParty)
	if err != nil || string(want) != got {
		t.Errorf("%s is not what is linked; run go test . -run ThirdParty -update (%v)", thirdParty, err)
	}
}

func thirdPartyPage(t *testing.T) string {
	t.Helper()
	var table, texts strings.Builder
	first := map[[32]byte]string{}
	for _, m := range linked(t) {
		var names []string
		for _, file := range licenceFiles(t, m) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			base := filepath.Base(file)
			if !strings.HasPrefix(base, "NOTICE") {
				names = append(names, licencesOf(string(text))...)
			}
			hash := sha256.Sum256(text)
			if same, twice := first[hash]; twice {
				fmt.Fprintf(&texts, "## %s, %s\n\nThe same as %s.\n\n", m.Path, base, same)
				continue
			}
			first[hash] = m.Path + ", " + base
			fmt.Fprintf(&texts, "## %s\n\n```\n%s\n```\n\n", first[hash], strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n\f "))
		}
		slices.Sort(names)
		names = slices.Compact(names)
		if len(names) == 0 {
			t.Errorf("%s: no licence that is known; read it, and add its sentence", m.Path)
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", m.Path, m.Version, strings.Join(names, ", "))
	}
	return "# Third-party software\n\nThe modules that are linked into the library and the programs, with their licences. A test writes this page.\n\n" +
		"| module | version | licence |\n|---|---|---|\n" + table.String() + "\n" + strings.TrimSuffix(texts.String(), "\n")
}

// linked are the modules of all systems that we build for.
func linked(t *testing.T) []goModule {
	t.Helper()
	all := map[string]goModule{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		list := exec.Command("go", "list", "-deps", "-json=Module", "./cmd/...", "./plugins/...", "./pkg/...")
		list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system)
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
			var p struct{ Module *goModule }
			if err := d.Decode(&p); err != nil {
				t.Fatal(err)
			}
			if p.Module != nil && !p.Module.Main {
				all[p.Module.Path] = *p.Module
			}
		}
	}
	if len(all) < 5 {
		t.Fatalf("only %d modules; go list gave something else", len(all))
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	all["std"] = goModule{Path: "Go's standard library", Version: "of the toolchain", Dir: strings.TrimSpace(string(root))}
	return slices.SortedFunc(maps.Values(all), func(a, b goModule) int { return strings.Compare(a.Path, b.Path) })
}

func licenceFiles(t *testing.T, m goModule) []string {
	t.Helper()
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.Type().IsRegular() && (strings.HasPrefix(name, "LICEN") || strings.HasPrefix(name, "COPYING") || strings.HasPrefix(name, "NOTICE")) {
			files = append(files, filepath.Join(m.Dir, e.Name()))
		}
	}
	return files
}

// licencesOf names the licences of a text; one may hold several.
func licencesOf(text string) []string {
	text = strings.Join(strings.Fields(text), " ")
	var names []string
	for _, l := range licences {
		known := strings.Contains(text, l.sentence)
		if known && (l.name != "BSD-2-Clause" || !slices.Contains(names, "BSD-3-Clause")) {
			names = append(names, l.name)
		}
	}
	return names
}
