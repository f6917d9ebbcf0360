package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// executable writes a file that is an ELF header and, if dynamic, the segment
// that names a dynamic loader; nobody runs it.
func executable(t *testing.T, machine elf.Machine, dynamic bool) string {
	t.Helper()
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{
			0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT),
		},
		Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Ehsize: 64, Phoff: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
	}
	segment := elf.Prog64{Type: uint32(elf.PT_LOAD)}
	if dynamic {
		segment.Type = uint32(elf.PT_INTERP)
	}
	var file bytes.Buffer
	for _, part := range []any{header, segment} {
		if err := binary.Write(&file, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStaticArchitecture(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path, want, wantErr string
	}{
		{name: "amd64", path: executable(t, elf.EM_X86_64, false), want: "amd64"},
		{name: "arm64", path: executable(t, elf.EM_AARCH64, false), want: "arm64"},
		{name: "dynamic", path: executable(t, elf.EM_X86_64, true), wantErr: "build it with CGO_ENABLED=0"},
		{name: "other machine", path: executable(t, elf.EM_RISCV, false), wantErr: "build it for amd64 or arm64"},
		{name: "no executable", path: script, wantErr: "build it with GOOS=linux"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := staticArchitecture(test.path)
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			checkError(t, err, test.wantErr)
		})
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("got error %v, want none", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got error %v, want one with %q", err, want)
	}
}

func TestRunRefuses(t *testing.T) {
	program := executable(t, elf.EM_X86_64, false)
	tests := []struct {
		name    string
		args    []string
		wantErr string
	}{
		{"no tag flag", []string{"-binary", program}, "want -binary, -tag and -o"},
		{"further argument", []string{"-binary", program, "-tag", "program:dev", "x"}, "want -binary, -tag and -o"},
		{"name without a tag", []string{"-binary", program, "-tag", "program"}, "write program:dev"},
		{"upper-case name", []string{"-binary", program, "-tag", "Program:dev"}, "-tag: "},
		{"no such binary", []string{"-binary", program + "s", "-tag", "program:dev"}, "no such file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "image.tar")
			checkError(t, run(append([]string{"-o", output}, test.args...), io.Discard), test.wantErr)
			if _, err := os.Stat(output); err == nil {
				t.Error("an image was written nevertheless")
			}
		})
	}
}

// packed packs program and reads the image back from the tarball, which is all
// that an engine gets to see.
func packed(t *testing.T, program, output string) v1.Image {
	t.Helper()
	args := []string{"-binary", program, "-tag", "program:dev", "-o", output}
	if err := run(args, io.Discard); err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(output, nil)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestConfig(t *testing.T) {
	img := packed(t, executable(t, elf.EM_AARCH64, false), filepath.Join(t.TempDir(), "image.tar"))
	got, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := &v1.ConfigFile{
		Architecture: "arm64",
		OS:           "linux",
		Created:      v1.Time{Time: time.Unix(0, 0).UTC()},
		Config:       v1.Config{Entrypoint: []string{"/program"}, User: "65534", WorkingDir: "/"},
		RootFS:       got.RootFS,
		History:      []v1.History{{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestFiles(t *testing.T) {
	program := executable(t, elf.EM_X86_64, false)
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	type file struct {
		Name, Content string
		Mode          int64
		Owner         int
		Time          time.Time
	}
	epoch := time.Unix(0, 0)
	want := []file{
		{Name: "etc/", Mode: 0o755, Time: epoch},
		{Name: "etc/group", Mode: 0o644, Time: epoch, Content: "root:x:0:\nnobody:x:65534:\n"},
		{Name: "etc/passwd", Mode: 0o644, Time: epoch, Content: "root:x:0:0:root:/root:/none\nnobody:x:65534:65534:nobody:/:/none\n"},
		{Name: "program", Mode: 0o755, Time: epoch, Content: string(content)},
	}
	var got []file
	img := packed(t, program, filepath.Join(t.TempDir(), "image.tar"))
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("got %d layers and error %v, want 1 layer", len(layers), err)
	}
	layer, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(layer); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, file{header.Name, string(content), header.Mode, header.Uid, header.ModTime})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestSameBytes(t *testing.T) {
	program := executable(t, elf.EM_X86_64, false)
	// Owner, mode and time of the binary as it was built are not the image's.
	first := tarballBytes(t, program)
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(program, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, tarballBytes(t, program)) {
		t.Error("the same binary gave two different images")
	}
}

func tarballBytes(t *testing.T, program string) []byte {
	t.Helper()
	output := filepath.Join(t.TempDir(), "image.tar")
	packed(t, program, output)
	data, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
