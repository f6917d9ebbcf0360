package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/kymamesh/kymamesh/pkg/schema"
)

func schemaCommand(s streams) *cobra.Command {
	var kind string
	var crd bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the documents",
		Long: `Print the JSON Schema (draft 2020-12) of KymaMesh and MeshService, for editors.

--crd prints instead the CustomResourceDefinitions of both, for clusters that
keep the documents as objects. Nothing of ours reads them there.`,
		Example: `  kymamesh schema > kymamesh.schema.json
  kymamesh schema --kind MeshService
  kymamesh schema --crd | kubectl apply -f -`,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			// An empty --kind is a variable that was not set.
			if cmd.Flags().Changed("kind") && !slices.Contains(schema.Kinds, kind) {
				return usageError{fmt.Errorf("schema: no kind %q; %s", kind, strings.Join(schema.Kinds, " or "))}
			}
			text, err := schemaText(kind, crd)
			if err != nil {
				return err
			}
			if _, err := s.out.Write(text); err != nil {
				return fmt.Errorf("stdout: %w", err)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&kind, "kind", "", strings.Join(schema.Kinds, " or ")+"; both when it is not written")
	flags.BoolVar(&crd, "crd", false, "print CustomResourceDefinitions")
	complete(cmd, "kind", schema.Kinds)
	return cmd
}

func schemaText(kind string, crd bool) ([]byte, error) {
	if !crd {
		return schema.JSON(kind)
	}
	kinds := schema.Kinds
	if kind != "" {
		kinds = []string{kind}
	}
	var text bytes.Buffer
	e := yaml.NewEncoder(&text)
	e.SetIndent(2)
	e.CompactSeqIndent()
	for _, k := range kinds {
		if err := e.Encode(schema.CustomResourceDefinition(k)); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), e.Close()
}
