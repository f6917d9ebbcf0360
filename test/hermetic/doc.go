// Package hermetic runs the built programs under strace and in an empty root
// folder, and looks at what they ask of the system: no network, no program of
// others, no file that was not named, no environment, and no more memory than
// docs/limits.md says.
//
// A machine without strace is named in KYMAMESH_WITHOUT, as clients are in
// test/conformance.
package hermetic
