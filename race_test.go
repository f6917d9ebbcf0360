//go:build race

package kymamesh

// raceEnabled makes the hundred-fold runs shorter: the race detector costs ten
// times the time, and finds in three runs what it finds in a hundred.
const raceEnabled = true
