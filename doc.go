// Package kymamesh is the landing page of a module that turns one small
// document, KymaMesh, into a complete and safe Istio mesh for Kyma clusters.
//
// Import [github.com/kymamesh/kymamesh/pkg/render] to render from Go. The
// command line is cmd/kymamesh and the KRM function for kustomize and kpt is
// plugins/kymamesh-krm. This package holds no code, only the golden tests that
// walk testdata/golden and examples.
package kymamesh
