package resourcelist

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Comment is a person's comment that had to go with what it stood at. Text is as
// it is written, with its #; Line is the line of the key or list item it stood
// at, counted as [Item.Node] does.
type Comment struct {
	Line int
	Text string
}

// Update makes old say what want says, and keeps of it what a person may have
// done to it: the order of keys, quotes and comments of what stays, and labels
// and annotations that want does not have. Everything else becomes what want
// has, lists too; an item of a list stays the same one if its value or its name
// does. Where nothing had to change, old is as it was and its bytes can stay.
func Update(old, want *yaml.Node) (changed bool, dropped []Comment) {
	u := &updater{prints: map[*yaml.Node]uint64{}, ours: writtenByUs(old)}
	work := old
	if aliased(old) {
		flat, err := expand(old, false)
		if err != nil {
			u.drop(old)
			*old = *clone(want)
			return true, u.dropped
		}
		work = flat
	}
	if changed = u.node(work, want, object, 0); changed {
		*old = *work
	}
	slices.SortStableFunc(u.dropped, func(a, b Comment) int { return cmp.Compare(a.Line, b.Line) })
	return changed, u.dropped
}

func aliased(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Anchor != "" || slices.ContainsFunc(n.Content, aliased)
}

// place says which keys of a mapping somebody else may have added.
type place int

const (
	inside     place = iota // none
	object                  // none, but metadata may hold such
	metadata                // none, but labels and annotations may be such
	extensible              // all
)

func (p place) below(key string) place {
	switch {
	case p == object && key == "metadata":
		return metadata
	case p == metadata && (key == "labels" || key == "annotations"):
		return extensible
	}
	return inside
}

// dryRun switches a policy off: Istio only reports what it would do. It is no
// remark of a person's beside the object, it is what the object does.
const dryRun = "istio.io/dry-run"

// foreign says whether a key that is not wanted may stay.
func (p place) foreign(key string) bool {
	return p == extensible && key != dryRun || p.below(key) == extensible
}

// set names, as JSON pointers with commas between, keys of an object that were
// written by us and are no person's.
const set = "mesh.kyma-project.io/set"

// writtenByUs are the last steps of these pointers, which are labels and
// annotations here.
func writtenByUs(n *yaml.Node) map[string]bool {
	meta, _ := child(n, "metadata")
	annotations, _ := child(meta, "annotations")
	named, _ := child(annotations, set)
	ours := map[string]bool{set: true}
	for pointer := range strings.SplitSeq(text(named), ",") {
		key := pointer[strings.LastIndexByte(pointer, '/')+1:]
		ours[strings.NewReplacer("~1", "/", "~0", "~").Replace(key)] = true
	}
	return ours
}

type updater struct {
	ours    map[string]bool // keys that are not foreign
	dropped []Comment
	prints  map[*yaml.Node]uint64 // each is asked for once, before its node changes
}

func (u *updater) node(old, want *yaml.Node, at place, depth int) bool {
	if depth > maxDepth || old.Kind != want.Kind || (old.Kind != yaml.ScalarNode && old.ShortTag() != want.ShortTag()) {
		u.replace(old, want)
		return true
	}
	switch old.Kind {
	case yaml.MappingNode:
		return u.mapping(old, want, at, depth)
	case yaml.SequenceNode:
		return u.sequence(old, want, depth)
	}
	if canonical(old) == canonical(want) && (old.Style != 0 || want.Style == 0 || plainlyText(old.Value)) {
		return false
	}
	old.Value, old.Tag, old.Style = want.Value, want.Tag, want.Style
	return true
}

// replace puts another kind of value in the place of old. The comments at the
// place stay; those inside of it go. A collection has no line to have one on:
// what stood behind the value goes in front of it.
func (u *updater) replace(old, want *yaml.Node) {
	for _, c := range old.Content {
		u.drop(c)
	}
	c := clone(want)
	c.HeadComment, c.LineComment, c.FootComment, c.Line = old.HeadComment, old.LineComment, old.FootComment, old.Line
	if c.Kind != yaml.ScalarNode {
		c.HeadComment, c.LineComment = joinComments(c.HeadComment, c.LineComment), ""
	}
	*old = *c
}

func (u *updater) mapping(old, want *yaml.Node, at place, depth int) bool {
	wanted := make(map[string]*yaml.Node, len(want.Content)/2)
	for i := 0; i+1 < len(want.Content); i += 2 {
		wanted[want.Content[i].Value] = want.Content[i+1]
	}
	if len(old.Content) == 0 && len(want.Content) > 0 {
		old.Style = want.Style
	}
	changed := false
	done := make(map[string]bool, len(wanted))
	kept := make([]*yaml.Node, 0, len(want.Content))
	for i := 0; i+1 < len(old.Content); i += 2 {
		k, v := old.Content[i], old.Content[i+1]
		w, ok := wanted[k.Value]
		if k.Kind != yaml.ScalarNode || done[k.Value] || !ok && (!at.foreign(k.Value) || u.ours[k.Value]) {
			u.drop(k)
			u.drop(v)
			changed = true
			continue
		}
		done[k.Value] = true
		kept = append(kept, k, v)
		if ok && u.node(v, w, at.below(k.Value), depth+1) {
			changed = true
		}
	}
	for i := 0; i+1 < len(want.Content); i += 2 {
		if k := want.Content[i]; !done[k.Value] {
			kept = append(kept, clone(k), clone(want.Content[i+1]))
			changed = true
		}
	}
	if changed {
		old.Content = kept
	}
	return changed
}

func (u *updater) sequence(old, want *yaml.Node, depth int) bool {
	if len(old.Content) == 0 && len(want.Content) > 0 {
		old.Style = want.Style
	}
	pairs := u.match(old.Content, want.Content)
	changed := len(old.Content) != len(want.Content)
	used := make([]bool, len(old.Content))
	items := make([]*yaml.Node, len(want.Content))
	for i, w := range want.Content {
		o := pairs[i]
		if o < 0 {
			items[i], changed = clone(w), true
			continue
		}
		used[o] = true
		items[i] = old.Content[o]
		if u.node(items[i], w, inside, depth+1) || o != i {
			changed = true
		}
	}
	for i, c := range old.Content {
		if !used[i] {
			u.drop(c)
		}
	}
	if changed {
		old.Content = items
	}
	return changed
}

// match finds for every wanted item the one it is in the old list, or -1: by
// value first, so that of two items of one name the unchanged one stays, then
// by name.
func (u *updater) match(old, want []*yaml.Node) []int {
	pairs := make([]int, len(want))
	for i := range pairs {
		pairs[i] = -1
	}
	used := make([]bool, len(old))
	pair(pairs, used, old, want, func(n *yaml.Node) (uint64, bool) { return u.print(n), true })
	pair(pairs, used, old, want, func(n *yaml.Node) (string, bool) {
		name, _ := child(n, "name")
		return text(name), text(name) != ""
	})
	return pairs
}

// pair pairs those that have the same id and are in no pair yet, in their order.
func pair[ID comparable](pairs []int, used []bool, old, want []*yaml.Node, id func(*yaml.Node) (ID, bool)) {
	free := make(map[ID][]int, len(old))
	for i, o := range old {
		if k, ok := id(o); ok && !used[i] {
			free[k] = append(free[k], i)
		}
	}
	for i, w := range want {
		if pairs[i] >= 0 {
			continue
		}
		if k, ok := id(w); ok && len(free[k]) > 0 {
			pairs[i], free[k] = free[k][0], free[k][1:]
			used[pairs[i]] = true
		}
	}
}

// print is the same for nodes that say the same, whatever the order of their
// keys. Should it be the same for others too, nothing breaks: what it pairs is
// compared.
func (u *updater) print(n *yaml.Node) uint64 {
	if h, ok := u.prints[n]; ok {
		return h
	}
	h := fnv.New64a()
	h.Write([]byte{byte(n.Kind)})
	switch n.Kind {
	case yaml.ScalarNode:
		h.Write([]byte(canonical(n)))
	case yaml.MappingNode:
		var sum uint64
		for i := 0; i+1 < len(n.Content); i += 2 {
			pair := fnv.New64a()
			write(pair, u.print(n.Content[i]))
			write(pair, u.print(n.Content[i+1]))
			sum += pair.Sum64()
		}
		write(h, sum)
	default:
		for _, c := range n.Content {
			write(h, u.print(c))
		}
	}
	u.prints[n] = h.Sum64()
	return u.prints[n]
}

func write(h hash.Hash, n uint64) { h.Write(binary.LittleEndian.AppendUint64(nil, n)) }

// canonical is the value of a scalar however it is written: True is true, 0x10
// is 16, and "16" is neither.
func canonical(n *yaml.Node) string {
	tag := n.ShortTag()
	switch tag {
	case "!!bool", "!!int", "!!float", "!!null":
		var v any
		if err := n.Decode(&v); err == nil {
			return tag + fmt.Sprint(v)
		}
	}
	return tag + strconv.Quote(n.Value)
}

// plainlyText says whether a value without quotes is text to every reader, also
// to those of YAML 1.1, which take yes for a bool and 1:30 for a number.
func plainlyText(s string) bool {
	switch strings.ToLower(s) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	return strings.IndexByte("0123456789+-.~=<", s[0]) < 0
}

// drop notes the comments of what goes.
func (u *updater) drop(n *yaml.Node) {
	for _, text := range []string{n.HeadComment, n.LineComment} {
		if text != "" {
			u.dropped = append(u.dropped, Comment{n.Line, text})
		}
	}
	for _, c := range n.Content {
		u.drop(c)
	}
	if n.FootComment != "" {
		u.dropped = append(u.dropped, Comment{n.Line, n.FootComment})
	}
}

func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = clone(child)
	}
	return &c
}
