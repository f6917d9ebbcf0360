package istio

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"istio.io/istio/manifests"
	"istio.io/istio/pkg/config/schema/collections"
	webhook "istio.io/istio/pkg/webhooks/validation/server"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	kubernetestesting "k8s.io/kubernetes/cmd/kube-apiserver/app/testing"
)

// kubernetesAPI is a real API server that has the resource definitions and
// asks istiod's own validating webhook.
type kubernetesAPI struct {
	client dynamic.Interface
	mapper *restmapper.DeferredDiscoveryRESTMapper
	// namespaces are those that are there. They stay: only a controller could
	// remove them.
	namespaces map[string]bool
}

// startKubernetesAPI is for one test of the process: the API server sets feature
// gates that all of Kubernetes' code has in common.
func startKubernetesAPI(t *testing.T) *kubernetesAPI {
	t.Helper()
	storage := storagebackend.NewDefaultConfig("/registry", nil)
	storage.Transport.ServerList = []string{startEtcd(t)}
	// A pod would be refused for want of a service account, which a controller
	// makes in a real cluster.
	server, err := kubernetestesting.StartTestServer(t, nil, []string{"--disable-admission-plugins=ServiceAccount"}, storage)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.TearDownFn)
	// The client would print the warnings that TestValidate judges.
	server.ClientConfig.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(server.ClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := discovery.NewDiscoveryClientForConfig(server.ClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	// The list of all kinds in one answer may miss a new kind for a minute.
	kinds.UseLegacyDiscovery = true
	api := &kubernetesAPI{
		client: client, namespaces: map[string]bool{},
		mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds)),
	}
	api.defineKinds(t)
	api.askWebhook(t, startWebhook(t))
	return api
}

// startEtcd returns the address of a store for the API server.
func startEtcd(t *testing.T) string {
	t.Helper()
	loopback := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config := embed.NewConfig()
	config.Dir = t.TempDir()
	config.LogLevel = "panic"
	config.UnsafeNoFsync = true
	config.ListenClientUrls, config.AdvertiseClientUrls = loopback, loopback
	config.ListenPeerUrls, config.AdvertisePeerUrls = loopback, loopback
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	select {
	case <-etcd.Server.ReadyNotify():
	case <-time.After(time.Minute):
		t.Fatal("etcd does not become ready")
	}
	return "http://" + etcd.Clients[0].Addr().String()
}

// defineKinds makes Istio's kinds known, and those of others in packages.
func (a *kubernetesAPI) defineKinds(t *testing.T) {
	t.Helper()
	istios, err := manifests.FS.ReadFile("charts/base/files/crd-all.gen.yaml")
	if err != nil {
		t.Fatal(err)
	}
	others, err := os.ReadFile("testdata/definitions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a.define(t, slices.Concat(istios, []byte("\n---\n"), others))
}

// define makes kinds known by a stream of their definitions.
func (a *kubernetesAPI) define(t *testing.T, text []byte) {
	t.Helper()
	definitions, err := appliedObjects(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range definitions {
		if _, err := a.apply(t, d); err != nil {
			t.Fatal(err)
		}
	}
	// A kind is found only after its definition is established.
	eventually(t, func() error {
		a.mapper.Reset()
		for _, d := range definitions {
			kind := schema.GroupKind{Group: textAt(d.Object, "spec", "group"), Kind: textAt(d.Object, "spec", "names", "kind")}
			if _, err := a.mapper.RESTMapping(kind); err != nil {
				return err
			}
		}
		return nil
	})
}

// startWebhook serves what istiod serves to the API server.
func startWebhook(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	if _, err := webhook.New(webhook.Options{Schemas: collections.Istio, DomainSuffix: "cluster.local", Mux: mux}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// webhookConfiguration has the rules of Istio's charts, and Fail, so that a
// webhook that cannot be asked does not pass for one that agrees.
const webhookConfiguration = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: judge
webhooks:
- name: rev.validation.istio.io
  clientConfig: {url: %s/validate, caBundle: %s}
  rules:
  - operations: [CREATE, UPDATE]
    apiGroups: [security.istio.io, networking.istio.io, telemetry.istio.io, extensions.istio.io]
    apiVersions: ["*"]
    resources: ["*"]
  failurePolicy: Fail
  sideEffects: None
  admissionReviewVersions: [v1]
`

// askWebhook returns when the API server really asks: it learns of the webhook
// some time after the registration.
func (a *kubernetesAPI) askWebhook(t *testing.T, server *httptest.Server) {
	t.Helper()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	configuration := fmt.Sprintf(webhookConfiguration, server.URL, base64.StdEncoding.EncodeToString(certificate))
	if err := a.applyText(t, configuration); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		err := a.applyText(t, refusedByWebhook, metav1.DryRunAll)
		if err == nil || !strings.Contains(err.Error(), "admission webhook") {
			return fmt.Errorf("the webhook does not refuse: %v", err)
		}
		return nil
	})
}

func (a *kubernetesAPI) applyText(t *testing.T, text string, dryRun ...string) error {
	t.Helper()
	o, err := newApplied([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.apply(t, o, dryRun...)
	return err
}

// apply is kubectl apply --server-side --validate=strict, except that the text
// goes to the API server as it is. Read and written anew, a field that stands
// there twice would go unnoticed.
func (a *kubernetesAPI) apply(t *testing.T, o applied, dryRun ...string) (*unstructured.Unstructured, error) {
	resource, err := a.resource(o)
	if err != nil {
		return nil, err
	}
	return resource.Patch(t.Context(), o.GetName(), types.ApplyPatchType, o.text, metav1.PatchOptions{
		FieldManager: "judge", FieldValidation: metav1.FieldValidationStrict, DryRun: dryRun,
	})
}

// resource is where the API server has the object.
func (a *kubernetesAPI) resource(o applied) (dynamic.ResourceInterface, error) {
	kind := o.GroupVersionKind()
	mapping, err := a.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	resource := a.client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return resource, nil
	}
	return resource.Namespace(o.namespace()), nil
}

// eventually waits until something holds.
func eventually(t *testing.T, holds func() error) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
