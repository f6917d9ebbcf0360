package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
)

// host is what the function gets from whoever calls it.
type host struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	readFile       func(string) ([]byte, error)
}

const help = `kymamesh-krm renders KymaMesh documents into Istio resources.

It is a KRM function: it reads a ResourceList on standard input and writes it
back with the rendered resources. The documents may be the functionConfig,
items of the list, or both; a ConfigMap as functionConfig holds options:

  part: all | install | resources     what to render (default all)
  check: documents | package | only   what to check (default documents): what the
      documents say; the whole package, whoever wrote it; or the same without
      rendering, as a validator, also where there is no KymaMesh. An error fails.

kustomize's legacy exec plugin calls it with the path of a KymaMesh file; then it
reads and writes plain YAML documents.

  kustomize build --enable-alpha-plugins DIR
  kpt fn render DIR --allow-exec
  kpt fn eval DIR --exec kymamesh-krm

Flags:
  --help      this text
  --version   the version
`

// run is one call of the function. A call with the path of a file is kustomize's
// legacy exec plugin; every other one is a KRM function.
//
// Exit 0 always comes with the whole output on stdout and never without: kpt
// takes an empty output for the wish to delete the package.
func run(args []string, h host) int {
	if len(args) > 0 {
		switch args[0] {
		case "--help", "-h", "help":
			return h.write([]byte(help))
		case "--version", "version":
			return h.write([]byte("kymamesh-krm " + version + "\n"))
		}
	}
	c, err := open(args, h)
	if err != nil {
		return h.fail(err)
	}
	if err := c.run(); err != nil {
		return h.fail(err)
	}
	c.report(h.stderr)
	out, err := c.output()
	if err != nil {
		return h.fail(err)
	}
	if len(out) > 0 {
		if code := h.write(out); code != 0 {
			return code
		}
	}
	if c.ds.HasErrors() {
		return 1
	}
	return 0
}

// write puts the whole output on stdout, or fails.
func (h host) write(out []byte) int {
	if _, err := h.stdout.Write(out); err != nil {
		return h.fail(fmt.Errorf("stdout: %w", err))
	}
	return 0
}

// fail says on stderr why there is no output.
func (h host) fail(err error) int {
	fmt.Fprintf(h.stderr, "error: %v\n", err)
	return 1
}

// open reads the input of the call.
func open(args []string, h host) (*call, error) {
	words := args
	config, legacy, err := legacyConfig(args, h)
	if err != nil {
		return nil, err
	}
	if legacy {
		words = args[1:]
	}
	options, err := optionsOf(words, legacy)
	if err != nil {
		return nil, err
	}
	input, err := readAll(h.stdin)
	if err != nil {
		return nil, err
	}
	c := &call{options: options, legacy: legacy}
	if legacy {
		if c.list, err = resourcelist.ParseStream(input); err != nil {
			return nil, fmt.Errorf("stdin: %w", err)
		}
		return c, c.addConfigText(config)
	}
	if c.list, err = resourcelist.Parse(input); err != nil {
		return nil, fmt.Errorf("stdin: %w", err)
	}
	return c, c.addConfig(c.list.FunctionConfig())
}

// legacyConfig is the file that the legacy exec plugin names in its first word.
func legacyConfig(args []string, h host) ([]byte, bool, error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return nil, false, nil
	}
	// The file lies in TMPDIR, whose name may hold a = as well.
	if key, _, found := strings.Cut(args[0], "="); found && !strings.ContainsAny(key, `/\`) {
		return nil, false, nil
	}
	text, err := h.readFile(args[0])
	if err != nil {
		return nil, false, fmt.Errorf("the first word has to be a KymaMesh file, as kustomize gives it: %w", err)
	}
	return text, true, nil
}

// readAll reads the input up to the bound that resourcelist has. A terminal is
// no input: kustomize gives a generator none either.
func readAll(r io.Reader) ([]byte, error) {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0 {
			return nil, nil
		}
	}
	input, err := io.ReadAll(io.LimitReader(r, resourcelist.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("stdin: %w", err)
	}
	if len(input) > resourcelist.MaxBytes {
		return nil, fmt.Errorf("stdin: more than %d MB; split the package", resourcelist.MaxBytes>>20)
	}
	return input, nil
}
