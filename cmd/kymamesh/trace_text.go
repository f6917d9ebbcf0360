package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
	"github.com/kymamesh/kymamesh/pkg/trace"
)

// columns is how wide the text of a trace is, and indent where its second column
// begins.
const (
	columns = 80
	indent  = 13
)

// writeTrace writes an answer for a person: the verdict first, then the way.
func writeTrace(w io.Writer, a trace.Answer, where map[diag.Path]diag.Pos) {
	fmt.Fprintf(w, "%s\n", a.Call)
	writeVerdict(w, a.Verdict, where)
	fmt.Fprintln(w)
	writeHops(w, a.Hops, where)
	for _, b := range a.Branches {
		writeBranch(w, trace.Percent(b.Share), b, where, len(a.Branches) > 1)
	}
	for _, b := range a.Copies {
		writeBranch(w, "copy "+trace.Percent(b.Share), b, where, true)
	}
	for _, note := range a.Notes {
		row(w, "note", note)
	}
}

func writeVerdict(w io.Writer, v trace.Verdict, where map[diag.Path]diag.Pos) {
	word := string(v.Outcome)
	if v.Status != 0 {
		word += fmt.Sprintf(" %d", v.Status)
	}
	row(w, word, v.Why)
	if v.Object != nil {
		row(w, "", placed(v.Object, where[v.At]))
	}
}

func writeHops(w io.Writer, hops []trace.Hop, where map[diag.Path]diag.Pos) {
	for _, h := range hops {
		row(w, string(h.Step), placed(h.Object, where[h.At]))
		for _, says := range h.Says {
			row(w, "", says)
		}
	}
}

// writeBranch says the verdict where it is not the answer's own.
func writeBranch(w io.Writer, share string, b trace.Branch, where map[diag.Path]diag.Pos, verdict bool) {
	row(w, "-> "+share, b.Name())
	writeHops(w, b.Hops, where)
	for _, p := range b.Pods {
		writeHops(w, p.Hops, where)
		row(w, "connection", connections[p.Connection])
		if len(b.Pods) > 1 {
			row(w, string(p.Verdict.Outcome), p.Verdict.Why)
		}
	}
	for _, then := range b.Then {
		writeBranch(w, trace.Percent(then.Share), then, where, len(b.Then) > 1)
	}
	if verdict && b.Verdict.Outcome != trace.Reaches && len(b.Pods) < 2 {
		row(w, string(b.Verdict.Outcome), b.Verdict.Why)
	}
}

// connections name the outcomes of a meeting, as JSON does too.
var connections = map[topology.Outcome]string{
	topology.Unknown: "unknown", topology.MTLS: "mTLS", topology.Plaintext: "plaintext", topology.OwnTLS: "the caller's own TLS", topology.Refused: "refused",
}

func placed(o *topology.Object, at diag.Pos) string {
	if at.File == "" {
		return o.String()
	}
	return o.String() + " (" + at.String() + ")"
}

// row writes a word and a text beside it, whose lines break between words.
func row(w io.Writer, word, text string) {
	if len(word) >= indent {
		fmt.Fprintln(w, word)
		word = ""
	}
	for i, line := range broken(text, columns-indent) {
		if i > 0 {
			word = ""
		}
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-*s%s", indent, word, printable(line)), " "))
	}
}

// broken are the lines of a text that are no wider, unless a word is.
func broken(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// The parts of a trace in JSON.
type (
	traceJSON struct {
		Call    callJSON     `json:"call"`
		Verdict verdictJSON  `json:"verdict"`
		Hops    []hopJSON    `json:"hops"`
		Goes    []branchJSON `json:"goesTo"`
		Copies  []branchJSON `json:"copies,omitempty"`
		Notes   []string     `json:"notes,omitempty"`
	}
	callJSON struct {
		From    string            `json:"from"`
		Gateway string            `json:"gateway,omitempty"`
		Scheme  string            `json:"scheme,omitempty"`
		Host    string            `json:"host"`
		Port    int               `json:"port"`
		Method  string            `json:"method,omitempty"`
		Path    string            `json:"path,omitempty"`
		Headers map[string]string `json:"headers,omitempty"`
	}
	placeJSON struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace,omitempty"`
		Name      string `json:"name"`
		File      string `json:"file,omitempty"`
		Line      int    `json:"line,omitempty"`
		Column    int    `json:"column,omitempty"`
		Path      string `json:"path,omitempty"`
	}
	hopJSON struct {
		Step string `json:"step"`
		placeJSON
		Says []string `json:"says,omitempty"`
	}
	verdictJSON struct {
		Outcome string     `json:"outcome"`
		Status  int        `json:"status,omitempty"`
		Why     string     `json:"why"`
		By      *placeJSON `json:"by,omitempty"`
	}
	branchJSON struct {
		Share   float64     `json:"share"`
		Host    string      `json:"host"`
		Port    int         `json:"port,omitempty"`
		Subset  string      `json:"subset,omitempty"`
		Verdict verdictJSON `json:"verdict"`
		Hops    []hopJSON   `json:"hops"`
		Pods    []podJSON   `json:"workloads"`
		// Then is where it goes from a gateway.
		Then []branchJSON `json:"goesTo,omitempty"`
	}
	podJSON struct {
		Connection string      `json:"connection"`
		Verdict    verdictJSON `json:"verdict"`
		Hops       []hopJSON   `json:"hops"`
	}
)

func tracedJSON(a trace.Answer, where map[diag.Path]diag.Pos) traceJSON {
	c := a.Call
	return traceJSON{
		Call:    callJSON{c.From, c.Gateway, c.Scheme, c.Host, c.Port, c.Method, c.Path, c.Headers},
		Verdict: jsonVerdict(a.Verdict, where), Hops: jsonHops(a.Hops, where),
		Goes: jsonBranches(a.Branches, where), Copies: jsonBranches(a.Copies, where), Notes: a.Notes,
	}
}

func jsonPlace(o *topology.Object, at diag.Path, where map[diag.Path]diag.Pos) placeJSON {
	pos := where[at]
	return placeJSON{o.Kind, o.Namespace, o.Name, pos.File, pos.Line, pos.Col, at.String()}
}

func jsonHops(hops []trace.Hop, where map[diag.Path]diag.Pos) []hopJSON {
	all := []hopJSON{}
	for _, h := range hops {
		all = append(all, hopJSON{string(h.Step), jsonPlace(h.Object, h.At, where), h.Says})
	}
	return all
}

func jsonVerdict(v trace.Verdict, where map[diag.Path]diag.Pos) verdictJSON {
	j := verdictJSON{Outcome: string(v.Outcome), Status: v.Status, Why: v.Why}
	if v.Object != nil {
		by := jsonPlace(v.Object, v.At, where)
		j.By = &by
	}
	return j
}

func jsonBranches(branches []trace.Branch, where map[diag.Path]diag.Pos) []branchJSON {
	all := []branchJSON{}
	for _, b := range branches {
		j := branchJSON{b.Share, b.Host, b.Port, b.Subset, jsonVerdict(b.Verdict, where), jsonHops(b.Hops, where), []podJSON{}, nil}
		for _, p := range b.Pods {
			j.Pods = append(j.Pods, podJSON{connections[p.Connection], jsonVerdict(p.Verdict, where), jsonHops(p.Hops, where)})
		}
		if len(b.Then) > 0 {
			j.Then = jsonBranches(b.Then, where)
		}
		all = append(all, j)
	}
	return all
}
