package main

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/internal/strictyaml"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// The annotations by which kpt and kustomize say where an item lies. The first
// of a pair is what kyaml writes since 0.13, the second what it wrote before.
const (
	internalPath  = "internal.config.kubernetes.io/path"
	internalIndex = "internal.config.kubernetes.io/index"
	packagePath   = "internal.config.kubernetes.io/package-path"
	legacyPath    = "config.kubernetes.io/path"
	legacyIndex   = "config.kubernetes.io/index"
	originFile    = "config.kubernetes.io/origin"
	localConfig   = "config.kubernetes.io/local-config"
)

// call is one call of the function.
type call struct {
	list   *resourcelist.List
	legacy bool
	options
	// docs are the documents of ours, and behind them what is merged into what they
	// render; places say where each lies, in the same order.
	docs   []render.Document
	places []place
	// config is the functionConfig when it is a document of ours.
	config *resourcelist.Item
	// files tells whether the host keeps items in files. kustomize does not, and
	// path annotations would have no use there.
	files bool

	// all is what the documents ask for, and objects the part of it that is wanted.
	all, objects []manifest.Object
	// edits are what the documents change in the package's own objects.
	edits []edit.Edit
	ds    diag.List
}

// place is where a document lies in the package.
type place struct {
	// kind, namespace and name are the document's, for results.
	apiVersion, kind, namespace, name string
	// file is its path in its package, empty when the host does not say.
	file string
	// index is its number in the file.
	index int
	// kept tells whether the host keeps it there; an origin is only told.
	kept bool
	// pkg is the kpt package, empty when there is one only.
	pkg string
}

// addConfigText takes the file that the legacy plugin gives.
func (c *call) addConfigText(text []byte) error {
	stream, err := resourcelist.ParseStream(text)
	if err != nil {
		return fmt.Errorf("the plugin's configuration: %w", err)
	}
	items := stream.Items()
	if len(items) != 1 {
		return fmt.Errorf("the plugin's configuration holds %d documents; one is wanted", len(items))
	}
	return c.addConfig(items[0])
}

// addConfig takes the functionConfig: a document, or options.
func (c *call) addConfig(config *resourcelist.Item) error {
	switch {
	case config == nil:
		return nil
	case render.IsDocument(config.APIVersion()):
		c.config = config
		return nil
	case config.APIVersion() == "v1" && config.Kind() == "ConfigMap":
		return c.readOptions(config)
	}
	at := c.refused(config)
	c.ds.Errorf(diag.CodeItem, at, "functionConfig is %s %s; a KymaMesh or a ConfigMap with options is wanted", config.APIVersion(), config.Kind())
	return nil
}

// refused makes the functionConfig the one document of the call, for what there
// is to say about it: nothing is rendered then.
func (c *call) refused(config *resourcelist.Item) diag.Path {
	c.places = []place{placeOf(config)}
	return diag.Document(0)
}

// readOptions reads the data of a ConfigMap, which is how kpt passes key=value.
func (c *call) readOptions(config *resourcelist.Item) error {
	n, err := config.Node()
	if err != nil {
		return fmt.Errorf("functionConfig: %w", err)
	}
	_, data := strictyaml.Entry(n, "data")
	if data == nil || data.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(data.Content); i += 2 {
		key, value := data.Content[i].Value, data.Content[i+1].Value
		known, err := c.set(key, value)
		if !known {
			c.ds.Errorf(diag.CodeItem, c.refused(config).Key("data").Key(key), "no option %q; there is %s", key, optionList)
		} else if err != nil {
			c.ds.Errorf(diag.CodeItem, c.refused(config).Key("data").Key(key), "%v", err)
		}
	}
	return nil
}

// collect finds the documents among the items, and the functionConfig, and beside
// them the items that are merged into what is rendered. kustomize
// and kpt give it as both. Where the two differ the functionConfig holds: an
// overlay's transformer meets the document of its base among the items.
func (c *call) collect() {
	var asItem bool
	for _, item := range c.list.Items() {
		c.files = c.files || !c.legacy && hasPath(item)
		if !render.IsDocument(item.APIVersion()) {
			continue
		}
		text := item.Bytes()
		if c.config != nil && sameDocument(item, c.config) {
			asItem = true
			if pkg := placeOf(c.config).pkg; pkg == "" || pkg == placeOf(item).pkg {
				text = c.config.Bytes()
			}
		}
		c.add(item, text)
	}
	if c.config != nil && !asItem {
		c.add(c.config, c.config.Bytes())
	}
	if len(c.docs) == 0 {
		return // nothing is installed
	}
	for _, item := range c.list.Items() {
		aside := c.part == render.PartResources
		if aside && render.IsInstallation(item) || !aside && render.IsOverride(item) {
			c.add(item, item.Bytes())
			c.docs[len(c.docs)-1].Aside = aside
		}
	}
}

func hasPath(item *resourcelist.Item) bool {
	_, path := item.Annotation(internalPath)
	_, legacy := item.Annotation(legacyPath)
	return path || legacy
}

func sameDocument(a, b *resourcelist.Item) bool {
	return a.APIVersion() == b.APIVersion() && a.Kind() == b.Kind() && a.Namespace() == b.Namespace() && a.Name() == b.Name()
}

func (c *call) add(item *resourcelist.Item, text []byte) {
	p := placeOf(item)
	c.places = append(c.places, p)
	c.docs = append(c.docs, render.Document{File: p.label(), Text: text, Package: p.pkg})
}

func placeOf(item *resourcelist.Item) place {
	pkg, _ := item.Annotation(packagePath)
	return place{
		apiVersion: item.APIVersion(), kind: item.Kind(), namespace: item.Namespace(), name: item.Name(),
		file: fileOf(item), index: indexOf(item), kept: hasPath(item), pkg: pkg,
	}
}

// indexOf is the item's number in its file, 0 where the host does not say.
func indexOf(item *resourcelist.Item) int {
	for _, key := range []string{internalIndex, legacyIndex} {
		if text, ok := item.Annotation(key); ok {
			index, _ := strconv.Atoi(text)
			return index
		}
	}
	return 0
}

// label is what diagnostics call the document.
func (p place) label() string {
	switch {
	case p.file != "":
		return p.file
	case p.namespace != "":
		return p.kind + " " + p.namespace + "/" + p.name
	}
	return strings.TrimSpace(p.kind + " " + p.name)
}

var originPath = pattern.New(`(?m)^path: *(.+?) *$`)

// fileOf is the item's file as far as the host says it; kustomize does only with
// buildMetadata: [originAnnotations].
func fileOf(item *resourcelist.Item) string {
	for _, key := range []string{internalPath, legacyPath} {
		if path, ok := item.Annotation(key); ok {
			return path
		}
	}
	if origin, ok := item.Annotation(originFile); ok {
		if m := originPath.FindStringSubmatch(origin); m != nil {
			return m[1]
		}
	}
	return ""
}
