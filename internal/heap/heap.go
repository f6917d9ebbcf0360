// Package heap sets how soon a program's memory is collected.
package heap

import (
	"runtime"
	"runtime/debug"
)

const (
	// first is the heap at which a program collects for the first time. A call with
	// a thousand services makes about as much garbage in all.
	first = 32 << 20
	// usual is the heap at which Go does.
	usual = 4 << 20
)

// CollectLate puts off the first collection until the heap has grown to 32 MB,
// where Go would begin at 4 MB; from then on all is as usual. A program that ends
// before never collects, and one that does not saves the collections of a small
// heap, which cost it most: hardly anything of it is garbage yet. A limit that
// GOMEMLIMIT sets holds all the same.
//
// It is to be called once, when the program starts, and not where the user has
// written GOGC.
func CollectLate() {
	percent := debug.SetGCPercent(100 * first / usual)
	// The first collection finds that nobody holds this.
	runtime.AddCleanup(new([64]byte), func(percent int) { debug.SetGCPercent(percent) }, percent)
}
