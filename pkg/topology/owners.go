package topology

import "strings"

// Maker is the workload of the package that made a Pod, a ReplicaSet or a Job, as
// exported objects say it.
func (m *Model) Maker(w *Workload) (*Workload, bool) {
	kind, name, ok := strings.Cut(w.Owner, " ")
	if !ok {
		return nil, false
	}
	p := m.workloads[w.Namespace].content()
	if p.makers == nil {
		p.makers = make(map[string]*Workload, len(p.all))
		for _, made := range p.all {
			p.makers[made.Kind+" "+made.Name] = made
		}
	}
	maker, ok := p.makers[kind+" "+name]
	return maker, ok && maker != w
}

// maxOwners bounds the way upwards: nothing keeps a text from naming its own
// maker's maker.
const maxOwners = 8

// Origin is KIND NAME of what a person has to touch to have a workload's pods made
// anew: the outermost owner that the package or the owners' names tell. It is ""
// for a Pod that nothing owns, and the workload itself for all other kinds.
func (m *Model) Origin(w *Workload) string {
	for range maxOwners {
		maker, ok := m.Maker(w)
		if !ok {
			break
		}
		w = maker
	}
	switch {
	case w.Owner != "":
		return deployment(w)
	case w.Kind == "Pod":
		return ""
	}
	return w.Kind + " " + w.Name
}

// deployment is the owner of a workload. A ReplicaSet of a Deployment is called
// after it and after the hash that its pods have as a label.
func deployment(w *Workload) string {
	name, ok := strings.CutPrefix(w.Owner, "ReplicaSet ")
	for _, by := range []struct{ label, kind string }{{"pod-template-hash", "Deployment"}, {"rollouts-pod-template-hash", "Rollout"}} {
		if short, cut := strings.CutSuffix(name, "-"+w.Labels[by.label]); ok && cut && w.Labels[by.label] != "" {
			return by.kind + " " + short
		}
	}
	return w.Owner
}
