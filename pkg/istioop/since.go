package istioop

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

//go:embed since.yaml
var sinceText []byte

// youngFields and youngValues are the places of since.yaml, by paths of Leaf, with
// the minor version of Istio 1 from which on it takes what stands there: any value
// of a field, or what the layers say.
var (
	youngFields = sync.OnceValue(func() map[string]int { return readSince("fields") })
	youngValues = sync.OnceValue(func() map[string]int { return readSince("annotations") })
)

func readSince(section string) map[string]int {
	places := map[string]int{}
	for path, minor := range readEmbedded("since.yaml", sinceText)[section].(manifest.Tree) {
		places[path] = minor.(int)
	}
	return places
}

// forgetYoung leaves out what an Istio does not take: layers say the same for all
// versions, and the reader has refused it in what documents say. It returns the
// versions that brought what is left out, by path of Leaf.
func forgetYoung(spec manifest.Tree, minor int) map[string]int {
	f := forgetter{minor, map[string]int{}}
	f.listed("", spec)
	if config, ok := spec["meshConfig"].(manifest.Tree); ok {
		f.message("meshConfig", config, (&meshconfig.MeshConfig{}).ProtoReflect().Descriptor())
	}
	return f.left
}

type forgetter struct {
	minor int
	left  map[string]int
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

// listed leaves out the places of since.yaml, and a mapping that is empty then.
func (f forgetter) listed(at string, v any) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			f.listed(fmt.Sprintf("%s[%s]", at, itemName(i, item)), item)
		}
	case manifest.Tree:
		for key, value := range v {
			path := strings.TrimPrefix(at+"."+key, ".")
			if f.forget(path, v, key, max(youngFields()[path], youngValues()[path])) {
				continue
			}
			f.listed(path, value)
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
