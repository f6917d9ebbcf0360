package manifest

import "strconv"

// treeSink builds a Tree.
type treeSink struct {
	root  any
	stack []*treeLevel
}

// treeLevel is a mapping or a list that is being filled.
type treeLevel struct {
	mapping Tree // nil for a list
	list    []any
	key     string
}

func (s *treeSink) openMapping()  { s.stack = append(s.stack, &treeLevel{mapping: Tree{}}) }
func (s *treeSink) openSequence() { s.stack = append(s.stack, &treeLevel{list: []any{}}) }

func (s *treeSink) close() {
	top := s.stack[len(s.stack)-1]
	s.stack = s.stack[:len(s.stack)-1]
	if top.mapping != nil {
		s.add(top.mapping)
		return
	}
	s.add(top.list)
}

func (s *treeSink) key(k string)  { s.stack[len(s.stack)-1].key = k }
func (s *treeSink) text(t string) { s.add(t) }

// literal reads what writer writes: null, true, false or a number.
func (s *treeSink) literal(l string) {
	switch l {
	case "null":
		s.add(nil)
		return
	case "true", "false":
		s.add(l == "true")
		return
	}
	if n, err := strconv.Atoi(l); err == nil {
		s.add(n)
		return
	}
	f, _ := strconv.ParseFloat(l, 64) // writer writes no other literals
	s.add(f)
}

func (s *treeSink) add(v any) {
	if len(s.stack) == 0 {
		s.root = v
		return
	}
	top := s.stack[len(s.stack)-1]
	if top.mapping != nil {
		top.mapping[top.key] = v
		return
	}
	top.list = append(top.list, v)
}
