package mesh

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stacks are the layers that lie over each other, the lowest first; the test
// fails when a file is in none of them.
var stacks = [][]string{
	{"base", "generation-module", "platform-minikube"},
}

// A layer states only what differs: a value that repeats the one below it would
// hide the next change there.
func TestLayersStateOnlyWhatDiffers(t *testing.T) {
	used := map[string]bool{}
	for _, stack := range stacks {
		var below layer
		for _, name := range stack {
			used[name+".yaml"] = true
			l, ok := layers()[name+".yaml"]
			if !ok {
				t.Fatalf("no layer %s", name)
			}
			for _, path := range repeated(reflect.ValueOf(l), reflect.ValueOf(below), name) {
				t.Errorf("%s says what is said below it", path)
			}
			merged := layer{}
			fill(reflect.ValueOf(&merged).Elem(), reflect.ValueOf(l))
			fill(reflect.ValueOf(&merged).Elem(), reflect.ValueOf(below))
			below = merged
		}
	}
	for name := range layers() {
		if !used[name] {
			t.Errorf("%s: no stack has this layer", name)
		}
	}
}

// repeated are the values of above that are set and equal below.
func repeated(above, below reflect.Value, at string) []string {
	if above.IsZero() {
		return nil
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

// The health check's port stands first on every platform.
func TestIngressPortsBeginWithTheHealthCheck(t *testing.T) {
	for _, platform := range []string{"cluster", "minikube"} {
		ports := defaults("module", platform).Facts.IngressPorts
		if len(ports) < 3 || ports[0].Name != "status-port" {
			t.Errorf("%s: %v", platform, ports)
		}
	}
}
