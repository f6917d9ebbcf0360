package istio

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// TestModelOfHandwritten compares the model with Pilot over packages that people
// wrote: those of testdata/model, each about what is easily got wrong, the right and
// the broken ones of our checks, and Istio's samples. What
// Istio's validation refuses neither of both gets.
func TestModelOfHandwritten(t *testing.T) {
	tally := newTally()
	t.Cleanup(func() { tally.holds(t, leastByHand) })
	for name, text := range handwritten(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := newHand(text)
			if err != nil {
				t.Fatal(err)
			}
			h.hold(t, tally)
		})
	}
}

// handwritten are the packages by their names.
func handwritten(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	checks, err := filepath.Glob("../../pkg/check/testdata/*/*/package.yaml")
	if err != nil || len(checks) < 50 {
		t.Fatal(len(checks), err)
	}
	for _, file := range checks {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(filepath.ToSlash(filepath.Dir(file)), "../../pkg/check/testdata/")] = text
	}
	own, err := filepath.Glob("testdata/model/*.yaml")
	if err != nil || len(own) == 0 {
		t.Fatal(len(own), err)
	}
	for _, file := range own {
		all[filepath.Base(file)] = readAll(t, filepath.Dir(file), filepath.Base(file))
	}
	root := istioFolder(t, "samples")
	bookinfo := readAll(t, root, "bookinfo/platform/kube/bookinfo.yaml", "bookinfo/platform/kube/bookinfo-versions.yaml", "bookinfo/networking/destination-rule-all.yaml")
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".yaml" || strings.Contains(path, "templates") {
			return err // templates of charts are no YAML
		}
		file, _ := filepath.Rel(root, path)
		text := readAll(t, root, file)
		if !bytes.Contains(text, []byte("istio.io/v1")) {
			return nil // nothing for Pilot to route
		}
		if strings.HasPrefix(file, "bookinfo/networking/") {
			text = append(bytes.Clone(bookinfo), text...)
		}
		all["samples/"+filepath.ToSlash(file)] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// hand is a package that somebody wrote, as it is applied.
type hand struct {
	model   *topology.Model
	cluster *cluster
	configs []config.Config
	mesh    string
}

// newHand reads a package. Objects that say no namespace go into default, as with
// kubectl.
func newHand(text []byte) (*hand, error) {
	h := &hand{cluster: newEmptyCluster()}
	var applied bytes.Buffer
	said := map[string]bool{}
	err := eachDocument(text, func(doc []byte) error {
		objects, err := unfold(doc)
		if err != nil {
			return err
		}
		for _, o := range objects {
			id := o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
			if said[id] {
				continue // the model knows the first of two that replace each other
			}
			body, err := yaml.Marshal(o.Object)
			if err != nil {
				return err
			}
			if !h.take(o, body) {
				continue
			}
			said[id] = true
			applied.WriteString("---\n")
			applied.Write(body)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	h.besides(&applied)
	list, err := resourcelist.ParseStream(applied.Bytes())
	if err != nil {
		return nil, err
	}
	h.model = topology.New(nil, list.Items(), 0)
	h.pods()
	return h, nil
}

// besides adds what a cluster has and the package leaves open: who gets a sidecar,
// and the mesh's mode, which is Istio's default. Without it the model says that it
// does not know.
func (h *hand) besides(applied *bytes.Buffer) {
	places := map[string]bool{"default": true}
	meshMode := false
	for _, cfg := range h.configs {
		places[cfg.Namespace] = true
		meshMode = meshMode || cfg.GroupVersionKind.Kind == "PeerAuthentication" && cfg.Namespace == istioSystem
	}
	for id := range h.cluster.services {
		places[id.Namespace] = true
	}
	for place := range places {
		if h.cluster.namespaces[place] == nil && place != istioSystem {
			fmt.Fprintf(applied, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {istio-injection: enabled}}\n", place)
		}
	}
	if !meshMode {
		applied.WriteString("---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: PERMISSIVE}}\n")
	}
}

// unfold are the objects of a document, those of a List one by one.
func unfold(doc []byte) ([]*unstructured.Unstructured, error) {
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(doc, &o.Object); err != nil || o.GetKind() == "" {
		return nil, nil //nolint:nilerr // no object, on purpose
	}
	all := []*unstructured.Unstructured{o}
	if o.IsList() {
		list, err := o.ToList()
		if err != nil {
			return nil, err
		}
		all = nil
		for i := range list.Items {
			all = append(all, &list.Items[i])
		}
	}
	for _, o := range all {
		if o.GetNamespace() == "" && o.GetKind() != "Namespace" && o.GetKind() != "IstioOperator" {
			o.SetNamespace("default")
		}
	}
	return all, nil
}

// take gives an object to Pilot; false when it is of no concern or refused.
func (h *hand) take(o *unstructured.Unstructured, body []byte) bool {
	if o.GetKind() == "IstioOperator" {
		config, _, _ := unstructured.NestedMap(o.Object, "spec", "meshConfig")
		text, err := yaml.Marshal(config)
		h.mesh = string(text)
		return err == nil
	}
	if cfg, schema, err := readConfig(body); err == nil {
		if _, err := schema.ValidateConfig(cfg); err != nil {
			return false
		}
		cfg.CreationTimestamp = o.GetCreationTimestamp().Time
		h.configs = append(h.configs, cfg)
		return true
	}
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return false
	}
	switch object.(type) {
	case *corev1.Service, *corev1.Namespace:
		h.cluster.take(object)
	}
	return true
}

// pods are those of the workloads, and one for each selector of a Gateway.
func (h *hand) pods() {
	for _, w := range h.model.AllWorkloads() {
		h.cluster.pod(w.Namespace, w.Name, w.Labels)
		pod := h.cluster.pods[named{Namespace: w.Namespace, Name: w.Name}]
		if h.model.Injection(w).Sidecar == topology.No {
			delete(pod.Labels, "security.istio.io/tlsMode")
		}
		for _, container := range w.Containers {
			for _, p := range container.Ports {
				pod.Spec.Containers[0].Ports = append(pod.Spec.Containers[0].Ports, corev1.ContainerPort{Name: p.Name, ContainerPort: int32(p.Number), Protocol: corev1.ProtocolTCP})
			}
		}
	}
	for i, cfg := range h.configs {
		if g, ok := cfg.Spec.(*networking.Gateway); ok {
			h.cluster.pod(istioSystem, fmt.Sprintf("gateway-%d", i), g.Selector)
		}
	}
	h.cluster.namespace(istioSystem)
	h.cluster.addresses()
}

// hold compares the model with Pilot.
func (h *hand) hold(t *testing.T, tally *tally) {
	t.Helper()
	config := mesh.DefaultMeshConfig()
	if h.mesh != "" {
		var err error
		if config, err = mesh.ApplyMeshConfigDefaults(h.mesh); err != nil {
			t.Fatal(err)
		}
	}
	p := h.cluster.pilot(t, h.configs, config)
	var gateways []*corev1.Pod
	for _, id := range sortedKeys(h.cluster.pods) {
		if id.Namespace == istioSystem && strings.HasPrefix(id.Name, "gateway-") {
			gateways = append(gateways, h.cluster.pods[id])
		}
	}
	p.walk(t, h.model, gateways, tally)
}

// leastByHand is what these packages have to show.
var leastByHand = map[string]int{
	"routes": 1500, "gateway routes": 30, "gateway connections": 10, "unknown hosts": 100, "seen hosts": 10, "subsets": 1500, "client TLS": 3000, "pairs": 350, "cells": 1000, "inbound": 300, "policies": 300,
}
