package main

import (
	"fmt"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/render"
)

// options are what a caller may say beside the documents.
type options struct {
	// part is what is rendered.
	part   render.Part
	checks checks
}

// checks says how much of the package is checked.
type checks string

const (
	// checkDocuments holds the words of the documents against the package.
	checkDocuments checks = "documents"
	// checkPackage checks the whole package as well, whoever wrote it.
	checkPackage checks = "package"
	// checkOnly does the same and changes nothing, as a validator.
	checkOnly checks = "only"
)

// optionList is what there is, for messages.
const optionList = "part: all, install or resources, and check: documents, package or only"

// whole tells whether the whole package is checked.
func (o options) whole() bool { return o.checks == checkPackage || o.checks == checkOnly }

// set takes one option; it is false for a key that is none.
func (o *options) set(key, value string) (known bool, err error) {
	switch key {
	case "part":
		o.part, err = parsePart(value)
	case "check":
		o.checks, err = parseChecks(value)
	default:
		return false, nil
	}
	return true, err
}

// optionsOf reads words of the form key=value. The legacy plugin's words may be
// anybody's (argsOneLiner: "-" is what other functions need there), so what is no
// option is left alone in them.
func optionsOf(words []string, legacy bool) (options, error) {
	o := options{part: render.PartAll, checks: checkDocuments}
	for _, word := range words {
		key, value, found := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		if !found && legacy {
			continue
		}
		known, err := o.set(key, value)
		if !found || !known {
			return options{}, fmt.Errorf("no option %q; there is %s", word, strings.ReplaceAll(optionList, ": ", "="))
		}
		if err != nil {
			return options{}, fmt.Errorf("%s: %w", word, err)
		}
	}
	return o, nil
}

func parsePart(value string) (render.Part, error) {
	for _, p := range render.Parts {
		if string(p) == value {
			return p, nil
		}
	}
	return "", fmt.Errorf("no part %q; there is all, install and resources", value)
}

func parseChecks(value string) (checks, error) {
	switch c := checks(value); c {
	case checkDocuments, checkPackage, checkOnly:
		return c, nil
	}
	return "", fmt.Errorf("no check %q; there is documents, package and only", value)
}
