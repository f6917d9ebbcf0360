package manifest

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	networking "istio.io/api/networking/v1alpha3"
)

// TestRefused: what cannot be written is an error in each form, and nothing is
// written.
func TestRefused(t *testing.T) {
	endless := Tree{}
	endless["a"] = []any{endless}
	endlessStruct := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	endlessStruct.Fields["a"] = structpb.NewStructValue(endlessStruct)
	tests := map[string]struct {
		spec any
		want string
	}{
		"no spec":           {nil, "Made shop/reviews: spec is a <nil>; want a protobuf message or a Tree"},
		"another type":      {[]any{}, "spec is a []interface {}; want"},
		"nil message":       {(*networking.VirtualService)(nil), "spec is a nil *v1alpha3.VirtualService; want a message"},
		"type in tree":      {Tree{"a": Tree{"b": int64(1)}}, "b is a int64; want string, bool, int"},
		"infinite in tree":  {Tree{"a": math.Inf(1)}, "a is +Inf; want a finite number"},
		"text in tree":      {Tree{"a": "\xff"}, `a is "\xff"; want valid UTF-8`},
		"key in tree":       {Tree{"\xff": 1}, `spec has the key "\xff"; want valid UTF-8`},
		"endless tree":      {endless, "spec contains itself"},
		"endless struct":    {endlessStruct, "spec contains itself"},
		"text":              {&networking.VirtualService{Hosts: []string{"\xff"}}, `hosts is "\xff"; want valid UTF-8`},
		"key":               {&networking.Subset{Labels: map[string]string{"\xff": ""}}, `labels has the key "\xff"; want valid UTF-8`},
		"empty value":       {&structpb.Value{}, "google.protobuf.Value holds nothing"},
		"NaN value":         {structpb.NewNumberValue(math.NaN()), "google.protobuf.Value.number_value is NaN; want a finite number"},
		"mixed duration":    {&durationpb.Duration{Seconds: 1, Nanos: -1}, "is no duration; want seconds and nanoseconds of one sign"},
		"mixed below zero":  {&durationpb.Duration{Seconds: -1, Nanos: 1}, "is no duration"},
		"long duration":     {&durationpb.Duration{Seconds: maxDuration + 1}, "is no duration"},
		"least duration":    {&durationpb.Duration{Seconds: math.MinInt64}, "is no duration"},
		"nanoseconds":       {&durationpb.Duration{Nanos: 1e9}, "is no duration"},
		"unprintable field": {&fieldmaskpb.FieldMask{Paths: []string{"a__b"}}, "google.protobuf.FieldMask: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			os := []Object{made(Tree{}), made(test.spec)}
			var b bytes.Buffer
			check := func(form string, err error) {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: got %v; want %s", form, err, test.want)
				}
			}
			check("Encode", Encode(&b, os))
			check("EncodeJSON", EncodeJSON(&b, os))
			if b.Len() > 0 {
				t.Errorf("written nevertheless: %s", b.String())
			}
			n, err := Node(os[1])
			check("Node", err)
			if n != nil {
				t.Error("a node nevertheless")
			}
			got, err := AppendYAML([]byte("before"), os[1])
			check("AppendYAML", err)
			if string(got) != "before" {
				t.Errorf("got %s; want before", got)
			}
		})
	}
}

func TestNoKind(t *testing.T) {
	err := Encode(&bytes.Buffer{}, []Object{{Namespace: "shop", Name: "a", Spec: Tree{}}})
	if err == nil || err.Error() != "object shop/a: no kind; want Object.Kind" {
		t.Error(err)
	}
}

// TestDepth: deep is not endless.
func TestDepth(t *testing.T) {
	v := any(1)
	for range maxDepth - 1 {
		v = Tree{"a": v}
	}
	if _, err := AppendYAML(nil, made(Tree{"a": v})); err != nil {
		t.Error(err)
	}
	if _, err := AppendYAML(nil, made(Tree{"b": Tree{"a": v}})); err == nil {
		t.Error("one deeper is written")
	}
	wide := &networking.VirtualService{}
	for range 2 * maxDepth {
		wide.Http = append(wide.Http, &networking.HTTPRoute{
			Timeout: durationpb.New(1),
			Retries: &networking.HTTPRetry{RetryIgnorePreviousHosts: wrapperspb.Bool(true)},
		})
	}
	if _, err := AppendYAML(nil, made(proto.Message(wide))); err != nil {
		t.Errorf("many is not deep: %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteFails(t *testing.T) {
	for name, encode := range map[string]error{
		"Encode":     Encode(broken{}, []Object{made(Tree{})}),
		"EncodeJSON": EncodeJSON(broken{}, nil),
	} {
		if encode == nil || encode.Error() != "disk full" {
			t.Errorf("%s: got %v; want disk full", name, encode)
		}
	}
}

// TestAppendYAML: an object appended is the object encoded, behind what was
// there.
func TestAppendYAML(t *testing.T) {
	for _, o := range []Object{
		made(Tree{"a": "b"}),
		made(Tree{strings.Repeat("k", 200): Tree{"a": "b"}}),
	} {
		got, err := AppendYAML([]byte("# before\n"), o)
		if err != nil {
			t.Fatal(err)
		}
		if want := "# before\n" + written(t, o); string(got) != want {
			t.Errorf("got %s; want %s", got, want)
		}
	}
}
