package manifest

import (
	"strings"
	"testing"

	networking "istio.io/api/networking/v1alpha3"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// A server that redirects has httpsRedirect alone; a server that passes TLS on
// has the mode PASSTHROUGH, which is the zero and has to be seen.
func TestMoot(t *testing.T) {
	const mode protoreflect.FullName = "istio.networking.v1alpha3.ServerTLSSettings.mode"
	k := &Kind{
		Name: "Gateway", Group: "networking.istio.io",
		Shown: []protoreflect.FullName{mode},
		Moot:  map[protoreflect.FullName]protoreflect.Name{mode: "https_redirect"},
	}
	if err := k.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tls  *networking.ServerTLSSettings
		mode bool
	}{
		{&networking.ServerTLSSettings{HttpsRedirect: true}, false},
		{&networking.ServerTLSSettings{}, true},
	} {
		got, err := AppendYAML(nil, Object{Kind: k, Version: "v1", Name: "g", Spec: c.tls})
		if err != nil {
			t.Fatal(err)
		}
		if shown := strings.Contains(string(got), "mode: PASSTHROUGH"); shown != c.mode {
			t.Errorf("mode shown: %v, want %v:\n%s", shown, c.mode, got)
		}
	}
	for _, bad := range []Kind{
		{Name: "X", Shown: k.Shown, Moot: map[protoreflect.FullName]protoreflect.Name{mode: "nothing"}},
		{Name: "X", Moot: k.Moot},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v: want an error", bad)
		}
	}
}
