package mesh

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// Proxy is what every injected sidecar is, beside its resources.
type Proxy struct {
	// NativeSidecar and EnableDNSProxying are nil where nobody says them.
	NativeSidecar, EnableDNSProxying *bool
	// Config is Istio's own, nil where nobody says anything of it; not to be
	// written to. It does not say what the other two say.
	Config *meshconfig.ProxyConfig
}

const (
	// nativeSidecars is the variable of istiod that nativeSidecar stands for.
	nativeSidecars = "ENABLE_NATIVE_SIDECARS"
	// dnsCapture is the proxy's metadata that enableDNSProxying stands for.
	dnsCapture = "ISTIO_META_DNS_CAPTURE"
)

func (r *resolver) proxy() Proxy {
	at, words := r.at().Key("proxy"), r.spec.Proxy
	if words.NativeSidecar != nil {
		r.since(at.Key("nativeSidecar"), 19)
		if _, twice := r.spec.Install.Pilot.Env[nativeSidecars]; twice {
			r.ds.Errorf(diag.CodeDuplicate, at.Key("nativeSidecar"), "also set by install.pilot.env.%s; keep one", nativeSidecars)
		}
	}
	p := Proxy{NativeSidecar: words.NativeSidecar, EnableDNSProxying: words.EnableDNSProxying}
	if words.Config != nil {
		r.proxyConfig(at.Key("config"), words.Config)
		p.Config = proto.CloneOf(words.Config)
	}
	return p
}

// proxyConfig refuses what has a word of its own, and what istiod would refuse:
// one wrong value, and it starts with no configuration of the mesh at all.
func (r *resolver) proxyConfig(at diag.Path, c *meshconfig.ProxyConfig) {
	if c.Tracing != nil {
		r.ds.Errorf(diag.CodePlace, at.Key("tracing"), "use telemetry.tracing")
	}
	if _, said := c.ProxyMetadata[dnsCapture]; said {
		r.ds.Errorf(diag.CodePlace, at.Key("proxyMetadata").Key(dnsCapture), "use proxy.enableDNSProxying")
	}
	needs(r, at, c)
	r.least(at, c.ProtoReflect())
	r.proxyAddresses(at, c)
	r.privateKeys(at.Key("privateKeyProvider"), c.PrivateKeyProvider)
	if name, ok := c.ClusterName.(*meshconfig.ProxyConfig_ServiceCluster); ok && name.ServiceCluster == "" {
		r.ds.Errorf(diag.CodeEmpty, at.Key("serviceCluster"), "empty; write the name, or remove the line")
	}
	r.wholeSeconds(at.Key("drainDuration"), c.DrainDuration)
	r.proxyMetadata(at.Key("proxyMetadata"), c.ProxyMetadata)
	for i, text := range c.ProxyStatsMatcher.GetInclusionRegexps() {
		if _, err := regexp.Compile(text); err != nil {
			r.ds.Errorf(diag.CodeValue, at.Key("proxyStatsMatcher").Key("inclusionRegexps").Index(i), "%q is no regular expression; write one of RE2", text)
		}
	}
}

// leasts are the least values of numbers that may not be 0 either.
var leasts = map[protoreflect.FullName]int64{
	"istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.global_downstream_connection_limit":   1,
	"istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.http2_initial_connection_window_size": 65535,
	"istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.http2_initial_stream_window_size":     65535,
	"istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.http_max_concurrent_streams":          1,
	"istio.mesh.v1alpha1.ProxyConfig.ConnectionSettings.listener_connection_limit":            1,
	"istio.mesh.v1alpha1.ProxyConfig.proxy_admin_port":                                        1,
	"istio.mesh.v1alpha1.ProxyConfig.status_port":                                             1,
}

// least refuses numbers below what Istio takes; all of a ProxyConfig count
// something.
func (r *resolver) least(at diag.Path, m protoreflect.Message) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		at := at.Key(fd.JSONName())
		number, isNumber := wholeNumber(fd, v)
		switch low := leasts[fd.FullName()]; {
		case isNumber && number < low:
			r.ds.Errorf(diag.CodeValue, at, "%d is too little; %d or more", number, low)
		case isNumber && strings.HasSuffix(string(fd.Name()), "_port"):
			r.port(at, int(number))
		case !isNumber && fd.Message() != nil && !fd.IsList() && !fd.IsMap():
			r.least(at, v.Message())
		}
		return true
	})
}

// wholeNumber is the number in a field of 32 bits, also where the field knows
// whether it was set.
func wholeNumber(fd protoreflect.FieldDescriptor, v protoreflect.Value) (int64, bool) {
	switch {
	case fd.IsList() || fd.IsMap():
		return 0, false
	case fd.Kind() == protoreflect.Int32Kind:
		return v.Int(), true
	case fd.Message() != nil && fd.Message().FullName() == "google.protobuf.Int32Value":
		return v.Message().Get(fd.Message().Fields().ByName("value")).Int(), true
	}
	return 0, false
}

// proxyMetadata refuses what breaks the template that the injector fills in, so
// that no pod would start: its values stand there in double quotes (istio
// manifests/charts/istio-control/istio-discovery/files/injection-template.yaml).
func (r *resolver) proxyMetadata(at diag.Path, variables map[string]string) {
	for _, name := range sortedKeys(variables) {
		switch value := variables[name]; {
		case !envName.MatchString(name):
			r.ds.Errorf(diag.CodeName, at.Key(name), "%q is no name of an environment variable", name)
		case strings.ContainsAny(value, "\"\\\n\r\t"):
			r.ds.Errorf(diag.CodeValue, at.Key(name), "Istio's template writes the value between double quotes as it is; write it without \", \\ and line breaks")
		}
	}
}

func (r *resolver) proxyAddresses(at diag.Path, c *meshconfig.ProxyConfig) {
	for _, a := range []struct {
		at   diag.Path
		text string
	}{
		{at.Key("discoveryAddress"), c.DiscoveryAddress},
		{at.Key("statsdUdpAddress"), c.StatsdUdpAddress},
		{at.Key("envoyMetricsService").Key("address"), c.EnvoyMetricsService.GetAddress()},
		{at.Key("envoyAccessLogService").Key("address"), c.EnvoyAccessLogService.GetAddress()},
	} {
		if a.text != "" && !isAddress(a.text) {
			r.ds.Errorf(diag.CodeName, a.at, "%q is no address; write HOST:PORT", a.text)
		}
	}
}

// isAddress tells whether s is HOST:PORT, with a name or an IP address.
func isAddress(s string) bool {
	if _, err := netip.ParseAddrPort(s); err == nil {
		return !strings.HasSuffix(s, ":0")
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return false
	}
	port, err := strconv.ParseUint(s[i+1:], 10, 16)
	return err == nil && port > 0 && isHost(s[:i]) && !strings.Contains(s, "*")
}

func (r *resolver) privateKeys(at diag.Path, p *meshconfig.PrivateKeyProvider) {
	var delay *durationpb.Duration
	switch provider := p.GetProvider().(type) {
	case nil:
		if p != nil {
			r.ds.Errorf(diag.CodeMissing, at, "write cryptomb or qat")
		}
		return
	case *meshconfig.PrivateKeyProvider_Cryptomb:
		at, delay = at.Key("cryptomb"), provider.Cryptomb.PollDelay
	case *meshconfig.PrivateKeyProvider_Qat:
		at, delay = at.Key("qat"), provider.Qat.PollDelay
	}
	if delay.AsDuration() == 0 {
		r.ds.Errorf(diag.CodeMissing, at.Key("pollDelay"), "write how long to wait for more keys, such as 10ms")
	}
}

// wholeSeconds refuses a duration that Istio would refuse, for drainDuration.
func (r *resolver) wholeSeconds(at diag.Path, d *durationpb.Duration) {
	if d != nil && (d.Nanos != 0 || d.Seconds == 0) {
		r.ds.Errorf(diag.CodeValue, at, "want whole seconds, 1s or more")
	}
}
