package istioop

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// youngFields and youngValues are places of the layers that not every Istio takes, by
// paths of Leaf, with the minor version of Istio 1 from which on it does. What stands
// below meshConfig is known from istio.io/api's messages (mesh.FieldSince) and not
// listed here.
var (
	// An older istioctl refuses an installation with a field that it does not know.
	youngFields = map[string]int{
		// operator/pkg/apis/istio/v1alpha1/values_types.proto has it in 1.13 and not
		// yet in the development of 1.12.
		"values.pilot.podLabels": 13,
		// Change notes of 1.20.0, pull request 47207.
		"values.global.proxy.startupProbe": 20,
		// Change notes of 1.28.0, pull request 57330.
		"values.global.proxy.seccompProfile": 28,
	}
	// Of annotations it is what the layers say that an older Istio does not take.
	//
	// 1.28.0 brought this one, and until 1.28.2 a sidecar with 60s or more did not
	// start (change notes of 1.28.2, issue 58500). The layers say 6h.
	youngValues = map[string]int{
		"components.ingressGateways[istio-ingressgateway].k8s.podAnnotations.sidecar.istio.io/statsEvictionInterval": 29,
		"values.sidecarInjectorWebhook.injectedAnnotations.sidecar.istio.io/statsEvictionInterval":                   29,
	}
)

// forgetYoung leaves out what an Istio does not take: layers say the same for all
// versions, and the reader has refused it in what documents say. It returns the
// versions that brought what is left out, by path of Leaf.
func forgetYoung(spec manifest.Tree, minor int) map[string]int {
	f := forgetter{minor: minor, listed: map[string]int{}, left: map[string]int{}}
	for _, places := range []map[string]int{youngFields, youngValues} {
		for path, since := range places {
			if minor < since {
				f.listed[path] = since
			}
		}
	}
	if len(f.listed) > 0 {
		f.places("", spec)
	}
	if config, ok := spec["meshConfig"].(manifest.Tree); ok {
		f.message("meshConfig", config, (&meshconfig.MeshConfig{}).ProtoReflect().Descriptor())
	}
	return f.left
}

type forgetter struct {
	minor int
	// listed are the young places of this Istio.
	listed map[string]int
	left   map[string]int
}

// forget leaves out a key if the version that brought it has not come.
func (f forgetter) forget(path string, from manifest.Tree, key string, since int) bool {
	if f.minor >= since {
		return false
	}
	delete(from, key)
	f.left[path] = since
	return true
}

// places leaves out the listed places, and a mapping that is empty then.
func (f forgetter) places(at string, v any) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			f.places(fmt.Sprintf("%s[%s]", at, itemName(i, item)), item)
		}
	case manifest.Tree:
		for key, value := range v {
			path := strings.TrimPrefix(at+"."+key, ".")
			if f.forget(path, v, key, f.listed[path]) {
				continue
			}
			f.places(path, value)
			if was, ok := value.(manifest.Tree); ok && len(was) == 0 && f.leftBelow(path) {
				delete(v, key)
			}
		}
	}
}

func (f forgetter) leftBelow(path string) bool {
	for left := range f.left {
		if strings.HasPrefix(left, path+".") {
			return true
		}
	}
	return false
}

// message leaves out what the Istio does not know of one of its own messages.
func (f forgetter) message(at string, t manifest.Tree, md protoreflect.MessageDescriptor) {
	for key, value := range t {
		fd, path := md.Fields().ByJSONName(key), at+"."+key
		if fd == nil || f.forget(path, t, key, mesh.FieldSince(fd)) || fd.Message() == nil || fd.IsMap() {
			continue
		}
		switch value := value.(type) {
		case manifest.Tree:
			f.message(path, value, fd.Message())
		case []any:
			t[key] = f.messages(path, value, fd.Message())
		}
	}
}

// messages leaves out also the items that would be nothing but a name.
func (f forgetter) messages(at string, list []any, md protoreflect.MessageDescriptor) []any {
	kept := []any{}
	for i, item := range list {
		t, ok := item.(manifest.Tree)
		path := fmt.Sprintf("%s[%s]", at, itemName(i, item))
		if ok {
			f.message(path, t, md)
		}
		if ok && len(t) == 1 && t["name"] != nil && f.leftBelow(path) {
			f.left[path+".name"] = f.youngestBelow(path)
			continue
		}
		kept = append(kept, item)
	}
	return kept
}

func (f forgetter) youngestBelow(path string) int {
	since := 0
	for left, minor := range f.left {
		if strings.HasPrefix(left, path+".") {
			since = max(since, minor)
		}
	}
	return since
}
