package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/check"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// writeReport writes findings in one of reportFormats, at once.
func writeReport(w io.Writer, format string, ds diag.List, ignored []check.Ignored) error {
	var out bytes.Buffer
	var err error
	switch format {
	case "json":
		err = writeJSON(&out, findings(ds, ignored))
	case "sarif":
		err = encodeJSON(&out, sarifLog(ds, ignored))
	case "github":
		for _, d := range ds {
			writeAnnotation(&out, d)
		}
	default:
		for _, d := range ds {
			fmt.Fprintln(&out, d)
		}
	}
	if err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// finding is a diagnostic in JSON, with what its check says about it.
type finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Path     string `json:"path,omitempty"`
	Message  string `json:"message"`
	Hurts    string `json:"hurts,omitempty"`
	Mend     string `json:"mend,omitempty"`
	// Ignored is the reason why it may stay.
	Ignored string `json:"ignored,omitempty"`
}

func findings(ds diag.List, ignored []check.Ignored) []finding {
	all := make([]finding, 0, len(ds)+len(ignored))
	for _, d := range ds {
		all = append(all, findingOf(d))
	}
	for _, i := range ignored {
		f := findingOf(i.Diagnostic)
		f.Ignored = i.By.Reason
		all = append(all, f)
	}
	return all
}

func findingOf(d diag.Diagnostic) finding {
	c := checkOf(d.Code)
	return finding{
		Code: string(d.Code), Severity: d.Severity.String(), File: d.Pos.File, Line: d.Pos.Line, Column: d.Pos.Col,
		Path: d.Path.String(), Message: d.Message, Hurts: c.Hurts, Mend: c.Mend,
	}
}

// checkOf is the check of a code; most codes of documents have none.
func checkOf(code diag.Code) check.Check {
	all := check.All()
	if i := slices.IndexFunc(all, func(c check.Check) bool { return c.Code == code }); i >= 0 {
		return all[i]
	}
	return check.Check{Code: code}
}

// writeAnnotation writes a workflow command of GitHub, which shows the finding at
// the line of a pull request.
func writeAnnotation(w io.Writer, d diag.Diagnostic) {
	level := d.Severity.String()
	if d.Severity == diag.Info {
		level = "notice"
	}
	var place strings.Builder
	if d.Pos.File != "" {
		fmt.Fprintf(&place, "file=%s,", property(d.Pos.File))
	}
	if d.Pos.Line > 0 {
		fmt.Fprintf(&place, "line=%d,col=%d,", d.Pos.Line, d.Pos.Col)
	}
	message := d.Message
	if path := d.Path.String(); path != "" {
		message = path + ": " + message
	}
	fmt.Fprintf(w, "::%s %stitle=%s::%s\n", level, place.String(), d.Code, data(message))
}

// data and property escape what would end a workflow command, or one of its
// properties.
func data(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func property(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(text))
}

// The parts of SARIF 2.1.0 that code scanning reads.
type (
	sarif struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		Help             sarifText `json:"help"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
		// Suppressions are there for what is ignored, which a forge then shows as
		// closed.
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifSuppression struct {
		// Kind is inSource for the object's own annotation, else external.
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPlace `json:"physicalLocation"`
	}
	sarifPlace struct {
		ArtifactLocation sarifFile    `json:"artifactLocation"`
		Region           *sarifRegion `json:"region,omitempty"`
	}
	sarifFile struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
)

// sarifLog is a run of this program. Its rules are the codes that were found, in
// order.
func sarifLog(ds diag.List, ignored []check.Ignored) sarif {
	run := sarifRun{Results: make([]sarifResult, 0, len(ds)+len(ignored))}
	run.Tool.Driver = sarifDriver{Name: "kymamesh", Version: version, Rules: []sarifRule{}}
	var codes []diag.Code
	add := func(d diag.Diagnostic, suppressions ...sarifSuppression) {
		codes = append(codes, d.Code)
		run.Results = append(run.Results, sarifResult{string(d.Code), sarifLevel(d.Severity), sarifText{sarifMessage(d)}, sarifLocations(d.Pos), suppressions})
	}
	for _, d := range ds {
		add(d)
	}
	for _, i := range ignored {
		kind := "external"
		if i.InObject {
			kind = "inSource"
		}
		add(i.Diagnostic, sarifSuppression{kind, i.By.Reason})
	}
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		c := checkOf(code)
		help := strings.TrimSpace(c.Hurts + " " + c.Mend)
		if help == "" {
			help = code.About()
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{string(code), sarifText{code.About()}, sarifText{help}})
	}
	return sarif{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}
}

func sarifMessage(d diag.Diagnostic) string {
	if path := d.Path.String(); path != "" {
		return path + ": " + d.Message
	}
	return d.Message
}

func sarifLevel(s diag.Severity) string {
	if s == diag.Info {
		return "note"
	}
	return s.String()
}

func sarifLocations(p diag.Pos) []sarifLocation {
	if p.File == "" {
		return nil
	}
	at := sarifPlace{ArtifactLocation: sarifFile{p.File}}
	if p.Line > 0 {
		at.Region = &sarifRegion{p.Line, p.Col}
	}
	return []sarifLocation{{at}}
}

// writeIgnored says what is not reported, and why.
func writeIgnored(w io.Writer, ignored []check.Ignored) {
	for _, i := range ignored {
		fmt.Fprintf(w, "%s: ignored %s: %s\n", i.Pos, i.Code, i.By.Reason)
	}
}

// writeSilent says which checks had nothing to read of what stands around Istio's
// objects, and what would give them something.
func writeSilent(w io.Writer, silent []check.Check) {
	var all []string
	for _, c := range silent {
		if kind := c.Needs[0]; !strings.Contains(kind, ".istio.io/") || strings.HasPrefix(kind, "install.") {
			all = append(all, fmt.Sprintf("%s (no %s)", c.Code, kind[strings.LastIndexByte(kind, '/')+1:]))
		}
	}
	if len(all) > 0 {
		fmt.Fprintf(w, "silent, since the package does not hold what they read: %s\n", strings.Join(all, ", "))
	}
}

// listedCheck is a check as --codes -o json writes it.
type listedCheck struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	About    string `json:"about"`
	Hurts    string `json:"hurts"`
	Mend     string `json:"mend"`
	Istio    string `json:"istio,omitempty"`
}

// writeCodes lists the checks of a whole package.
func writeCodes(w io.Writer, format string) error {
	all := []listedCheck{}
	for _, c := range check.All() {
		all = append(all, listedCheck{string(c.Code), c.Severity.String(), c.Code.About(), c.Hurts, c.Mend, c.Istio})
	}
	if format == "json" {
		return writeJSON(w, all)
	}
	for _, c := range all {
		if _, err := fmt.Fprintf(w, "%s  %-7s  %s\n", c.Code, c.Severity, c.About); err != nil {
			return err
		}
	}
	return nil
}
