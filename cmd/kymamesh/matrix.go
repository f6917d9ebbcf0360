package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kymamesh/kymamesh/pkg/matrix"
)

// overview is what a call of matrix asks for.
type overview struct {
	files      []string
	namespaces []string
	format     string
}

var matrixFormats = []string{"text", "markdown", "json", "svg", "mermaid"}

func matrixCommand(s streams) *cobra.Command {
	var o overview
	cmd := &cobra.Command{
		Use:   "matrix [PATH|-]...",
		Short: "Say who can talk to whom, and in which mTLS mode",
		Long: `Say who can talk to whom, and in which mTLS mode, of a package that was not
applied yet: a row for every workload and gateway of the installation, a column
for every port of a Service. Rows, and columns, that say the same are put
together.

` + wordsOfMatrix() + `
The package is read as check reads it. -n keeps the Services of a namespace; the
callers are always all. More than ` + fmt.Sprint(matrix.MaxPairs) + ` pairs that differ are no table, and
exit code 2.`,
		Example: `  kymamesh matrix deploy/
  kymamesh matrix deploy/ -n shop -o markdown
  kustomize build overlay | kymamesh matrix - -o svg > matrix.svg`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			o.files = append(o.files, args...)
			if err := o.check(); err != nil {
				return usageError{err}
			}
			return o.run(s)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.files, "filename", "f", nil, "file, directory or -; the same as an argument")
	flags.StringArrayVarP(&o.namespaces, "namespace", "n", nil, "only the Services of this namespace")
	flags.StringVarP(&o.format, "output", "o", "text", strings.Join(matrixFormats, ", "))
	complete(cmd, "output", matrixFormats)
	return cmd
}

// wordsOfMatrix explains what stands in the cells.
func wordsOfMatrix() string {
	var b strings.Builder
	for _, w := range matrix.Words {
		fmt.Fprintf(&b, "  %-10s %s\n", w.Word, w.Means)
	}
	return b.String()
}

func (o *overview) check() error {
	switch {
	case len(o.files) == 0:
		return errors.New("matrix: name a file, a directory or -")
	case !slices.Contains(matrixFormats, o.format):
		return fmt.Errorf("matrix: no output %q; %s", o.format, strings.Join(matrixFormats, ", "))
	}
	return nil
}

func (o *overview) run(s streams) error {
	in, err := read(o.files, s.in)
	if err != nil {
		return err
	}
	_, model := in.model()
	in.ds = in.located(in.ds)
	in.report(s)
	if in.ds.HasErrors() {
		return errFaults
	}
	for _, namespace := range o.namespaces {
		if len(model.ServiceNames(namespace)) == 0 {
			return usageError{fmt.Errorf("matrix: the package holds no Service in %s", namespace)}
		}
	}
	x, err := matrix.Of(model, o.namespaces...)
	if err != nil {
		return usageError{fmt.Errorf("matrix: %w with -n", err)}
	}
	var out bytes.Buffer
	switch o.format {
	case "json":
		err = encodeJSON(&out, x)
	case "markdown":
		out.WriteString(x.Markdown())
	case "svg":
		out.WriteString(x.SVG())
	case "mermaid":
		out.WriteString(x.Mermaid())
	default:
		out.WriteString(x.Text())
	}
	if err != nil {
		return err
	}
	if _, err := s.out.Write(out.Bytes()); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}
