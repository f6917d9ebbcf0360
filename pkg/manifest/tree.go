package manifest

import (
	"fmt"

	"go.yaml.in/yaml/v3"
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
