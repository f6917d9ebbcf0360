package mesh

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A name that istio.io/api does not have would be asked for nowhere.
func TestNamesOfFields(t *testing.T) {
	for name := range since {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		switch d.(type) {
		case protoreflect.FieldDescriptor, protoreflect.EnumValueDescriptor:
		default:
			t.Errorf("%s is %T: %v", name, d, err)
		}
	}
	for name := range givenUp {
		if _, err := protoregistry.GlobalFiles.FindDescriptorByName(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
