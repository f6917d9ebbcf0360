package main

import (
	"encoding/json"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

var text = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// inJSON is an object as the JSON that jsonnet and CUE read, with their own
// expressions for the name and the namespace, in quotes of their own.
func inJSON(object, name, namespace, quote string) string {
	var value any
	if err := yaml.Unmarshal([]byte(object), &value); err != nil {
		panic(err) // the object is ours
	}
	out, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text.ReplaceAllStringFunc(string(out), func(s string) string {
		s = strings.Trim(s, `"`)
		return quote + strings.NewReplacer("NAME", name, "SPACE", namespace).Replace(s) + quote
	})
}
