package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kymamesh/kymamesh/pkg/render"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// question is what a call of explain asks.
type question struct {
	files  []string
	paths  []string
	format string
	diff   string
	nodes  []string
}

var explainFormats = []string{"text", "json"}

func explainCommand(s streams) *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "explain [PATH|-]...",
		Short: "Say of every value that is rendered who says it",
		Long: `Say of every value that is rendered who says it: a place of a document, or a
layer of defaults - base, the generation of Kyma, its profile, the platform.

--path keeps what holds the text in the object or the path. --diff shows what
another document would change, or the same one with another generation of Kyma.

--nodes says instead which profile Kyma's module would choose for a cluster of
these nodes; a cluster is never asked.`,
		Example: `  kymamesh explain kymamesh.yaml --path ingressgateway].k8s.hpaSpec
  kymamesh explain kymamesh.yaml --diff 2.18
  kymamesh explain kymamesh.yaml --diff staging/kymamesh.yaml -o json
  kymamesh explain --nodes cpu=4,memory=16Gi --nodes cpu=4,memory=16Gi`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			q.files = append(q.files, args...)
			if err := q.check(); err != nil {
				return usageError{err}
			}
			if q.nodes != nil {
				return q.size(s)
			}
			return q.run(s)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&q.files, "filename", "f", nil, "file, directory or -; the same as an argument")
	flags.StringArrayVarP(&q.paths, "path", "p", nil, "only what holds this text, such as pilot or hpaSpec.maxReplicas")
	flags.StringVarP(&q.format, "output", "o", "text", "text or json")
	flags.StringVar(&q.diff, "diff", "", "another document, or "+strings.Join(spec.Generations, ", "))
	flags.StringArrayVar(&q.nodes, "nodes", nil, "cpu=NUMBER,memory=AMOUNT of a node, or of all together")
	complete(cmd, "output", explainFormats)
	return cmd
}

func (q *question) check() error {
	switch {
	case q.nodes != nil && len(q.files)+len(q.paths)+len(q.diff) > 0:
		return errors.New("explain: --nodes is a question of its own; leave the rest out")
	case q.nodes != nil:
		return nil
	case len(q.files) == 0:
		return errors.New("explain: name a file, a directory or -")
	case !slices.Contains(explainFormats, q.format):
		return fmt.Errorf("explain: no output %q; text or json", q.format)
	}
	return nil
}

// size answers --nodes.
func (q *question) size(s streams) error {
	var nodes []render.ClusterNode
	for _, text := range q.nodes {
		var n render.ClusterNode
		for part := range strings.SplitSeq(text, ",") {
			name, amount, _ := strings.Cut(part, "=")
			switch name {
			case "cpu":
				n.CPU = amount
			case "memory":
				n.Memory = amount
			default:
				return usageError{fmt.Errorf("explain: --nodes %q: want cpu=NUMBER,memory=AMOUNT", text)}
			}
		}
		nodes = append(nodes, n)
	}
	profile, why, err := render.ProfileFor(nodes)
	if err != nil {
		return usageError{fmt.Errorf("explain: --nodes: %w", err)}
	}
	_, err = fmt.Fprintf(s.out, "profile: %s  # %s\n", profile, why)
	return err
}

func (q *question) run(s streams) error {
	was, err := q.explained(q.files, "", s)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	switch {
	case q.diff == "" && q.format == "json":
		err = writeJSON(&out, was)
	case q.diff == "":
		writeExplained(&out, was)
	default:
		err = q.writeDiff(&out, was, s)
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(s.out, &out); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}

// explained reads and explains documents, as another generation if one is named.
func (q *question) explained(files []string, generation string, s streams) ([]value, error) {
	in, err := read(files, s.in)
	if err != nil {
		return nil, err
	}
	in.addOverrides(render.PartAll)
	var all []render.Explained
	if !in.ds.HasErrors() {
		explained, ds := render.Explain(generation, in.docs...)
		all, in.ds = explained, append(in.ds, ds...)
	}
	in.report(s)
	if in.ds.HasErrors() {
		return nil, errFaults
	}
	var values []value
	for _, e := range all {
		if q.asks(e) {
			values = append(values, value{
				Object: e.Object, Path: e.Path, Value: e.Value,
				Layer: e.Layer, Word: e.Word, File: e.Pos.File, Line: e.Pos.Line, Column: e.Pos.Col, LeftOut: e.LeftOut,
			})
		}
	}
	return values, nil
}

func (q *question) asks(e render.Explained) bool {
	return len(q.paths) == 0 || slices.ContainsFunc(q.paths, func(p string) bool {
		return strings.Contains(e.Object, p) || strings.Contains(e.Path, p)
	})
}

// value is one explained value, as JSON has it.
type value struct {
	Object string `json:"object"`
	Path   string `json:"path"`
	Value  string `json:"value"`
	Layer  string `json:"layer,omitempty"`
	Word   string `json:"word,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	// LeftOut says why the value is not rendered.
	LeftOut string `json:"leftOut,omitempty"`
}

// source is who says the value, for a person.
func (v value) source() string {
	switch {
	case v.Layer != "":
		return v.Layer
	case v.Line > 0:
		return fmt.Sprintf("%s:%d:%d %s", v.File, v.Line, v.Column, v.Word)
	}
	return v.Word
}

func (v value) line() string {
	text := v.Value
	if text == "" || strings.ContainsAny(text, "\n\t") {
		text = fmt.Sprintf("%q", text)
	}
	line := fmt.Sprintf("%s: %s  # %s", v.Path, text, v.source())
	if v.LeftOut != "" {
		line += "; left out, " + v.LeftOut
	}
	return line
}

func writeExplained(w io.Writer, values []value) {
	object := ""
	for _, v := range values {
		if v.Object != object {
			object = v.Object
			fmt.Fprintln(w, object)
		}
		fmt.Fprintf(w, "  %s\n", v.line())
	}
}

// change is one value that differs; what one side does not have is null.
type change struct {
	Before *value `json:"before"`
	After  *value `json:"after"`
}

// either is the value of the side that has one.
func (c change) either() *value { return cmp.Or(c.Before, c.After) }

func (q *question) writeDiff(w io.Writer, was []value, s streams) error {
	files, generation := []string{q.diff}, ""
	if slices.Contains(spec.Generations, q.diff) {
		if slices.Contains(q.files, "-") {
			return usageError{errors.New("explain: standard input can be read only once; --diff with a generation needs a file")}
		}
		files, generation = q.files, q.diff
	}
	is, err := q.explained(files, generation, s)
	if err != nil {
		return err
	}
	changes := changesBetween(was, is)
	if q.format == "json" {
		return writeJSON(w, changes)
	}
	object := ""
	for _, c := range changes {
		if c.either().Object != object {
			object = c.either().Object
			fmt.Fprintln(w, object)
		}
		if c.Before != nil {
			fmt.Fprintf(w, "- %s\n", c.Before.line())
		}
		if c.After != nil {
			fmt.Fprintf(w, "+ %s\n", c.After.line())
		}
	}
	return nil
}

// changesBetween are the values that only one side has, or that differ: in the
// order of the first side, and behind each object what only the other one has.
func changesBetween(was, is []value) []change {
	type key struct{ object, path string }
	after := make(map[key]*value, len(is))
	for i, v := range is {
		after[key{v.Object, v.Path}] = &is[i]
	}
	var changes []change
	seen := make(map[key]bool, len(was))
	for i, v := range was {
		k := key{v.Object, v.Path}
		seen[k] = true
		if now := after[k]; now == nil || now.Value != v.Value || now.LeftOut != v.LeftOut {
			changes = append(changes, change{Before: &was[i], After: now})
		}
	}
	for i, v := range is {
		if !seen[key{v.Object, v.Path}] {
			changes = append(changes, change{After: &is[i]})
		}
	}
	places := map[string]int{}
	for _, v := range slices.Concat(was, is) {
		if _, known := places[v.Object]; !known {
			places[v.Object] = len(places)
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int {
		return places[a.either().Object] - places[b.either().Object]
	})
	return changes
}

func writeJSON[T any](w io.Writer, list []T) error {
	if list == nil {
		list = []T{}
	}
	return encodeJSON(w, list)
}

func encodeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
