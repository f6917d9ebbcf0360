package istio

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	cluster3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/util/protomarshal"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

// pkg/topology says what Istio would do. Here Pilot says it, of the same objects,
// and both have to say the same: the routes of every host of every client, the
// subsets and the traffic policy of every cluster, what every pair of a client and a
// server does, what every pod takes, and which policies hold for it. Where the model
// says that it does not know, the reason is counted: a model that never knows would
// agree with everybody.

// configured is what Pilot configures in one proxy.
type configured struct {
	who       string
	proxy     *model.Proxy
	listeners []*listener3.Listener
	clusters  []*cluster3.Cluster
	routes    []*route3.RouteConfiguration
}

// contest holds one model against one Pilot.
type contest struct {
	*testing.T
	*topology.Model
	pilot *pilot
	tally *tally
	said  *int
}

// sidecar compares what a sidecar does with what its pod calls.
func (c contest) sidecar(v configured) {
	c.meshRoutes(v)
	c.connections(v)
	c.clusterPolicies(v)
	c.unknownHosts(v)
}

// client is a proxy as the model's clients are.
func (c contest) client(v configured) topology.Client {
	return topology.Client{Namespace: v.proxy.ConfigNamespace, Labels: v.proxy.Labels, Sidecar: topology.Yes, Gateway: v.proxy.Type == model.Router}
}

// say reports that the model says something else than Pilot.
func (c contest) say(v configured, object, field, want, got string) {
	c.Helper()
	if *c.said++; *c.said > 20 {
		return // one cause has many consequences
	}
	c.Errorf("%s: %s: %s\nPilot %s\nmodel %s", v.who, object, field, want, got)
}

// same compares what both say about a field of an object, as one of a kind of
// comparisons.
func (c contest) same(v configured, kind, object, field, pilot, model string) {
	c.Helper()
	c.tally.compared(kind)
	if pilot != model {
		c.say(v, object, field, pilot, model)
	}
}

// tally counts comparisons by their kind, and what the model does not know by the
// reason.
type tally struct {
	sync.Mutex
	done, unknown map[string]int
}

func newTally() *tally { return &tally{done: map[string]int{}, unknown: map[string]int{}} }

func (a *tally) compared(kind string) {
	a.Lock()
	defer a.Unlock()
	a.done[kind]++
}

func (a *tally) notKnown(kind, why string) {
	a.Lock()
	defer a.Unlock()
	a.unknown[kind+": "+why]++
}

// holds fails where too little was compared, and lists what the model does not know.
// Everything that Pilot needs is in these packages, so that has to be nothing.
func (a *tally) holds(t *testing.T, least map[string]int) {
	for _, kind := range slices.Sorted(maps.Keys(least)) {
		if a.done[kind] < least[kind] {
			t.Errorf("%s: only %d comparisons, want %d", kind, a.done[kind], least[kind])
		}
	}
	for _, why := range slices.Sorted(maps.Keys(a.unknown)) {
		t.Errorf("%d times not known: %s", a.unknown[why], why)
	}
	t.Logf("compared %v", a.done)
}

// modelOf is the model of a case together with its cluster.
func modelOf(t *testing.T, c testCase, all *cluster) *topology.Model {
	t.Helper()
	text, err := textOf(all)
	if err != nil {
		t.Fatal(err)
	}
	list, err := resourcelist.ParseStream(text)
	if err != nil {
		t.Fatal(err)
	}
	return topology.New(c.objects, list.Items(), 0)
}

// textOf is a cluster as one stream.
func textOf(all *cluster) ([]byte, error) {
	var text bytes.Buffer
	for _, object := range all.objects() {
		if err := appendObject(&text, object); err != nil {
			return nil, err
		}
	}
	for _, id := range sortedKeys(all.gateways) {
		spec, err := protomarshal.ToYAML(all.gateways[id])
		if err != nil {
			return nil, err
		}
		text.WriteString("---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {namespace: " + id.Namespace + ", name: " + id.Name + "}\nspec:\n  " +
			strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  ") + "\n")
	}
	return text.Bytes(), nil
}

// hosts are the full hosts of the model that a client in a namespace can call, with
// their ports.
func (c contest) hosts() map[string][]topology.Port {
	all := map[string][]topology.Port{}
	for _, s := range c.Services() {
		if s.ExternalName() == "" {
			all[s.Host()] = s.Ports()
		}
	}
	for _, e := range c.ServiceEntries() {
		for _, host := range e.Spec.Hosts {
			if _, ok := all[host]; !ok {
				all[host], _ = c.PortsOf(host)
			}
		}
	}
	return all
}

func clusterName(port int, subset, host string) string {
	return fmt.Sprintf("outbound|%d|%s|%s", port, subset, host)
}

// leastCompared is what the cases have to show: a walk that passes hosts by would
// find nothing.
var leastCompared = map[string]int{
	"routes": 3000, "ports with routes": 1000, "gateway routes": 250, "gateway connections": 10, "unknown hosts": 500, "connections of TCP and TLS": 1400, "seen hosts": 60,
	"subsets": 6000, "client TLS": 7000, "load balancer": 7000, "outlier detection": 7000, "connections": 7000,
	"pairs": 450, "cells": 600, "inbound": 600, "policies": 600,
}
