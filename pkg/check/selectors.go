package check

import (
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// policy is an object that holds for the pods that its labels find; without
// labels for its whole namespace.
type policy struct {
	manifest.Object
	// service is the service or the gateway that asked for it.
	service string
	labels  map[string]string
	// gateway tells whether a gateway asked for it, whose pods may be anybody's.
	gateway bool
}

// policySuffix is what the name of an AuthorizationPolicy adds to the service's.
var policySuffix = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`-(allow|deny|jwt)(-dry-run)?$|-ext-auth-.*$`)
})

// policies are all objects about pods.
func policies(objects []manifest.Object) iter.Seq[policy] {
	return func(yield func(policy) bool) {
		for _, o := range objects {
			p := policy{Object: o, service: o.Name}
			switch spec := o.Spec.(type) {
			case *security.PeerAuthentication:
				p.labels = spec.GetSelector().GetMatchLabels()
			case *security.RequestAuthentication:
				p.labels = spec.GetSelector().GetMatchLabels()
			case *security.AuthorizationPolicy:
				p.labels = spec.GetSelector().GetMatchLabels()
				p.service = policySuffix().ReplaceAllString(o.Name, "")
			case *telemetry.Telemetry:
				p.labels = spec.GetSelector().GetMatchLabels()
			default:
				continue
			}
			steps := o.Origin.Steps()
			p.gateway = len(steps) > 1 && steps[1].Key == "gateways"
			if !yield(p) {
				return
			}
		}
	}
}

// selecting are the policies of services, with the labels of their pods.
func selecting(objects []manifest.Object) iter.Seq[policy] {
	return func(yield func(policy) bool) {
		for p := range policies(objects) {
			if len(p.labels) > 0 && !p.gateway && !yield(p) {
				return
			}
		}
	}
}

// selectors finds policies that would hold for no pod, or for other pods than
// the service's: they would do nothing, in silence.
func selectors(ds *diag.List, objects []manifest.Object, p *topology.Model) {
	for o := range selecting(objects) {
		at := word(o.Origin, "selector")
		if s, ok := p.Service(o.Namespace, o.service); ok && len(s.Selector()) > 0 {
			if !maps.Equal(s.Selector(), o.labels) {
				ds.Errorf(diag.CodeSelector, at, "the Service %s/%s selects %s; write selector: {%s}",
					o.Namespace, o.service, text(s.Selector(), "=", ","), text(s.Selector(), ": ", ", "))
			}
			continue
		}
		workloads := p.Workloads(o.Namespace)
		if len(workloads) == 0 || len(p.Workloads("")) > 0 {
			continue
		}
		if len(p.Selected(o.Namespace, o.labels)) == 0 {
			ds.Errorf(diag.CodeSelector, at, "no workload of %s has %s; write the labels of the service's pods", o.Namespace, text(o.labels, "=", ","))
		}
	}
}

// ingressPods are the labels of the gateway pods that every installation makes.
var ingressPods = map[string]string{"app": "istio-ingressgateway", "istio": "ingressgateway"}

// lookalikes finds pods of others that a gateway's policy holds for as well: in
// the root namespace a selector finds pods of every namespace.
func lookalikes(ds *diag.List, objects []manifest.Object, p *topology.Model) {
	for o := range policies(objects) {
		if !o.gateway || !topology.Selects(o.labels, ingressPods) {
			continue // nobody says where pods of their own live
		}
		for _, namespace := range p.Namespaces() {
			if namespace == o.Namespace {
				continue
			}
			for _, w := range p.Selected(namespace, o.labels) {
				ds.Warnf(diag.CodeLookalike, o.Origin, "%s %s/%s has %s like the gateway's pods, and falls under its policy; give one of the two a label of its own",
					w.Kind, namespace, w.Name, text(o.labels, "=", ","))
			}
		}
	}
}

// word is the place of a word of the service that a path lies in.
func word(p diag.Path, name string) diag.Path {
	for {
		outer, ok := p.Parent()
		if !ok {
			return p
		}
		if last := p.String()[len(outer.String()):]; last == ".security" || last == ".telemetry" || last == ".expose" {
			return outer.Key(name)
		}
		p = outer
	}
}

func text(labels map[string]string, equals, between string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, k+equals+labels[k])
	}
	return strings.Join(all, between)
}
