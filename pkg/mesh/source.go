package mesh

import (
	"reflect"
	"slices"
	"strings"

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
	if depth := said(reflect.ValueOf(s.written), word); depth == len(word) {
		at := s.at
		for _, w := range word {
			at = at.Key(w)
		}
		return Source{Path: at}
	}
	if s.opened(word) {
		return Source{Path: s.at.Key("gateways")}
	}
	for _, l := range s.stack {
		if said(reflect.ValueOf(l.Spec), word) == len(word) {
			return Source{Layer: l.label()}
		}
	}
	return Source{Layer: "generation " + m.Install.Generation}
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

// said is how many steps of a word are said.
func said(v reflect.Value, word []string) int {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		if len(word) == 0 {
			return 0 // also when it is false
		}
		v = v.Elem()
	}
	if !v.IsValid() || v.IsZero() {
		return -1
	}
	if len(word) == 0 {
		return 0
	}
	next := reflect.Value{}
	switch v.Kind() {
	case reflect.Struct:
		next = wordOf(v, word[0])
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			next = v.MapIndex(reflect.ValueOf(word[0]))
		}
		if next.IsValid() && next.Kind() == reflect.String {
			return 1 // also when it is empty
		}
	}
	if !next.IsValid() {
		return -1
	}
	if depth := said(next, word[1:]); depth >= 0 {
		return depth + 1
	}
	return -1
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
