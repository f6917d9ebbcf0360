package manifest

import (
	"fmt"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
)

// ReadTree reads a Tree from YAML, for a kind whose values are data that a
// person may want to review. A key written twice is an error.
func ReadTree(text []byte) (Tree, error) {
	var t Tree
	if err := yaml.Unmarshal(text, &t); err != nil {
		return nil, fmt.Errorf("not a tree: %w", err)
	}
	return t, nil
}

// MessageTree is a message as a Tree, for a kind without a Go type that holds
// messages of istio.io/api. It fails where Encode would: on text that is not
// UTF-8, or a duration out of range.
func MessageTree(m proto.Message) (Tree, error) {
	var out treeSink
	w := writer{to: &out, kind: &Kind{}}
	w.message(m.ProtoReflect())
	if w.err != nil {
		return nil, w.err
	}
	return out.root.(Tree), nil
}
