package render

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/istioop"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// IsOverride tells whether an item of a package is one that Documents takes beside
// the documents of ours, because it may be merged into the IstioOperator: an
// IstioOperator that was not rendered, or the ConfigMap by which Kyma's installer
// was given one. Only a host that sees the whole package gives them: what is
// rendered must not depend on what a host happens to see.
func IsOverride(item Item) bool {
	if isOperator(item.APIVersion(), item.Kind()) {
		_, ours := OwnerOf(item)
		return !ours
	}
	installer, _ := item.Label("installer")
	component, _ := item.Label("component")
	return isConfigMap(item.APIVersion(), item.Kind()) && installer == "overrides" && component == "istio"
}

// IsInstallation tells whether an item of a package is an IstioOperator that
// somebody wrote and a cluster gets. A call for PartResources gives such a one as a
// Document that stands Aside: words that change it are none of a cluster without it.
func IsInstallation(item Item) bool {
	local, _ := item.Annotation(localConfig)
	return isOperator(item.APIVersion(), item.Kind()) && IsOverride(item) && local != "true"
}

// Changes tells whether a call for a part writes into an item of the package: an
// IstioOperator belongs to the installation, all else to the resources.
func (p Part) Changes(item Item) bool {
	if isOperator(item.APIVersion(), item.Kind()) {
		return p != PartResources
	}
	return p != PartInstall
}

func isOperator(apiVersion, kind string) bool {
	return strings.HasPrefix(apiVersion, istioop.Kind.Group+"/") && kind == istioop.Kind.Name
}

func isConfigMap(apiVersion, kind string) bool { return apiVersion == "v1" && kind == "ConfigMap" }

// operatorVersion is the only version that there ever was for installing Istio.
const operatorVersion = "install.istio.io/v1alpha1"

// operatorKey is where the ConfigMap of Kyma's installer holds an IstioOperator.
const operatorKey = "kyma_istio_operator"

// localConfig is the annotation of what no host sends to a cluster.
const localConfig = "config.kubernetes.io/local-config"

// operator reads an item IstioOperator. What is not marked to be merged is looked
// into as far as the words need to know the installation that it is.
func (c *call) operator(root *yaml.Node, doc Document, at diag.Path) {
	local := scalarAt(root, "metadata", "annotations", localConfig) == "true"
	o := mesh.Operator{Name: nameOf(root), Local: local, Aside: doc.Aside, At: at.Key("spec")}
	if local {
		o.Spec = c.operatorSpec(root, at)
	} else {
		if byHand, err := edit.ByHand(doc.Text); err == nil {
			root = byHand
		}
		o.Theirs = theirs(root)
	}
	c.operators = append(c.operators, mesh.Document[mesh.Operator]{Value: o, Path: at, Package: doc.Package})
}

// operatorSpec reads the spec of an IstioOperator at a path.
func (c *call) operatorSpec(root *yaml.Node, at diag.Path) map[string]any {
	if v := scalarAt(root, "apiVersion"); v != operatorVersion {
		c.ds.Errorf(diag.CodeDocument, at.Key("apiVersion"), "%q is no version of an IstioOperator; write %s", v, operatorVersion)
	}
	var spec map[string]any
	if _, n := strictyaml.Entry(root, "spec"); n != nil {
		c.decoded(strictyaml.Decode(n, at.Key("spec"), &spec))
	}
	return spec
}

// installerConfig reads the ConfigMap of Kyma's installer, whose labels are mark
// enough: nobody but the installer reads it in a cluster.
func (c *call) installerConfig(root *yaml.Node, doc Document, at diag.Path) {
	key, text := strictyaml.Entry(root, "data", operatorKey)
	at = at.Key("data").Key(operatorKey)
	switch {
	case text == nil:
		parent, _ := at.Parent()
		c.ds.Warnf(diag.CodeUnused, parent, "no key %s; other overrides of Kyma's installer are not read, write install.override", operatorKey)
		return
	case text.Kind != yaml.ScalarNode || text.ShortTag() != "!!str":
		c.ds.Errorf(diag.CodeType, at, "want text that holds an IstioOperator; write %s: |", operatorKey)
		return
	}
	place := within(text, key, doc.Text)
	inner, ok := c.innerDocument(text.Value, place, at)
	if !ok {
		return
	}
	place.move(inner)
	*text = *inner // so that a path leads into the text
	if apiVersion, kind := scalarAt(inner, "apiVersion"), scalarAt(inner, "kind"); !isOperator(apiVersion, kind) {
		c.ds.Errorf(diag.CodeDocument, at, "holds %s %s; want an IstioOperator of %s", apiVersion, kind, operatorVersion)
		return
	}
	c.operators = append(c.operators, mesh.Document[mesh.Operator]{
		Value: mesh.Operator{Name: nameOf(root), Local: true, Spec: c.operatorSpec(inner, at), At: at.Key("spec")},
		Path:  at, Package: doc.Package,
	})
}

// innerDocument parses the one document that a text inside a document holds.
func (c *call) innerDocument(text string, place inside, at diag.Path) (*yaml.Node, bool) {
	source, ds := strictyaml.Parse("", 1, []byte(text), at)
	for i := range ds {
		pos := c.pos(at)
		if pos.Line > 0 && place.first > 0 {
			pos.Line, pos.Col = pos.Line+place.line(ds[i].Pos.Line)-place.key.Line, 1
		}
		ds[i].Pos = pos
	}
	c.ds = append(c.ds, ds...)
	if len(ds) > 0 {
		return nil, false
	}
	stream, err := resourcelist.ParseStream([]byte(text))
	if err != nil || len(stream.Items()) != 1 || source.Root == nil {
		c.ds.Errorf(diag.CodeDocument, at, "want one IstioOperator and nothing else")
		return nil, false
	}
	return source.Root, true
}

// inside is where a text lies in the text around it.
type inside struct {
	key *yaml.Node
	// first is the line before the first one of a block, whose lines are those of
	// the text; 0 where lines were joined or escaped. indent is its indentation.
	first, indent int
}

// within finds the lines of a text of YAML inside a document.
func within(text, key *yaml.Node, document []byte) inside {
	in := inside{key: key}
	if text.Style&yaml.LiteralStyle == 0 {
		return in
	}
	in.first = text.Line
	lines := strings.Split(string(document), "\n")
	for _, line := range lines[min(text.Line, len(lines)):] {
		if rest := strings.TrimLeft(line, " "); strings.TrimSpace(rest) != "" {
			in.indent = len(line) - len(rest)
			break
		}
	}
	return in
}

// line is the line of the document on which a line of the text stands.
func (in inside) line(line int) int {
	if in.first == 0 {
		return in.key.Line
	}
	return in.first + line
}

// move gives the nodes of the text their places in the document.
func (in inside) move(n *yaml.Node) {
	n.Line = in.line(n.Line)
	if n.Column += in.indent; in.first == 0 {
		n.Column = in.key.Column
	}
	for _, inner := range n.Content {
		in.move(inner)
	}
}

// nameOf is KIND NAMESPACE/NAME of an object.
func nameOf(root *yaml.Node) string {
	name := scalarAt(root, "metadata", "name")
	if namespace := scalarAt(root, "metadata", "namespace"); namespace != "" {
		name = namespace + "/" + name
	}
	return scalarAt(root, "kind") + " " + name
}
