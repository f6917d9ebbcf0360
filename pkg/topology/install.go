package topology

import (
	"slices"
	"strconv"
	"strings"
)

// Install is what the package says about the installation of Istio: its
// IstioOperators, the first that says something. Where there is none, Known is
// false and the rest is Istio's own default.
type Install struct {
	Known bool
	// RootNamespace is where objects hold for the whole mesh.
	RootNamespace string
	// Revision of the control plane, "" for the default one.
	Revision string
	// Tag is the version of Istio's images, "" when it is not said.
	Tag string
	// InjectsByDefault tells whether pods of a namespace without a label get a
	// sidecar (enableNamespacesByDefault).
	InjectsByDefault bool
	// OnlyWhenAsked tells whether pods get a sidecar only when they ask for it
	// themselves (autoInject: disabled).
	OnlyWhenAsked bool
	// NoAutoMTLS tells whether sidecars use mTLS only where a DestinationRule says
	// so (enableAutoMtls: false).
	NoAutoMTLS bool
	// VirtualServicesTo, RulesTo and ServicesTo stand for an exportTo that is not
	// written (defaultVirtualServiceExportTo and the like); nil is everywhere.
	VirtualServicesTo, RulesTo, ServicesTo []string
	// TrustDomains are the mesh's own and its aliases.
	TrustDomains []string
	// RegistryOnly tells whether sidecars refuse calls of hosts that the mesh does
	// not know (outboundTrafficPolicy); a Sidecar may say otherwise.
	RegistryOnly bool
	// AllocatesAddresses tells whether hosts outside get an address of their own
	// (the metadata by which proxies answer DNS and are given addresses).
	AllocatesAddresses bool
	// LogsByDefault tells whether accesses are logged where nobody names a
	// provider.
	LogsByDefault bool
	// BlocksKeys tells whether istiod is kept from fetching keys of tokens anywhere.
	BlocksKeys bool
	// NativeSidecars tells whether istiod is told to make sidecars that end with the
	// programs of their pod (ENABLE_NATIVE_SIDECARS).
	NativeSidecars bool
	// Gateways are those that the installation makes.
	Gateways []InstalledGateway
}

// InstalledGateway are the pods of one gateway that istioctl installs.
type InstalledGateway struct {
	Name, Namespace string
	Labels          map[string]string
	// Ports are those of its Service; nil when the installation does not list
	// them.
	Ports []int
	// targets are the pods' ports behind Ports, 0 for the same number.
	targets []int
}

// Target is the port of the pods behind a port of the Service. Istio's own chart
// makes 8080 and 8443 of 80 and 443, as its gateways listen for nobody below 1024.
func (g InstalledGateway) Target(port int) int {
	if i := slices.Index(g.Ports, port); i >= 0 && g.targets[i] != 0 {
		return g.targets[i]
	} else if i >= 0 {
		return port
	}
	return chartTarget(port)
}

func chartTarget(port int) int {
	switch port {
	case 80:
		return 8080
	case 443:
		return 8443
	}
	return port
}

const defaultRoot = "istio-system"

// Install is the installation that the package describes.
func (m *Model) Install() *Install {
	if m.install != nil {
		return m.install
	}
	in := &Install{RootNamespace: defaultRoot}
	m.install = in
	trust := "cluster.local"
	for _, o := range m.byKind["install.istio.io/IstioOperator"] {
		spec := o.tree()
		if spec == nil {
			continue
		}
		in.Known = true
		values, webhook := under(spec, "values"), under(spec, "values", "sidecarInjectorWebhook")
		mesh := under(spec, "meshConfig")
		take(&in.RootNamespace, str(mesh["rootNamespace"]))
		take(&in.Revision, str(spec["revision"]))
		take(&in.Tag, str(spec["tag"]))
		take(&in.Tag, str(under(values, "global")["tag"]))
		in.InjectsByDefault = in.InjectsByDefault || webhook["enableNamespacesByDefault"] == true
		in.OnlyWhenAsked = in.OnlyWhenAsked || under(values, "global", "proxy")["autoInject"] == "disabled"
		in.NoAutoMTLS = in.NoAutoMTLS || mesh["enableAutoMtls"] == false
		in.VirtualServicesTo = append(in.VirtualServicesTo, strs(mesh["defaultVirtualServiceExportTo"])...)
		in.RulesTo = append(in.RulesTo, strs(mesh["defaultDestinationRuleExportTo"])...)
		in.ServicesTo = append(in.ServicesTo, strs(mesh["defaultServiceExportTo"])...)
		in.RegistryOnly = in.RegistryOnly || under(mesh, "outboundTrafficPolicy")["mode"] == "REGISTRY_ONLY"
		take(&trust, str(mesh["trustDomain"]))
		in.TrustDomains = append(in.TrustDomains, strs(mesh["trustDomainAliases"])...)
		metadata := under(mesh, "defaultConfig", "proxyMetadata")
		in.AllocatesAddresses = in.AllocatesAddresses || metadata["ISTIO_META_DNS_CAPTURE"] == "true" && (metadata["ISTIO_META_DNS_AUTO_ALLOCATE"] == "true" || metadata["PILOT_ENABLE_IP_AUTOALLOCATE"] == "true")
		in.LogsByDefault = in.LogsByDefault || len(items(under(mesh, "defaultProviders")["accessLogging"])) > 0
		components := under(spec, "components")
		in.BlocksKeys = in.BlocksKeys || variable(components, values, "BLOCKED_CIDRS_IN_JWKS_URIS") != ""
		in.NativeSidecars = in.NativeSidecars || variable(components, values, "ENABLE_NATIVE_SIDECARS") == "true"
		in.gateways(components["ingressGateways"], "ingressgateway", o.Namespace)
		in.gateways(components["egressGateways"], "egressgateway", o.Namespace)
	}
	in.TrustDomains = append([]string{trust}, in.TrustDomains...)
	return in
}

// variable is what an IstioOperator gives istiod as a variable, in either of its two
// places; "" is nothing, and a value that comes from elsewhere is where it comes from.
func variable(components, values map[string]any, name string) string {
	said := str(under(values, "pilot", "env")[name])
	for _, item := range items(under(components, "pilot", "k8s")["env"]) {
		switch v, _ := item.(map[string]any); {
		case v["name"] != name:
		case v["valueFrom"] != nil:
			return "valueFrom"
		case str(v["value"]) != "":
			return str(v["value"])
		}
	}
	return said
}

// Minor is the minor version of Istio 1; false when the package does not say it.
func (in *Install) Minor() (int, bool) {
	rest, one := strings.CutPrefix(in.Tag, "1.")
	number, _, dot := strings.Cut(rest, ".")
	minor, err := strconv.Atoi(number)
	return minor, one && dot && err == nil
}

// tree is the spec of an object without a Go type.
func (o *Object) tree() map[string]any {
	if spec, ok := o.spec.(map[string]any); ok {
		return spec
	}
	n := value(o.node(), "spec")
	if n == nil {
		return nil
	}
	left := maxNodes
	v, err := plain(n, 0, &left)
	if err != nil {
		return nil
	}
	spec, _ := v.(map[string]any)
	return spec
}

// gateways reads a list of gateway components. Their pods have the labels that
// Istio's chart gives them, and those that are written.
func (in *Install) gateways(list any, label, namespace string) {
	for _, item := range items(list) {
		g, _ := item.(map[string]any)
		if g == nil || g["enabled"] != true {
			continue
		}
		gateway := InstalledGateway{
			Name: str(g["name"]), Namespace: defaultRoot,
			Labels: map[string]string{"app": "istio-" + label, "istio": label},
		}
		take(&gateway.Namespace, namespace)
		take(&gateway.Namespace, str(g["namespace"]))
		for k, v := range under(g, "label") {
			gateway.Labels[k] = str(v)
		}
		for _, p := range items(under(g, "k8s", "service")["ports"]) {
			port, _ := p.(map[string]any)
			gateway.Ports = append(gateway.Ports, whole(port["port"]))
			gateway.targets = append(gateway.targets, whole(port["targetPort"]))
		}
		in.Gateways = append(in.Gateways, gateway)
	}
}

// Selected are the installed gateways whose pods have all the labels.
func (in *Install) Selected(labels map[string]string) []InstalledGateway {
	return slices.DeleteFunc(slices.Clone(in.Gateways), func(g InstalledGateway) bool { return !Selects(labels, g.Labels) })
}

// RootNamespace is where objects hold for the whole mesh.
func (m *Model) RootNamespace() string { return m.Install().RootNamespace }

func under(m map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		m, _ = m[key].(map[string]any)
	}
	return m
}

func items(v any) []any {
	all, _ := v.([]any)
	return all
}

func str(v any) string {
	text, _ := v.(string)
	return text
}

func strs(v any) []string {
	var all []string
	for _, item := range items(v) {
		all = append(all, str(item))
	}
	return all
}

func whole(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case float64:
		return int(v)
	}
	return 0
}

func take(to *string, text string) {
	if text != "" {
		*to = text
	}
}
