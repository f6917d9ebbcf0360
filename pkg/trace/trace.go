// Package trace says what becomes of one call: through which gateway it comes,
// which route takes it, where that leads with which share, in which mTLS mode it
// meets the pods there, and what their policies do with it.
//
// It reads the model of the mesh and nothing else. What the package does not hold
// is not guessed: the verdict is "not known" then, with what would have to be
// known. EnvoyFilters and WasmPlugins are not read; a note says so where there
// are any.
package trace

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// Step is the part that an object has in a call.
type Step string

// The steps, in the order in which a call meets them.
const (
	Caller      Step = "caller"
	Sidecar     Step = "sidecar"
	Gateway     Step = "gateway"
	Route       Step = "route"
	Destination Step = "destination"
	Rule        Step = "rule"
	Workload    Step = "workload"
	Mode        Step = "mtls"
	Policy      Step = "policy"
)

// Hop is one object on the way.
type Hop struct {
	Step   Step
	Object *topology.Object
	// At is the place in the object that matters; diag.Path of what rendered it
	// when it is rendered.
	At diag.Path
	// Says are what it does with the call, in short sentences.
	Says []string
}

// Outcome is what becomes of a call in the end.
type Outcome string

// Unknown has its reason in Verdict.Why. Answered is an answer that a proxy gives
// itself because a route says so: a redirect, or a response written there.
const (
	Unknown  Outcome = "unknown"
	Reaches  Outcome = "reaches"
	Answered Outcome = "answered"
	Fails    Outcome = "fails"
)

// Verdict is the outcome with its reason.
type Verdict struct {
	Outcome Outcome
	// Status is the HTTP status that the caller gets from a proxy, 0 when there is
	// none or it is not HTTP.
	Status int
	// Why is a sentence for people; it names the host that is reached, or what is
	// wrong.
	Why string
	// Object and At are what decides; nil where no object does.
	Object *topology.Object
	At     diag.Path
}

// Branch is one of the places that a route leads to.
type Branch struct {
	// Share is the part of the calls that come here, in percent. Of a copy it is the
	// part that is copied.
	Share float64
	// Host is the full host; Subset is "" for all of its pods, and Port 0 when it is
	// not known.
	Host, Subset string
	Port         int
	Hops         []Hop
	// Pods are the workloads behind it, each of which takes a part of the calls.
	Pods []Pod
	// Then is where it goes from there, when the destination is a gateway.
	Then    []Branch
	Verdict Verdict
}

// Name is the destination in one word, HOST:PORT, with its subset.
func (b Branch) Name() string {
	name := b.Host
	if b.Port != 0 {
		name += ":" + strconv.Itoa(b.Port)
	}
	if b.Subset != "" {
		name += " " + b.Subset
	}
	return name
}

// Pod is a workload that answers.
type Pod struct {
	Workload *topology.Workload
	// Connection is how the last proxy, or the caller, meets it.
	Connection topology.Outcome
	Hops       []Hop
	Verdict    Verdict
}

// Answer is what becomes of a call.
type Answer struct {
	Call Call
	Hops []Hop
	// Branches are empty when the call ends before a route takes it. Copies are
	// where mirrors lead, which change nothing about the answer.
	Branches, Copies []Branch
	Verdict          Verdict
	// Notes are what the verdict takes for granted.
	Notes []string
}

// Of says what becomes of a call. An error is about the question: a caller that
// the package does not have.
func Of(m *topology.Model, c Call) (Answer, error) {
	t := &tracer{Model: m, call: c, answer: Answer{Call: c}, noted: map[string]bool{}}
	t.answer.Call.Port = c.port()
	from := t.fromInside
	if c.outside() {
		from = t.fromOutside
	}
	if err := from(); err != nil {
		return Answer{}, err
	}
	for _, kind := range []string{"networking.istio.io/EnvoyFilter", "extensions.istio.io/WasmPlugin"} {
		if m.Has(kind) {
			_, name, _ := strings.Cut(kind, "/")
			t.note("the package holds %ss, which a trace does not read", name)
		}
	}
	return t.answer, nil
}

// tracer is one question at work.
type tracer struct {
	*topology.Model
	call   Call
	answer Answer
	noted  map[string]bool
	// from is the proxy that sent the call to a gateway inside the mesh, and deep how
	// many gateways it went through.
	from *router
	deep int
}

func (t *tracer) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !t.noted[text] {
		t.noted[text] = true
		t.answer.Notes = append(t.answer.Notes, text)
	}
}

func (t *tracer) hop(step Step, o *topology.Object, at diag.Path, says ...string) {
	t.answer.Hops = append(t.answer.Hops, Hop{step, o, at, says})
}

func (t *tracer) end(v Verdict) { t.answer.Verdict = v }

func unknown(format string, args ...any) Verdict {
	return Verdict{Outcome: Unknown, Why: fmt.Sprintf(format, args...)}
}

// fails is a call that ends at a proxy, or at nobody.
func fails(status int, format string, args ...any) Verdict {
	return Verdict{Outcome: Fails, Status: status, Why: fmt.Sprintf(format, args...)}
}

// by says which place decides.
func (v Verdict) by(o *topology.Object, at diag.Path) Verdict {
	v.Object, v.At = o, at
	return v
}

// sum is the verdict over all branches of a route: what fails in one fails for
// its share of the calls.
func (t *tracer) sum() Verdict {
	var reached, lost []string
	var failed, open *Verdict
	all := t.answer.Branches
	for i := range all {
		b := &all[i]
		percent := ""
		if len(all) > 1 {
			percent = Percent(b.Share)
		}
		switch {
		case b.Share == 0:
			continue
		case b.Verdict.Outcome == Fails:
			lost = append(lost, strings.TrimSpace(percent+" "+b.Verdict.Why))
			failed = first(failed, &b.Verdict)
			continue
		case b.Verdict.Outcome == Unknown:
			open = first(open, &b.Verdict)
		}
		name := b.Name()
		for _, then := range b.Then {
			name += ", on to " + then.Name()
		}
		reached = append(reached, strings.TrimSpace(name+" "+percent))
	}
	v := Verdict{Outcome: Reaches}
	switch v.Why = strings.Join(reached, ", "); {
	case failed != nil:
		v = *failed
		if v.Why = strings.Join(lost, "; "); len(reached) > 0 {
			v.Status = 0 // not what every caller gets
		}
	case open != nil:
		to := v.Why
		v = *open
		v.Why = "goes to " + to + "; " + v.Why
	}
	return v
}

func first(a, b *Verdict) *Verdict {
	if a != nil {
		return a
	}
	return b
}

// Percent is a share as people write it.
func Percent(share float64) string {
	return strconv.FormatFloat(share, 'f', -1, 64) + " %"
}
