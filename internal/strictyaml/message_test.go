package strictyaml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// messages is a document whose words are Istio's.
type messages struct {
	LoadBalancer   *networking.LoadBalancerSettings                   `yaml:"loadBalancer"`
	ConnectionPool *networking.ConnectionPoolSettings                 `yaml:"connectionPool"`
	Outlier        *networking.OutlierDetection                       `yaml:"outlierDetection"`
	Cors           *networking.CorsPolicy                             `yaml:"corsPolicy" mesh:"one=allowOrigins"`
	Issuers        []*security.JWTRule                                `yaml:"issuers" mesh:"one,one=audiences"`
	Provider       *meshconfig.MeshConfig_ExtensionProvider           `yaml:"provider"`
	Timeout        *durationpb.Duration                               `yaml:"timeout"`
	Free           *structpb.Struct                                   `yaml:"free"`
	Route          *networking.HTTPRoute                              `yaml:"route"`
	ByName         map[string]*networking.LocalityLoadBalancerSetting `yaml:"byName"`
}

func readMessages(text string) (messages, []string) {
	source, ds := Parse("f", 1, []byte(text), diag.Path{})
	var m messages
	ds = append(ds, Decode(source.Root, diag.Path{}, &m)...)
	var got []string
	for _, x := range ds.Locate(source.Pos) {
		got = append(got, x.String())
	}
	return m, got
}

// Whatever is read gives the message that protojson reads from the same text,
// but for the short forms, which protojson does not have.
func TestMessageReadsAsProtojson(t *testing.T) {
	for _, c := range []struct {
		of   proto.Message
		read func(messages) proto.Message
		text string
	}{
		{&networking.LoadBalancerSettings{}, func(m messages) proto.Message { return m.LoadBalancer },
			`loadBalancer: {consistentHash: {httpCookie: {name: session, path: "", ttl: 1.5s}}}`},
		{&networking.LoadBalancerSettings{}, func(m messages) proto.Message { return m.LoadBalancer },
			`loadBalancer: {simple: LEAST_REQUEST, warmup: {duration: 30s, aggression: 1.5, minimumPercent: 0}}`},
		{&networking.LoadBalancerSettings{}, func(m messages) proto.Message { return m.LoadBalancer },
			`loadBalancer: {localityLbSetting: {enabled: false, distribute: [{from: a/b/*, to: {a/b/*: 70, "c/d": 30}}]}}`},
		{&networking.ConnectionPoolSettings{}, func(m messages) proto.Message { return m.ConnectionPool },
			`connectionPool: {tcp: {tcpKeepalive: {probes: 4294967295}}, http: {h2UpgradePolicy: UPGRADE, maxRetries: -1, useClientProtocol: true}}`},
		{&networking.OutlierDetection{}, func(m messages) proto.Message { return m.Outlier },
			`outlierDetection: {consecutive5xxErrors: 0, interval: 0s, splitExternalLocalOriginErrors: false}`},
		{&networking.OutlierDetection{}, func(m messages) proto.Message { return m.Outlier }, `outlierDetection: {}`},
		{&meshconfig.MeshConfig_ExtensionProvider{}, func(m messages) proto.Message { return m.Provider },
			`provider: {name: a, envoyOtelAls: {service: s, port: 4317, logFormat: {labels: {code: "%RESPONSE_CODE%", nn: {m: 1}}}}}`},
		{&durationpb.Duration{}, func(m messages) proto.Message { return m.Timeout }, `timeout: 315576000000s`},
		{&structpb.Struct{}, func(m messages) proto.Message { return m.Free },
			`free: {a: 1.25, b: [true, "1.10", x, {}], c: {"1": "true"}, d: -3, e: [], f: text}`},
	} {
		got, ds := readMessages(c.text)
		if ds != nil {
			t.Errorf("%s: %v", c.text, ds)
		}
		var body map[string]any
		if err := yaml.Unmarshal([]byte(c.text), &body); err != nil {
			t.Fatal(err)
		}
		for _, value := range body {
			if err := protojson.Unmarshal(asJSON(t, value), c.of); err != nil {
				t.Fatalf("%s: %v", c.text, err)
			}
		}
		if d := cmp.Diff(c.of, c.read(got), protocmp.Transform()); d != "" {
			t.Errorf("%s (-protojson +read)\n%s", c.text, d)
		}
	}
}

func TestMessageShortForms(t *testing.T) {
	got, ds := readMessages(`
timeout: 1h2m3.5s4ms
corsPolicy: {allowOrigins: a, maxAge: 24h}
issuers: {issuer: a, audiences: x}
route: {match: [{uri: /a, headers: {x: a, z: {regex: w}}}]}
`)
	if ds != nil {
		t.Fatal(ds)
	}
	want := messages{
		Timeout: &durationpb.Duration{Seconds: 3723, Nanos: 504_000_000},
		Cors: &networking.CorsPolicy{
			AllowOrigins: []*networking.StringMatch{{MatchType: &networking.StringMatch_Exact{Exact: "a"}}},
			MaxAge:       &durationpb.Duration{Seconds: 86400},
		},
		Issuers: []*security.JWTRule{{Issuer: "a", Audiences: []string{"x"}}},
		Route: &networking.HTTPRoute{Match: []*networking.HTTPMatchRequest{{
			Uri: &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: "/a"}},
			Headers: map[string]*networking.StringMatch{
				"x": {MatchType: &networking.StringMatch_Exact{Exact: "a"}},
				"z": {MatchType: &networking.StringMatch_Regex{Regex: "w"}},
			},
		}}},
	}
	if d := cmp.Diff(want, got, protocmp.Transform()); d != "" {
		t.Error(d)
	}
}

func TestMessageFaults(t *testing.T) {
	for text, want := range map[string]string{
		"outlierDetection: {intervall: 1s}":                                 `f:1:20: error KM003: outlierDetection.intervall: no such word; did you mean "interval"?`,
		"outlierDetection: {base_ejection_time: 1s}":                        `f:1:20: error KM003: outlierDetection.base_ejection_time: no such word; did you mean "baseEjectionTime"?`,
		"connectionPool: {zebra: 1}":                                        "f:1:18: error KM003: connectionPool.zebra: no such word; there are tcp, http",
		"outlierDetection: 5":                                               `f:1:1: error KM005: outlierDetection: want a mapping, got "5"`,
		"outlierDetection:":                                                 "f:1:1: error KM006: outlierDetection: empty; write {} or remove the line",
		"timeout:":                                                          "f:1:1: error KM006: timeout: empty; write a value or remove the line",
		"timeout: 5":                                                        `f:1:1: error KM005: timeout: write a duration, for example 5s; got "5"`,
		"timeout: 5 s":                                                      `f:1:1: error KM005: timeout: write a duration, for example 5s; got "5 s"`,
		"timeout: -5s":                                                      `f:1:1: error KM005: timeout: write a duration, for example 5s; got "-5s"`,
		"timeout: {seconds: 5}":                                             "f:1:1: error KM005: timeout: write a duration, for example 5s; got a mapping",
		"timeout: 0.1ns":                                                    `f:1:1: error KM012: timeout: "0.1ns" is no duration; whole nanoseconds, at most 315576000000s`,
		"timeout: 315576000001s":                                            `f:1:1: error KM012: timeout: "315576000001s" is no duration; whole nanoseconds, at most 315576000000s`,
		"outlierDetection: {interval: }":                                    "f:1:20: error KM006: outlierDetection.interval: empty; write a value or remove the line",
		"outlierDetection: {interval: 1s, interval: 2s}":                    "f:1:20: error KM004: outlierDetection.interval: written twice; keep one",
		"outlierDetection: {maxEjectionPercent: 1.5}":                       `f:1:20: error KM005: outlierDetection.maxEjectionPercent: want a number such as 8080, got "1.5"`,
		"outlierDetection: {maxEjectionPercent: 4294967296}":                "f:1:20: error KM012: outlierDetection.maxEjectionPercent: 4294967296 is out of range; -2147483648 to 2147483647",
		"outlierDetection: {consecutive5xxErrors: -1}":                      "f:1:20: error KM012: outlierDetection.consecutive5xxErrors: -1 is out of range; 0 to 4294967295",
		"loadBalancer: {simple: RANDOMM}":                                   "f:1:16: error KM012: loadBalancer.simple: no value \"RANDOMM\"; there are UNSPECIFIED, LEAST_CONN, RANDOM, PASSTHROUGH, ROUND_ROBIN, LEAST_REQUEST. Did you mean RANDOM?",
		"loadBalancer: {simple: 2}":                                         `f:1:16: error KM007: loadBalancer.simple: 2 is a number in YAML; write "2"`,
		"loadBalancer: {simple: RANDOM, consistentHash: {}}":                "f:1:32: error KM016: loadBalancer.consistentHash: simple and consistentHash exclude each other",
		"loadBalancer: {localityLbSetting: {distribute: {from: a}}}":        "f:1:36: error KM005: loadBalancer.localityLbSetting.distribute: want a list, got a mapping",
		"loadBalancer: {localityLbSetting: {distribute: [{to: {a: 1.5}}]}}": `f:1:55: error KM005: loadBalancer.localityLbSetting.distribute[0].to.a: want a number such as 8080, got "1.5"`,
		"loadBalancer: {localityLbSetting: {failoverPriority: [1.10]}}":     `f:1:55: error KM007: loadBalancer.localityLbSetting.failoverPriority[0]: 1.10 is a number in YAML; write "1.10"`,
		"connectionPool: {http: {useClientProtocol: yes}}":                  `f:1:25: error KM005: connectionPool.http.useClientProtocol: want true or false, got "yes"`,
		"corsPolicy: {allowMethods: GET}":                                   `f:1:14: error KM005: corsPolicy.allowMethods: want a list, got "GET"`,
		"route: {match: [{queryParams: {10: a}}]}":                          `f:1:32: error KM007: route.match[0].queryParams.10: 10 is a number in YAML; write "10"`,
		"route: {match: [{uri: {exact: a, prefix: b}}]}":                    "f:1:34: error KM016: route.match[0].uri.prefix: exact and prefix exclude each other",
		"free: {a: 0777, b: yes}":                                           `f:1:8: error KM007: free.a: 0777 is a number in YAML; write "0777"|f:1:17: error KM007: free.b: yes is a bool in YAML; write "yes"`,
		"free: {a: null}":                                                   "f:1:8: error KM006: free.a: empty; write a value or remove the line",
		"byName: {a: {enabled: 1}}":                                         `f:1:14: error KM005: byName.a.enabled: want true or false, got "1"`,
	} {
		_, ds := readMessages(text)
		if got := strings.Join(ds, "|"); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// Aliases in messages count like all others.
func TestMessageBomb(t *testing.T) {
	text := "free:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for _, c := range []string{"b", "c", "d", "e"} {
		before := string(c[0] - 1)
		text += "  " + c + ": &" + c + " [" + strings.TrimSuffix(strings.Repeat("*"+before+", ", 10), ", ") + "]\n"
	}
	_, ds := readMessages(text)
	if len(ds) != 1 || !strings.Contains(ds[0], string(diag.CodeLimit)) {
		t.Errorf("%v", ds)
	}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	s, err := structpb.NewValue(v)
	if err != nil {
		t.Fatal(err)
	}
	text, err := protojson.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
