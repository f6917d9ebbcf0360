//go:build race

package kymamesh

// raceEnabled makes the thousand-fold runs shorter: the race detector costs ten
// times the time, and finds in twenty runs what it finds in a thousand.
const raceEnabled = true
