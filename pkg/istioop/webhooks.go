package istioop

import (
	"fmt"

	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// webhookOverlays change the sidecar injector's webhooks. They are addressed by
// name: Kyma's own patch counted, and the count changed with Istio 1.10 and with
// the default of injection (kyma commits 90b5fc0c36 and 120e9e0c29).
func webhookOverlays(in mesh.Install) []any {
	var patches []any
	for _, name := range webhookNames(in) {
		at := fmt.Sprintf(`webhooks.[name:%ssidecar-injector\.istio\.io].`, name)
		if in.Webhook.TimeoutSeconds != 0 {
			patches = append(patches, manifest.Tree{"path": at + "timeoutSeconds", "value": in.Webhook.TimeoutSeconds})
		}
		for _, q := range in.Webhook.NamespaceSelector {
			// [-1] appends; several patches at one path are as many items.
			patches = append(patches, manifest.Tree{
				"path": at + "namespaceSelector.matchExpressions[-1]", "value": requirement(q),
			})
		}
	}
	if len(patches) == 0 {
		return nil
	}
	return []any{manifest.Tree{
		"apiVersion": "admissionregistration.k8s.io/v1",
		"kind":       "MutatingWebhookConfiguration",
		"name":       withRevision("istio-sidecar-injector", in.Revision),
		"patches":    patches,
	}}
}

// webhookNames are the prefixes of the webhooks that Istio's chart makes; a patch
// for one that is not there would be dropped in silence. With a revision there are
// only those for the revision, and the one for namespaces that say nothing exists
// only while these are injected (istio
// manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml).
func webhookNames(in mesh.Install) []string {
	names := []string{`rev\.namespace\.`, `rev\.object\.`}
	if in.Revision != "" {
		return names
	}
	names = append(names, `namespace\.`, `object\.`)
	if in.InjectUnlabelled {
		names = append(names, `auto\.`)
	}
	return names
}

func requirement(q mesh.Requirement) manifest.Tree {
	out := manifest.Tree{"key": q.Key, "operator": q.Operator}
	if len(q.Values) > 0 {
		values := make([]any, len(q.Values))
		for i, v := range q.Values {
			values[i] = v
		}
		out["values"] = values
	}
	return out
}
