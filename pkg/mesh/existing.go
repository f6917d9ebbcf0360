package mesh

import (
	"reflect"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// existing tells whether somebody else installed Istio.
func (r *resolver) existing() bool { return r.spec.Install.Mode == "existing" }

// withoutInstallation is a layer without what it says of an installation that is
// not ours. What Kyma's patch changed there is in the layers "existing".
func (l *layer) withoutInstallation() *layer {
	reduced := *l
	in := &reduced.Spec.Install
	*in = spec.Install{Mode: in.Mode, Deliver: in.Deliver, IstioVersion: in.IstioVersion}
	reduced.Spec.Proxy, reduced.Spec.Telemetry = spec.Proxy{}, spec.Telemetry{}
	return &reduced
}

// elsewhere refuses the words about pods that somebody else installed, and about
// what is the whole installation's.
func (r *resolver) elsewhere(at diag.Path) {
	written := r.doc.Value.Spec
	refuse := func(at diag.Path, instead string) {
		r.ds.Errorf(diag.CodePlace, at, "not sayable with install.mode existing; %s", instead)
	}
	for _, c := range []struct {
		word string
		said any
	}{
		{"ingressGateway", written.Install.IngressGateway},
		{"egressGateway", written.Install.EgressGateway},
		{"cni", written.Install.CNI},
	} {
		for _, word := range writtenWordsOf(c.said) {
			if r.theirs == nil {
				refuse(at.Key(c.word).Key(word), "an existing Istio decides its own components; say it there")
			}
		}
	}
	for _, word := range writtenWordsOf(written.Install) {
		if slices.Contains([]string{"hub", "variant"}, word) || word == "revision" && r.theirs == nil {
			refuse(at.Key(word), "an existing Istio has its own; say it there")
		}
	}
	if written.Profile != "" {
		refuse(r.at().Key("profile"), "an existing Istio has its size; leave it out")
	}
}

func writtenWordsOf(said any) []string { return writtenWords(reflect.ValueOf(said)) }

// writtenWords are the words of a struct that say something, in its order.
func writtenWords(v reflect.Value) []string {
	var all []string
	for i := range v.NumField() {
		word, inline, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case inline != "":
			all = append(all, writtenWords(v.Field(i))...)
		case !v.Field(i).IsZero():
			all = append(all, word)
		}
	}
	return all
}

// existingReplicas wants both bounds: the other one is in an installation that
// nobody sees here.
func (r *resolver) existingReplicas(at diag.Path, words spec.Component) {
	if low, high := words.MinReplicas != 0, words.MaxReplicas != 0; low != high {
		missing := "minReplicas"
		if low {
			missing = "maxReplicas"
		}
		r.ds.Errorf(diag.CodeMissing, at.Key(missing), "write both bounds; what the existing Istio says is not seen here")
	}
}

// existingPorts refuses gateways on ports that the Service of an existing ingress
// gateway does not have: nothing would arrive there. Where its IstioOperator is not
// in the package, these are the ports of Istio's own chart.
func (r *resolver) existingPorts() {
	message := "the Service of an existing ingress gateway has 80 and 443 by itself; open %d there, give its pods a label of their own and write it in selector"
	if r.theirs != nil {
		message = "the Service of the ingress gateway in " + r.theirs.id() + " does not have it; write install.ingressGateway.ports: {NAME: %d}"
	}
	for _, g := range r.gateways {
		for _, l := range g.listeners {
			open := func(p ServicePort) bool { return p.Port == l.Port }
			if OnIngressPods(g.Selector) && !slices.ContainsFunc(r.ingress, open) {
				r.ds.Errorf(diag.CodeReference, l.path.Key("port"), message, l.Port)
			}
		}
	}
}

// replaces warns of what is lost where an existing installation has it as well.
func (r *resolver) replaces(at diag.Path) {
	if lists := r.facts.Replaces; len(lists) > 0 {
		r.ds.Warnf(diag.CodeReplaced, at, "istioctl replaces lists as a whole: what the existing Istio has of %s is lost; write it here as well, or put its IstioOperator into the package", strings.Join(lists, " and "))
	}
}
