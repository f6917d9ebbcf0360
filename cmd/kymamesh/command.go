package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kymamesh/kymamesh/pkg/edit"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/render"
)

// The exit codes, besides 0 and those of trace.
const (
	exitFaults = 1 // the documents have faults
	exitUsage  = 2 // the call is wrong, or a file cannot be read or written
)

// errFaults ends a command whose faults are on stderr already.
var errFaults = errors.New("the documents have faults")

// run is one call of the program.
func run(args []string, s streams) int {
	out := &checked{Writer: s.out}
	s.out = out
	root := rootCommand(s)
	root.SetArgs(args)
	root.SetOut(s.out)
	root.SetErr(s.err)
	cmd, err := root.ExecuteC()
	if out.err != nil && (err == nil || err == out.err) {
		err = fmt.Errorf("stdout: %w", out.err)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFaults):
		return exitFaults
	}
	var answer verdictError
	if errors.As(err, &answer) {
		return int(answer)
	}
	fmt.Fprintf(s.err, "kymamesh: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(s.err, "see %s --help\n", cmd.CommandPath())
	}
	return exitUsage
}

// checked remembers that something could not be written: cobra does not look when
// it prints its help.
type checked struct {
	io.Writer
	err error
}

// Write is that of the writer below.
func (c *checked) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.err = cmp.Or(c.err, err)
	return n, err
}

// usageError is a call that names something that is not there.
type usageError struct{ error }

func rootCommand(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "kymamesh",
		Short: "Turn a small KymaMesh document into a complete Istio mesh",
		Long: `Turn a small KymaMesh document into a complete and safe Istio mesh.

It reads files and writes YAML. It talks to no cluster.`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("kymamesh {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(renderCommand(s), checkCommand(s), traceCommand(s), matrixCommand(s), explainCommand(s), schemaCommand(s), &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "kymamesh %s\n", version)
			return err
		},
	})
	root.Args = asUsage(root.Args)
	return root
}

// asUsage marks what cobra says about arguments as a fault of the call.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// request is what a call of render asks for.
type request struct {
	files  []string
	format string
	dir    string
	part   string
	only   string
	// inPlace writes what the documents change in the package's own files.
	inPlace bool
}

var formats = []string{"yaml", "json"}

func renderCommand(s streams) *cobra.Command {
	var r request
	cmd := &cobra.Command{
		Use:   "render [PATH|-]...",
		Short: "Render documents into Istio resources",
		Long: `Render the KymaMesh and MeshService documents of all paths together.

A file is a stream of YAML documents, or JSON; - is standard input. A directory
is a package: *.yaml, *.yml and *.json below it, but for dot files and what
.krmignore names. Documents that are not ours are left alone; in a package they
are checked against what is rendered. What a document changes in them, such as
the label of a namespace, is printed as a whole object, or with -i written.

The IstioOperator is for istioctl, kubectl cannot apply it: use --part.`,
		Example: `  kymamesh render kymamesh.yaml --part install | istioctl install -f -
  kymamesh render kymamesh.yaml --part resources | kubectl apply -f -
  kymamesh render deploy/ --output-dir deploy/rendered
  kymamesh render -f platform/kymamesh.yaml shop/ --only shop`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			r.files = append(r.files, args...)
			if err := r.check(cmd.Flags().Changed); err != nil {
				return usageError{err}
			}
			return r.run(s)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&r.files, "filename", "f", nil, "file, directory or -; the same as an argument")
	flags.StringVarP(&r.format, "output", "o", "yaml", "yaml or json")
	flags.StringVar(&r.dir, "output-dir", "", "write DIR/NAMESPACE/KIND_NAME.yaml instead, and remove what is no longer rendered")
	flags.StringVar(&r.part, "part", string(render.PartAll), "all, install (for istioctl) or resources (for kubectl)")
	flags.StringVar(&r.only, "only", "", "only what MeshServices of this namespace asked for")
	flags.BoolVarP(&r.inPlace, "in-place", "i", false, "write what the documents change in the package's own files, and do not print it")
	complete(cmd, "output", formats)
	complete(cmd, "part", partNames())
	if err := cmd.MarkFlagDirname("output-dir"); err != nil {
		panic(err) // the flag is there
	}
	return cmd
}

func complete(cmd *cobra.Command, flag string, values []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is there, and nobody else completes it
	}
}

func partNames() []string {
	var names []string
	for _, p := range render.Parts {
		names = append(names, string(p))
	}
	return names
}

// check finds calls that mean nothing. A flag that is empty is most often a
// variable that was not set; to take it for no flag would render everything.
func (r *request) check(written func(flag string) bool) error {
	switch {
	case len(r.files) == 0:
		return errors.New("render: name a file, a directory or -")
	case !slices.Contains(formats, r.format):
		return fmt.Errorf("render: no output %q; yaml or json", r.format)
	case !slices.Contains(partNames(), r.part):
		return fmt.Errorf("render: no part %q; %s", r.part, strings.Join(partNames(), ", "))
	case written("only") && r.only == "":
		return errors.New("render: --only is empty; write a namespace, or leave it out")
	case written("output-dir") && r.dir == "":
		return errors.New("render: --output-dir is empty; write a directory, or leave it out")
	case r.dir != "" && r.format != "yaml":
		return errors.New("render: --output-dir writes YAML; leave -o out")
	}
	return nil
}

// run reads, renders, checks and writes. Nothing is written when there is a
// fault.
func (r *request) run(s streams) error {
	in, err := read(r.files, s.in)
	if err != nil {
		return err
	}
	in.addOverrides(render.Part(r.part))
	objects := in.render(r.selected)
	edits := r.edit(in)
	var c changes
	if r.dir != "" && !in.ds.HasErrors() {
		if c, err = r.plan(in, objects); err != nil {
			return err
		}
	}
	in.report(s)
	if in.ds.HasErrors() {
		return errFaults
	}
	if err := r.editable(in, edits); err != nil {
		return err
	}
	printed, err := r.installation(in, edits)
	if err != nil {
		return err
	}
	if r.inPlace {
		written, err := in.writeInPlace(edits)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.err, "%d files of the package changed\n", written)
	} else if r.part != string(render.PartInstall) {
		printed = edits
	}
	if r.dir == "" {
		return r.write(objects, printed, s)
	}
	if err := c.apply(r.dir); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%s: %d objects, %d files written, %d removed\n", r.dir, len(objects), len(c.write), len(c.remove))
	return nil
}

// write puts all objects on standard output.
func (r *request) write(objects []manifest.Object, edits []edit.Change, s streams) error {
	encode := manifest.Encode
	if r.format == "json" {
		encode = manifest.EncodeJSON
	}
	if err := encode(s.out, objects); err != nil {
		return err
	}
	return printChanged(s.out, len(objects) > 0, edits)
}

// selected are the objects that --part and --only leave.
func (r *request) selected(objects []manifest.Object) []manifest.Object {
	objects = render.Select(objects, render.Part(r.part))
	if r.only == "" {
		return objects
	}
	return slices.DeleteFunc(slices.Clone(objects), func(o manifest.Object) bool { return !r.asked(o.Source) })
}

// asked tells whether a document of the namespace of --only asked for what
// carries this source annotation.
func (r *request) asked(source string) bool {
	return r.only == "" || strings.HasPrefix(source, "MeshService/"+r.only+"/")
}
