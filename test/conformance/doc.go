// Package conformance tests the KRM function the way users meet it: kustomize,
// kubectl, kpt and podman start the binary, and what they make of its output is
// compared. Most failures of these clients are silent and exit with 0, so every
// test looks at stdout, stderr, the exit code and the number of resources.
//
// The function and the command line are built from the present source. The
// clients come from the folder KYMAMESH_BIN (default ./bin of the repository,
// which `make tools` fills). A client that the machine cannot have is named in
// KYMAMESH_WITHOUT, a list with commas; its tests are skipped, and a test whose
// client is missing without that fails.
package conformance
