package main

// krmResult is one of the ResourceList's results, as the KRM functions specification
// has it. The types of kyaml's framework say the same, but with them the function
// would link an HTTP client, TLS and the OpenAPI of Kubernetes; a test holds these
// to them.
type krmResult struct {
	Message     string            `yaml:"message,omitempty"`
	Severity    string            `yaml:"severity,omitempty"`
	ResourceRef *resourceRef      `yaml:"resourceRef,omitempty"`
	Field       *resultField      `yaml:"field,omitempty"`
	File        *resultFile       `yaml:"file,omitempty"`
	Tags        map[string]string `yaml:"tags,omitempty"`
}

// resourceRef names the object that a result is about.
type resourceRef struct {
	APIVersion string `yaml:"apiVersion,omitempty"`
	Kind       string `yaml:"kind,omitempty"`
	Name       string `yaml:"name,omitempty"`
	Namespace  string `yaml:"namespace,omitempty"`
}

// resultField is a place in the object. We write no values; results of others that
// came in may have them.
type resultField struct {
	Path          string `yaml:"path,omitempty"`
	CurrentValue  any    `yaml:"currentValue,omitempty"`
	ProposedValue any    `yaml:"proposedValue,omitempty"`
}

// resultFile is the object's file, and which of its documents it is, counted from 0.
type resultFile struct {
	Path  string `yaml:"path,omitempty"`
	Index int    `yaml:"index,omitempty"`
}
