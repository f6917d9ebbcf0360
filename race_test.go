//go:build race

package kymamesh

// raceEnabled makes the many runs shorter: the race detector costs ten times the
// time, and finds in three runs what it finds in sixty.
const raceEnabled = true
