package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/trace"
)

// journey is what a call of trace asks for.
type journey struct {
	files   []string
	target  string
	from    string
	gateway string
	method  string
	headers []string
	format  string
}

// The exit codes of trace for calls that do not reach anybody, or of which nobody
// knows.
const (
	exitLost    = 3
	exitUnknown = 4
)

// verdictError ends a command that has answered, and whose answer is no.
type verdictError int

func (verdictError) Error() string { return "the call does not reach anybody for sure" }

var traceFormats = []string{"text", "json"}

func traceCommand(s streams) *cobra.Command {
	var j journey
	cmd := &cobra.Command{
		Use:   "trace [PATH|-]... URL|HOST:PORT",
		Short: "Say what becomes of one call",
		Long: `Say what becomes of one call, of a package that was not applied yet: the gateway
it comes through, the route that takes it, where that leads with which share, the
mTLS mode in which it meets the pods, and what their policies do with it. Every
object on the way is shown with its file and line.

The last argument is the call: a URL (` + strings.Join(trace.Schemes(), ", ") + `), or HOST:PORT for what the port
carries. The others are the package, as for check. A call comes from outside, or
--from a workload or Service of the package, whose names for hosts are those of
its namespace.

A request carries what the call says and nothing else: without an Authorization
header it has no token. What the package does not hold is not guessed.

The exit code is 0 when every such call is answered, 3 when calls are lost or
refused, 4 when that is not known, 1 for a fault in a document, and 2 for a call
of this program that is wrong.`,
		Example: `  kymamesh trace deploy/ https://reviews.shop.example.com/x
  kymamesh trace deploy/ --from shop/front db:5432
  kymamesh trace deploy/ --from shop/front -X POST -H 'end-user: jason' http://reviews:9080/api
  kustomize build overlay | kymamesh trace - https://shop.example.com -o json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := j.call(args)
			if err != nil {
				return usageError{fmt.Errorf("trace: %w", err)}
			}
			return j.run(c, s)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&j.files, "filename", "f", nil, "file, directory or -; the same as an argument")
	flags.StringVar(&j.from, "from", trace.Outside, "outside, or NAMESPACE/NAME of a workload or a Service")
	flags.StringVar(&j.gateway, "gateway", "", "NAMESPACE/NAME of the Gateway, where several serve the host")
	flags.StringVarP(&j.method, "method", "X", "GET", "method of the request")
	flags.StringArrayVarP(&j.headers, "header", "H", nil, "a header of the request, 'NAME: VALUE' or NAME=VALUE")
	flags.StringVarP(&j.format, "output", "o", "text", strings.Join(traceFormats, " or "))
	complete(cmd, "output", traceFormats)
	return cmd
}

// call is what is asked, from the arguments and flags.
func (j *journey) call(args []string) (trace.Call, error) {
	if len(args) == 0 {
		return trace.Call{}, errors.New("write the package and then the call, a URL or HOST:PORT")
	}
	j.files, j.target = append(j.files, args[:len(args)-1]...), args[len(args)-1]
	c, err := trace.Parse(j.target)
	switch {
	case err != nil:
		return c, fmt.Errorf("the last argument is the call: %w", err)
	case len(j.files) == 0:
		return c, errors.New("name a file, a directory or - before the call")
	case !slices.Contains(traceFormats, j.format):
		return c, fmt.Errorf("no output %q; %s", j.format, strings.Join(traceFormats, " or "))
	case j.from == "":
		return c, errors.New("--from is empty; write outside, or NAMESPACE/NAME")
	case j.gateway != "" && j.from != trace.Outside:
		return c, errors.New("--gateway is where a call from outside arrives; leave it or --from out")
	}
	c.From, c.Gateway, c.Method, c.Headers = j.from, j.gateway, j.method, map[string]string{}
	for _, h := range j.headers {
		i := strings.IndexAny(h, ":=")
		if i < 1 {
			return c, fmt.Errorf("--header %q: want 'NAME: VALUE'", h)
		}
		c.Headers[strings.ToLower(strings.TrimSpace(h[:i]))] = strings.TrimSpace(h[i+1:])
	}
	return c, nil
}

func (j *journey) run(c trace.Call, s streams) error {
	in, err := read(j.files, s.in)
	if err != nil {
		return err
	}
	_, model := in.model()
	in.ds = in.located(in.ds)
	in.report(s)
	if in.ds.HasErrors() {
		return errFaults
	}
	answer, err := trace.Of(model, c)
	if err != nil {
		return usageError{fmt.Errorf("trace: %w", err)}
	}
	var out bytes.Buffer
	where := in.positions(places(answer))
	if j.format == "json" {
		err = encodeJSON(&out, tracedJSON(answer, where))
	} else {
		writeTrace(&out, answer, where)
	}
	if err != nil {
		return err
	}
	if _, err := s.out.Write(out.Bytes()); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return exitOf(answer.Verdict)
}

// exitOf is the exit code of an answer, as an error.
func exitOf(v trace.Verdict) error {
	switch {
	case v.Outcome == trace.Unknown:
		return verdictError(exitUnknown)
	case v.Outcome == trace.Fails || v.Status >= 400:
		return verdictError(exitLost)
	}
	return nil
}

// positions are where paths of the model lie in the files.
func (in *input) positions(paths []diag.Path) map[diag.Path]diag.Pos {
	var ds diag.List
	for _, p := range paths {
		ds.Infof("", p, "")
	}
	where := map[diag.Path]diag.Pos{}
	for _, d := range in.located(ds) {
		where[d.Path] = d.Pos
	}
	return where
}

// places are all that an answer names.
func places(a trace.Answer) []diag.Path {
	var all []diag.Path
	hops := func(list []trace.Hop) {
		for _, h := range list {
			all = append(all, h.At)
		}
	}
	verdict := func(v trace.Verdict) {
		if v.Object != nil {
			all = append(all, v.At)
		}
	}
	hops(a.Hops)
	verdict(a.Verdict)
	var follow func([]trace.Branch)
	follow = func(branches []trace.Branch) {
		for _, b := range branches {
			hops(b.Hops)
			verdict(b.Verdict)
			for _, p := range b.Pods {
				hops(p.Hops)
				verdict(p.Verdict)
			}
			follow(b.Then)
		}
	}
	follow(a.Branches)
	follow(a.Copies)
	return all
}
