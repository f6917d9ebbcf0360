package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// launching is the first argument of the program where it starts another one for
// itself: a process is said to have needed what the one that started it had at
// that time, and this one begins with little.
const launching = "launch"

// launch runs a command and writes what it took to the first file behind standard
// error: nanoseconds by the clock and of the processor, and bytes.
func launch(args []string) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		fmt.Fprintln(os.Stderr, "the system does not say what a process used")
		return 1
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if _, err := fmt.Fprintln(os.NewFile(3, "took"), wall.Nanoseconds(), cpu.Nanoseconds(), int64(usage.Maxrss)<<10); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
