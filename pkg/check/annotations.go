package check

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"istio.io/api/annotation"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var annotationChecks = []Check{
	{
		Code: diag.CodeUnknownAnnotation, Severity: diag.Warning, find: unknownAnnotations, Needs: annotatedKinds, Istio: "IST0108",
		Hurts: "Nothing happens: Istio passes over what it does not know.",
		Mend:  "Write an annotation of Istio's reference (istio.io/latest/docs/reference/config/annotations).",
	},
	{
		Code: diag.CodeAnnotationPlace, Severity: diag.Warning, find: placesOfAnnotations, Needs: annotatedKinds, Istio: "IST0107",
		Hurts: "Nothing happens: Istio reads the annotation on another kind of object.",
		Mend:  "Move it: what is for pods belongs into the pod template.",
	},
	{
		Code: diag.CodeAnnotationValue, Severity: diag.Warning, find: valuesOfAnnotations, Needs: annotatedKinds, Istio: "IST0125",
		Hurts: "The injector refuses the pod, and its workload does not come up.",
		Mend:  "Write a value that Istio's reference gives for it.",
	},
	{
		Code: diag.CodeOldAnnotation, Severity: diag.Info, find: oldAnnotations, Needs: annotatedKinds, Istio: "IST0135",
		Hurts: "A later Istio will not read it.",
		Mend:  "Write what Istio's reference names in its place.",
	},
}

// annotatedKinds are those whose annotations Istio reads.
var annotatedKinds = append([]string{"Namespace", "Service"}, pods...)

// istioAnnotation is an annotation of Istio's at an object.
type istioAnnotation struct {
	object     *topology.Object
	at         diag.Path
	key, value string
	// kind is what Istio takes the place for: the pods of a template are a Pod.
	kind string
	// labels are those beside it.
	labels map[string]string
	// def is nil for one that Istio does not know.
	def *annotation.Instance
}

// annotationsByName is Istio's own list.
var annotationsByName = func() map[string]*annotation.Instance {
	all := map[string]*annotation.Instance{}
	for _, def := range annotation.AllResourceAnnotations() {
		all[def.Name] = def
	}
	return all
}()

// istioAnnotations are those that a person wrote on namespaces, Services,
// workloads and pods.
func (f *finder) istioAnnotations(each func(istioAnnotation)) {
	say := func(o *topology.Object, kind string, values, labels map[string]string, at func(key string) diag.Path) {
		for _, key := range slices.Sorted(maps.Keys(values)) {
			prefix, _, _ := strings.Cut(key, "/")
			if !strings.HasSuffix("."+prefix, ".istio.io") || slices.Contains(written, key) {
				continue
			}
			each(istioAnnotation{o, at(key), key, values[key], kind, labels, annotationsByName[key]})
		}
	}
	own := func(o *topology.Object) func(string) diag.Path {
		return func(key string) diag.Path { return o.At("metadata", "annotations", key) }
	}
	for _, n := range f.NamespaceObjects() {
		say(n.Object, "Namespace", n.Annotations(), nil, own(n.Object))
	}
	for _, s := range f.Services() {
		say(s.Object, "Service", s.Annotations(), nil, own(s.Object))
	}
	for _, w := range f.authored() {
		if len(w.NotText) > 0 {
			continue // Kubernetes refuses it before
		}
		say(w.Object, w.Kind, w.OwnAnnotations, w.OwnLabels, own(w.Object))
		say(w.Object, "Pod", w.Annotations, w.Labels, func(key string) diag.Path { return w.PodAt("metadata", "annotations", key) })
	}
}

// written are annotations that Istio itself writes.
var written = []string{annotation.SidecarStatus.Name, annotation.IoIstioRev.Name, annotation.GatewayControllerVersion.Name}

func unknownAnnotations(f *finder) {
	names := slices.Collect(maps.Keys(annotationsByName))
	slices.Sort(names)
	f.istioAnnotations(func(a istioAnnotation) {
		if a.def != nil {
			return
		}
		hint := ""
		if like, ok := diag.Nearest(a.key, names); ok {
			hint = "; did you mean " + like + "?"
		}
		f.say(a.object, a.at, "Istio has no annotation %s%s", a.key, hint)
	})
}

// placesOfAnnotations leaves out the one for which [misplaced] has a better text.
func placesOfAnnotations(f *finder) {
	f.istioAnnotations(func(a istioAnnotation) {
		if a.def == nil || a.key == topology.InjectLabel && a.kind != "Service" || a.fits() {
			return
		}
		var kinds []string
		for _, r := range a.def.Resources {
			kinds = append(kinds, r.String())
		}
		where := strings.Join(kinds, ", ")
		if where == "Pod" && a.object.Kind != "Namespace" && a.object.Kind != "Service" {
			where = "the pod template"
		}
		f.say(a.object, a.at, "Istio reads %s at %s, not at a %s", a.key, where, a.kind)
	})
}

func (a istioAnnotation) fits() bool {
	return slices.ContainsFunc(a.def.Resources, func(r annotation.ResourceTypes) bool {
		return r == annotation.Any || r.String() == a.kind
	})
}

func oldAnnotations(f *finder) {
	f.istioAnnotations(func(a istioAnnotation) {
		if _, both := a.labels[a.key]; a.def == nil || !a.def.Deprecated || both || !a.fits() {
			return
		}
		hint := ""
		if a.key == topology.InjectLabel {
			hint = "; write the label of the same name"
		}
		f.say(a.object, a.at, "Istio is giving %s up%s", a.key, hint)
	})
}

// annotationValues are the values that the injector takes
// (pkg/kube/inject.AnnotationValidation), for pods.
var annotationValues = map[string]struct {
	takes func(string) bool
	want  string
}{
	annotation.SidecarInterceptionMode.Name:                   {oneOf("REDIRECT", "TPROXY", "NONE"), "REDIRECT, TPROXY or NONE"},
	annotation.SidecarStatusPort.Name:                         {isPort, "a port"},
	annotation.SidecarStatusReadinessInitialDelaySeconds.Name: {isCount, "a number"},
	annotation.SidecarStatusReadinessPeriodSeconds.Name:       {isCount, "a number"},
	annotation.SidecarStatusReadinessFailureThreshold.Name:    {isCount, "a number"},
	annotation.SidecarTrafficIncludeInboundPorts.Name:         {listOf(isPort, "*"), "ports, or *"},
	annotation.SidecarTrafficExcludeInboundPorts.Name:         {listOf(isPort), "ports"},
	annotation.SidecarTrafficExcludeOutboundPorts.Name:        {listOf(isPort), "ports"},
	annotation.SidecarTrafficIncludeOutboundIPRanges.Name:     {listOf(isRange, "*"), "ranges of addresses such as 10.0.0.0/8, or *"},
	annotation.SidecarTrafficExcludeOutboundIPRanges.Name:     {listOf(isRange), "ranges of addresses such as 10.0.0.0/8"},
	annotation.PrometheusMergeMetrics.Name:                    {isBool, "true or false"},
}

func valuesOfAnnotations(f *finder) {
	f.istioAnnotations(func(a istioAnnotation) {
		if rule, ok := annotationValues[a.key]; ok && a.kind == "Pod" && !rule.takes(a.value) {
			f.say(a.object, a.at, "no value %q; write %s", a.value, rule.want)
		}
	})
}

func oneOf(values ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(values, s) }
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
	return err == nil
}

func isCount(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

func isBool(s string) bool {
	_, err := strconv.ParseBool(s)
	return err == nil
}

func isRange(s string) bool {
	_, err := netip.ParsePrefix(s)
	return err == nil
}

// listOf takes items between commas, nothing, or one of the words.
func listOf(item func(string) bool, words ...string) func(string) bool {
	return func(s string) bool {
		if s == "" || slices.Contains(words, s) {
			return true
		}
		return !slices.ContainsFunc(strings.Split(s, ","), func(part string) bool { return !item(part) })
	}
}
