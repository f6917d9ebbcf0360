package main

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
)

// output is all that a call gives.
type output struct {
	Exit           int
	Stdout, Stderr string
}

// called is a call of the KRM function.
func called(stdin string, args ...string) output {
	return calledWith(strings.NewReader(stdin), nil, args...)
}

// calledWith is a call on a host that has these files.
func calledWith(stdin io.Reader, files map[string]string, args ...string) output {
	var stdout, stderr bytes.Buffer
	exit := run(args, host{stdin: stdin, stdout: &stdout, stderr: &stderr, readFile: func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(text), nil
	}})
	return output{exit, stdout.String(), stderr.String()}
}
