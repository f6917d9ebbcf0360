package render

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/istioop"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// operatorEdits are what a mesh changes in the IstioOperator of the package, value by
// value; none where it does not change one in place.
func operatorEdits(m *mesh.Mesh) []edit.Edit {
	t := m.Install.Theirs
	if t == nil {
		return nil
	}
	target := edit.Target{APIVersion: t.APIVersion, Kind: istioop.Kind.Name, Namespace: t.Namespace, Name: t.Name}
	var all []edit.Edit
	for _, f := range istioop.Fields(m) {
		path, value := keysOf(f.Path), valueNode(f.Value)
		e := edit.Edit{Target: target, Path: path, Value: value, Name: f.Name, Origin: f.Source.Path}
		says := "something else"
		if value.Kind == yaml.ScalarNode {
			says = value.Value
		}
		e.Advice = fmt.Sprintf("the document says %s; keep one", says)
		if f.Source.Layer != "" {
			e.Origin = m.Path.Key("spec").Key("install").Key("mode")
			e.Advice = fmt.Sprintf("%s says %s; write what is to hold as %s", f.Source.Layer, says, f.Word)
		}
		e.Rivals = rivals(path, value, e.Advice)
		all = append(all, e)
	}
	return all
}

// keysOf is the path of a field from the object inwards.
func keysOf(steps []istioop.Step) []string {
	path := []string{"spec"}
	for _, s := range steps {
		step := s.Key
		if s.Item != nil {
			var names []string
			for _, n := range s.Item {
				names = append(names, n.Field, edit.ItemText(valueNode(n.Value)))
			}
			step = edit.Item(names...)
		}
		path = append(path, step)
	}
	return path
}

func valueNode(v any) *yaml.Node {
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		panic(err) // a Tree holds nothing that YAML cannot say
	}
	return &n
}

// rivals are other keys of an IstioOperator that say the same, and those that exclude
// a key.
func rivals(path []string, value *yaml.Node, advice string) []edit.Rival {
	var all []edit.Rival
	add := func(agrees, advice string, path ...string) {
		all = append(all, edit.Rival{Path: path, Name: nameOfPath(path[1:]), Agrees: agrees, Advice: advice})
	}
	same := noValue
	if value.Kind == yaml.ScalarNode {
		same = value.Value
	}
	switch at := strings.Join(path[1:], "/"); {
	case path[1] == "meshConfig":
		add(same, advice, slices.Concat([]string{"spec", "values"}, path[1:])...)
		var outer []string
		md := (&meshconfig.MeshConfig{}).ProtoReflect().Descriptor()
		for i := 2; i < len(path) && md != nil; i++ {
			outer = path[:i]
			fd := md.Fields().ByJSONName(path[i])
			if fd == nil {
				break
			}
			if fd.TextName() != path[i] {
				add(noValue, "Istio takes one of the two forms; write it as "+path[i], slices.Concat(outer, []string{fd.TextName()})...)
			}
			for _, other := range excluded(fd) {
				add(noValue, path[i]+" and "+other+" exclude each other; remove one", slices.Concat(outer, []string{other})...)
			}
			if md = fd.Message(); fd.IsMap() || fd.IsList() {
				md = nil
			}
		}
	case strings.HasPrefix(at, "values/pilot/env/"):
		env := []string{"spec", "components", "pilot", "k8s", "env", edit.Item("name", path[len(path)-1])}
		add(same, advice, slices.Concat(env, []string{"value"})...)
		add(noValue, advice, slices.Concat(env, []string{"valueFrom"})...)
	case strings.HasPrefix(at, "values/gateways/istio-ingressgateway/type"):
		add(same, advice, "spec", "components", "ingressGateways", edit.Item("name", "istio-ingressgateway"), "k8s", "service", "type")
	case strings.HasPrefix(at, "values/gateways/istio-egressgateway/type"):
		add(same, advice, "spec", "components", "egressGateways", edit.Item("name", "istio-egressgateway"), "k8s", "service", "type")
	}
	return all
}

// nameOfPath is a path as Field.Name has it.
func nameOfPath(path []string) string {
	name := path[0]
	for _, step := range path[1:] {
		if _, value, isItem := strings.Cut(strings.TrimSuffix(step, "]"), "="); isItem && step[0] == '[' {
			name += "[" + value + "]"
			continue
		}
		name += "." + step
	}
	return name
}

// noValue is the value of a rival that never says the same.
const noValue = "\x00"

// excluded are the other fields of a field's oneof.
func excluded(fd protoreflect.FieldDescriptor) []string {
	oneof := fd.ContainingOneof()
	if oneof == nil || oneof.IsSynthetic() {
		return nil
	}
	var others []string
	for i := range oneof.Fields().Len() {
		if other := oneof.Fields().Get(i); other != fd {
			others = append(others, other.JSONName())
		}
	}
	return others
}

// theirs reads an IstioOperator of a package as the installation that it is. What it
// says in another form than Istio takes is left to istioctl.
func theirs(root *yaml.Node) *mesh.Theirs {
	var o struct {
		APIVersion string `yaml:"apiVersion"`
		Metadata   struct{ Namespace, Name string }
		Spec       struct {
			Revision   string
			Components struct {
				CNI             *yaml.Node     `yaml:"cni"`
				IngressGateways []theirGateway `yaml:"ingressGateways"`
				EgressGateways  []theirGateway `yaml:"egressGateways"`
			}
		}
	}
	_ = root.Decode(&o) // all that has the form
	t := &mesh.Theirs{APIVersion: o.APIVersion, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Revision: o.Spec.Revision}
	t.CNI = o.Spec.Components.CNI != nil
	for _, g := range o.Spec.Components.IngressGateways {
		if g.Name == "istio-ingressgateway" {
			t.IngressGateway = true
			for _, p := range g.K8s.Service.Ports {
				t.IngressPorts = append(t.IngressPorts, mesh.ServicePort{Name: p.Name, Port: p.Port})
			}
		}
	}
	t.EgressGateway = slices.ContainsFunc(o.Spec.Components.EgressGateways, func(g theirGateway) bool { return g.Name == "istio-egressgateway" })
	return t
}

type theirGateway struct {
	Name string
	K8s  struct {
		Service struct {
			Ports []struct {
				Name string
				Port int
			}
		}
	} `yaml:"k8s"`
}
