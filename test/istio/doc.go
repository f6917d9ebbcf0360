// Package istio holds no code but tests: Istio's own code judges what kymamesh
// renders. A golden file says what we emit; only Istio can say that it is right.
//
// It is a module of its own, so that Istio and Kubernetes never enter the
// library's, and one package, because every test binary that links Istio costs
// gigabytes. Nothing here needs a cluster or a network.
//
// The judges take every case of testdata/golden and every example: a new one is
// judged without being listed here.
package istio
