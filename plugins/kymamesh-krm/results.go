package main

import (
	"fmt"
	"io"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// report writes every diagnostic on stderr, one a line: kustomize shows nothing
// else.
func (c *call) report(stderr io.Writer) {
	for _, d := range c.ds {
		if d.Pos.File == "" && len(c.places) > 0 {
			d.Pos.File = c.placeOf(d).label()
		}
		fmt.Fprintln(stderr, d)
	}
}

func (c *call) placeOf(d diag.Diagnostic) place {
	if i := d.Path.Document(); i < len(c.places) {
		return c.places[i]
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
		var results kyaml.Node
		text, err := kyaml.Marshal(c.results())
		if err == nil {
			err = kyaml.Unmarshal(text, &results)
		}
		if err == nil {
			err = c.list.AppendResults(&results)
		}
		if err != nil {
			return nil, fmt.Errorf("results: %w", err)
		}
	}
	return c.list.Bytes(), nil
}

// results say the diagnostics in KRM's words. Severity is always there: hosts
// disagree about its default.
func (c *call) results() framework.Results {
	var all framework.Results
	for _, d := range c.ds {
		p := c.placeOf(d)
		r := &framework.Result{
			Message:  d.Message,
			Severity: framework.Severity(d.Severity.String()),
			Tags:     map[string]string{"code": string(d.Code)},
		}
		if path := d.Path.String(); path != "" {
			r.Field = &framework.Field{Path: path}
		}
		if p.kind != "" {
			r.ResourceRef = &kyaml.ResourceIdentifier{
				TypeMeta: kyaml.TypeMeta{APIVersion: p.apiVersion, Kind: p.kind},
				NameMeta: kyaml.NameMeta{Name: p.name, Namespace: p.namespace},
			}
		}
		if p.file != "" {
			r.File = &framework.File{Path: p.file}
		}
		all = append(all, r)
	}
	return all
}
