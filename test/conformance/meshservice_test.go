package conformance

import (
	"path/filepath"
	"strings"
	"testing"
)

// meshService is a team's document, in the shop beside the platform's.
const meshService = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: MeshService
metadata: # of the team
  name: details
  namespace: shop
spec:
  to: v2
`

// withMeshService is what both documents render.
func withMeshService(t *testing.T) set {
	t.Helper()
	want := library(t, document(t)+"---\n"+meshService)
	if len(want) != len(library(t, document(t)))+2 {
		t.Fatalf("%d objects with the MeshService", len(want))
	}
	return want
}

// A transformer finds MeshServices among the resources, and no cluster gets
// them.
func TestKustomizeMeshService(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			dir := kustomization(t, mode.prepare(document(t)), "resources: [reviews.yaml, ratings.yaml, details.yaml]\ntransformers: [kymamesh.yaml]\n")
			write(t, dir, map[string]string{"details.yaml": meshService})
			o := mode.build(t, dir)
			o.expect(t, 0)
			objects := clean(t, o)
			if n := foreign(objects); n != foreignInShop {
				t.Errorf("%d resources of the package, want %d", n, foreignInShop)
			}
			same(t, withMeshService(t), rendered(t, objects))
		})
	}
	t.Run("as a generator", func(t *testing.T) {
		dir := shopWith(t, map[string]string{
			"details.yaml":       meshService,
			"kustomization.yaml": "resources: [reviews.yaml, ratings.yaml]\ngenerators: [details.yaml]\n",
		})
		home := t.TempDir()
		link(t, filepath.Join(home, "mesh.kyma-project.io/v1alpha1/meshservice/MeshService"))
		o := command{env: []string{"KUSTOMIZE_PLUGIN_HOME=" + home}}.run(t, kustomize(t), "build", "--enable-alpha-plugins", dir)
		o.expect(t, 1, "MeshService shop/details: error KM009: no KymaMesh in this call; give it with the package, or with -f\n")
		o.silent(t)
	})
}

// kpt keeps documents in files; the mark that keeps them from clusters is all
// that is written there.
func TestKptMeshService(t *testing.T) {
	t.Parallel()
	dir := kptShop(t, document(t))
	write(t, dir, map[string]string{"details.yaml": meshService})
	before := treeOf(t, dir)
	before["details.yaml"] = strings.Replace(meshService, "  namespace: shop\n", "  namespace: shop\n  annotations:\n    config.kubernetes.io/local-config: \"true\"\n", 1)
	fnRender(t, dir).expect(t, 0, "[PASS]")
	rendersBeside(t, dir, before, withMeshService(t))
	once := treeOf(t, dir)
	fnRender(t, dir).expect(t, 0, "[PASS]")
	unchanged(t, dir, once)
}
