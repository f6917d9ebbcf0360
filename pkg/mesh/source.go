package mesh

import (
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Source says where a value comes from: a place of the document, or a layer of
// defaults.
type Source struct {
	// Path is the place of the document; it says nothing where Layer is set.
	Path diag.Path
	// Layer is the layer as a person knows it, such as generation 1.24 production;
	// empty for the document.
	Layer string
}

// sources finds where the words of one mesh come from.
type sources struct {
	written spec.Spec
	at      diag.Path
	stack   stack
	facts   facts
}

// Source finds who says a word below spec, given step by step: install, pilot,
// minReplicas. A word that nobody says is a fact of the generation.
func (m *Mesh) Source(word ...string) Source {
	s := m.sources
	if len(word) == 2 && word[0] == "extensionProviders" {
		return s.provider(word[1], m.Install.Generation)
	}
	if said(reflect.ValueOf(s.written), word) {
		at := s.at
		for _, w := range word {
			at = at.Key(w)
		}
		return Source{Path: at}
	}
	if s.opened(word) {
		return Source{Path: s.at.Key("gateways")}
	}
	if at, used := s.switchedOn(word); used {
		return Source{Path: at}
	}
	for _, l := range s.stack {
		if said(reflect.ValueOf(l.Spec), word) {
			return Source{Layer: l.label()}
		}
	}
	return Source{Layer: "generation " + m.Install.Generation}
}

// provider finds who says a provider, whose name is no word.
func (s sources) provider(name, generation string) Source {
	named := func(p *extensionProvider) bool { return p.GetName() == name }
	if i := slices.IndexFunc(s.written.ExtensionProviders, named); i >= 0 {
		return Source{Path: s.at.Key("extensionProviders").Index(i)}
	}
	for _, l := range s.stack {
		if slices.ContainsFunc(l.Spec.ExtensionProviders, named) {
			return Source{Layer: l.label()}
		}
	}
	return Source{Layer: "generation " + generation}
}

// opened tells whether a port of the ingress gateway is there because a gateway
// listens on it.
func (s sources) opened(word []string) bool {
	if len(word) != 4 || strings.Join(word[:3], ".") != "install.ingressGateway.ports" {
		return false
	}
	isPort := func(p ServicePort) bool { return p.Name == word[3] }
	return !slices.ContainsFunc(s.facts.IngressPorts, isPort) && !slices.ContainsFunc(s.stack, func(l namedLayer) bool {
		_, ok := l.Spec.Install.IngressGateway.Ports[word[3]]
		return ok
	})
}

// switchedOn finds the host of egress for which the egress gateway is installed.
func (s sources) switchedOn(word []string) (diag.Path, bool) {
	if strings.Join(word, ".") != "install.egressGateway.enabled" {
		return diag.Path{}, false
	}
	return usesEgressGateway(s.at, s.written)
}

// said tells whether a word is said.
func said(v reflect.Value, word []string) bool {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		if len(word) == 0 {
			return true // also when it is false
		}
		if message, ok := v.Interface().(proto.Message); ok {
			m := message.ProtoReflect()
			return m.Has(m.Descriptor().Fields().ByJSONName(word[0]))
		}
		v = v.Elem()
	}
	switch {
	case !v.IsValid() || v.IsZero():
		return false
	case len(word) == 0:
		return true
	case v.Kind() == reflect.Struct:
		return said(wordOf(v, word[0]), word[1:])
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		item := v.MapIndex(reflect.ValueOf(word[0]))
		if item.IsValid() && item.Kind() == reflect.String {
			return len(word) == 1 // also when it is empty
		}
		return said(item, word[1:])
	}
	return false
}

// wordOf is the field of a struct with a name in YAML.
func wordOf(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		tag, inline, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case tag == name && inline == "":
			return v.Field(i)
		case inline != "":
			if found := wordOf(v.Field(i), name); found.IsValid() {
				return found
			}
		}
	}
	return reflect.Value{}
}
