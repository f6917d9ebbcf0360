package mesh

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// Theirs is the IstioOperator of the package from which somebody installed Istio, as
// far as the words need to know it: without the keys that an earlier run wrote.
type Theirs struct {
	APIVersion, Namespace, Name string
	// Revision is empty for the only installation of a cluster.
	Revision string
	// IngressPorts are the ports of istio-ingressgateway's Service; none leaves them
	// to Istio's chart.
	IngressPorts []ServicePort
	// IngressGateway, EgressGateway and CNI say whether there is an entry for
	// istio-ingressgateway, for istio-egressgateway and for the CNI node agent.
	IngressGateway, EgressGateway, CNI bool
}

// id is how install.existing names it.
func (t *Theirs) id() string { return strings.TrimPrefix(t.Namespace+"/"+t.Name, "/") }

// chooseTheirs finds the IstioOperator of the package that is changed in place. None
// is no fault: what is said is rendered as an overlay then.
func (r *resolver) chooseTheirs(at diag.Path) {
	named := r.doc.Value.Spec.Install.Existing
	var all []string
	var found, seen []*Theirs
	for _, o := range r.operators {
		if t := o.Value.Theirs; t != nil {
			all, seen = append(all, t.id()), append(seen, t)
			if named == "" || named == t.Name || named == t.id() {
				found = append(found, t)
			}
		}
	}
	slices.Sort(all)
	switch list := strings.Join(all, ", "); {
	case !r.existing():
		if named != "" {
			r.ds.Errorf(diag.CodePlace, at.Key("existing"), "names the IstioOperator that install.mode existing changes; write that mode, or leave the name out")
		}
	case named != "" && len(all) == 0:
		r.ds.Errorf(diag.CodeNoPackage, at.Key("existing"), "no IstioOperator is seen here; give the package that holds it (transformers:, kpt, or a directory), or leave the name out for an overlay")
	case named != "" && len(found) == 0:
		r.ds.Errorf(diag.CodeReference, at.Key("existing"), "no IstioOperator %q in the package; it holds %s", named, list)
	case named != "" && len(found) > 1:
		r.ds.Errorf(diag.CodeClash, at.Key("existing"), "several IstioOperators have that name: %s; write NAMESPACE/NAME", list)
	case len(found) > 1:
		r.ds.Errorf(diag.CodeClash, at.Key("mode"), "the package holds several IstioOperators: %s; write install.existing: NAME", list)
	}
	if found = append(found, seen...); r.existing() && len(found) > 0 {
		r.theirs = found[0] // beside an error, to go on with
	}
}

// inPlace resolves the words that only an IstioOperator of the package can take.
func (r *resolver) inPlace(at diag.Path, in *Install) {
	words := r.spec.Install
	if r.doc.Value.Spec.Install.Deliver != "" && words.Deliver != "object" {
		r.ds.Errorf(diag.CodePlace, at.Key("deliver"), "%s is changed where it is in the package; leave it out", r.theirs.id())
	}
	in.Theirs = r.theirs
	in.Revision = cmp.Or(words.Revision, r.theirs.Revision)
	r.spec.Install.Revision = in.Revision // injection goes by it
	in.IngressGateway = r.theirIngress(at.Key("ingressGateway"), words.IngressGateway)
	in.EgressGateway = r.theirEgress(at.Key("egressGateway"), words.EgressGateway)
	in.CNI = CNI{
		Enabled:   words.CNI.Enabled,
		Resources: r.resources(at.Key("cni").Key("resources"), words.CNI.Resources, func(s *spec.Spec) *spec.Resources { return &s.Install.CNI.Resources }),
	}
	r.entry(at.Key("cni"), "components.cni", r.theirs.CNI || words.CNI.Enabled != nil || words.CNI.Resources == (spec.Resources{}))
}

// entry refuses words about a component that the IstioOperator does not list: an
// entry without enabled would switch it on.
func (r *resolver) entry(at diag.Path, place string, there bool) {
	if !there {
		r.ds.Errorf(diag.CodeMissing, at.Key("enabled"), "%s has no %s; write enabled as well", r.theirs.id(), place)
	}
}

func (r *resolver) theirIngress(at diag.Path, words spec.GatewayComponent) GatewayComponent {
	g := r.gatewayComponent(at, words, func(s *spec.Spec) *spec.Component { return &s.Install.IngressGateway.Component })
	base := r.theirs.IngressPorts
	if base == nil {
		base = r.facts.IngressPorts
	}
	r.ingress = r.servicePorts(at.Key("ports"), base, words.Ports)
	if len(words.Ports) > 0 {
		// A list in the IstioOperator replaces the chart's.
		g.Ports = slices.DeleteFunc(slices.Clone(r.ingress), func(p ServicePort) bool {
			_, written := words.Ports[p.Name]
			return !written && r.theirs.IngressPorts != nil
		})
	}
	r.entry(at, "istio-ingressgateway in components.ingressGateways", r.theirs.IngressGateway || words.Enabled != nil || len(writtenWordsOf(words)) == 0)
	r.neededIngress(at, g)
	return g
}

func (r *resolver) theirEgress(at diag.Path, words spec.GatewayComponent) GatewayComponent {
	g := r.gatewayComponent(at, words, func(s *spec.Spec) *spec.Component { return &s.Install.EgressGateway.Component })
	g.Ports = r.servicePorts(at.Key("ports"), nil, words.Ports)
	r.entry(at, "istio-egressgateway in components.egressGateways", r.theirs.EgressGateway || words.Enabled != nil || len(writtenWordsOf(words)) == 0)
	user, used := usesEgressGateway(r.at(), r.spec)
	switch {
	case used && words.Enabled == nil && !r.theirs.EgressGateway:
		r.ds.Infof(diag.CodeReference, user, "istio-egressgateway must be switched on in the existing installation; write install.egressGateway.enabled: true")
	case used && words.Enabled != nil && !*words.Enabled:
		r.ds.Errorf(diag.CodeReference, at.Key("enabled"), "%s needs the egress gateway", shortPath(user))
	}
	return g
}
