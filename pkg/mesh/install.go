package mesh

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// istioVersion is major, minor and patch.
type istioVersion [3]int

func (v istioVersion) before(major, minor int) bool {
	return slices.Compare(v[:2], []int{major, minor}) < 0
}

var threeNumbers = pattern.New(`^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$`)

func parseIstioVersion(s string) (istioVersion, bool) {
	m := threeNumbers.FindStringSubmatch(s)
	if m == nil {
		return istioVersion{}, false
	}
	var v istioVersion
	for i := range v {
		v[i], _ = strconv.Atoi(m[i+1]) // the pattern admits numbers only
	}
	return v, true
}

// An image registry with a path, as in an image's name without the last part.
var imageHub = pattern.New(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)

// oldestIstio is the first Istio whose IstioOperator we can write: that of Kyma
// 1.24.
var oldestIstio = istioVersion{1, 11, 0}

func (r *resolver) install() Install {
	at, words := r.at().Key("install"), r.spec.Install
	r.oneOf(at.Key("mode"), words.Mode, choice{
		values: []string{"istioctl", "existing"}, later: []string{"kyma", "sail", "helm"},
		unknown: "no mode %s; istioctl or existing",
	})
	r.istio = r.istioVersion(at.Key("istioVersion"), words.IstioVersion)
	r.revision(at.Key("revision"), words.Revision)
	r.chooseTheirs(at)
	in := Install{
		Generation: r.kyma, Profile: r.profile, Platform: r.platform,
		OutboundTrafficPolicy: r.outboundTrafficPolicy(r.at().Key("egress").Key, r.spec.Egress.OutboundTrafficPolicy),
		Existing:              r.existing(), Revision: words.Revision,
		Deliver: r.oneOf(at.Key("deliver"), words.Deliver, choice{
			values: []string{"object", "configmap", "none"}, unknown: "no form %s; object, configmap or none",
		}),
		InjectUnlabelled: r.oneOf(r.at().Key("injection"), r.spec.Injection, choice{
			values: []string{"enabled", "disabled"}, unknown: "no injection %s; enabled or disabled",
		}) == "enabled",
		Pilot:   r.component(at.Key("pilot"), words.Pilot, func(s *spec.Spec) *spec.Component { return &s.Install.Pilot }),
		Webhook: r.webhook(at.Key("webhook"), words.Webhook),
		Sidecar: r.resources(r.at().Key("proxy").Key("resources"), r.spec.Proxy.Resources, func(s *spec.Spec) *spec.Resources { return &s.Proxy.Resources }),
		Proxy:   r.proxy(), IstioMinor: r.istio[1], Autoscaling: "v2",
	}
	// Kyma changed the form with its step to Istio 1.17 (kyma commit 919c98f756).
	if r.istio.before(1, 17) {
		in.Autoscaling = "v2beta1"
	}
	in.PrometheusMerge = r.spec.Telemetry.Metrics.PrometheusMerge
	in.Overrides = r.overrides(at.Key("override"))
	if in.Existing {
		r.elsewhere(at)
		r.ingress = r.facts.IngressPorts
		if r.theirs != nil {
			r.inPlace(at, &in)
			r.existingPorts()
			return in
		}
		r.existingPorts()
		r.replaces(at.Key("mode"))
		if user, used := usesEgressGateway(r.at(), r.spec); used {
			r.ds.Infof(diag.CodeReference, user, "istio-egressgateway must be switched on in the existing installation")
		}
		return in
	}
	in.IngressGateway = r.ingressGateway(at.Key("ingressGateway"), words.IngressGateway)
	in.EgressGateway = r.egressGateway(at.Key("egressGateway"), words.EgressGateway)
	in.CNI = CNI{
		Enabled:   words.CNI.Enabled,
		Resources: r.resources(at.Key("cni").Key("resources"), words.CNI.Resources, func(s *spec.Spec) *spec.Resources { return &s.Install.CNI.Resources }),
	}
	in.Hub, in.Tag = r.images(at, words)
	r.ingress = in.IngressGateway.Ports
	return in
}

func (r *resolver) istioVersion(at diag.Path, written string) istioVersion {
	v, ok := parseIstioVersion(written)
	switch {
	case !ok:
		r.ds.Errorf(diag.CodeValue, at, "want three numbers such as 1.31.1")
	case v.before(oldestIstio[0], oldestIstio[1]):
		r.ds.Errorf(diag.CodeValue, at, "Istio %s is older than all that Kyma installed by an IstioOperator of this form; 1.11.0 or later", written)
	}
	return v
}

func (r *resolver) revision(at diag.Path, revision string) {
	switch {
	case revision == "" || isLabel(revision) && revision != "default":
	case revision == "default":
		r.ds.Errorf(diag.CodeValue, at, "default is the installation without a revision; leave it out")
	case strings.Contains(revision, "."):
		r.ds.Errorf(diag.CodeName, at, "a revision has no dots; %s", strings.ReplaceAll(revision, ".", "-"))
	default:
		r.names.label(at, revision)
	}
}

// images are the hub and the tag.
func (r *resolver) images(at diag.Path, words spec.Install) (hub, tag string) {
	variant := r.oneOf(at.Key("variant"), words.Variant, choice{
		values: []string{"distroless", "debug"}, unknown: "no variant %s; distroless or debug",
	})
	hub, tag = words.Hub, words.IstioVersion
	if hub != "" && !imageHub.MatchString(hub) {
		r.ds.Errorf(diag.CodeValue, at.Key("hub"), "%q is no image registry; write it as registry.example.com/istio", hub)
	}
	if hub == "" && words.IstioVersion == r.layer.Spec.Install.IstioVersion {
		// Kyma's registry holds the Istio that Kyma shipped and no other.
		hub = r.facts.Hub
	}
	if variant == "distroless" {
		// A suffix in every version: values.global.variant says the same, but
		// only from Istio 1.24 on, and one place is enough.
		return hub, tag + "-distroless"
	}
	if hub == r.facts.Hub {
		r.ds.Warnf(diag.CodeImage, at.Key("variant"), "%s holds the distroless images only; write hub as well", hub)
	}
	return hub, tag
}

func (r *resolver) webhook(at diag.Path, words spec.Webhook) Webhook {
	if t := words.TimeoutSeconds; t != 0 && (t < 1 || t > 30) {
		r.ds.Errorf(diag.CodeValue, at.Key("timeoutSeconds"), "%d is no timeout of a webhook; 1 to 30 seconds", t)
	}
	w := Webhook{TimeoutSeconds: words.TimeoutSeconds}
	for i, q := range words.NamespaceSelector {
		r.requirement(at.Key("namespaceSelector").Index(i), q)
		w.NamespaceSelector = append(w.NamespaceSelector, Requirement{Key: q.Key, Operator: q.Operator, Values: slices.Clone(q.Values)})
	}
	return w
}

// requirement checks one condition as the API server would.
func (r *resolver) requirement(at diag.Path, q spec.Requirement) {
	if q.Key == "" {
		r.ds.Errorf(diag.CodeMissing, at.Key("key"), "write the key of a label")
	} else {
		r.names.labelKey(at.Key("key"), q.Key)
	}
	switch q.Operator {
	case "In", "NotIn":
		if len(q.Values) == 0 {
			r.ds.Errorf(diag.CodeMissing, at.Key("values"), "%s needs values", q.Operator)
		}
		for i, v := range q.Values {
			r.names.labelValue(at.Key("values").Index(i), v)
		}
	case "Exists", "DoesNotExist":
		if len(q.Values) > 0 {
			r.ds.Errorf(diag.CodeExclusive, at.Key("values"), "%s has no values; leave them out", q.Operator)
		}
	default:
		r.ds.Errorf(diag.CodeValue, at.Key("operator"), "no operator %s; In, NotIn, Exists or DoesNotExist", quotedIfOdd(q.Operator))
	}
}

// targetPort is where an added port arrives at the pods: on its own number, but
// for those that only root may listen on. The pods run as nobody, and Pilot
// leaves such a listener out.
func targetPort(port int) int {
	if port < 1024 {
		return port + 10_000
	}
	return port
}

// ingressLabels are the labels of the pods that the installation makes.
var ingressLabels = map[string]string{"app": "istio-ingressgateway", "istio": "ingressgateway"}

// OnIngressPods tells whether a gateway's selector finds the installed pods.
func OnIngressPods(selector map[string]string) bool {
	return contained(selector, ingressLabels)
}

// contained tells whether all of a's labels are b's.
func contained(a, b map[string]string) bool {
	for key, value := range a {
		if b[key] != value {
			return false
		}
	}
	return true
}
