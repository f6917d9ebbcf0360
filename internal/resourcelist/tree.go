package resourcelist

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parse reads all documents of a text. yaml.v3 panics on some inputs; here that
// is an error like any other.
func parse(text string) (docs []*yaml.Node, err error) {
	if len(text) > MaxParsed {
		return nil, tooLong(text, nil)
	}
	defer recovered(&err)
	dec := yaml.NewDecoder(strings.NewReader(text))
	for {
		var n yaml.Node
		switch err := dec.Decode(&n); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, err
		}
		docs = append(docs, &n)
	}
}

func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("yaml: %v", p)
	}
}

// parseOne reads a text that has to be one document and gives its root. What a
// comment of the whole document says goes to the first and the last key, where
// encoding the root alone keeps it.
func parseOne(text string) (*yaml.Node, error) {
	docs, err := parse(text)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 || len(docs[0].Content) != 1 {
		return nil, fmt.Errorf("%d documents in a place of one", len(docs))
	}
	doc, root := docs[0], docs[0].Content[0]
	if root.Kind == yaml.MappingNode && len(root.Content) > 1 && root.Style&yaml.FlowStyle == 0 {
		first, last := root.Content[0], root.Content[len(root.Content)-2]
		first.HeadComment = joinComments(doc.HeadComment, root.HeadComment, first.HeadComment)
		last.FootComment = joinComments(last.FootComment, root.FootComment, doc.FootComment)
		root.HeadComment, root.FootComment = "", ""
	}
	return root, nil
}

func joinComments(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, "\n\n")
}

// layout is how a text is indented, so that what is written anew looks like
// what was there.
type layout struct {
	step  int
	inset bool // "- " stands deeper than its key, not below it
}

// encode writes a node as a document, and makes sure that it says what the node
// says: yaml.v3 writes some comments and some block scalars so that they read
// back as something else. Those lose their comments and styles, not their
// content.
func encode(n *yaml.Node, lay layout) (string, error) {
	if text, err := encodeAs(n, lay); err == nil && says(text, n) {
		return text, nil
	}
	bare, err := expand(n, true)
	if err != nil {
		return "", err
	}
	text, err := encodeAs(bare, lay)
	if err == nil && !says(text, bare) {
		err = errors.New("an object cannot be written as YAML that reads back the same")
	}
	return text, err
}

func encodeAs(n *yaml.Node, lay layout) (text string, err error) {
	defer recovered(&err)
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(min(max(lay.step, 2), 8))
	if !lay.inset {
		enc.CompactSeqIndent()
	}
	if err := enc.Encode(n); err != nil {
		return "", err
	}
	if err := enc.Close(); err != nil {
		return "", err
	}
	return b.String(), nil
}

// says is false for a text with characters that the reader cannot count lines
// with: a comment may bring them.
func says(text string, n *yaml.Node) bool {
	if odd(text) {
		return false
	}
	got, err := parseOne(text)
	return err == nil && sameTree(got, n)
}

// sameTree compares what two nodes say: not their style, comments or lines.
func sameTree(a, b *yaml.Node) bool {
	tag := a.ShortTag()
	if a.Kind != b.Kind || tag != b.ShortTag() || (a.Value != b.Value && tag != "!!null") || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !sameTree(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// maxDepth bounds every walk of ours through nodes. Deeper than any object of
// Kubernetes, and no danger to the stack.
const maxDepth = 1000

var errExpand = errors.New("aliases or nesting blow the input up beyond ten times its size or 1000 levels; write it without")

// expand copies a node with what its aliases stand for in their place, as far as
// that does not blow it up. A bare copy has neither styles nor comments.
func expand(n *yaml.Node, bare bool) (*yaml.Node, error) {
	budget := 10*count(n) + 10_000
	c := expandNode(n, bare, &budget, 0)
	if budget < 0 {
		return nil, errExpand
	}
	return c, nil
}

func count(n *yaml.Node) int {
	sum := 1
	for _, c := range n.Content {
		sum += count(c)
	}
	return sum
}

func expandNode(n *yaml.Node, bare bool, budget *int, depth int) *yaml.Node {
	if *budget--; depth > maxDepth {
		*budget = -1
	}
	if *budget < 0 {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return expandNode(n.Alias, bare, budget, depth+1)
	}
	c := *n
	c.Anchor, c.Content = "", make([]*yaml.Node, len(n.Content))
	if bare {
		c.Style, c.HeadComment, c.LineComment, c.FootComment = n.Style&yaml.TaggedStyle, "", "", ""
		if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "\n") {
			c.Style |= yaml.DoubleQuotedStyle
		}
	}
	for i, child := range n.Content {
		c.Content[i] = expandNode(child, bare, budget, depth+1)
	}
	return &c
}
