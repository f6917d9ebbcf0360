package istioop

import (
	"strings"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// ConfigMap is the kind in which an IstioOperator leaves where install.deliver
// asks for it: kubectl cannot apply an IstioOperator, which no current Istio has a
// resource definition for.
var ConfigMap = manifest.Kind{Name: "ConfigMap", Body: "data"}

// The name of the ConfigMap, and the key under which it holds the text.
const (
	configMapName = "kymamesh-istiooperator"
	configMapKey  = "istiooperator.yaml"
)

// InConfigMap is the object of Kubernetes that carries an IstioOperator as text,
// for whoever hands it to istioctl. An IstioOperator that cannot be written stays
// what it is, so that writing it says why.
func InConfigMap(o manifest.Object) manifest.Object {
	text, err := manifest.AppendYAML(nil, o)
	if err != nil {
		return o
	}
	carrier := o
	carrier.Kind, carrier.Version = &ConfigMap, "v1"
	carrier.Name = configMapName
	if suffix, installs := strings.CutPrefix(o.Name, ownName); installs {
		carrier.Name += suffix // the revision's: two installations lie beside each other
	}
	carrier.Spec = manifest.Tree{configMapKey: string(text)}
	return carrier
}
