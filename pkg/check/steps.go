package check

import (
	"maps"
	"slices"
	"strconv"

	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// Step warns of what an object changes at once, compared with what was rendered
// before: from DISABLE to STRICT servers refuse the plain text that callers speak
// until they hear of it, and that pods without a sidecar always speak. What was
// rendered is read as a node of yaml.v3 decodes it.
func Step(o manifest.Object, before interface{ Decode(any) error }) diag.List {
	var ds diag.List
	now, ok := o.Spec.(*security.PeerAuthentication)
	if !ok {
		return nil
	}
	var was struct {
		Spec struct {
			MTLS  struct{ Mode string }            `yaml:"mtls"`
			Ports map[string]struct{ Mode string } `yaml:"portLevelMtls"`
		}
	}
	if err := before.Decode(&was); err != nil {
		return nil // what a person made of it is replaced
	}
	leap := func(from string, to *security.PeerAuthentication_MutualTLS) bool {
		return from == "DISABLE" && to.GetMode() == security.PeerAuthentication_MutualTLS_STRICT
	}
	const text = "from DISABLE to STRICT in one step; callers that speak plain text are refused, write PERMISSIVE until all have a sidecar"
	if leap(was.Spec.MTLS.Mode, now.GetMtls()) {
		ds.Warnf(diag.CodeMTLS, o.Origin.Key("mode"), text)
	}
	for _, port := range slices.Sorted(maps.Keys(now.GetPortLevelMtls())) {
		name := strconv.Itoa(int(port))
		if leap(was.Spec.Ports[name].Mode, now.GetPortLevelMtls()[port]) {
			ds.Warnf(diag.CodeMTLS, o.Origin.Key("ports").Key(name), text)
		}
	}
	return ds
}
