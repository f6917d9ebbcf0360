package main

import (
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// report writes every diagnostic on stderr, one a line: kustomize shows nothing
// else.
func (c *call) report(stderr io.Writer) {
	for _, d := range c.ds {
		if d.Pos.File == "" {
			d.Pos.File = c.placeOf(d).label()
		}
		fmt.Fprintln(stderr, d)
	}
}

// placeOf is where a diagnostic belongs: to a document, or to an item, whose
// numbers follow those of the documents.
func (c *call) placeOf(d diag.Diagnostic) place {
	i := d.Path.Document()
	if i < len(c.places) {
		return c.places[i]
	}
	if items := c.list.Items(); i-len(c.docs) < len(items) && d.Path != (diag.Path{}) {
		return placeOf(items[i-len(c.docs)])
	}
	return place{}
}

// output is what goes to stdout: the list, with results. The legacy plugin knows
// no results, and gets nothing when there are errors.
func (c *call) output() ([]byte, error) {
	if c.legacy {
		if c.ds.HasErrors() {
			return nil, nil
		}
		return c.list.Bytes(), nil
	}
	if len(c.ds) > 0 {
		if err := c.appendResults(); err != nil {
			return nil, fmt.Errorf("results: %w", err)
		}
	}
	return c.list.Bytes(), nil
}

// appendResults adds what the list does not hold yet: in a pipe the function may
// get its own output, and that comes out as it came in.
func (c *call) appendResults() error {
	prior := c.prior()
	said := func(r krmResult) bool { return prior[resultKey(r)] }
	var results yaml.Node
	if err := results.Encode(slices.DeleteFunc(c.results(), said)); err != nil {
		return err
	}
	return c.list.AppendResults(&results)
}

// prior are the results that came in, as far as they look like ours.
func (c *call) prior() map[string]bool {
	prior := map[string]bool{}
	results := c.list.Results()
	if results == nil {
		return prior
	}
	for _, n := range results.Content {
		var r krmResult
		if n.Decode(&r) == nil {
			prior[resultKey(r)] = true
		}
	}
	return prior
}

// resultKey is the same for results that say the same.
func resultKey(r krmResult) string {
	text, err := yaml.Marshal(r)
	if err != nil {
		return "" // not reached: it was read as YAML, or holds text only
	}
	return string(text)
}

// results say the diagnostics in KRM's words. Severity is always there: hosts
// disagree about its default.
func (c *call) results() []krmResult {
	var all []krmResult
	for _, d := range c.ds {
		p := c.placeOf(d)
		r := krmResult{
			Message:  d.Message,
			Severity: d.Severity.String(),
			Tags:     map[string]string{"code": string(d.Code)},
		}
		if path := d.Path.String(); path != "" {
			r.Field = &resultField{Path: path}
		}
		if p.kind != "" {
			r.ResourceRef = &resourceRef{APIVersion: p.apiVersion, Kind: p.kind, Name: p.name, Namespace: p.namespace}
		}
		if p.file != "" {
			r.File = &resultFile{p.file, p.index}
		}
		all = append(all, r)
	}
	return all
}
