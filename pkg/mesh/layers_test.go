package mesh

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kymamesh/kymamesh/pkg/spec"
)

// stacks are all stacks of layers that a document can have.
func stacks() []stack {
	var all []stack
	for _, generation := range spec.Generations {
		facts := layers()["generation-"+generation+".yaml"]().Facts
		for _, profile := range append(slices.Clone(facts.Profiles), facts.DefaultProfile) {
			for _, platform := range []string{"cluster", "minikube", "k3d", "gardener", "gke"} {
				for _, existing := range []bool{false, true} {
					all = append(all, stackOf(generation, profile, platform, existing))
				}
			}
		}
	}
	return all
}

// A layer states only what differs: a value that repeats the one below it in
// every stack would hide the next change there.
func TestLayersStateOnlyWhatDiffers(t *testing.T) {
	repeats := map[string]map[string]int{} // by layer: how often a place repeats
	uses := map[string]int{}
	for _, s := range stacks() {
		for i, l := range s {
			uses[l.name]++
			below := s[i+1:].merged()
			for _, path := range repeated(reflect.ValueOf(*l.layer), reflect.ValueOf(below), l.name) {
				if repeats[l.name] == nil {
					repeats[l.name] = map[string]int{}
				}
				repeats[l.name][path]++
			}
		}
	}
	for name, paths := range repeats {
		for path, times := range paths {
			if times == uses[name] {
				t.Errorf("%s says what is said below it", path)
			}
		}
	}
	for name := range layers() {
		if uses[strings.TrimSuffix(name, ".yaml")] == 0 {
			t.Errorf("%s: no stack has this layer", name)
		}
	}
}

// repeated are the values of above that are set and equal below.
func repeated(above, below reflect.Value, at string) []string {
	if above.IsZero() {
		return nil
	}
	if above.Kind() == reflect.Pointer {
		above, below = above.Elem(), reflect.Indirect(below)
		if !below.IsValid() {
			return nil
		}
	}
	if above.Kind() == reflect.Map && !below.IsNil() {
		var all []string
		for _, key := range above.MapKeys() {
			if value := below.MapIndex(key); value.IsValid() {
				all = append(all, repeated(above.MapIndex(key), value, at+"."+key.String())...)
			}
		}
		return all
	}
	if above.Kind() != reflect.Struct {
		if reflect.DeepEqual(above.Interface(), below.Interface()) {
			return []string{at}
		}
		return nil
	}
	var all []string
	for i := range above.NumField() {
		all = append(all, repeated(above.Field(i), below.Field(i), at+"."+above.Type().Field(i).Name)...)
	}
	return all
}

func TestFill(t *testing.T) {
	type inner struct {
		Text string
		List []string
	}
	type outer struct {
		Inner   inner
		Map     map[string]inner
		Pointer *bool
	}
	yes, no := true, false
	below := outer{
		Inner:   inner{Text: "below", List: []string{"a", "b"}},
		Map:     map[string]inner{"both": {Text: "below", List: []string{"c"}}, "below": {Text: "x"}},
		Pointer: &yes,
	}
	author := map[string]inner{"both": {Text: "above"}}
	above := outer{Inner: inner{List: []string{}}, Map: author, Pointer: &no}
	fill(reflect.ValueOf(&above).Elem(), reflect.ValueOf(below))
	want := outer{
		Inner:   inner{Text: "below", List: []string{}},
		Map:     map[string]inner{"both": {Text: "above", List: []string{"c"}}, "below": {Text: "x"}},
		Pointer: &no,
	}
	if d := cmp.Diff(want, above); d != "" {
		t.Error(d)
	}
	if len(author) != 1 || author["both"].List != nil {
		t.Errorf("the author's map was written to: %v", author)
	}
	above.Map["both"].List[0] = "changed"
	if below.Map["both"].List[0] != "c" {
		t.Error("a layer was written to")
	}
}

// The health check's port stands first everywhere.
func TestIngressPortsBeginWithTheHealthCheck(t *testing.T) {
	for _, s := range stacks() {
		ports := s.merged().Facts.IngressPorts
		if len(ports) < 3 || ports[0].Name != "status-port" {
			t.Errorf("%s: %v", s[0].name, ports)
		}
	}
}
