package mesh

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/wrapperspb"
	telemetry "istio.io/api/telemetry/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// accessLogging are the place's logs as Istio has them. The list replaces the
// wider place's whole, which in Istio it does only for the modes and providers
// that it names; so what it leaves out is switched off.
//
// The provider is always written: Istio drops the filter of an entry without one
// (istio pilot/pkg/model/telemetry.go, mergeLogs).
func (r *resolver) accessLogging(p *telemetryPlace) []*telemetry.AccessLogging {
	if p.wider != nil {
		p.logs = p.wider.logs
	}
	if p.AccessLogging == nil {
		return nil
	}
	at := p.at("accessLogging")
	r.teamLogs(at, p)
	written := r.accessLogs(at, p)
	var all []*telemetry.AccessLogging
	for _, l := range written {
		all = append(all, l.message())
	}
	all = append(all, silenced(p.logs, written)...)
	p.logs = written
	return all
}

// accessLogs are the entries of a place with their providers.
func (r *resolver) accessLogs(at diag.Path, p *telemetryPlace) []accessLog {
	var all []accessLog
	for i, w := range p.AccessLogging {
		at := at.Index(i)
		l := accessLog{filter: w.Filter, client: w.Mode != "SERVER", server: w.Mode != "CLIENT"}
		if w.Mode != "" {
			r.oneOf(at.Key("mode"), w.Mode, choice{values: []string{"CLIENT", "SERVER"}, unknown: "no mode %s; CLIENT or SERVER, or leave it out for both"})
		}
		if w.Filter != "" {
			r.expression(at.Key("filter"), w.Filter)
		}
		for _, provider := range r.logProviders(at.Key("provider"), p, w) {
			l.provider = provider
			r.loggedTwice(at, all, l)
			all = append(all, l)
		}
	}
	return all
}

// logProviders are the provider that an entry names, else those of the wider
// place.
func (r *resolver) logProviders(at diag.Path, p *telemetryPlace, w spec.AccessLog) []string {
	if w.Provider != "" {
		r.provider(at, w.Provider, logs)
		return []string{w.Provider}
	}
	var all []string
	for _, l := range p.logs {
		if !slices.Contains(all, l.provider) {
			all = append(all, l.provider)
		}
	}
	if len(all) == 0 {
		where := "no wider place logs anything"
		if p.wider == nil {
			where = "for the mesh it has to be said where logs go"
		}
		r.ds.Errorf(diag.CodeMissing, at, "%s; write one of %s", where, strings.Join(r.providersOf(logs), ", "))
	}
	return all
}

// loggedTwice refuses a second entry of one provider for one mode: Istio keeps the
// last.
func (r *resolver) loggedTwice(at diag.Path, all []accessLog, l accessLog) {
	for _, before := range all {
		if before.provider != l.provider {
			continue
		}
		for _, mode := range []struct {
			name string
			both bool
		}{{"CLIENT", before.client && l.client}, {"SERVER", before.server && l.server}} {
			if mode.both {
				r.ds.Errorf(diag.CodeDuplicate, at, "%s is listed twice for %s; join the filters with ||", l.provider, mode.name)
				return
			}
		}
	}
}

// teamLogs keeps a team from silencing what the platform logs.
func (r *resolver) teamLogs(at diag.Path, p *telemetryPlace) {
	if !p.team("accessLogging") {
		return
	}
	if len(p.AccessLogging) == 0 {
		r.ds.Errorf(diag.CodePlace, at, "a MeshService cannot switch logs off; the platform team does so in KymaMesh services[]")
		return
	}
	for _, wide := range p.logs {
		logged := func(other string) bool {
			return slices.ContainsFunc(p.AccessLogging, func(w spec.AccessLog) bool {
				return (w.Provider == "" || w.Provider == wide.provider) && w.Mode != other
			})
		}
		if wide.client && !logged("SERVER") || wide.server && !logged("CLIENT") {
			r.ds.Errorf(diag.CodePlace, at, "the platform logs to %s, and this list replaces that; add an entry for it, with the same mode or none", wide.provider)
			return
		}
	}
}

// message is the entry as Istio has it.
func (l accessLog) message() *telemetry.AccessLogging {
	m := &telemetry.AccessLogging{Providers: refs(l.provider), Match: logMode(l.client, l.server)}
	if l.filter != "" {
		m.Filter = &telemetry.AccessLogging_Filter{Expression: l.filter}
	}
	return m
}

// logMode is nil for both modes.
func logMode(client, server bool) *telemetry.AccessLogging_LogSelector {
	switch {
	case client && server:
		return nil
	case client:
		return &telemetry.AccessLogging_LogSelector{Mode: telemetry.WorkloadMode_CLIENT}
	default:
		return &telemetry.AccessLogging_LogSelector{Mode: telemetry.WorkloadMode_SERVER}
	}
}

// silenced switches off what wider places log in the modes of which a place's own
// entries say nothing.
func silenced(wide, own []accessLog) []*telemetry.AccessLogging {
	client := slices.ContainsFunc(own, func(l accessLog) bool { return l.client })
	server := slices.ContainsFunc(own, func(l accessLog) bool { return l.server })
	var all []*telemetry.AccessLogging
	done := map[string]bool{}
	for _, l := range wide {
		off := accessLog{provider: l.provider, client: !client, server: !server}
		if done[l.provider] || !(l.client && off.client || l.server && off.server) {
			continue
		}
		done[l.provider] = true
		m := off.message()
		m.Disabled = wrapperspb.Bool(true)
		all = append(all, m)
	}
	return all
}
