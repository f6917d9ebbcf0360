package manifest

import (
	"bytes"
	"encoding/json"
)

// jsonSink writes JSON without spaces.
type jsonSink struct {
	buf   []byte
	stack []level
}

func (j *jsonSink) openMapping() {
	j.item()
	j.stack = append(j.stack, level{})
	j.buf = append(j.buf, '{')
}

func (j *jsonSink) openSequence() {
	j.item()
	j.stack = append(j.stack, level{sequence: true})
	j.buf = append(j.buf, '[')
}

func (j *jsonSink) close() {
	l := j.stack[len(j.stack)-1]
	j.stack = j.stack[:len(j.stack)-1]
	if l.sequence {
		j.buf = append(j.buf, ']')
		return
	}
	j.buf = append(j.buf, '}')
}

func (j *jsonSink) key(k string) {
	j.comma()
	j.quote(k)
	j.buf = append(j.buf, ':')
}

func (j *jsonSink) text(s string) {
	j.item()
	j.quote(s)
}

func (j *jsonSink) literal(s string) {
	j.item()
	j.buf = append(j.buf, s...)
}

// item sets off the next item if the value to come is one.
func (j *jsonSink) item() {
	if n := len(j.stack); n > 0 && j.stack[n-1].sequence {
		j.comma()
	}
}

func (j *jsonSink) comma() {
	l := &j.stack[len(j.stack)-1]
	if l.filled {
		j.buf = append(j.buf, ',')
	}
	l.filled = true
}

// quote does not escape <, > and &, which json.Marshal does for the sake of
// HTML: a regex with (?P<name>) is to stay readable.
func (j *jsonSink) quote(s string) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string into memory cannot fail
	j.buf = append(j.buf, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
