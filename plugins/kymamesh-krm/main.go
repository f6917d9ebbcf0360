// Command kymamesh-krm is the KRM function: it renders KymaMesh documents for
// kustomize (legacy exec plugin, exec function, container function) and kpt.
//
// It is one binary for all of them and finds out by itself which one calls; see
// [run].
package main

import (
	"os"

	"github.com/kymamesh/kymamesh/internal/heap"
)

// version is set when a release is built.
var version = "dev"

func main() {
	if os.Getenv("GOGC") == "" {
		heap.CollectLate()
	}
	os.Exit(run(os.Args[1:], host{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, readFile: os.ReadFile}))
}
