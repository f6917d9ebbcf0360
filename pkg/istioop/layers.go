package istioop

import (
	"embed"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// A layer file is named GENERATION, GENERATION-PROFILE or GENERATION-PLATFORM.
//
//go:embed layers/*.yaml
var layerFiles embed.FS

// profileLayers and platformLayers name what lies over the layer of the
// generation, for each value that the document may have. An empty name says that
// nothing differs.
var (
	profileLayers = map[string]string{
		"default":    "module-production",
		"evaluation": "module-evaluation",
		"production": "module-production",
	}
	platformLayers = map[string]string{
		"cluster":  "",
		"minikube": "module-minikube",
	}
)

// layerNames are the layers of an installation, the lowest first.
func layerNames(in mesh.Install) []string {
	names := []string{"module"}
	for _, name := range []string{profileLayers[in.Profile], platformLayers[in.Platform]} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// layers are all layers by name. They are read once and shared, so they go
// through merge, which copies, before anybody else sees them.
var layers = sync.OnceValue(func() map[string]manifest.Tree {
	files, err := layerFiles.ReadDir("layers")
	if err != nil {
		panic(fmt.Sprintf("embedded layers: %v", err))
	}
	byName := make(map[string]manifest.Tree, len(files))
	for _, f := range files {
		byName[strings.TrimSuffix(f.Name(), ".yaml")] = readLayer(f.Name())
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
	layer, err := manifest.ReadTree(text)
	if err != nil {
		panic(fmt.Sprintf("embedded layer %s: %v", file, err))
	}
	return layer
}
