// Command kymamesh renders KymaMesh documents on the command line.
package main

import (
	"io"
	"os"

	"github.com/kymamesh/kymamesh/internal/heap"
)

// version is set when a release is built.
var version = "dev"

func main() {
	if os.Getenv("GOGC") == "" {
		heap.CollectLate()
	}
	os.Exit(run(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, terminal: isTerminal(os.Stderr)}))
}

// streams are what the program reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
	// terminal tells whether a person reads err; then faults are shown in their
	// source.
	terminal bool
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
