package topology

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
)

// Secrets are the namespaces in which the package has a Secret of the name, in
// the package's order; empty for one that does not say where it lives.
// A Certificate makes one.
func (m *Model) Secrets(name string) []string {
	var all []string
	for _, o := range m.secrets[name] {
		all = append(all, o.Namespace)
	}
	return append(all, m.made()[name]...)
}

// made are the namespaces in which Certificates, of cert-manager and of Gardener,
// make Secrets, by their names.
func (m *Model) made() map[string][]string {
	if m.certified == nil {
		m.certified = map[string][]string{}
		for _, kind := range []string{"cert-manager.io/Certificate", "cert.gardener.cloud/Certificate"} {
			for _, o := range m.Of(kind) {
				spec := o.Spec()
				namespace, name := o.Namespace, str(spec["secretName"])
				if ref := under(spec, "secretRef"); name == "" && ref != nil {
					name = str(ref["name"])
					take(&namespace, str(ref["namespace"]))
				}
				if name != "" {
					m.certified[name] = append(m.certified[name], namespace)
				}
			}
		}
	}
	return m.certified
}

// SecretKeys are the names of what a Secret holds, in order; never its values.
func (m *Model) SecretKeys(namespace, name string) ([]string, bool) {
	for _, o := range m.secrets[name] {
		if o.Namespace != namespace {
			continue
		}
		n := o.node()
		var keys []string
		for _, field := range []string{"data", "stringData"} {
			for key := range texts(value(n, field)) {
				keys = append(keys, key)
			}
		}
		slices.Sort(keys)
		return slices.Compact(keys), true
	}
	return nil, false
}

// IsCertificate tells whether a Secret with these keys holds a certificate and its
// key, in one of the two forms that a gateway reads.
func IsCertificate(keys []string) bool {
	return slices.Contains(keys, "tls.crt") && slices.Contains(keys, "tls.key") ||
		slices.Contains(keys, "cert") && slices.Contains(keys, "key")
}

// GatewayNamespace is where a Gateway's pods run and read their Secrets: that of
// the installed gateway that it selects, of pods of the package, or where Istio
// installs its own.
func (m *Model) GatewayNamespace(g Config[*networking.Gateway]) string {
	pods, installed := m.GatewayPods(g)
	switch {
	case len(installed) > 0:
		return installed[0].Namespace
	case len(pods) > 0:
		return pods[0].Namespace
	}
	return defaultRoot
}
