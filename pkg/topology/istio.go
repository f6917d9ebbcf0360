package topology

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	extensions "istio.io/api/extensions/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Config is an Istio object with its spec as Istio's own message, whichever
// served version it was written in.
type Config[T proto.Message] struct {
	*Object
	Spec T
}

// lazy are the objects of one kind, read when somebody asks.
type lazy[T proto.Message] struct {
	read bool
	all  []Config[T]
}

// parts are what is derived from the objects, each when somebody asks.
type parts struct {
	virtualServices  lazy[*networking.VirtualService]
	destinationRules lazy[*networking.DestinationRule]
	gateways         lazy[*networking.Gateway]
	serviceEntries   lazy[*networking.ServiceEntry]
	sidecars         lazy[*networking.Sidecar]
	peers            lazy[*security.PeerAuthentication]
	requests         lazy[*security.RequestAuthentication]
	authorizations   lazy[*security.AuthorizationPolicy]
	telemetries      lazy[*telemetry.Telemetry]
	wasms            lazy[*extensions.WasmPlugin]

	anybody *population // the workloads of all namespaces
	install *Install
	routes  *routeTable
	rules   ruleTable
	outside *entryTable
	// sidecarsIn are the Sidecars by namespace, and leads the VirtualServices by the
	// hosts that they lead to.
	sidecarsIn map[string][]Config[*networking.Sidecar]
	leads      map[string][]lead
	mtls       *peerTable
	policed    bool
	wide       map[string][]*Policy
	policy     []*Policy
	// certified are the namespaces of Secrets that Certificates make, by name.
	certified map[string][]string
	// telemetry are those without a selector, by namespace.
	telemetry map[string][]*Object
	// partials are the hosts with a wildcard within a label.
	partials []string
	access   map[*Object]Config[*security.AuthorizationPolicy]
}

// VirtualServices are the package's, those that are rendered first.
func (m *Model) VirtualServices() []Config[*networking.VirtualService] {
	return configs(m, "networking.istio.io/VirtualService", &m.virtualServices)
}

// DestinationRules are the package's.
func (m *Model) DestinationRules() []Config[*networking.DestinationRule] {
	return configs(m, "networking.istio.io/DestinationRule", &m.destinationRules)
}

// Gateways are Istio's own kind, not the Gateway API's.
func (m *Model) Gateways() []Config[*networking.Gateway] {
	return configs(m, "networking.istio.io/Gateway", &m.gateways)
}

// ServiceEntries are the package's.
func (m *Model) ServiceEntries() []Config[*networking.ServiceEntry] {
	return configs(m, "networking.istio.io/ServiceEntry", &m.serviceEntries)
}

// Sidecars are the package's.
func (m *Model) Sidecars() []Config[*networking.Sidecar] {
	return configs(m, "networking.istio.io/Sidecar", &m.sidecars)
}

// PeerAuthentications are the package's.
func (m *Model) PeerAuthentications() []Config[*security.PeerAuthentication] {
	return configs(m, "security.istio.io/PeerAuthentication", &m.peers)
}

// RequestAuthentications are the package's.
func (m *Model) RequestAuthentications() []Config[*security.RequestAuthentication] {
	return configs(m, "security.istio.io/RequestAuthentication", &m.requests)
}

// AuthorizationPolicies are the package's.
func (m *Model) AuthorizationPolicies() []Config[*security.AuthorizationPolicy] {
	return configs(m, "security.istio.io/AuthorizationPolicy", &m.authorizations)
}

// Telemetries are the package's.
func (m *Model) Telemetries() []Config[*telemetry.Telemetry] {
	return configs(m, "telemetry.istio.io/Telemetry", &m.telemetries)
}

// WasmPlugins are the package's.
func (m *Model) WasmPlugins() []Config[*extensions.WasmPlugin] {
	return configs(m, "extensions.istio.io/WasmPlugin", &m.wasms)
}

// configs reads all objects of a kind, once.
func configs[T proto.Message](m *Model, kind string, l *lazy[T]) []Config[T] {
	if l.read {
		return l.all
	}
	l.read = true
	for _, o := range firsts(m.byKind[kind]) {
		spec, err := specOf[T](o)
		if err != nil {
			m.unreadable = append(m.unreadable, Unreadable{o, err.Error()})
			continue
		}
		l.all = append(l.all, Config[T]{o, spec})
	}
	return l.all
}

var errNoYAML = errors.New("not YAML")

// specOf is the spec of an object as a message. A field that Istio does not know
// is passed over, as Istio does.
func specOf[T proto.Message](o *Object) (T, error) {
	var none T
	if o.Rendered {
		if spec, ok := o.spec.(T); ok {
			return spec, nil
		}
		return none, errors.New("another type")
	}
	n := o.node()
	if n == nil {
		return none, errNoYAML
	}
	spec := none.ProtoReflect().New().Interface().(T)
	body := value(n, "spec")
	if body == nil {
		return spec, nil
	}
	text, err := asJSON(body)
	if err != nil {
		return none, err
	}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, spec); err != nil {
		return none, errors.New(reason(err))
	}
	return spec, nil
}

// place is where protobuf saw a fault in a text that nobody else sees.
var place = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:proto:|syntax error| |\(line [0-9]+:[0-9]+\):)+`)
})

// reason is what protobuf says, without its own name. It separates words with a
// space of its mood, so that nobody relies on the text.
func reason(err error) string {
	return place().ReplaceAllString(strings.ReplaceAll(err.Error(), "\u00a0", " "), "")
}

// Has tells whether the package holds an object of a kind, GROUP/KIND or KIND for
// Kubernetes' own first kinds.
func (m *Model) Has(kind string) bool {
	switch {
	case kind == "Service":
		return len(m.services) > 0
	case kind == "Namespace":
		return len(m.namespaces) > 0
	case kind == "Secret":
		return len(m.secrets) > 0
	case podTemplates[kind] != nil:
		for _, p := range m.workloads {
			if slices.ContainsFunc(p.objects, func(o *Object) bool { return o.groupKind() == kind }) {
				return true
			}
		}
		return false
	}
	return len(m.byKind[kind]) > 0
}

// HasIstio tells whether the package holds an object of Istio's.
func (m *Model) HasIstio() bool {
	for kind, all := range m.byKind {
		if group, _, _ := strings.Cut(kind, "/"); istioGroups[group] && len(all) > 0 {
			return true
		}
	}
	return false
}

// Read reads all of Istio's objects, so that [Model.Unreadable] knows them.
func (m *Model) Read() {
	m.VirtualServices()
	m.DestinationRules()
	m.Gateways()
	m.ServiceEntries()
	m.Policies()
}
