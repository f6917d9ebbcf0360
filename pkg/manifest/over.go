package manifest

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// WayOut is what a document merged over an object.
type WayOut struct {
	// Under is the spec without it.
	Under proto.Message
	// At is the place of the document.
	At diag.Path
}

// Over is the object with a message of the spec's type merged over its spec: by
// field, maps by key, lists by the name of their items where they have one, else
// replaced. Neither message is written to. Of several merged one after the other
// the last place stays.
func (o Object) Over(m proto.Message, at diag.Path) Object {
	under, ok := o.Spec.(proto.Message)
	if !ok {
		return o
	}
	merged := proto.Clone(under)
	mergeOver(merged.ProtoReflect(), proto.Clone(m).ProtoReflect())
	if o.WayOut != nil {
		under = o.WayOut.Under
	}
	o.Spec, o.WayOut = merged, &WayOut{Under: under, At: at}
	return o
}

// itemName is where the items of a list have their name, by the name of their type
// (design amendment 43). Settings of a port go by its number: replaced as a list
// they would take away the TLS that a port starts.
var itemName = map[protoreflect.FullName][]protoreflect.Name{
	"istio.networking.v1alpha3.Subset":      {"name"},
	"istio.networking.v1alpha3.Server":      {"port", "name"},
	"istio.networking.v1alpha3.ServicePort": {"name"},
	"istio.networking.v1alpha3.HTTPRoute":   {"name"},

	"istio.networking.v1alpha3.TrafficPolicy.PortTrafficPolicy": {"port", "number"},
}

// orderedItems are lists in which the first match wins and the last item takes the
// rest, so that new ones stand before it.
const orderedItems protoreflect.FullName = "istio.networking.v1alpha3.HTTPRoute"

// mergeOver merges by field.
func mergeOver(into, from protoreflect.Message) {
	from.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap():
			mergeMaps(into.Mutable(fd).Map(), v.Map(), fd)
		case fd.IsList():
			mergeLists(into, v.List(), fd)
		case fd.Message() != nil && fd.Message().FullName().Parent() != "google.protobuf" && into.Has(fd):
			mergeOver(into.Mutable(fd).Message(), v.Message())
		default: // also a duration or a wrapped value, which is one value
			into.Set(fd, v)
		}
		return true
	})
}

func mergeMaps(into, from protoreflect.Map, fd protoreflect.FieldDescriptor) {
	from.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		if fd.MapValue().Message() != nil && into.Has(k) {
			mergeOver(into.Get(k).Message(), v.Message())
		} else {
			into.Set(k, v)
		}
		return true
	})
}

func mergeLists(into protoreflect.Message, from protoreflect.List, fd protoreflect.FieldDescriptor) {
	old, names := into.Get(fd).List(), map[string]int{}
	if !named(old, fd, names) || !named(from, fd, map[string]int{}) {
		into.Set(fd, protoreflect.ValueOfList(from))
		return
	}
	var last protoreflect.Value
	merged := into.NewField(fd).List()
	count := old.Len()
	if fd.Message().FullName() == orderedItems && count > 0 {
		count--
		last = old.Get(count)
	}
	for i := range count {
		merged.Append(old.Get(i))
	}
	for i := range from.Len() {
		item := from.Get(i)
		if at, known := names[nameOf(item.Message())]; known {
			mergeOver(old.Get(at).Message(), item.Message())
			continue
		}
		merged.Append(item)
	}
	if last.IsValid() {
		merged.Append(last)
	}
	into.Set(fd, protoreflect.ValueOfList(merged))
}

// named tells whether all items of a list have a name, and notes where.
func named(list protoreflect.List, fd protoreflect.FieldDescriptor, names map[string]int) bool {
	if fd.Message() == nil || itemName[fd.Message().FullName()] == nil {
		return false
	}
	for i := range list.Len() {
		name := nameOf(list.Get(i).Message())
		if name == "" {
			return false
		}
		names[name] = i
	}
	return true
}

func nameOf(m protoreflect.Message) string {
	path := itemName[m.Descriptor().FullName()]
	for i, step := range path {
		v := m.Get(m.Descriptor().Fields().ByName(step))
		if i == len(path)-1 {
			return v.String()
		}
		m = v.Message()
	}
	return ""
}
