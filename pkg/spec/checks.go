package spec

// Checks is about the checks of the package around the document.
type Checks struct {
	// Ignore are findings that are known and not to be reported.
	Ignore []Ignore `yaml:"ignore"`
}

// Ignore is a finding that is known: of one object, of all objects of a kind, of
// a namespace, or of the package. What is written holds together.
type Ignore struct {
	// Code is required: that of a check, such as KM162.
	Code string `yaml:"code"`
	// Kind is the object's kind. Default: any.
	Kind string `yaml:"kind"`
	// Namespace is where it lies. Default: anywhere.
	Namespace string `yaml:"namespace"`
	// Name is its name; Kind belongs to it. Default: any.
	Name string `yaml:"name"`
	// Reason is required: why the finding may stay. It is shown with what is
	// ignored.
	Reason string `yaml:"reason"`
}
