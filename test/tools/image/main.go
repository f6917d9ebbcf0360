// Command image packs one static binary into a container image and writes it
// as a tarball that podman and docker load. It needs neither of them, and the
// same binary gives the same bytes, so that an image can be compared by digest.
package main

import (
	"debug/elf"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "image:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.SetOutput(stderr)
	binary := flags.String("binary", "", "static linux `binary` that the image runs")
	tag := flags.String("tag", "", "`name:tag` the image is loaded as")
	output := flags.String("o", "", "tarball `file` to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *binary == "" || *tag == "" || *output == "" || flags.NArg() > 0 {
		flags.Usage()
		return errors.New("want -binary, -tag and -o, and nothing else")
	}
	return pack(*binary, *tag, *output)
}

// pack writes an image of the binary at path binary to path output.
func pack(binary, tag, output string) error {
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	architecture, err := staticArchitecture(binary)
	if err != nil {
		return err
	}
	ref, err := name.NewTag(tag, name.WithDefaultTag(""))
	if err != nil {
		return fmt.Errorf("-tag: %w", err)
	}
	// An image without a tag is loaded as latest, and latest is what engines
	// ask a registry for before they run what they were given.
	if ref.TagStr() == "" {
		return fmt.Errorf("-tag %s: no tag after the name; write %s:dev", tag, tag)
	}
	img, err := build(filepath.Base(binary), content, architecture)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(output, ref, img)
}

// staticArchitecture returns the GOARCH that the binary was built for. It
// refuses a binary that needs a dynamic loader: an image FROM scratch has none,
// and the engines say only "no such file or directory" of the binary itself.
func staticArchitecture(path string) (string, error) {
	file, err := elf.Open(path)
	if err != nil {
		return "", fmt.Errorf("%s: not a linux binary; build it with GOOS=linux: %w", path, err)
	}
	defer file.Close()
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return "", fmt.Errorf("%s: needs a dynamic loader; build it with CGO_ENABLED=0", path)
		}
	}
	switch file.Machine {
	case elf.EM_X86_64:
		return "amd64", nil
	case elf.EM_AARCH64:
		return "arm64", nil
	}
	return "", fmt.Errorf("%s: built for %s; build it for amd64 or arm64", path, file.Machine)
}
