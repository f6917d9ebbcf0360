//go:build !race

package kymamesh

// raceEnabled: see race_test.go.
const raceEnabled = false
