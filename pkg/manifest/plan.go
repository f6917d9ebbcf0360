package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// plan is what writing needs to know of a message type: sorting the fields anew
// for each message would cost more than writing them.
type plan struct {
	name   protoreflect.FullName
	fields []field                             // sorted by key
	known  func(*writer, protoreflect.Message) // set for types with a form of their own
}

type field struct {
	desc protoreflect.FieldDescriptor
	key  string
}

// plans is safe to share and never stale: a descriptor does not change. It is
// keyed by descriptor and not by name, since a name can be loaded twice.
var plans sync.Map // protoreflect.MessageDescriptor → *plan

func planOf(md protoreflect.MessageDescriptor) *plan {
	if p, ok := plans.Load(md); ok {
		return p.(*plan)
	}
	p := &plan{name: md.FullName(), known: wellKnown(md.FullName())}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		p.fields = append(p.fields, field{fd, fd.JSONName()})
	}
	slices.SortFunc(p.fields, func(a, b field) int { return cmp.Compare(a.key, b.key) })
	plans.Store(md, p)
	return p
}

// shownFields is Kind.Shown by message, so that a message without any costs one
// look-up.
type shownFields map[protoreflect.FullName][]protoreflect.Name

func shownBy(k *Kind) shownFields {
	s := shownFields{}
	for _, name := range k.Shown {
		s[name.Parent()] = append(s[name.Parent()], name.Name())
	}
	return s
}

// Check says whether every name in Shown has an effect, for the test of a table
// of kinds. A name nobody has would be passed over in silence, and so would a
// field that knows whether it was set: writing its zero where it was not set
// would change what the resource says.
func (k Kind) Check() error {
	for _, name := range k.Shown {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		if err != nil {
			return fmt.Errorf("%s: shown: no %s; want the full protobuf name of a field", k.Name, name)
		}
		fd, ok := d.(protoreflect.FieldDescriptor)
		if !ok {
			return fmt.Errorf("%s: shown: %s is no field; want the full protobuf name of a field", k.Name, name)
		}
		if fd.HasPresence() {
			return fmt.Errorf("%s: shown: %s is written whenever it is set; want a field whose zero is not", k.Name, name)
		}
		if sibling, ok := k.Moot[name]; ok && fd.ContainingMessage().Fields().ByName(sibling) == nil {
			return fmt.Errorf("%s: moot: %s has no sibling %s; want a field of the same message", k.Name, name, sibling)
		}
	}
	for name := range k.Moot {
		if !slices.Contains(k.Shown, name) {
			return fmt.Errorf("%s: moot: %s is not shown; want a field of Shown", k.Name, name)
		}
	}
	return nil
}
