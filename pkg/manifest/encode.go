package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/internal/parallel"
)

// Encode writes the objects as YAML documents separated by ---, for a file, a
// pipe or kubectl. The keys of every mapping are in byte order, so that the same
// objects are the same bytes whatever istio.io/api renumbers.
//
// An object that cannot be written (see [Object].Spec) is an error, and then
// nothing at all is written: half a mesh may be an open one.
func Encode(w io.Writer, os []Object) error {
	parts := slices.Collect(slices.Chunk(os, encodedTogether))
	texts, faults := make([][]byte, len(parts)), make([]error, len(parts))
	parallel.Do(len(parts), func(i int) {
		texts[i], faults[i] = encoded(parts[i], i > 0)
	})
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	for _, text := range texts {
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

const (
	// encodedTogether is how many objects make one text, which is one processor's
	// work. Text that is kept in one piece is copied, and held twice, each time it
	// grows.
	encodedTogether = 4096
	// usualText is what an object seldom needs more than.
	usualText = 512
)

// encoded is a part of what Encode writes; others stand before it, or not.
func encoded(os []Object, behind bool) ([]byte, error) {
	e := yamlEncoder{out: yamlSink{buf: make([]byte, 0, len(os)*usualText), odd: map[string]string{}}}
	for i, o := range os {
		if behind || i > 0 {
			e.out.buf = append(e.out.buf, "---\n"...)
		}
		if err := e.add(o); err != nil {
			return nil, err
		}
	}
	return e.out.buf, nil
}

// AppendYAML appends one object as Encode writes it, without a separator, for
// hosts that put objects into a text of their own.
func AppendYAML(dst []byte, o Object) ([]byte, error) {
	e := yamlEncoder{out: yamlSink{buf: dst, odd: map[string]string{}}}
	if err := e.add(o); err != nil {
		return dst, err
	}
	return e.out.buf, nil
}

// EncodeJSON writes the objects as one List, in the shape in which kubectl
// prints several objects with -o json.
func EncodeJSON(w io.Writer, os []Object) error {
	var out jsonSink
	out.openMapping()
	out.key("apiVersion")
	out.text("v1")
	out.key("items")
	out.openSequence()
	wr := writer{to: &out}
	for _, o := range os {
		if err := wr.object(o); err != nil {
			return err
		}
	}
	out.close()
	out.key("kind")
	out.text("List")
	out.close()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, out.buf, "", "    "); err != nil {
		return err
	}
	pretty.WriteByte('\n')
	_, err := w.Write(pretty.Bytes())
	return err
}

// Text is a message as YAML, for an annotation that holds one.
func Text(m proto.Message) (string, error) {
	var out nodeSink
	wr := writer{to: &out}
	wr.spec(m)
	if wr.err != nil {
		return "", wr.err
	}
	text, err := marshal(out.root)
	return string(text), err
}

// Node is the object as a mapping node without positions, for hosts that merge
// it into a document of somebody else. Written by yaml.v3 with two spaces and
// compact sequences it is what Encode writes.
func Node(o Object) (*yaml.Node, error) {
	var out nodeSink
	wr := writer{to: &out}
	if err := wr.object(o); err != nil {
		return nil, err
	}
	return out.root, nil
}

// yamlEncoder keeps over many objects what is dear to find out for each.
type yamlEncoder struct {
	out yamlSink
	wr  writer
}

func (e *yamlEncoder) add(o Object) error {
	e.wr.to = &e.out
	start := len(e.out.buf)
	err := e.wr.object(o)
	if err != nil || !e.out.unfit {
		return err
	}
	e.out.unfit = false
	e.out.buf = e.out.buf[:start]
	return e.addNode(o)
}

// addNode leaves the layout to yaml.v3: a key that is too long or has line
// breaks takes a form (? key) that changes the lines around it. No resource of
// Istio has one; a label in a hand-written override may.
func (e *yamlEncoder) addNode(o Object) error {
	n, err := Node(o)
	if err != nil {
		return err
	}
	text, err := marshal(n)
	if err != nil {
		return fmt.Errorf("%s: %w", o.id(), err)
	}
	e.out.buf = append(e.out.buf, text...)
	return nil
}

// marshal is yaml.v3 with the layout of Encode.
func marshal(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	enc.CompactSeqIndent()
	if err := enc.Encode(n); err != nil {
		return nil, err
	}
	err := enc.Close()
	return b.Bytes(), err
}
