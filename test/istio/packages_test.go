package istio

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kubejson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/kymamesh/kymamesh/pkg/manifest"
)

// objectPackage is what kubectl applies together.
type objectPackage struct {
	// name is that of the case, krm/CASE or examples/FILE.
	name    string
	objects []applied
}

// applied is an object with the text of it that goes to the API server.
type applied struct {
	*unstructured.Unstructured
	text []byte
}

func newApplied(text []byte) (applied, error) {
	o := applied{&unstructured.Unstructured{}, text}
	body, err := yaml.YAMLToJSON(text)
	if err != nil {
		return o, err
	}
	// Numbers have to have the types that the API server's answers have.
	return o, kubejson.Unmarshal(body, &o.Object)
}

// appliedObjects are the objects of a stream of YAML documents.
func appliedObjects(text []byte) ([]applied, error) {
	var all []applied
	err := eachDocument(text, func(doc []byte) error {
		o, err := newApplied(doc)
		all = append(all, o)
		return err
	})
	return all, err
}

func (o applied) namespace() string { return cmp.Or(o.GetNamespace(), "default") }

func (o applied) title() string { return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName() }

// configGroups are the groups whose kinds are for tools that read the files.
var configGroups = []string{"mesh.kyma-project.io", "install.istio.io", "kpt.dev", "kustomize.config.k8s.io"}

// onlyRead tells whether an entry of a package is no object of the cluster: it is
// for tools, or no object at all.
func (o applied) onlyRead() bool {
	return o.GetKind() == "" || o.GetName() == "" ||
		o.GetAnnotations()["config.kubernetes.io/local-config"] == "true" ||
		slices.Contains(configGroups, o.GroupVersionKind().Group)
}

// packages are all cases, the outputs of the KRM function and the files of the
// examples.
func packages() ([]objectPackage, error) {
	var all []objectPackage
	for _, read := range []func() ([]objectPackage, error){casePackages, functionPackages, examplePackages} {
		found, err := read()
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// casePackages hold all resources of the cases: nothing of ours is left out as
// being no object.
func casePackages() ([]objectPackage, error) {
	all, err := cases()
	if err != nil {
		return nil, err
	}
	var found []objectPackage
	for _, c := range all {
		p := objectPackage{name: c.name}
		var texts [][]byte
		for _, object := range c.besides {
			text, err := json.Marshal(object)
			if err != nil {
				return nil, err
			}
			texts = append(texts, text)
		}
		for _, o := range c.applied() {
			text, err := manifest.AppendYAML(nil, o)
			if err != nil {
				return nil, err
			}
			texts = append(texts, text)
		}
		for _, text := range texts {
			o, err := newApplied(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			p.objects = append(p.objects, o)
		}
		found = append(found, p)
	}
	return found, nil
}

// functionPackages are what the KRM function leaves behind when it succeeds.
func functionPackages() ([]objectPackage, error) {
	exits, err := filepath.Glob(filepath.Join(goldenDir, "krm", "*", "want.exit"))
	if err != nil {
		return nil, err
	}
	var all []objectPackage
	for _, file := range exits {
		exit, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if string(exit) != "0\n" {
			continue
		}
		folder := filepath.Dir(file)
		text, err := os.ReadFile(filepath.Join(folder, "want.yaml"))
		if err != nil {
			return nil, err
		}
		objects, err := listItems(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		all = append(all, apart("krm/"+filepath.Base(folder), objects)...)
	}
	if len(all) == 0 {
		return nil, errors.New("no output of the function in " + goldenDir)
	}
	return all, nil
}

// listItems are the objects of a ResourceList.
func listItems(text []byte) ([]applied, error) {
	body, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, err
	}
	var all []applied
	for _, item := range list.Items {
		if o, err := newApplied(item); err == nil && !o.onlyRead() { // with an error it is no mapping
			all = append(all, o)
		}
	}
	return all, nil
}

// apart makes packages of a list that kpt took from several. Two of them may hold
// one object, and applied together each would undo the other's for ever.
func apart(name string, objects []applied) []objectPackage {
	var all []objectPackage
	at := map[string]int{}
	for _, o := range objects {
		path := o.GetAnnotations()["internal.config.kubernetes.io/package-path"]
		if _, ok := at[path]; !ok {
			at[path] = len(all)
			all = append(all, objectPackage{name: name})
		}
		p := &all[at[path]]
		p.objects = append(p.objects, o)
	}
	return all
}

// examplePackages are the files of the examples as they are written, so that what
// a reader of ours forgives is found.
func examplePackages() ([]objectPackage, error) {
	files, err := packageFiles(examplesDir)
	if err != nil {
		return nil, err
	}
	var all []objectPackage
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		objects, err := appliedObjects(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if objects = slices.DeleteFunc(objects, applied.onlyRead); len(objects) > 0 {
			all = append(all, objectPackage{strings.TrimPrefix(filepath.ToSlash(file), "../../"), objects})
		}
	}
	return all, nil
}
