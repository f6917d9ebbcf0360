package topology

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// delegated are the routes of the VirtualService to which a route delegates, each
// with what the route itself says; none when that one is not there, is no delegate
// or is not exported to the route's namespace. A route whose matches contradict
// those of the delegating one is left out (pilot/pkg/model.MergeHTTPRoutes).
func (m *Model) delegated(root vservice, r *networking.HTTPRoute) []Route {
	namespace := r.Delegate.Namespace
	if namespace == "" {
		namespace = root.Namespace
	}
	to, ok := m.delegate(namespace, r.Delegate.Name)
	if !ok {
		return nil
	}
	exported := to.Spec.ExportTo
	if len(exported) == 0 {
		exported = m.Install().VirtualServicesTo
	}
	if !visible(exported, namespace, root.Namespace) {
		return nil
	}
	var all []Route
	for i, inner := range to.Spec.Http {
		if merged := mergeRoute(r, inner, root.Namespace, namespace); merged != nil {
			all = append(all, httpRoute(to, i, merged))
		}
	}
	return all
}

// delegate finds a VirtualService without hosts.
func (m *Model) delegate(namespace, name string) (vservice, bool) {
	t := m.routeTable()
	if t.delegates == nil {
		t.delegates = map[key]vservice{}
		for _, vs := range m.VirtualServices() {
			if len(vs.Spec.Hosts) == 0 {
				t.delegates[key{vs.Namespace, vs.Name}] = vs
			}
		}
	}
	vs, ok := t.delegates[key{namespace, name}]
	return vs, ok
}

// mergeRoute is a route of a delegate with what the delegating route says and it
// does not; nil when they contradict each other. Destinations are the delegate's.
func mergeRoute(root, inner *networking.HTTPRoute, rootNamespace, namespace string) *networking.HTTPRoute {
	matches, ok := mergeMatches(qualified(root.Match, rootNamespace), qualified(inner.Match, namespace))
	if !ok {
		return nil
	}
	merged, root := proto.Clone(inner).(*networking.HTTPRoute), proto.Clone(root).(*networking.HTTPRoute)
	merged.Match = matches
	if root.Mirror != nil {
		root.Mirror.Host = FullHost(root.Mirror.Host, rootNamespace)
	}
	for _, mirror := range root.Mirrors {
		if mirror.Destination != nil {
			mirror.Destination.Host = FullHost(mirror.Destination.Host, rootNamespace)
		}
	}
	from, into := root.ProtoReflect(), merged.ProtoReflect()
	for _, field := range []string{"rewrite", "direct_response", "timeout", "retries", "fault", "mirror", "mirror_percent", "mirror_percentage", "cors_policy", "mirrors", "headers"} {
		f := from.Descriptor().Fields().ByTextName(field)
		if !into.Has(f) && from.Has(f) {
			into.Set(f, from.Get(f))
		}
	}
	return merged
}

// qualified are matches with the full names of their gateways.
func qualified(matches []*networking.HTTPMatchRequest, namespace string) []*networking.HTTPMatchRequest {
	matches = slices.Clone(matches)
	for i, match := range matches {
		if len(match.Gateways) > 0 {
			match = proto.Clone(match).(*networking.HTTPMatchRequest)
			for j, name := range match.Gateways {
				match.Gateways[j] = string(sideOf(name, namespace))
			}
			matches[i] = match
		}
	}
	return matches
}

// mergeMatches are the matches of both together; false when one of the delegate's
// fits none of the others.
func mergeMatches(root, inner []*networking.HTTPMatchRequest) ([]*networking.HTTPMatchRequest, bool) {
	if len(root) == 0 {
		return inner, true
	}
	if len(inner) == 0 {
		return root, true
	}
	var all []*networking.HTTPMatchRequest
	for _, b := range inner {
		before := len(all)
		for _, a := range root {
			if !contradict(a, b) {
				all = append(all, mergeMatch(a, b))
			}
		}
		if len(all) == before {
			return nil, false
		}
	}
	return all, true
}

func mergeMatch(a, b *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
	merged := proto.Clone(a).(*networking.HTTPMatchRequest)
	merged.Gateways = nil
	proto.Merge(merged, b) // maps get the keys of both
	if len(b.Gateways) == 0 {
		merged.Gateways = a.Gateways
	}
	merged.Uri, merged.Scheme, merged.Method, merged.Authority = either(b.Uri, a.Uri), either(b.Scheme, a.Scheme), either(b.Method, a.Method), either(b.Authority, a.Authority)
	return merged
}

func either(a, b *networking.StringMatch) *networking.StringMatch {
	if a != nil {
		return a
	}
	return b
}

// contradict tells whether a delegate's match asks for something that the
// delegating match excludes, as far as Istio sees it (pilot/pkg/model.hasConflict).
func contradict(root, inner *networking.HTTPMatchRequest) bool {
	outside := func(root, inner map[string]*networking.StringMatch) bool {
		for k, v := range inner {
			if beyond(root[k], v) {
				return true
			}
		}
		return false
	}
	switch {
	case beyond(root.Uri, inner.Uri), beyond(root.Scheme, inner.Scheme), beyond(root.Method, inner.Method), beyond(root.Authority, inner.Authority),
		outside(root.Headers, inner.Headers), outside(root.WithoutHeaders, inner.WithoutHeaders), outside(root.QueryParams, inner.QueryParams),
		root.IgnoreUriCase != inner.IgnoreUriCase,
		root.Port > 0 && inner.Port > 0 && root.Port != inner.Port,
		root.SourceNamespace != "" && root.SourceNamespace != inner.SourceNamespace:
		return true
	}
	for k, v := range inner.SourceLabels {
		if have, ok := root.SourceLabels[k]; ok && have != v {
			return true
		}
	}
	return len(root.Gateways) > 0 && (len(root.Gateways) < len(inner.Gateways) ||
		slices.ContainsFunc(inner.Gateways, func(name string) bool { return !slices.Contains(root.Gateways, name) }))
}

// beyond tells whether one text asks for more than the other allows
// (stringMatchConflict of the same package).
func beyond(root, inner *networking.StringMatch) bool {
	if root == nil || inner == nil {
		return false
	}
	if root.GetRegex() != "" || inner.GetRegex() != "" {
		return true
	}
	switch {
	case root.GetExact() != "":
		return inner.GetExact() != root.GetExact()
	case root.GetPrefix() != "" && inner.GetPrefix() != "":
		return !strings.HasPrefix(inner.GetPrefix(), root.GetPrefix())
	case root.GetPrefix() != "" && inner.GetExact() != "":
		return !strings.HasPrefix(inner.GetExact(), root.GetPrefix())
	}
	return true
}
