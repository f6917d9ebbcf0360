package istio

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	listener3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tls3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xdstest"
)

// testdata/AREA/CASE.envoy says what a case does to traffic, one sentence a line.
// The left side is an experiment, the right side its result; services of the
// cluster are written NAME.NAMESPACE:PORT.
//
//	mesh reviews.shop:9080/path?a=b POST end-user=jason -> reviews.shop:9080 v1 90, reviews.shop:9080 v2 10
//	treats reviews.shop:9080/path -> timeout 5s, retries 3 on 5xx, path /, copy reviews.shop:9080 v2 20, cors | plain
//	gateway https://shop.example.com/api -> api.shop:8080 | 404 | redirect to https
//	gateway tcp://any:31400 -> echo.shop:9000 v1 | nobody listens
//	gateway tls://nginx.example.com -> nginx.shop:443 | connection refused
//	connects db.shop:5432 from reports.shop to 10.1.2.3 -> db.shop:5432 v1
//	certificate shop.example.com:443 -> SECRET [client certificate required]
//	inbound db.shop:5432 -> mtls | plaintext | mtls or plaintext
//	calls db.shop:80 v1 -> LEAST_REQUEST, ejects after 5 for 30s, connections 1
//	client db.shop:80 -> mtls | plaintext | mtls where offered
//	tls api.example.com:443 -> istio-egressgateway.istio-system:443 api-example-com | proxy.example.com:3128 tunnel, CONNECT api.example.com:443
//	egress http api.example.com:80/path -> api.example.com:80
//	origin api.example.com:80 [SUBSET] from front.shop | egress -> tls to SNI, servers SAN by AUTHORITIES, shows CERTIFICATE
//	sees front.shop db.shop:80 -> yes | no
//	unknown front.shop -> passed on | refused
//	access front.shop GET db.shop:8080/path -> let in | refused
//	log in pay.shop -> json /dev/stdout where response.code >= 400 | otel collector.infra | none
//	trace in pay.shop -> opentelemetry telemetry-otlp-traces.kyma-system 10% | none
//
// mesh is a request of a sidecar in another namespace; gateway one that reaches
// the Service of the ingress gateway from outside. Both take a method and headers.
// connects is a connection of a sidecar in another namespace, or of the first pod of a
// service, to the Service or to an address.
// treats is what happens to a request of mesh on the way. inbound is a connection to a
// port of the service's pods, client how sidecars connect to the service, calls how
// they choose its pods. access is in access_test.go, log and
// trace in report_test.go.
// they choose its pods. access is in access_test.go; tls, egress, origin, sees and
// unknown are in egress_test.go.

// TestEnvoy holds Pilot's configuration against the sentences.
func TestEnvoy(t *testing.T) {
	all, err := cases()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.envoy"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sentences: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".envoy")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(all, func(c testCase) bool { return c.name == name })
			if i < 0 {
				t.Fatalf("%s: there is no such case any more", file)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			hold(t, file, string(text), startPilot(t, all[i]))
		})
	}
}

// hold compares every sentence with what Pilot says.
func hold(t *testing.T, file, text string, p *pilot) {
	t.Helper()
	eachSentence(t, file, text, func(sentence string) error {
		experiment, want, ok := strings.Cut(sentence, " -> ")
		if !ok {
			return errors.New("no -> in the sentence")
		}
		got, err := p.try(t, experiment)
		if err == nil && got != want {
			err = fmt.Errorf("want %s\n got %s", want, got)
		}
		return err
	})
}

// eachSentence tries the sentences of a file and reports those that do not hold. A
// file without any shows nothing.
func eachSentence(t *testing.T, file, text string, try func(sentence string) error) {
	t.Helper()
	sentences := 0
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		sentences++
		if err := try(line); err != nil {
			t.Errorf("%s:%d: %s\n%v", file, i+1, line, err)
		}
	}
	if sentences == 0 {
		t.Errorf("%s: says nothing", file)
	}
}

// try makes one experiment.
func (p *pilot) try(t *testing.T, experiment string) (string, error) {
	verb, object, _ := strings.Cut(experiment, " ")
	switch verb {
	case "mesh", "treats":
		return p.meshRequest(object, verb == "treats")
	case "gateway":
		return p.gatewayRequest(t, object)
	case "connects":
		return p.connects(t, object)
	case "certificate":
		return p.certificate(t, object)
	case "inbound":
		return p.inbound(t, object)
	case "calls":
		return p.calls(object)
	case "client":
		return p.clientOf(object)
	case "tls", "egress", "origin", "sees", "unknown":
		return p.outside(t, verb, object)
	case "access":
		return p.access(t, object)
	case "log":
		return p.logged(t, object)
	case "trace":
		return p.traced(t, object)
	}
	return "", fmt.Errorf("no experiment %q", verb)
}

func (p *pilot) meshRequest(object string, treated bool) (string, error) {
	words := strings.Fields(object)
	host, port, path, err := hostPortPath(words[0])
	if err != nil {
		return "", err
	}
	client := p.client()
	config := xdstest.ExtractRouteConfigurations(p.Routes(client))[strconv.Itoa(port)]
	if config == nil {
		return "", fmt.Errorf("no HTTP on port %d in the mesh", port)
	}
	q, authority := newRequest(path, words[1:]), fmt.Sprintf("%s:%d", host, port)
	if treated {
		return treatment(matching(virtualHost(config, authority), q)), nil
	}
	return answer(config, authority, q), nil
}

// hostPortPath reads NAME.NAMESPACE:PORT/PATH.
func hostPortPath(object string) (host string, port int, path string, err error) {
	address, path, _ := strings.Cut(object, "/")
	host, number, _ := strings.Cut(address, ":")
	if port, err = strconv.Atoi(number); err != nil {
		return "", 0, "", fmt.Errorf("%q: want NAME.NAMESPACE:PORT", object)
	}
	if outside, ok := strings.CutSuffix(host, "."); ok {
		host = outside // example.com. is no Service
	} else if strings.Count(host, ".") == 1 {
		host += clusterSuffix
	}
	return host, port, "/" + path, nil
}

// ingressGateway is the installed ingress gateway and the port on which its pods
// receive what arrives at a port of its Service.
func (p *pilot) ingressGateway(port int) (*model.Proxy, uint32) {
	id := named{Namespace: istioSystem, Name: "istio-ingressgateway"}
	target := uint32(port)
	for _, s := range p.cluster.services[id].Spec.Ports {
		if int(s.Port) == port {
			target = uint32(s.TargetPort.IntVal)
		}
	}
	return p.gateway(p.cluster.podsOf(id)[0]), target
}

func (p *pilot) gatewayRequest(t *testing.T, object string) (string, error) {
	words := strings.Fields(object)
	u, err := url.Parse(words[0])
	if err != nil {
		return "", err
	}
	port := map[string]int{"http": 80, "https": 443, "tls": 443}[u.Scheme]
	if u.Port() != "" {
		port, _ = strconv.Atoi(u.Port()) // url.Parse takes numbers only
	}
	proxy, target := p.ingressGateway(port)
	listeners := p.Listeners(proxy)
	l := listening(listeners, target)
	if l == nil {
		return "nobody listens", nil
	}
	if u.Scheme == "tcp" || u.Scheme == "tls" {
		return connectionAnswer(t, chainFor(l, u.Hostname())), nil
	}
	chain := chainFor(l, "")
	if u.Scheme == "https" {
		chain = chainFor(l, u.Hostname())
	}
	if chain == nil {
		return "connection refused", nil
	}
	if tls := chain.TransportSocket != nil; tls != (u.Scheme == "https") {
		return fmt.Sprintf("TLS is %t", tls), nil
	}
	config := xdstest.ExtractRouteConfigurations(p.RoutesFromListeners(proxy, listeners))
	manager := xdstest.ExtractHTTPConnectionManager(t, chain)
	if manager == nil {
		return "no HTTP", nil
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	q := newRequest(path+"?"+u.RawQuery, words[1:])
	return answer(config[manager.GetRds().GetRouteConfigName()], u.Hostname(), q), nil
}

// certificate says what a TLS client meets at the ingress gateway.
func (p *pilot) certificate(t *testing.T, object string) (string, error) {
	host, port, _, err := hostPortPath(object)
	if err != nil {
		return "", err
	}
	proxy, target := p.ingressGateway(port)
	l := listening(p.Listeners(proxy), target)
	if l == nil {
		return "nobody listens", nil
	}
	chain := chainFor(l, host)
	if chain == nil {
		return "connection refused", nil
	}
	if chain.TransportSocket == nil {
		return "passed through", nil
	}
	tls := xdstest.UnmarshalAny[tls3.DownstreamTlsContext](t, chain.TransportSocket.GetTypedConfig())
	var text []string
	for _, c := range tls.GetCommonTlsContext().GetTlsCertificateSdsSecretConfigs() {
		text = append(text, strings.TrimPrefix(c.Name, "kubernetes://"))
	}
	if tls.GetRequireClientCertificate().GetValue() {
		text = append(text, "client certificate required")
	} else if tls.GetCommonTlsContext().GetValidationContextType() != nil {
		text = append(text, "client certificate optional")
	}
	return strings.Join(text, " "), nil
}

// inbound says what the pods of a service take on a port.
func (p *pilot) inbound(t *testing.T, object string) (string, error) {
	host, port, _, err := hostPortPath(object)
	if err != nil {
		return "", err
	}
	name, namespace, _ := strings.Cut(strings.TrimSuffix(host, clusterSuffix), ".")
	pods := p.cluster.podsOf(named{Namespace: namespace, Name: name})
	if len(pods) == 0 {
		return "", fmt.Errorf("no pod of %s", object)
	}
	results := map[string]bool{}
	for _, pod := range pods {
		l := xdstest.ExtractListener("virtualInbound", p.Listeners(p.sidecar(pod)))
		results[takes(t, l, uint32(port))] = true
	}
	if len(results) != 1 {
		return "", fmt.Errorf("%s: pods of one service differ: %v", object, results)
	}
	for result := range results {
		return result, nil
	}
	return "", nil
}

// takes is what the filter chains for a port accept: those that name the port,
// else those for every port.
func takes(t *testing.T, l *listener3.Listener, port uint32) string {
	var own, any []*listener3.FilterChain
	for _, chain := range l.GetFilterChains() {
		switch chain.GetFilterChainMatch().GetDestinationPort().GetValue() {
		case port:
			own = append(own, chain)
		case 0:
			any = append(any, chain)
		}
	}
	if len(own) == 0 {
		own = any
	}
	var mtls, plaintext bool
	for _, chain := range own {
		if chain.TransportSocket == nil {
			// A chain for TLS that it does not open is for applications' own TLS.
			plaintext = plaintext || chain.GetFilterChainMatch().GetTransportProtocol() != "tls"
			continue
		}
		tls := xdstest.UnmarshalAny[tls3.DownstreamTlsContext](t, chain.TransportSocket.GetTypedConfig())
		mtls = mtls || tls.GetRequireClientCertificate().GetValue()
	}
	switch {
	case mtls && plaintext:
		return "mtls or plaintext"
	case mtls:
		return "mtls"
	case plaintext:
		return "plaintext"
	}
	return "nothing"
}

// clientOf says how sidecars connect to a service.
func (p *pilot) clientOf(object string) (string, error) {
	address, subset, _ := strings.Cut(object, " ")
	host, port, _, err := hostPortPath(address)
	if err != nil {
		return "", err
	}
	all := xdstest.ExtractClusters(p.Clusters(p.client()))
	return clientTLS(all[fmt.Sprintf("outbound|%d|%s|%s", port, subset, host)]), nil
}
