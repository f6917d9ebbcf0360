// Command sbom writes the software bill of materials of Go programs: what
// `go version -m` says of each, as one SPDX 2.3 document. It reads the build
// information in the binary, so that it says what was linked and not what a
// go.mod asks for. The same binaries give the same bytes.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// document is an SPDX document, https://spdx.github.io/spdx-spec/v2.3/.
type document struct {
	SPDXVersion       string         `json:"spdxVersion"`
	DataLicense       string         `json:"dataLicense"`
	SPDXID            string         `json:"SPDXID"`
	Name              string         `json:"name"`
	DocumentNamespace string         `json:"documentNamespace"`
	CreationInfo      creationInfo   `json:"creationInfo"`
	Packages          []element      `json:"packages"`
	Relationships     []relationship `json:"relationships"`
}

type creationInfo struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

// element is a package: a program, or a module that is linked into it.
type element struct {
	SPDXID                string      `json:"SPDXID"`
	Name                  string      `json:"name"`
	Version               string      `json:"versionInfo"`
	DownloadLocation      string      `json:"downloadLocation"`
	FilesAnalyzed         bool        `json:"filesAnalyzed"`
	Checksums             []checksum  `json:"checksums,omitempty"`
	ExternalRefs          []reference `json:"externalRefs,omitempty"`
	PrimaryPackagePurpose string      `json:"primaryPackagePurpose"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	Element string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	Related string `json:"relatedSpdxElement"`
}

const root = "SPDXRef-DOCUMENT"

func run(paths []string, out io.Writer) error {
	if len(paths) == 0 {
		return errors.New("name the programs")
	}
	// A time of its own would make two documents of one program; the epoch says
	// that there is none.
	doc := document{
		SPDXVersion: "SPDX-2.3", DataLicense: "CC0-1.0", SPDXID: root, Name: "kymamesh",
		CreationInfo: creationInfo{"1970-01-01T00:00:00Z", []string{"Tool: kymamesh-sbom"}},
	}
	sum := sha256.New()
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		sum.Write(content)
		doc.add(filepath.Base(path), content, info)
	}
	doc.DocumentNamespace = "https://github.com/kymamesh/kymamesh/sbom/" + hex.EncodeToString(sum.Sum(nil))
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(doc)
}

// add notes a program and what is linked into it.
func (d *document) add(name string, content []byte, info *buildinfo.BuildInfo) {
	hash := sha256.Sum256(content)
	program := element{
		SPDXID: "SPDXRef-Program-" + identifier(name), Name: name, Version: info.Main.Version, DownloadLocation: "NOASSERTION",
		Checksums: []checksum{{"SHA256", hex.EncodeToString(hash[:])}}, PrimaryPackagePurpose: "APPLICATION",
		ExternalRefs: []reference{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + info.Main.Path}},
	}
	d.Packages = append(d.Packages, program)
	d.relate(root, "DESCRIBES", program.SPDXID)
	linked := append([]*debug.Module{{Path: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")}}, info.Deps...)
	for _, m := range linked {
		if m.Replace != nil {
			m = m.Replace
		}
		module := element{
			SPDXID: "SPDXRef-Module-" + identifier(m.Path+"-"+m.Version), Name: m.Path, Version: m.Version, DownloadLocation: "NOASSERTION",
			PrimaryPackagePurpose: "LIBRARY", ExternalRefs: []reference{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + m.Path + "@" + m.Version}},
		}
		if !slices.ContainsFunc(d.Packages, func(e element) bool { return e.SPDXID == module.SPDXID }) {
			d.Packages = append(d.Packages, module)
		}
		d.relate(program.SPDXID, "DEPENDS_ON", module.SPDXID)
	}
}

func (d *document) relate(element, kind, related string) {
	d.Relationships = append(d.Relationships, relationship{element, kind, related})
}

var notInIdentifier = regexp.MustCompile(`[^A-Za-z0-9.-]`)

// identifier is a name with the characters that SPDX takes.
func identifier(name string) string { return notInIdentifier.ReplaceAllString(name, "-") }
