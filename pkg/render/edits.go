package render

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// InPackage renders all documents of one call together, for a host that shows
// the package around them: what changes the package's own objects comes as edits,
// for [edit.Package].
func InPackage(docs ...Document) ([]manifest.Object, []edit.Edit, diag.List) {
	c := readCall(docs)
	meshes, objects := c.meshesAndObjects()
	return objects, c.edits(meshes), c.ds
}

// Edited are the objects that say what the documents change in a person's object of
// the package; they are not written, the edits are.
func Edited(objects []manifest.Object) []manifest.Object {
	var edited []manifest.Object
	for i := range objects {
		if objects[i].Edited {
			edited = append(edited, objects[i])
		}
	}
	return edited
}

// edits are the changes that the documents ask of the package. An edit that
// cannot be written has been reported.
func (c *call) edits(meshes []*mesh.Mesh) []edit.Edit {
	var all []edit.Edit
	for _, m := range meshes {
		all = append(all, operatorEdits(m)...)
		for _, l := range m.Namespaces {
			all = append(all, namespaceEdit(l))
		}
		for _, s := range m.PodSettings {
			all = append(all, podEdit(s))
		}
	}
	return all
}

func namespaceEdit(l mesh.NamespaceLabel) edit.Edit {
	e := edit.Edit{
		Target: edit.Target{APIVersion: "v1", Kind: "Namespace", Name: l.Namespace},
		Path:   []string{"metadata", "labels", l.Key},
		Value:  edit.Text(l.Value),
		Origin: l.Origin,
	}
	if l.Key == mesh.RevisionLabel {
		e.Rivals = []edit.Rival{{
			Path: []string{"metadata", "labels", mesh.InjectionLabel}, Agrees: "enabled", Goes: true, Advice: "change one",
		}}
	} else {
		e.Rivals = []edit.Rival{{
			Path: []string{"metadata", "labels", mesh.RevisionLabel}, Advice: "a namespace has one of the two; write revision instead, or remove that label",
		}}
	}
	switch label := l.Key + "=" + l.Value; {
	case l.Default:
		message := fmt.Sprintf("this generation labels %s, which is not in the package: label %[1]s %s, or write namespaces.%[1]s", l.Namespace, label)
		e.Missing = &edit.Missing{Severity: diag.Info, Message: message}
	case l.ClusterOwned():
		message := fmt.Sprintf("every cluster makes %s itself, so it is not rendered; put its Namespace into the package, or label it yourself: %s", l.Namespace, label)
		e.Missing = &edit.Missing{Message: message, Unseen: message}
	}
	return e
}

// unseenPods is said by hosts that see no package.
const unseenPods = "changes the package's own workload; give the package (transformers:, kpt, or a directory)"

func podEdit(s mesh.PodSetting) edit.Edit {
	field := "annotations"
	advice := "annotate its pod template yourself"
	if s.Key == mesh.InjectLabel || s.Key == mesh.RevisionLabel {
		field, advice = "labels", "label its pod template "+s.Key
	}
	e := edit.Edit{
		Target: edit.Target{Namespace: s.Namespace, Pods: s.Selector},
		Path:   []string{"metadata", field, s.Key},
		Value:  podValue(s),
		Missing: &edit.Missing{
			Message: fmt.Sprintf("no workload of %s with %s in the package; add its manifest, or %s", s.Namespace, s.Pods(), advice),
			Unseen:  unseenPods,
		},
		Origin: s.Origin,
	}
	if s.Key == mesh.RevisionLabel {
		e.Missing = nil // the same word asks for InjectLabel
	}
	if s.Key == mesh.InjectLabel {
		// The annotation is the older way; the label would win over it in silence.
		e.Rivals = []edit.Rival{{Path: []string{"metadata", "annotations", s.Key}, Agrees: s.Value, Advice: "change one"}}
	}
	return e
}

func podValue(s mesh.PodSetting) *yaml.Node {
	if s.Config == nil {
		return edit.Text(s.Value)
	}
	text, err := manifest.Text(s.Config)
	if err != nil {
		panic(err) // the reader has read it, so it is text
	}
	return edit.Text(text)
}
