package istioop

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

//go:embed since.yaml
var sinceText []byte

// youngest are the fields of the layers that not every Istio knows, with the minor
// version of Istio 1 that brought them.
var youngest = sync.OnceValue(func() manifest.Tree { return readEmbedded("since.yaml", sinceText) })

// forgetYoung leaves out what the layers say in fields that the Istio does not
// have: istioctl refuses a field that it does not know.
func forgetYoung(spec manifest.Tree, minor int) {
	for path, since := range youngest() {
		if minor < since.(int) {
			forget(spec, strings.Split(path, "."))
		}
	}
}

func forget(t manifest.Tree, path []string) {
	if len(path) == 1 {
		delete(t, path[0])
		return
	}
	if below, ok := t[path[0]].(manifest.Tree); ok {
		forget(below, path[1:])
	}
}
