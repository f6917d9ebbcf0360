package istioop

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/manifest"
	"github.com/kymamesh/kymamesh/pkg/mesh"
)

// Check says what is wrong with the overrides of a mesh as soon as they lie over
// the rest: only here layers, words and overrides meet. Every fault stands at the
// place of an override; what words and layers say alone is in order.
func Check(m *mesh.Mesh) diag.List {
	said, ds := readAll(m.Install)
	if len(said) == 0 {
		return nil
	}
	c := checker{m: m, said: said, ds: ds, spec: merged(m.Install, said)}
	c.deleted()
	c.tooYoung()
	c.betweenObjects()
	c.gatewaysNeeded()
	c.againstWords()
	c.twins()
	c.tree("", c.spec)
	c.deployments()
	config, _ := c.spec["meshConfig"].(manifest.Tree)
	c.oneofs("meshConfig", config, (&meshconfig.MeshConfig{}).ProtoReflect().Descriptor())
	return c.ds
}

type checker struct {
	m    *mesh.Mesh
	said sayings
	spec manifest.Tree // merged
	ds   diag.List
	// sources say who says each value, by path; filled when somebody asks.
	sources map[string]mesh.Source
}

// statements are all statements of one override in the order of their paths.
func (s saying) statements() []statement {
	var all []statement
	for _, path := range slices.Sorted(maps.Keys(s.byPath)) {
		all = append(all, s.byPath[path])
	}
	return all
}

func (c *checker) deleted() {
	for _, s := range c.said {
		for _, st := range s.statements() {
			if st.idle {
				c.ds.Warnf(diag.CodeUnused, st.at, "null deletes, and there is nothing to delete; leave it out")
			}
		}
	}
}

// tooYoung finds fields of overrides that the mesh's Istio does not know; those of
// meshConfig have been found where they were read.
func (c *checker) tooYoung() {
	for _, s := range c.said {
		for _, st := range s.statements() {
			for path := range prefixes(st.path) {
				if minor := youngFields[path]; st.value != nil && c.m.Install.IstioMinor < minor {
					c.ds.Errorf(diag.CodeVersion, st.at, "Istio knows it from 1.%d on; this mesh's is older (install.istioVersion)", minor)
				}
			}
		}
	}
}

// betweenObjects finds what two objects say differently: nobody can tell which of
// them is meant.
func (c *checker) betweenObjects() {
	for i, a := range c.said {
		for _, b := range c.said[:i] {
			if a.Object == "" {
				continue
			}
			for _, st := range a.statements() {
				c.differ(a, b, st)
			}
			for _, st := range b.statements() {
				c.differ(b, a, st)
			}
		}
	}
}

// differ reports a statement of a that says otherwise than one of b at the same
// path or around it.
func (c *checker) differ(a, b saying, st statement) {
	for path := range prefixes(st.path) {
		other, ok := b.byPath[path]
		if !ok || isEmpty(other.value) || path == st.path && reflect.DeepEqual(other.value, st.value) || isAppended(path) {
			continue
		}
		c.ds.Errorf(diag.CodeDuplicate, st.at, "%s says something else; keep one", b.Place(other.at))
		if path != st.path { // seen from this side only
			c.ds.Errorf(diag.CodeDuplicate, other.at, "%s says something else; keep one", a.Place(st.at))
		}
		return
	}
}

func isEmpty(v any) bool {
	m, ok := v.(manifest.Tree)
	return ok && len(m) == 0
}

// isAppended is true for a patch that only adds.
func isAppended(path string) bool { return strings.HasSuffix(path, "[-1]]") }

// againstWords finds what a word of the document says and an override otherwise.
func (c *checker) againstWords() {
	leaves := leavesOf(c.spec)
	written := leavesOf(words(c.m.Install))
	for _, path := range slices.Sorted(maps.Keys(written)) {
		source := c.m.Source(wordAt(c.m.Install, path)...)
		if source.Layer != "" || reflect.DeepEqual(leaves[path], written[path]) {
			continue
		}
		s, st, ok := c.said.about(path)
		if !ok {
			continue
		}
		word := source.Path.String()
		if s.Object != "" {
			word += " of KymaMesh " + c.m.Name
		}
		c.ds.Errorf(diag.CodeDuplicate, st.at, "also set by %s; keep one", word)
	}
}

// twins finds a number of pods that overrides say in two ways.
func (c *checker) twins() {
	for _, s := range scaled {
		for _, pair := range [][2]string{
			{s.k8s + ".hpaSpec.minReplicas", s.values + ".autoscaleMin"},
			{s.k8s + ".hpaSpec.maxReplicas", s.values + ".autoscaleMax"},
		} {
			a, b := c.said.number(pair[0]), c.said.number(pair[1])
			if a != 0 && b != 0 && a != b {
				_, st, _ := c.said.about(pair[1])
				c.ds.Errorf(diag.CodeDuplicate, st.at, "%d, and %s says %d; they are one thing, keep one", b, pair[0], a)
			}
		}
	}
}

// blame finds the statement to hold a fault against: of the first path about which
// an override says something.
func (c *checker) blame(paths ...string) (at diag.Path, first bool, ok bool) {
	for i, path := range paths {
		if at, ok := c.said.source(path); ok {
			return at, i == 0, true
		}
	}
	return diag.Path{}, false, false
}

// source says in brackets who says the value at a path.
func (c *checker) source(path string) string {
	if c.sources == nil {
		c.sources = map[string]mesh.Source{}
		for _, leaf := range Explain(c.m) {
			c.sources[leaf.Path] = leaf.Source
		}
	}
	s := c.sources[path]
	if s.Layer != "" {
		return " (" + s.Layer + ")"
	}
	return " (" + s.Path.String() + ")"
}

// tree checks every autoscaler and all resources.
func (c *checker) tree(at string, v any) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			c.tree(fmt.Sprintf("%s[%s]", at, itemName(i, item)), item)
		}
	case manifest.Tree:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			inner, path := v[key], strings.TrimPrefix(at+"."+key, ".")
			m, _ := inner.(manifest.Tree)
			switch key {
			case "resources":
				c.resources(path, m)
			case "hpaSpec":
				c.autoscaler(path, m)
			case "k8s":
				c.replicaCount(at, m)
			}
			c.tree(path, inner)
		}
	}
}

func (c *checker) resources(at string, r manifest.Tree) {
	requests, _ := r["requests"].(manifest.Tree)
	limits, _ := r["limits"].(manifest.Tree)
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		request, limit := fmt.Sprint(requests[name]), fmt.Sprint(limits[name])
		requestAt, limitAt := at+".requests."+name, at+".limits."+name
		if !mesh.Above(request, limit) {
			continue
		}
		switch place, isRequest, ok := c.blame(requestAt, limitAt); {
		case ok && isRequest:
			c.ds.Errorf(diag.CodeValue, place, "%s is above the limit %s%s; write limits.%s of at least %s as well", request, limit, c.source(limitAt), name, request)
		case ok:
			c.ds.Errorf(diag.CodeValue, place, "%s is below the request %s%s; write requests.%s of at most %s as well", limit, request, c.source(requestAt), name, limit)
		}
	}
}

func (c *checker) autoscaler(at string, hpa manifest.Tree) {
	low, hasLow := hpa["minReplicas"].(int)
	high, hasHigh := hpa["maxReplicas"].(int)
	lowAt, highAt := at+".minReplicas", at+".maxReplicas"
	for _, end := range []struct {
		path string
		n    int
		has  bool
	}{{lowAt, low, hasLow}, {highAt, high, hasHigh}} {
		if place, _, ok := c.blame(end.path); ok && end.has && end.n < 1 {
			c.ds.Errorf(diag.CodeValue, place, "%d is no number of pods; 1 or more", end.n)
			return
		}
	}
	if !hasLow || !hasHigh || low <= high {
		return
	}
	switch place, isLow, ok := c.blame(lowAt, highAt); {
	case ok && isLow:
		c.ds.Errorf(diag.CodeValue, place, "%d is above maxReplicas %d%s; write maxReplicas as well", low, high, c.source(highAt))
	case ok:
		c.ds.Errorf(diag.CodeValue, place, "%d is below minReplicas %d%s; write minReplicas as well", high, low, c.source(lowAt))
	}
}

// replicaCount finds a fixed number of pods where an autoscaler decides, which
// would change it at once. Istio's own check is the model.
func (c *checker) replicaCount(component string, k8s manifest.Tree) {
	count, _ := k8s["replicaCount"].(int)
	place, _, ok := c.blame(component + ".k8s.replicaCount")
	values, _ := c.spec["values"].(manifest.Tree)
	of := values["pilot"]
	least := 1
	if kind, _, isGateway := strings.Cut(component, "Gateways["); isGateway {
		gateways, _ := values["gateways"].(manifest.Tree)
		of, least = gateways["istio-"+strings.TrimPrefix(kind, "components.")+"gateway"], 0
	}
	scaling, _ := of.(manifest.Tree)
	if ok && count > least && scaling["autoscaleEnabled"] == true {
		c.ds.Errorf(diag.CodeExclusive, place, "an autoscaler decides how many pods there are; write hpaSpec: {minReplicas: %d, maxReplicas: }", count)
	}
}

// deployments checks what is particular to single components.
func (c *checker) deployments() {
	all := deployments(c.spec)
	for _, at := range slices.Sorted(maps.Keys(all)) {
		k8s := all[at]
		c.metrics(at+".hpaSpec.metrics", metricsOf(k8s))
		service, _ := k8s["service"].(manifest.Tree)
		ports, ok := service["ports"].([]any)
		if !ok || !strings.Contains(at, "Gateways[") {
			continue
		}
		c.ports(at+".service.ports", ports)
		if strings.HasPrefix(at, "components.ingress") && c.isBalanced(service) {
			c.statusPort(at+".service.ports", ports)
		}
	}
}

// metrics finds those that an old Istio wants in a form that is not rendered.
func (c *checker) metrics(at string, metrics []any) {
	for i, item := range metrics {
		m, _ := item.(manifest.Tree)
		place, _, ok := c.blame(at+"["+itemName(i, item)+"]", at)
		if ok && c.m.Install.Autoscaling == "v2beta1" && text(m, "type") != "Resource" {
			c.ds.Errorf(diag.CodeVersion, place, "Istio knows it from 1.17 on in this form; this mesh's is older (install.istioVersion), write metrics of type Resource")
		}
	}
}

// isBalanced tells whether a gateway's Service asks for a load balancer of the
// cloud.
func (c *checker) isBalanced(service manifest.Tree) bool {
	if t := text(service, "type"); t != "" {
		return t == "LoadBalancer"
	}
	values, _ := c.spec["values"].(manifest.Tree)
	gateways, _ := values["gateways"].(manifest.Tree)
	ingress, _ := gateways["istio-ingressgateway"].(manifest.Tree)
	t := text(ingress, "type")
	return t == "" || t == "LoadBalancer"
}

// statusPort: the load balancer of AWS asks a Service's first port for its health
// (kyma-project/kyma commit 76c4497996).
func (c *checker) statusPort(at string, ports []any) {
	if len(ports) > 0 {
		if first, _ := ports[0].(manifest.Tree); text(first, "name") == "status-port" {
			return
		}
	}
	if place, _, ok := c.blame(append([]string{at}, c.below(at)...)...); ok {
		c.ds.Errorf(diag.CodeValue, place, "the first port has to be status-port, which load balancers ask whether the gateway is well; write {name: status-port, port: 15021, targetPort: 15021} first")
	}
}

// below are the paths of statements below a path.
func (c *checker) below(path string) []string {
	var all []string
	for _, s := range c.said {
		for _, st := range s.statements() {
			if strings.HasPrefix(st.path, path) {
				all = append(all, st.path)
			}
		}
	}
	return all
}

// ports finds ports of one number, and those that only root could listen on.
func (c *checker) ports(at string, ports []any) {
	for i, item := range ports {
		p, _ := item.(manifest.Tree)
		path := fmt.Sprintf("%s[%s]", at, itemName(i, item))
		place, _, ok := c.blame(append(c.below(path), path)...)
		if !ok {
			continue
		}
		same := func(o any) bool {
			q, _ := o.(manifest.Tree)
			return q["port"] == p["port"] && protocol(q) == protocol(p)
		}
		if j := slices.IndexFunc(ports[:i], same); j >= 0 {
			c.ds.Errorf(diag.CodeDuplicate, place, "%v is also port %s; keep one", p["port"], itemName(j, ports[j]))
		}
		number, hasPort := p["port"].(int)
		target, isNumber := p["targetPort"].(int)
		switch {
		case !hasPort:
			c.ds.Errorf(diag.CodeMissing, place, "write the port of the Service")
		case isNumber && target < 1024, p["targetPort"] == nil && number <= 1024:
			c.ds.Errorf(diag.CodeValue, place, "only root may listen on ports below 1024, and the gateway's pods run as nobody; write a targetPort from 1024 on")
		}
	}
}

// oneofs finds fields of meshConfig that exclude each other and met only now.
func (c *checker) oneofs(at string, m manifest.Tree, md protoreflect.MessageDescriptor) {
	chosen := map[protoreflect.Name]string{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		fd, path := md.Fields().ByJSONName(key), at+"."+key
		if fd == nil {
			continue // reported, when it was read
		}
		if oneof := fd.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() {
			if first, twice := chosen[oneof.Name()]; twice {
				if place, _, ok := c.blame(append(c.below(path), c.below(at+"."+first)...)...); ok {
					c.ds.Errorf(diag.CodeExclusive, place, "%s and %s exclude each other; write null for the one to go", first, key)
				}
			}
			chosen[oneof.Name()] = key
		}
		if inner, ok := m[key].(manifest.Tree); ok && fd.Message() != nil && !fd.IsMap() {
			c.oneofs(path, inner, fd.Message())
		}
	}
}
