package topology

import (
	"iter"
	"slices"

	typev1 "istio.io/api/type/v1beta1"
)

// Policy is an object that holds for workloads: for those that its selector
// finds, for its namespace, or in the root namespace for the mesh.
type Policy struct {
	*Object
	// Selector are the labels that a workload must have, nil for all.
	Selector map[string]string
	// SelectorAt are the steps to the labels in the object.
	SelectorAt []any
}

// policyOf is a policy of a kind that selects by matchLabels. What is attached to
// gateways and services by targetRefs holds for no sidecar and is left out.
func policyOf(o *Object, selector *typev1.WorkloadSelector, refs int) (*Policy, bool) {
	return &Policy{Object: o, Selector: selector.GetMatchLabels(), SelectorAt: []any{"spec", "selector", "matchLabels"}}, refs == 0
}

// Policies are all policies of the package: PeerAuthentications,
// RequestAuthentications, AuthorizationPolicies, Telemetries, WasmPlugins and
// Sidecars.
func (m *Model) Policies() []*Policy {
	if m.policy == nil {
		m.policy = slices.Collect(m.readPolicies())
	}
	return m.policy
}

func (m *Model) readPolicies() iter.Seq[*Policy] {
	return func(yield func(*Policy) bool) {
		add := func(p *Policy, ok bool) bool { return !ok || yield(p) }
		for _, c := range m.PeerAuthentications() {
			if !add(policyOf(c.Object, c.Spec.Selector, 0)) {
				return
			}
		}
		for _, c := range m.RequestAuthentications() {
			if !add(policyOf(c.Object, c.Spec.Selector, len(c.Spec.TargetRefs)+counted(c.Spec.TargetRef))) {
				return
			}
		}
		for _, c := range m.AuthorizationPolicies() {
			if !add(policyOf(c.Object, c.Spec.Selector, len(c.Spec.TargetRefs)+counted(c.Spec.TargetRef))) {
				return
			}
		}
		for _, c := range m.Telemetries() {
			if !add(policyOf(c.Object, c.Spec.Selector, len(c.Spec.TargetRefs)+counted(c.Spec.TargetRef))) {
				return
			}
		}
		for _, c := range m.WasmPlugins() {
			if !add(policyOf(c.Object, c.Spec.Selector, len(c.Spec.TargetRefs)+counted(c.Spec.TargetRef))) {
				return
			}
		}
		for _, c := range m.Sidecars() {
			p := &Policy{Object: c.Object, Selector: c.Spec.GetWorkloadSelector().GetLabels(), SelectorAt: []any{"spec", "workloadSelector", "labels"}}
			if !yield(p) {
				return
			}
		}
	}
}

func counted(ref *typev1.PolicyTargetReference) int {
	if ref == nil {
		return 0
	}
	return 1
}

// Found are the workloads of the package that a policy's selector finds. A
// selector in the root namespace finds pods of every namespace, but for
// PeerAuthentications and Sidecars, whose selector finds none there and those of
// that namespace. A policy without a selector is not for this question.
func (m *Model) Found(p *Policy) []*Workload {
	root := p.Namespace == m.RootNamespace()
	switch {
	case root && p.Kind == "PeerAuthentication":
		return nil
	case !root || p.Kind == "Sidecar":
		return m.Selected(p.Namespace, p.Selector)
	}
	return m.SelectedAnywhere(p.Selector)
}

// PoliciesOf are the policies that hold for a workload: those of the mesh, of its
// namespace and of itself, each in the package's order.
func (m *Model) PoliciesOf(w *Workload) []*Policy {
	if !m.policed {
		m.policed, m.wide = true, map[string][]*Policy{}
		for _, p := range m.Policies() {
			if len(p.Selector) == 0 {
				m.wide[p.Namespace] = append(m.wide[p.Namespace], p)
				continue
			}
			for _, w := range m.Found(p) {
				w.policies = append(w.policies, p)
			}
		}
	}
	root := m.RootNamespace()
	all := slices.Clone(m.wide[root])
	if w.Namespace != root {
		all = append(all, m.wide[w.Namespace]...)
	}
	return append(all, w.policies...)
}
