package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

const canary = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  domain: shop.example.com
  services:
  - {name: reviews, namespace: shop, split: {v1: 90, v2: 10}, expose: reviews}
`

func encoded(t *testing.T, objects []manifest.Object, ds diag.List) string {
	t.Helper()
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	var out bytes.Buffer
	if err := manifest.Encode(&out, objects); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Text, a node and a Go literal that say the same give the same bytes.
func TestThreeDoors(t *testing.T) {
	want := encoded2(render.YAML("a.yaml", []byte(canary)))(t)
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(canary), &n); err != nil {
		t.Fatal(err)
	}
	literal := spec.KymaMesh{
		Metadata: spec.Metadata{Name: "shop"},
		Spec: spec.Spec{
			Domain: "shop.example.com",
			Services: []spec.Service{{
				Name: "reviews", Namespace: "shop",
				Split:  map[string]spec.Percent{"v1": 90, "v2": 10},
				Expose: []spec.Expose{{Hosts: []string{"reviews"}}},
			}},
		},
	}
	for name, got := range map[string]string{
		"node":    encoded2(render.Node(&n))(t),
		"value":   encoded2(render.Node(n.Content[0]))(t),
		"literal": encoded2(render.Objects(literal))(t),
	} {
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if !strings.Contains(want, "weight: 90") {
		t.Errorf("no canary:\n%s", want)
	}
}

// encoded2 lets the two results of a door be passed on.
func encoded2(objects []manifest.Object, ds diag.List) func(*testing.T) string {
	return func(t *testing.T) string { t.Helper(); return encoded(t, objects, ds) }
}

// A document is never written to, and what is rendered is the caller's.
func TestInputsStayAsTheyAre(t *testing.T) {
	doc := spec.KymaMesh{
		Metadata: spec.Metadata{Name: "shop"},
		Spec: spec.Spec{
			Namespaces: map[string]spec.Namespace{"a": {}},
			Gateways: []spec.Gateway{
				{Name: "kyma-gateway"},
				{
					Name: "own", Hosts: []string{"own.example.com"}, Selector: map[string]string{"istio": "own"},
					TLS: &spec.ServerTLS{CredentialName: "own", CipherSuites: []string{"ECDHE-RSA-AES256-GCM-SHA384"}},
				},
			},
			Services: []spec.Service{{
				Name: "reviews", Namespace: "shop", Versions: map[string]spec.Version{"v1": {}, "v2": {Labels: map[string]string{"version": "2"}}}, Split: map[string]spec.Percent{"v1": 50, "v2": 50},
				Selector: map[string]string{"app": "reviews"},
				Security: spec.Security{MTLS: spec.MTLS{Mode: "STRICT"}, Access: spec.Access{
					JWT:   &spec.JWT{Issuers: []*security.JWTRule{{Issuer: "https://a.b", Audiences: []string{"a"}}}, NotPaths: []string{"/x"}},
					Allow: []spec.Rule{{From: &spec.From{Principals: []string{"a/*"}, RequiredScopes: []string{"a"}}, To: &spec.To{Hosts: []string{"a.b"}}}},
				}},
			}},
		},
	}
	first := encoded2(render.Objects(doc))(t)
	objects, _ := render.Objects(doc)
	for _, o := range objects {
		switch s := o.Spec.(type) {
		case *networking.Gateway:
			s.Selector["app"] = "changed"
			s.Servers[0].Tls.CredentialName = "changed"
			for i := range s.Servers[0].Tls.CipherSuites {
				s.Servers[0].Tls.CipherSuites[i] = "changed"
			}
		case *security.PeerAuthentication:
			clear(s.GetSelector().GetMatchLabels())
		case *security.RequestAuthentication:
			clear(s.GetSelector().GetMatchLabels())
			s.JwtRules[0].Issuer, s.JwtRules[0].Audiences[0] = "changed", "changed"
		case *security.AuthorizationPolicy:
			clear(s.GetSelector().GetMatchLabels())
			for _, rule := range s.Rules {
				for _, from := range rule.From {
					clear(from.Source.Principals)
				}
				for _, to := range rule.To {
					clear(to.Operation.Hosts)
					clear(to.Operation.NotPaths)
				}
			}
		case *networking.DestinationRule:
			s.Host = "changed"
			for _, subset := range s.Subsets {
				subset.Labels["version"] = "changed"
			}
		case manifest.Tree:
			clear(s)
		}
	}
	if d := cmp.Diff(first, encoded2(render.Objects(doc))(t)); d != "" {
		t.Errorf("changing what was rendered changed the next rendering:\n%s", d)
	}
	if doc.Spec.Profile != "" || doc.Spec.Services[0].Versions["v1"].Labels != nil || doc.Spec.Gateways[0].Namespace != "" {
		t.Errorf("the document was completed in place: %+v", doc.Spec)
	}
}

// A document built in Go has paths and no positions.
func TestLiteralFaults(t *testing.T) {
	objects, ds := render.Objects(
		spec.KymaMesh{Spec: spec.Spec{Profile: "big"}},
		spec.MeshService{
			Metadata: spec.Metadata{Name: "reviews", Namespace: "shop"},
			Spec:     spec.MeshServiceSpec{Service: spec.Service{Name: "other", Split: map[string]spec.Percent{"v1": 99.99999}}},
		},
	)
	var got []string
	for _, d := range ds {
		got = append(got, d.String())
	}
	want := []string{
		"error KM010: metadata.name: write a name; it is the owner label of all that is rendered",
		"error KM012: spec.profile: no profile big; default, evaluation or production",
		"error KM017: spec: a MeshService speaks for its own service; its name and namespace are its metadata's",
		"error KM015: spec.split.v1: want 0 to 100 with at most four decimals, got 99.99999",
	}
	if d := cmp.Diff(want, got); d != "" || objects != nil {
		t.Errorf("%d objects\n%s", len(objects), d)
	}
}

// Documents of two packages are two meshes that never meet; of one package, the
// second asks for what the first has.
func TestPackagesDoNotMeet(t *testing.T) {
	a := render.Document{File: "a/mesh.yaml", Line: 1, Text: []byte(canary), Package: "a"}
	b := render.Document{File: "b/mesh.yaml", Line: 1, Text: []byte(canary), Package: "b"}
	objects, ds := render.Documents(a, b)
	one, _ := render.Documents(a)
	if len(ds) > 0 || len(objects) != 2*len(one) {
		t.Errorf("two packages: %d objects, want %d; %v", len(objects), 2*len(one), ds)
	}
	ratings := render.Document{File: "b/ratings.yaml", Line: 1, Package: "b", Text: []byte(
		"apiVersion: mesh.kyma-project.io/v1alpha1\nkind: MeshService\nmetadata: {name: ratings, namespace: shop}\nspec: {to: v1}\n")}
	objects, ds = render.Documents(a, b, ratings)
	if len(ds) > 0 || len(objects) != 2*len(one)+2 {
		t.Errorf("a MeshService of the second package: %d objects, want %d; %v", len(objects), 2*len(one)+2, ds)
	}
	b.Package = "a"
	objects, ds = render.Documents(a, b)
	if len(objects) > 0 || len(ds) != len(one) {
		t.Errorf("one package: %d objects; %v", len(objects), ds)
	}
	for _, d := range ds {
		if d.Code != diag.CodeClash || !strings.Contains(d.Message, "KymaMesh/-/shop in a/mesh.yaml") || d.Pos.File != "b/mesh.yaml" {
			t.Errorf("%v", d)
		}
	}
}

// Every object says whose it is, and one in the root namespace where it belongs.
func TestMarks(t *testing.T) {
	objects, ds := render.YAML("a.yaml", []byte(canary))
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	for _, o := range objects {
		root := ""
		if o.Namespace == "istio-system" {
			root = "istio-system"
		}
		if o.Owner != "shop" || o.Source != "KymaMesh/-/shop" || o.Root != root {
			t.Errorf("%s %s/%s: owner %q, source %q, root %q", o.Kind.Name, o.Namespace, o.Name, o.Owner, o.Source, o.Root)
		}
		if owner, ours := render.OwnerOf(item{o.APIVersion(), o.Kind.Name, o.Owner, o.Source}); owner != "shop" || !ours {
			t.Errorf("%s is not known as ours", o.Kind.Name)
		}
	}
	for _, other := range []item{
		{"networking.istio.io/v1alpha3", "EnvoyFilter", "shop", "s"},
		{"v1", "DestinationRule", "shop", "s"},
		{"networking.istio.io/v1", "DestinationRule", "", "s"},
		{"networking.istio.io/v1", "DestinationRule", "shop", ""},
	} {
		if _, ours := render.OwnerOf(other); ours {
			t.Errorf("%v is taken for ours", other)
		}
	}
}

// item is what a host knows of an object: apiVersion, kind and the two marks.
type item struct{ apiVersion, kind, owner, source string }

func (i item) APIVersion() string { return i.apiVersion }
func (i item) Kind() string       { return i.kind }
func (i item) Label(key string) (string, bool) {
	return i.owner, key == manifest.OwnerLabel && i.owner != ""
}
func (i item) Annotation(key string) (string, bool) {
	return i.source, key == manifest.SourceAnnotation && i.source != ""
}

func TestSelect(t *testing.T) {
	objects, _ := render.YAML("a.yaml", []byte(canary))
	install, resources := render.Select(objects, render.PartInstall), render.Select(objects, render.PartResources)
	if len(install) != 1 || install[0].Kind.Name != "IstioOperator" {
		t.Errorf("install: %v", install)
	}
	if len(resources) != len(objects)-1 || len(render.Select(objects, render.PartAll)) != len(objects) {
		t.Errorf("%d resources of %d objects", len(resources), len(objects))
	}
}

// The table of kinds shows zeros of fields that exist.
func TestKinds(t *testing.T) {
	objects, _ := render.YAML("a.yaml", []byte(canary))
	seen := map[string]bool{}
	for _, o := range objects {
		seen[o.Kind.Name] = true
		if err := o.Kind.Check(); err != nil {
			t.Error(err)
		}
	}
	if len(seen) != 5 {
		t.Errorf("kinds of the quickstart: %v", seen)
	}
}
