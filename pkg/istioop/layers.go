package istioop

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

//go:embed layers/*.yaml
var layerFiles embed.FS

// layerNames are the layers of an installation, the lowest first: base, the
// generation, its profile, the platform, and what differs for a platform or for a
// profile on a platform in this generation only. Many do not exist, because
// nothing differs.
func layerNames(in mesh.Install) []string {
	all := []string{
		"base",
		in.Generation,
		in.Generation + "-" + in.Profile,
		in.Platform,
		in.Generation + "-" + in.Platform,
		in.Generation + "-" + in.Profile + "-" + in.Platform,
	}
	return slices.DeleteFunc(all, func(name string) bool { return layers()[name] == nil })
}

// mergedStacks keeps one manifest.Tree for each stack of layers, never written to.
var mergedStacks sync.Map

// mergedLayers is what the layers of an installation say together, not to be
// written to.
func mergedLayers(in mesh.Install) manifest.Tree {
	names := layerNames(in)
	key := strings.Join(names, " ")
	if spec, ok := mergedStacks.Load(key); ok {
		return spec.(manifest.Tree)
	}
	spec := manifest.Tree{}
	for _, name := range names {
		mergeMaps("", spec, layers()[name]())
	}
	actual, _ := mergedStacks.LoadOrStore(key, spec)
	return actual.(manifest.Tree)
}

// layers are all layers by name. Each is read when it is first asked for and then
// shared, so it goes through merge, which copies, before anybody else sees it.
var layers = sync.OnceValue(func() map[string]func() manifest.Tree {
	files, err := layerFiles.ReadDir("layers")
	if err != nil {
		panic(fmt.Sprintf("embedded layers: %v", err))
	}
	byName := make(map[string]func() manifest.Tree, len(files))
	for _, f := range files {
		byName[strings.TrimSuffix(f.Name(), ".yaml")] = sync.OnceValue(func() manifest.Tree { return readLayer(f.Name()) })
	}
	return byName
})

// readLayer panics on a file that cannot be read, since that is a fault of the
// build and not of any document.
func readLayer(file string) manifest.Tree {
	text, err := layerFiles.ReadFile(path.Join("layers", file))
	if err != nil {
		panic(fmt.Sprintf("embedded layer: %v", err))
	}
	return readEmbedded(file, text)
}

func readEmbedded(file string, text []byte) manifest.Tree {
	t, err := manifest.ReadTree(text)
	if err != nil {
		panic(fmt.Sprintf("embedded %s: %v", file, err))
	}
	return t
}
