package topology

import (
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

// Policies are all policies of the package: PeerAuthentications,
// RequestAuthentications, AuthorizationPolicies, Telemetries, WasmPlugins and
// Sidecars. What is attached to gateways and services by targetRefs holds for no
// sidecar and is not among them.
func (m *Model) Policies() []*Policy {
	if m.policy != nil {
		return m.policy
	}
	add := func(o *Object, selector *typev1.WorkloadSelector, targets ...*typev1.PolicyTargetReference) {
		if attached(targets) {
			return
		}
		m.policy = append(m.policy, &Policy{Object: o, Selector: selector.GetMatchLabels(), SelectorAt: []any{"spec", "selector", "matchLabels"}})
	}
	for _, c := range m.PeerAuthentications() {
		add(c.Object, c.Spec.Selector)
	}
	for _, c := range m.RequestAuthentications() {
		add(c.Object, c.Spec.Selector, slices.Concat(c.Spec.TargetRefs, one(c.Spec.TargetRef))...)
	}
	for _, c := range m.AuthorizationPolicies() {
		add(c.Object, c.Spec.Selector, slices.Concat(c.Spec.TargetRefs, one(c.Spec.TargetRef))...)
	}
	for _, c := range m.Telemetries() {
		add(c.Object, c.Spec.Selector, slices.Concat(c.Spec.TargetRefs, one(c.Spec.TargetRef))...)
	}
	for _, c := range m.WasmPlugins() {
		add(c.Object, c.Spec.Selector, slices.Concat(c.Spec.TargetRefs, one(c.Spec.TargetRef))...)
	}
	for _, c := range m.Sidecars() {
		m.policy = append(m.policy, &Policy{Object: c.Object, Selector: c.Spec.GetWorkloadSelector().GetLabels(), SelectorAt: []any{"spec", "workloadSelector", "labels"}})
	}
	return m.policy
}

// WideTelemetries are the Telemetries that hold for a whole namespace, in the
// root namespace for the mesh. It reads no other policies.
func (m *Model) WideTelemetries(namespace string) []*Object {
	if m.telemetry == nil {
		m.telemetry = map[string][]*Object{}
		for _, c := range m.Telemetries() {
			if len(c.Spec.Selector.GetMatchLabels()) == 0 && c.Spec.TargetRef == nil && !attached(c.Spec.TargetRefs) {
				m.telemetry[c.Namespace] = append(m.telemetry[c.Namespace], c.Object)
			}
		}
	}
	return m.telemetry[namespace]
}

// attached tells whether an object names what it holds for by targetRefs.
func attached(targets []*typev1.PolicyTargetReference) bool {
	return slices.ContainsFunc(targets, func(t *typev1.PolicyTargetReference) bool { return t != nil })
}

func one(ref *typev1.PolicyTargetReference) []*typev1.PolicyTargetReference {
	return []*typev1.PolicyTargetReference{ref}
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
