package istio

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"istio.io/istio/manifests"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/crd"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// knownValidationWarnings are the warnings of Istio's validation that a case
// gives on purpose.
var knownValidationWarnings = []knownWarning{refusesTCP, ownNamespaceInRoot}

// refusesTCP is what Istio says of rules that refuse by what only HTTP has.
var refusesTCP = knownWarning{
	object: "AuthorizationPolicy ", text: "will deny all traffic to TCP ports",
	because: "the package knows whether there is such a port, and then it is an error of our own",
}

// TestValidate asks what Istio's webhook and its resource definitions would say
// of every resource.
func TestValidate(t *testing.T) {
	table := newWarningTable(knownValidationWarnings)
	t.Run("cases", func(t *testing.T) {
		forEachCase(t, func(t *testing.T, c testCase) {
			for _, o := range c.resources() {
				text, err := manifest.AppendYAML(nil, o)
				if err != nil {
					t.Fatal(err)
				}
				warnings, err := validate(text)
				if err != nil {
					t.Errorf("%s: %v", title(o), err)
				}
				for _, w := range warnings {
					if !table.knows(c.name, title(o), w) {
						t.Errorf("%s: warning: %s", title(o), w)
					}
				}
				readsBack(t, o, text)
			}
		})
	})
	table.allGiven(t)
}

// validate is Istio's verdict on one resource as it is written.
func validate(text []byte) ([]string, error) {
	u, err := readUnstructured(text)
	if err != nil {
		return nil, err
	}
	cfg, schema, err := configOf(u)
	if err != nil {
		return nil, err
	}
	warning, err := schema.ValidateConfig(cfg)
	var warnings []string
	if warning != nil {
		warnings = append(warnings, warning.Error())
	}
	if err != nil {
		return warnings, fmt.Errorf("validation: %w", err)
	}
	definitions, err := resourceDefinitions()
	if err != nil {
		return warnings, err
	}
	if err := definitions.ValidateCustomResource(u); err != nil {
		return warnings, fmt.Errorf("resource definition: %w", err)
	}
	return warnings, nil
}

// readConfig reads a resource into Istio's types. Istio's own readers forgive
// unknown fields; this one does not.
func readConfig(text []byte) (config.Config, resource.Schema, error) {
	u, err := readUnstructured(text)
	if err != nil {
		return config.Config{}, nil, err
	}
	return configOf(u)
}

func readUnstructured(text []byte) (*unstructured.Unstructured, error) {
	body, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	var u unstructured.Unstructured // whose reader keeps integers, as CEL wants them
	return &u, u.UnmarshalJSON(body)
}

func configOf(u *unstructured.Unstructured) (config.Config, resource.Schema, error) {
	gvk := u.GroupVersionKind()
	schema, ok := collections.Pilot.FindByGroupVersionAliasesKind(config.GroupVersionKind{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind})
	if !ok {
		return config.Config{}, nil, fmt.Errorf("istio has no kind %s", gvk)
	}
	spec, err := schema.NewInstance()
	if err != nil {
		return config.Config{}, nil, err
	}
	body, err := json.Marshal(u.Object["spec"])
	if err != nil {
		return config.Config{}, nil, err
	}
	if err := config.ApplyJSONStrict(spec, string(body)); err != nil {
		return config.Config{}, nil, fmt.Errorf("strict decoding: %w", err)
	}
	return config.Config{
		Meta: config.Meta{
			GroupVersionKind: schema.GroupVersionKind(),
			Name:             u.GetName(), Namespace: u.GetNamespace(),
			Labels: u.GetLabels(), Annotations: u.GetAnnotations(),
			Domain: "cluster.local",
		},
		Spec: spec,
	}, schema, nil
}

// readsBack fails where the text says less, or other, than the typed object.
func readsBack(t *testing.T, o manifest.Object, text []byte) {
	t.Helper()
	cfg, _, err := readConfig(text)
	if err != nil {
		return // reported by validate
	}
	if diff := cmp.Diff(o.Spec, cfg.Spec, protocmp.Transform()); diff != "" {
		t.Errorf("%s reads back differently (-object +text):\n%s", title(o), diff)
	}
}

// resourceDefinitions are Istio's, with their structural schemas and CEL rules.
var resourceDefinitions = sync.OnceValues(func() (_ *crd.Validator, err error) {
	text, err := manifests.FS.ReadFile("charts/base/files/crd-all.gen.yaml")
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "kymamesh-istio-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	file := filepath.Join(folder, "crds.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	return crd.NewValidatorFromFilesWithOptions([]string{file}, crd.WithoutCRDValidation())
})

// knownWarning is a warning that a case gives on purpose.
type knownWarning struct {
	// of is the case, empty for all, object how the resource's title begins, text a
	// part of the warning.
	of, object, text string
	// because says why the case gives it.
	because string
}

// warningTable finds warnings that are not known, and known ones that are gone.
type warningTable struct {
	mu    sync.Mutex
	known []knownWarning
	given []bool
}

func newWarningTable(known []knownWarning) *warningTable {
	return &warningTable{known: known, given: make([]bool, len(known))}
}

func (w *warningTable) knows(of, object, text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.known, func(k knownWarning) bool {
		return (k.of == of || k.of == "") && strings.HasPrefix(object, k.object) && strings.Contains(text, k.text)
	})
	if i < 0 {
		return false
	}
	w.given[i] = true
	return true
}

// allGiven fails on a row that no case gives any more. It says nothing when only
// some cases ran.
func (w *warningTable) allGiven(t *testing.T) {
	t.Helper()
	if onlySome() {
		return
	}
	for i, k := range w.known {
		if !w.given[i] {
			t.Errorf("%s: %s no longer gives %q; remove the row", k.of, k.object, k.text)
		}
	}
}

// onlySome tells whether -run or -skip leave cases out.
func onlySome() bool {
	return strings.Contains(flag.Lookup("test.run").Value.String(), "/") || flag.Lookup("test.skip").Value.String() != ""
}
