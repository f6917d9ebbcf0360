// Command golang shows how an installer of your own imports kymamesh. Without
// an argument it renders the document that it builds itself; with a file it
// renders the documents in it. The YAML goes to standard output, and what there
// is to say about the documents to standard error.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// shop is the document of examples/quickstart as Go values.
var shop = spec.KymaMesh{
	Metadata: spec.Metadata{Name: "shop"},
	Spec: spec.Spec{
		Domain: "shop.example.com",
		Services: []spec.Service{{
			Name:      "reviews",
			Namespace: "shop",
			Split:     map[string]spec.Percent{"v1": 90, "v2": 10},
		}},
	},
}

func run(args []string, stdout, stderr io.Writer) error {
	objects, ds, err := load(args)
	if err != nil {
		return err
	}
	for _, d := range ds {
		fmt.Fprintln(stderr, d)
	}
	if ds.HasErrors() {
		return errors.New("nothing is rendered")
	}
	m, err := encode(objects)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s---\n%s", m.install, m.resources)
	return err
}

// load renders the built document, or the documents of a file.
func load(args []string) ([]manifest.Object, diag.List, error) {
	switch len(args) {
	case 0:
		objects, ds := render.Objects(shop)
		return objects, ds, nil
	case 1:
		text, err := os.ReadFile(args[0])
		if err != nil {
			return nil, nil, err
		}
		objects, ds := render.YAML(args[0], text)
		return objects, ds, nil
	}
	return nil, nil, errors.New("want one file, or none")
}

// manifests is what is rendered, by who takes it.
type manifests struct {
	install   []byte // for istioctl install -f
	resources []byte // for kubectl apply -f
}

// encode writes the objects as YAML, istioctl's apart from kubectl's.
func encode(objects []manifest.Object) (manifests, error) {
	var install, resources bytes.Buffer
	err := errors.Join(
		manifest.Encode(&install, render.Select(objects, render.PartInstall)),
		manifest.Encode(&resources, render.Select(objects, render.PartResources)),
	)
	return manifests{install.Bytes(), resources.Bytes()}, err
}
