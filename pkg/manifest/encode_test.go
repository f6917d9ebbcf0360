package manifest

import (
	"bytes"
	"encoding/json"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/testing/protocmp"

	_ "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	_ "istio.io/api/telemetry/v1alpha1"
)

// testKind shows a field of each sort.
var testKind = &Kind{
	Name:  "Made",
	Group: "up.istio.io",
	Shown: []protoreflect.FullName{
		"istio.networking.v1alpha3.ClientTLSSettings.mode",
		"istio.networking.v1alpha3.ServerTLSSettings.mode",
		"istio.networking.v1alpha3.OutboundTrafficPolicy.mode",
		"istio.networking.v1alpha3.HTTPRetry.attempts",
		"istio.networking.v1alpha3.HTTPRoute.match",
		"istio.networking.v1alpha3.Destination.subset",
		"istio.networking.v1alpha3.Subset.labels",
		"istio.networking.v1alpha3.Percent.value",
		"istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings.max_connections",
		"istio.security.v1beta1.AuthorizationPolicy.action",
		"istio.security.v1beta1.JWTRule.forward_original_token",
	},
}

func made(spec any) Object {
	return Object{
		Kind: testKind, Version: "v1", Namespace: "shop", Name: "reviews",
		Owner: "mesh", Source: "KymaMesh/-/mesh", Spec: spec,
	}
}

func written(t testing.TB, os ...Object) string {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, os); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEncode(t *testing.T) {
	virtual := &Kind{Name: "VirtualService", Group: "networking.istio.io",
		Shown: []protoreflect.FullName{"istio.networking.v1alpha3.Destination.subset"}}
	operator := &Kind{Name: "IstioOperator", Group: "install.istio.io"}
	got := written(t,
		Object{Kind: operator, Version: "v1alpha1", Namespace: "istio-system", Name: "mesh", Owner: "shop",
			Source: "KymaMesh/-/shop", Root: "istio-system",
			Spec: Tree{"profile": "default", "components": Tree{"pilot": Tree{"k8s": Tree{"replicaCount": 2, "env": []any{}}}},
				"values": Tree{"lists": []any{[]any{1, 2.5}, []any{Tree{"a": nil, "b": true}}}, "text": "a\n\n  b\n"}}},
		Object{Kind: virtual, Version: "v1", Name: "reviews", Spec: &networking.VirtualService{
			Hosts: []string{"*", "reviews"},
			Http:  []*networking.HTTPRoute{{Route: []*networking.HTTPRouteDestination{{Destination: &networking.Destination{Host: "reviews"}, Weight: 90}}}, {}},
		}},
	)
	want := `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  annotations:
    mesh.kyma-project.io/namespace: istio-system
    mesh.kyma-project.io/source: KymaMesh/-/shop
  labels:
    mesh.kyma-project.io/owner: shop
  name: mesh
  namespace: istio-system
spec:
  components:
    pilot:
      k8s:
        env: []
        replicaCount: 2
  profile: default
  values:
    lists:
    - - 1
      - 2.5
    - - a: null
        b: true
    text: |
      a

        b
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
  - '*'
  - reviews
  http:
  - route:
    - destination:
        host: reviews
        subset: ""
      weight: 90
  - {}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEncodeJSON(t *testing.T) {
	var b bytes.Buffer
	if err := EncodeJSON(&b, []Object{made(Tree{"b": []any{1, "<\""}, "a": Tree{}}), made(&networking.VirtualService{Hosts: []string{"a", "b"}})}); err != nil {
		t.Fatal(err)
	}
	object := func(spec string) string {
		return strings.ReplaceAll(`{
    "apiVersion": "up.istio.io/v1",
    "kind": "Made",
    "metadata": {
        "annotations": {
            "mesh.kyma-project.io/source": "KymaMesh/-/mesh"
        },
        "labels": {
            "mesh.kyma-project.io/owner": "mesh"
        },
        "name": "reviews",
        "namespace": "shop"
    },
    "spec": `+spec+`
}`, "\n", "\n        ")
	}
	want := `{
    "apiVersion": "v1",
    "items": [
        ` + object(`{
        "a": {},
        "b": [
            1,
            "<\""
        ]
    }`) + `,
        ` + object(`{
        "hosts": [
            "a",
            "b"
        ]
    }`) + `
    ],
    "kind": "List"
}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestNothing(t *testing.T) {
	if got := written(t); got != "" {
		t.Errorf("no objects are %q; want no text", got)
	}
	var b bytes.Buffer
	if err := EncodeJSON(&b, nil); err != nil {
		t.Fatal(err)
	}
	if want := "{\n    \"apiVersion\": \"v1\",\n    \"items\": [],\n    \"kind\": \"List\"\n}\n"; b.String() != want {
		t.Errorf("got %s; want %s", b.String(), want)
	}
}

// TestNode: a node says what a reader of the text would find, and has no
// position, since it stands nowhere yet.
func TestNode(t *testing.T) {
	o := made(Tree{"a": "1", "b": 1, "c": 1.5, "d": true, "e": nil, "f": "plain", "g": []any{"a: b", "a\nb"}, "h": Tree{}})
	got, err := Node(o)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(written(t, o)), &doc); err != nil {
		t.Fatal(err)
	}
	positions := cmpopts.IgnoreFields(yaml.Node{}, "Line", "Column")
	flow := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Style" }, cmp.Comparer(func(a, b yaml.Style) bool {
		return a&^yaml.FlowStyle == b&^yaml.FlowStyle // {} reads as a flow mapping
	}))
	if diff := cmp.Diff(doc.Content[0], got, positions, flow, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	for n := range nodes(got) {
		if n.Line != 0 || n.Column != 0 || n.Style&yaml.FlowStyle != 0 {
			t.Errorf("%q: line %d, column %d, style %d; want none of them", n.Value, n.Line, n.Column, n.Style)
		}
	}
}

// nodes are n and all below.
func nodes(n *yaml.Node) iter.Seq[*yaml.Node] {
	return func(yield func(*yaml.Node) bool) {
		if !yield(n) {
			return
		}
		for _, c := range n.Content {
			for below := range nodes(c) {
				if !yield(below) {
					return
				}
			}
		}
	}
}

// TestZeros holds the values that protojson drops, each of which a reader would
// take for another when it is missing.
func TestZeros(t *testing.T) {
	tests := map[string]struct {
		spec proto.Message
		want string
	}{
		"tls DISABLE": {
			&networking.TrafficPolicy{Tls: &networking.ClientTLSSettings{}},
			"tls:\n  mode: DISABLE\n",
		},
		"no tls, nothing shown": {&networking.TrafficPolicy{}, "{}\n"},
		"server tls PASSTHROUGH": {
			&networking.Gateway{Servers: []*networking.Server{{Tls: &networking.ServerTLSSettings{}}}},
			"servers:\n- tls:\n    mode: PASSTHROUGH\n",
		},
		"action ALLOW": {&security.AuthorizationPolicy{}, "action: ALLOW\n"},
		"REGISTRY_ONLY": {
			&networking.Sidecar{OutboundTrafficPolicy: &networking.OutboundTrafficPolicy{}},
			"outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n",
		},
		"retries attempts 0": {
			&networking.HTTPRoute{Retries: &networking.HTTPRetry{}},
			"match: []\nretries:\n  attempts: 0\n",
		},
		"text, list, map, bool, double": {
			&networking.Subset{TrafficPolicy: &networking.TrafficPolicy{ConnectionPool: &networking.ConnectionPoolSettings{
				Tcp: &networking.ConnectionPoolSettings_TCPSettings{}}}},
			"labels: {}\ntrafficPolicy:\n  connectionPool:\n    tcp:\n      maxConnections: 0\n",
		},
		"a value is not hidden by its zero": {
			&networking.TrafficPolicy{Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_MUTUAL}},
			"tls:\n  mode: MUTUAL\n",
		},
		"empty text":  {&networking.Destination{Host: "a"}, "host: a\nsubset: \"\"\n"},
		"false":       {&security.JWTRule{}, "forwardOriginalToken: false\n"},
		"zero double": {&networking.Percent{}, "value: 0\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, got, _ := strings.Cut(written(t, made(test.spec)), "spec:")
			got = strings.TrimPrefix(strings.ReplaceAll(got, "\n  ", "\n"), "\n")
			if diff := cmp.Diff(test.want, strings.TrimPrefix(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	if err := testKind.Check(); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		name protoreflect.FullName
		want string
	}{
		{"istio.networking.v1alpha3.ClientTLSSettings.mod", "no istio.networking.v1alpha3.ClientTLSSettings.mod;"},
		{"istio.networking.v1alpha3.ClientTLSSettings", "is no field"},
		{"istio.networking.v1alpha3.TrafficPolicy.tls", "is written whenever it is set"},
		{"istio.networking.v1alpha3.StringMatch.exact", "is written whenever it is set"},
	} {
		err := Kind{Name: "Made", Shown: []protoreflect.FullName{test.name}}.Check()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v; want %q", test.name, err, test.want)
		}
	}
}

// TestShownWithPresence: a name that Check refuses must not make a set out of
// an unset.
func TestShownWithPresence(t *testing.T) {
	o := made(&networking.StringMatch{})
	o.Kind = &Kind{Name: "Made", Group: "g", Shown: []protoreflect.FullName{"istio.networking.v1alpha3.StringMatch.exact"}}
	if got := written(t, o); !strings.HasSuffix(got, "spec: {}\n") {
		t.Error(got)
	}
}

// messages are all types of Istio's API that a resource can hold.
func messages(t testing.TB) []protoreflect.MessageType {
	var all []protoreflect.MessageType
	protoregistry.GlobalTypes.RangeMessages(func(mt protoreflect.MessageType) bool {
		switch name := string(mt.Descriptor().FullName()); {
		case strings.HasPrefix(name, "istio."), strings.HasPrefix(name, "google.protobuf.") && wellKnown(mt.Descriptor().FullName()) != nil:
			if !mt.Descriptor().IsMapEntry() {
				all = append(all, mt)
			}
		}
		return true
	})
	if len(all) < 150 {
		t.Fatalf("only %d types; want the API of Istio", len(all))
	}
	return all
}

func TestReference(t *testing.T) {
	fresh := rand.Uint64()
	t.Logf("seed %d", fresh)
	for _, seed := range []uint64{1, fresh} {
		f := filler{rand.New(rand.NewPCG(seed, 0))}
		for _, mt := range messages(t) {
			for range 4 {
				m := mt.New()
				f.message(m, 4)
				o := made(m.Interface())
				compare(t, o)
				readBack(t, o)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		}
	}
}

func TestReferenceTree(t *testing.T) {
	fresh := rand.Uint64()
	t.Logf("seed %d", fresh)
	for _, seed := range []uint64{1, fresh} {
		f := filler{rand.New(rand.NewPCG(seed, 0))}
		for range 300 {
			compare(t, made(Tree{"a": f.tree(5), "b": f.tree(5), strings.Repeat("long", f.IntN(50)): f.tree(3)}))
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

// compare holds the three ways of writing to the reference.
func compare(t testing.TB, o Object) {
	t.Helper()
	want := string(reference(t, o))
	if diff := cmp.Diff(want, written(t, o)); diff != "" {
		t.Errorf("Encode: %s", diff)
	}
	n, err := Node(o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("Node: %s", diff)
	}
	var b bytes.Buffer
	if err := EncodeJSON(&b, []Object{o}); err != nil {
		t.Fatal(err)
	}
	list := fromJSON(t, b.Bytes()).(map[string]any)
	data, err := json.Marshal(referenceTree(t, o))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fromJSON(t, data), list["items"].([]any)[0]); diff != "" {
		t.Errorf("EncodeJSON: %s", diff)
	}
}

// readBack decodes the spec strictly from the YAML.
func readBack(t testing.TB, o Object) {
	t.Helper()
	want := o.Spec.(proto.Message)
	var doc struct{ Spec any }
	if err := yaml.Unmarshal([]byte(written(t, o)), &doc); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(doc.Spec)
	if err != nil {
		t.Fatal(err)
	}
	got := want.ProtoReflect().New().Interface()
	if err := protojson.Unmarshal(data, got); err != nil {
		t.Errorf("%v\n%s", err, data)
	} else if diff := cmp.Diff(want, got, protocmp.Transform(), cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
}
