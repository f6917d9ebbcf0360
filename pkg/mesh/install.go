package mesh

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// istioVersion is major, minor and patch.
type istioVersion [3]int

func (v istioVersion) before(major, minor int) bool {
	return slices.Compare(v[:2], []int{major, minor}) < 0
}

var threeNumbers = regexp.MustCompile(`^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$`)

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
var imageHub = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)

func (r *resolver) install() Install {
	at, written := r.at().Key("install"), r.doc.Value.Spec.Install
	r.oneOf(at.Key("mode"), r.spec.Install.Mode, choice{
		values: []string{"istioctl"}, later: []string{"existing", "kyma", "sail", "helm"},
		unknown: "no mode %s; istioctl or existing",
	})
	variant := r.oneOf(at.Key("variant"), r.spec.Install.Variant, choice{
		values: []string{"distroless", "debug"}, unknown: "no variant %s; distroless or debug",
	})
	version := r.spec.Install.IstioVersion
	v, ok := parseIstioVersion(version)
	if !ok {
		r.ds.Errorf(diag.CodeValue, at.Key("istioVersion"), "want three numbers such as 1.31.1")
	}
	r.istio = v
	if written.Hub != "" && !imageHub.MatchString(written.Hub) {
		r.ds.Errorf(diag.CodeValue, at.Key("hub"), "%q is no image registry; write it as registry.example.com/istio", written.Hub)
	}
	hub := written.Hub
	own := r.layer.Spec.Install.IstioVersion
	if hub == "" && version == own {
		// Kyma's registry holds the Istio that Kyma shipped and no other.
		hub = r.facts.Hub
	}
	tag := version
	if variant == "distroless" {
		// A suffix in every version: values.global.variant says the same, but
		// only from Istio 1.24 on, and one place is enough.
		tag += "-distroless"
	} else if hub == r.facts.Hub {
		r.ds.Warnf(diag.CodeImage, at.Key("variant"), "%s holds the distroless images only; write hub as well", hub)
	}
	return Install{
		Profile: r.spec.Profile, Platform: r.spec.Platform, Hub: hub, Tag: tag,
		IngressPorts: r.ingressPorts(),
	}
}

// ingressPorts are the generation's ports and those that gateways on the
// ingress pods listen on beside them, ascending.
func (r *resolver) ingressPorts() []ServicePort {
	ports := slices.Clone(r.facts.IngressPorts)
	var added []ServicePort
	for _, g := range r.gateways {
		if !onIngressPods(g.Selector) {
			continue
		}
		for _, s := range g.Servers {
			known := func(p ServicePort) bool { return p.Port == s.Port || p.TargetPort == s.Port }
			if !slices.ContainsFunc(ports, known) && !slices.ContainsFunc(added, known) {
				name := fmt.Sprintf("%s-%d", strings.ToLower(s.Protocol), s.Port)
				added = append(added, ServicePort{Name: name, Port: s.Port, TargetPort: targetPort(s.Port)})
			}
		}
	}
	slices.SortFunc(added, func(a, b ServicePort) int { return cmp.Compare(a.Port, b.Port) })
	return append(ports, added...)
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

// onIngressPods tells whether a gateway's selector finds the installed pods.
func onIngressPods(selector map[string]string) bool {
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
