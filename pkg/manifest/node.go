package manifest

import "go.yaml.in/yaml/v3"

// nodeSink builds nodes.
type nodeSink struct {
	root  *yaml.Node
	stack []*yaml.Node
}

func (s *nodeSink) openMapping()  { s.open(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}) }
func (s *nodeSink) openSequence() { s.open(&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}) }

func (s *nodeSink) open(n *yaml.Node) {
	s.add(n)
	s.stack = append(s.stack, n)
}

func (s *nodeSink) close() { s.stack = s.stack[:len(s.stack)-1] }

func (s *nodeSink) key(k string)  { s.add(textNode(k)) }
func (s *nodeSink) text(t string) { s.add(textNode(t)) }

func (s *nodeSink) literal(l string) {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: l}
	n.Tag = n.ShortTag() // what a reader would find
	s.add(n)
}

func (s *nodeSink) add(n *yaml.Node) {
	if len(s.stack) == 0 {
		s.root = n
		return
	}
	top := s.stack[len(s.stack)-1]
	top.Content = append(top.Content, n)
}
