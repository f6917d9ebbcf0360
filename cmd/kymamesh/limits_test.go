package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
)

// zeros is a text of so many zeros, which nobody reads as YAML.
type zeros struct{ left int }

func (z *zeros) Read(p []byte) (int, error) {
	n := min(len(p), z.left)
	if z.left -= n; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// At its limit an input is read. One that is longer is refused, and not a byte more of
// it is read than shows that it is.
func TestInputAtItsLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	for want, in := range map[string]io.Reader{
		"the text is UTF-16": &zeros{resourcelist.MaxBytes},
		"the input has 536870913 bytes; the limit is 536870912": io.MultiReader(&zeros{resourcelist.MaxBytes + 1}, iotest.ErrReader(errors.New("read on behind the limit"))),
	} {
		var out, said bytes.Buffer
		if code := run([]string{"render", "-"}, streams{in: in, out: &out, err: &said}); code != 1 || out.Len() > 0 || !strings.Contains(said.String(), want) {
			t.Errorf("exit %d, %s, want %s", code, said.String(), want)
		}
	}
}
