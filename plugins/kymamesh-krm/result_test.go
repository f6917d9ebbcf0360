package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// Everybody else's functions write and read results by kyaml.
func TestResultsAreThoseOfKyaml(t *testing.T) {
	ours := []krmResult{
		{},
		{
			Message: "m", Severity: "warning",
			ResourceRef: &resourceRef{"v1", "Service", "reviews", "shop"},
			Field:       &resultField{"spec.ports[0]", 80, "http"},
			File:        &resultFile{"a/b.yaml", 2},
			Tags:        map[string]string{"code": "KM001"},
		},
		{ResourceRef: &resourceRef{}, Field: &resultField{}, File: &resultFile{}, Tags: map[string]string{}},
	}
	theirs := framework.Results{
		{},
		{
			Message: "m", Severity: framework.Warning,
			ResourceRef: &kyaml.ResourceIdentifier{TypeMeta: kyaml.TypeMeta{APIVersion: "v1", Kind: "Service"}, NameMeta: kyaml.NameMeta{Name: "reviews", Namespace: "shop"}},
			Field:       &framework.Field{Path: "spec.ports[0]", CurrentValue: 80, ProposedValue: "http"},
			File:        &framework.File{Path: "a/b.yaml", Index: 2},
			Tags:        map[string]string{"code": "KM001"},
		},
		{ResourceRef: &kyaml.ResourceIdentifier{}, Field: &framework.Field{}, File: &framework.File{}, Tags: map[string]string{}},
	}
	want, err := yaml.Marshal(theirs)
	if err != nil {
		t.Fatal(err)
	}
	got, err := yaml.Marshal(ours)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("written (-kyaml +ours):\n%s", d)
	}
	read := yaml.NewDecoder(bytes.NewReader(want))
	read.KnownFields(true)
	var back []krmResult
	if err := read.Decode(&back); err != nil {
		t.Fatal(err)
	}
	ours[2].Tags = back[2].Tags // an empty mapping is not written
	if d := cmp.Diff(ours, back); d != "" {
		t.Errorf("read (-written +read):\n%s", d)
	}
}
