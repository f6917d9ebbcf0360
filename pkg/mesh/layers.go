package mesh

import (
	"embed"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// layer is one file of defaults: facts, which no document can say, and words in
// the same types as the document, read by the same strict reader.
type layer struct {
	Facts facts     `yaml:"facts"`
	Spec  spec.Spec `yaml:"spec"`
}

// facts are what a generation or a platform is, beside its default words.
type facts struct {
	// Hub is where the generation's images lie, with the generation's Istio.
	Hub string `yaml:"hub"`
	// DefaultProfile is what profile: default means.
	DefaultProfile string `yaml:"defaultProfile"`
	// Profiles are the profiles there are beside default.
	Profiles []string `yaml:"profiles"`
	// IngressPorts are the ports of the ingress gateway's Service. The port of
	// the load balancer's health check stands first: AWS takes the first one
	// (kyma-project/kyma commit 76c4497996).
	IngressPorts []ServicePort `yaml:"ingressPorts"`
	// Injection are the labels istio-injection that the generation puts on
	// namespaces of Kyma's own: enabled or disabled, by namespace.
	Injection map[string]string `yaml:"injection"`
	// HostPorts says that the node's own ports 80 and 443 lead to the ingress
	// gateway, which leaves room for one pod of it.
	HostPorts bool `yaml:"hostPorts"`
	// DNSAnnotations are annotations of the ingress gateway's Service whose text
	// holds {domain} for the document's domain.
	DNSAnnotations map[string]string `yaml:"dnsAnnotations"`
	// Tracer is the provider that gets spans where nobody says another.
	Tracer string `yaml:"tracer"`
	// Healthz says that the generation's own charts made the host healthz.{domain}
	// for checks of the ingress gateway.
	Healthz bool `yaml:"healthz"`
	// Replaces are the lists, in words, of an existing Istio that what is rendered
	// takes the place of.
	Replaces []string `yaml:"replaces"`
	// APIServerConnectSeconds is the connectTimeout of Kyma's DestinationRule
	// api-server.
	APIServerConnectSeconds int `yaml:"apiServerConnectSeconds"`
}

//go:embed layers/*.yaml
var layerFiles embed.FS

// layers are all layers by the names of their files. Each is read when it is first
// asked for, since a document has four or five of them under it.
var layers = sync.OnceValue(func() map[string]func() *layer {
	files, err := layerFiles.ReadDir("layers")
	if err != nil {
		panic(err) // the files are part of the program
	}
	all := make(map[string]func() *layer, len(files))
	for _, f := range files {
		all[f.Name()] = sync.OnceValue(func() *layer { return readLayer(f.Name()) })
	}
	return all
})

// readLayer panics on a broken layer: it is part of the program, and a test
// reads every one.
func readLayer(name string) *layer {
	text, err := layerFiles.ReadFile("layers/" + name)
	if err != nil {
		panic(err)
	}
	source, ds := strictyaml.Parse(name, 1, text, diag.Path{})
	var l layer
	if len(ds) == 0 {
		ds = strictyaml.Decode(source.Root, diag.Path{}, &l)
	}
	if len(ds) > 0 {
		panic(fmt.Sprintf("layers/%s: %v", name, ds.Locate(source.Pos)))
	}
	return &l
}

// stack are the layers under a document, the highest first.
type stack []namedLayer

type namedLayer struct {
	name string
	// reduced says that it lies under an existing Istio, without what it says of an
	// installation.
	reduced bool
	*layer
}

// stackOf says which layers lie under a document of this generation, profile and
// platform. What differs for a profile or a platform in one generation only is a
// layer of its own; most of these do not exist, because nothing differs.
//
// The order, here and nowhere else: base < generation < profile < platform <
// the document.
//
// An Istio that somebody else installed has layers of its own, and none of the
// others says anything of the installation.
func stackOf(kyma, profile, platform string, existing bool) stack {
	var s stack
	if existing {
		for _, name := range []string{"generation-" + kyma + "-existing-" + platform, "generation-" + kyma + "-existing"} {
			if read, ok := layers()[name+".yaml"]; ok {
				s = append(s, namedLayer{name, false, read()})
			}
		}
	}
	for _, name := range []string{
		"generation-" + kyma + "-" + profile + "-" + platform,
		"generation-" + kyma + "-" + platform,
		"platform-" + platform,
		"generation-" + kyma + "-" + profile,
		"generation-" + kyma,
		"base",
	} {
		if read, ok := layers()[name+".yaml"]; ok {
			l := read()
			if existing {
				l = l.withoutInstallation()
			}
			s = append(s, namedLayer{name, existing, l})
		}
	}
	return s
}

// mergedStacks keeps one *layer for each stack, never written to.
var mergedStacks sync.Map

// merged is what the layers say together, not to be written to.
func (s stack) merged() layer {
	var key strings.Builder
	for _, l := range s {
		fmt.Fprintf(&key, "%s %v ", l.name, l.reduced)
	}
	if l, ok := mergedStacks.Load(key.String()); ok {
		return *l.(*layer)
	}
	var l layer
	for _, below := range s {
		fill(reflect.ValueOf(&l).Elem(), reflect.ValueOf(below.layer).Elem())
	}
	mergedStacks.Store(key.String(), &l)
	return l
}

// fill takes from below what is not set above: lists replace, but for providers,
// which merge by name, and maps merge by key. It copies all but the providers, so that
// a layer is never written to.
func fill(above, below reflect.Value) {
	switch above.Kind() {
	case reflect.Struct:
		for i := range above.NumField() {
			fill(above.Field(i), below.Field(i))
		}
	case reflect.Map:
		fillMap(above, below)
	case reflect.Slice:
		if providers, ok := above.Interface().([]*extensionProvider); ok {
			above.Set(reflect.ValueOf(mergeProviders(below.Interface().([]*extensionProvider), providers)))
			return
		}
		if above.IsNil() && !below.IsNil() {
			above.Set(reflect.MakeSlice(above.Type(), below.Len(), below.Len()))
			for i := range below.Len() {
				fill(above.Index(i), below.Index(i))
			}
		}
	case reflect.Pointer:
		if m, ok := below.Interface().(proto.Message); ok { // Istio's own, replaced whole
			if above.IsNil() && !below.IsNil() {
				above.Set(reflect.ValueOf(proto.Clone(m)))
			}
			return
		}
		if above.IsNil() && !below.IsNil() {
			above.Set(reflect.New(above.Type().Elem()))
			fill(above.Elem(), below.Elem())
		}
	default:
		if above.IsZero() {
			above.Set(below)
		}
	}
}

// fillMap makes a new map: above may be the author's.
func fillMap(above, below reflect.Value) {
	if below.IsNil() {
		return
	}
	merged := reflect.MakeMap(above.Type())
	for _, key := range above.MapKeys() {
		merged.SetMapIndex(key, above.MapIndex(key))
	}
	for _, key := range below.MapKeys() {
		item := reflect.New(above.Type().Elem()).Elem()
		if set := merged.MapIndex(key); set.IsValid() {
			item.Set(set)
		}
		fill(item, below.MapIndex(key))
		merged.SetMapIndex(key, item)
	}
	above.Set(merged)
}
