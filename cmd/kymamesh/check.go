package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// examination is what a call of check asks for.
type examination struct {
	files  []string
	format string
	failOn string
	codes  bool
}

var (
	reportFormats = []string{"text", "json", "sarif", "github"}
	failLevels    = []string{diag.Error.String(), diag.Warning.String()}
)

func checkCommand(s streams) *cobra.Command {
	var e examination
	cmd := &cobra.Command{
		Use:   "check [PATH|-]...",
		Short: "Say what is wrong with a package before it is applied",
		Long: `Say what is wrong with a package before it is applied, whoever wrote it.

All files and directories together are one package: Services, workloads,
namespaces, Secrets, Istio's objects, and what KymaMesh documents render. A
check whose subject the package does not hold says nothing. Of a kustomization
check what kustomize builds.

Findings go to standard output. The exit code is 1 when there is one at or above
--fail-on.

A finding that may stay is ignored by the annotation
ignore.mesh.kyma-project.io/CODE on its object, or by checks.ignore in the
KymaMesh, each with a reason. What is ignored and no longer found is a finding.`,
		Example: `  kymamesh check deploy/
  kustomize build overlay | kymamesh check -
  kubectl get namespaces,pods,deployments,replicasets -A -o yaml | kymamesh check mesh.yaml -
  kymamesh check deploy/ -o sarif > kymamesh.sarif
  kymamesh check --codes`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			e.files = append(e.files, args...)
			if err := e.check(); err != nil {
				return usageError{err}
			}
			if e.codes {
				return writeCodes(s.out, e.format)
			}
			return e.run(s)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&e.files, "filename", "f", nil, "file, directory or -; the same as an argument")
	flags.StringVarP(&e.format, "output", "o", "text", strings.Join(reportFormats, ", "))
	flags.StringVar(&e.failOn, "fail-on", diag.Error.String(), "error or warning: what makes the exit code 1")
	flags.BoolVar(&e.codes, "codes", false, "list the checks instead")
	complete(cmd, "output", reportFormats)
	complete(cmd, "fail-on", failLevels)
	return cmd
}

func (e *examination) check() error {
	switch {
	case e.codes && len(e.files) > 0:
		return errors.New("check: --codes is a question of its own; leave the rest out")
	case !e.codes && len(e.files) == 0:
		return errors.New("check: name a file, a directory or -")
	case !slices.Contains(reportFormats, e.format):
		return fmt.Errorf("check: no output %q; %s", e.format, strings.Join(reportFormats, ", "))
	case e.codes && e.format != "text" && e.format != "json":
		return fmt.Errorf("check: --codes has no output %q; text or json", e.format)
	case !slices.Contains(failLevels, e.failOn):
		return fmt.Errorf("check: no level %q; %s", e.failOn, strings.Join(failLevels, " or "))
	}
	return nil
}

func (e *examination) run(s streams) error {
	in, err := read(e.files, s.in)
	if err != nil {
		return err
	}
	found := in.examine()
	if err := writeReport(s.out, e.format, in.ds, found.ignored); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	if e.format == "text" {
		writeIgnored(s.err, found.ignored)
		writeSilent(s.err, found.silent)
	}
	if slices.ContainsFunc(in.ds, e.fails) {
		return errFaults
	}
	return nil
}

func (e *examination) fails(d diag.Diagnostic) bool {
	return d.Severity == diag.Error || e.failOn == diag.Warning.String() && d.Severity == diag.Warning
}

// examined is what there is to say beside the findings.
type examined struct {
	// ignored are findings that somebody knows of.
	ignored []check.Ignored
	// silent are the checks that had nothing to read.
	silent []check.Check
}

// examine checks all that was read as one package. With faults in a document
// nobody knows what it would render, and the rest of the package is not held
// against it.
func (in *input) examine() examined {
	objects, model := in.model()
	if model == nil {
		return examined{}
	}
	in.ds = append(in.ds, check.Package(objects, model)...)
	in.ds = append(in.ds, check.Edits(in.edits, model)...)
	in.ds = append(in.ds, in.written(objects)...)
	found, ignored := check.Examine(model, render.Ignored(in.docs...)...)
	in.ds = in.located(append(in.ds, found...))
	for i := range ignored {
		ignored[i].Diagnostic = in.located(diag.List{ignored[i].Diagnostic})[0]
	}
	return examined{ignored, check.Silent(model)}
}

// model is the model of all that was read, and what its documents render; nil with
// faults in a document.
func (in *input) model() ([]manifest.Object, *topology.Model) {
	in.packAll()
	in.addOverrides(render.PartAll)
	var objects []manifest.Object
	if len(in.docs) > 0 && !in.ds.HasErrors() {
		all, ds := in.rendered()
		objects, in.ds = all, append(in.ds, ds...)
	}
	if in.ds.HasErrors() {
		return nil, nil
	}
	return objects, topology.New(objects, in.edited(), len(in.docs))
}

// edited are the items as the documents change them.
func (in *input) edited() []*resourcelist.Item {
	changes, ds := in.planned(render.PartAll)
	in.ds = append(in.ds, ds...)
	return edit.After(in.items, changes)
}

// packAll makes the package hold the files that were named by themselves.
func (in *input) packAll() {
	for _, name := range in.order {
		in.addItems(name)
	}
}

// located fills in positions, of items too: their document numbers follow those
// of the documents.
func (in *input) located(ds diag.List) diag.List {
	docs := make([]render.Document, len(in.docs)+len(in.items))
	copy(docs, in.docs)
	for _, d := range ds {
		if i := d.Path.Document() - len(in.docs); i >= 0 {
			item := in.items[i]
			docs[len(in.docs)+i] = render.Document{File: in.files[item].name, Line: item.Line(), Text: item.Bytes()}
		}
	}
	return render.Locate(ds, docs...)
}
