package check

import (
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// opaquePorts finds rules that refuse by what only HTTP has, on a workload that
// takes something else as well: Istio leaves that condition out there, and all
// of it would be refused.
func opaquePorts(ds *diag.List, objects []manifest.Object, p *topology.Model) {
	for o := range policies(objects) {
		rules, ok := o.Spec.(*security.AuthorizationPolicy)
		if !ok || o.gateway || rules.Action != security.AuthorizationPolicy_DENY || !slices.ContainsFunc(rules.Rules, refusesOpaque) {
			continue
		}
		for _, id := range guarded(o, p) {
			s, ok := p.Service(id[0], id[1])
			if !ok {
				continue
			}
			opaque := func(p topology.Port) bool { return p.Protocol.IsOpaque() }
			if i := slices.IndexFunc(s.Ports(), opaque); i >= 0 {
				ds.Errorf(diag.CodePort, o.Origin, "port %d of %s/%s is not HTTP, and a rule about HTTP refuses all of it; write the ports of the workload that are HTTP: %s", s.Ports()[i].Number, id[0], id[1], portsWord(o))
				break
			}
		}
	}
}

// guarded are namespace and name of the Services that a policy holds for.
func guarded(o policy, p *topology.Model) [][2]string {
	if len(o.labels) > 0 {
		return [][2]string{{o.Namespace, o.service}}
	}
	namespaces := []string{o.Namespace}
	if o.Root != "" {
		namespaces = p.Namespaces()
	}
	var all [][2]string
	for _, namespace := range namespaces {
		for _, name := range p.ServiceNames(namespace) {
			all = append(all, [2]string{namespace, name})
		}
	}
	return all
}

// portsWord is the word that names a policy's ports.
func portsWord(o policy) string {
	if strings.HasSuffix(o.Name, "-jwt") {
		return "jwt.ports"
	}
	return "to.ports"
}

// refusesOpaque tells whether a rule names no port and asks for something that
// only HTTP has.
func refusesOpaque(rule *security.Rule) bool {
	http := slices.ContainsFunc(rule.When, func(c *security.Condition) bool { return strings.HasPrefix(c.Key, "request.") })
	for _, f := range rule.From {
		http = http || len(f.GetSource().GetRequestPrincipals())+len(f.GetSource().GetNotRequestPrincipals()) > 0
	}
	for _, to := range rule.To {
		if o := to.GetOperation(); len(o.GetPorts())+len(o.GetNotPorts()) > 0 {
			return false
		} else if len(o.GetHosts())+len(o.GetNotHosts())+len(o.GetMethods())+len(o.GetNotMethods())+len(o.GetPaths())+len(o.GetNotPaths()) > 0 {
			http = true
		}
	}
	return http
}
