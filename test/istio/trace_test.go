package istio

import (
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kymamesh/kymamesh/pkg/topology"
	"github.com/kymamesh/kymamesh/pkg/trace"
)

// TestTrace holds what pkg/trace says about a case against the sentences that
// Pilot's configuration was held against: where requests go with which weights,
// and whom policies let in.
func TestTrace(t *testing.T) {
	all, err := cases()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.envoy"))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]int{}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".envoy")
		i := slices.IndexFunc(all, func(c testCase) bool { return c.name == name })
		if i < 0 {
			continue // TestEnvoy tells
		}
		t.Run(name, func(t *testing.T) {
			m := modelOf(t, all[i], clientCluster(all[i]))
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for n, line := range strings.Split(string(text), "\n") {
				experiment, want, _ := strings.Cut(strings.TrimSpace(line), " -> ")
				verb, object, _ := strings.Cut(experiment, " ")
				try := traced[verb]
				if try == nil {
					continue
				}
				got, err := try(m, object, want)
				if err != nil || !agrees(got, want) {
					t.Errorf("%s:%d: %s\nwant %s\n got %s %v", file, n+1, line, want, got, err)
				}
				if got != notSaid {
					said[verb]++
				} else if testing.Verbose() {
					t.Logf("not known: %s", line)
				}
			}
		})
	}
	for verb, least := range map[string]int{"mesh": 45, "gateway": 90, "egress": 5, "access": 80} {
		if said[verb] < least {
			t.Errorf("%s: only %d sentences were answered, want %d", verb, said[verb], least)
		}
	}
}

// notSaid is the answer of a trace that does not know; what is not known agrees
// with everything.
const notSaid = "unknown"

var traced = map[string]func(m *topology.Model, object, want string) (string, error){
	"mesh": traceMesh, "gateway": traceGateway, "egress": traceEgress, "access": traceAccess,
}

// traceEgress is where the egress gateway sends what comes to it from the mesh.
func traceEgress(m *topology.Model, object, _ string) (string, error) {
	scheme, target, _ := strings.Cut(object, " ")
	words := strings.Fields(target)
	host, port, _, err := hostPortPath(words[0])
	if err != nil || scheme == "tcp" {
		return notSaid, err
	}
	c, err := trace.Parse(fmt.Sprintf("%s://%s:%d", scheme, host, port))
	if err != nil {
		return "", err
	}
	_, c.Path, _ = strings.Cut(words[0], "/")
	c.From, c.Path = "clients/client", "/"+c.Path
	a, err := trace.Of(m, withWords(c, words[1:]))
	if err != nil || len(a.Branches) != 1 || len(a.Branches[0].Then) == 0 {
		return notSaid, err
	}
	return branchText(a.Branches[0].Then), nil
}

// clientCluster is the cluster of a case with a client that no document names.
func clientCluster(c testCase) *cluster {
	all := newCluster(c)
	all.namespaces["clients"] = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "clients", Labels: map[string]string{"istio-injection": "enabled"}}}
	all.pods[named{Namespace: "clients", Name: "client"}] = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "clients", Name: "client"}}
	return all
}

// withWords gives a call the words of a sentence: a method, and headers as
// name=value.
func withWords(c trace.Call, words []string) trace.Call {
	c.Headers = map[string]string{}
	for _, word := range words {
		if name, value, header := strings.Cut(word, "="); header {
			c.Headers[name] = value
		} else {
			c.Method = word
		}
	}
	return c
}

func traceMesh(m *topology.Model, object, _ string) (string, error) {
	words := strings.Fields(object)
	host, port, _, err := hostPortPath(words[0])
	if err != nil {
		return "", err
	}
	_, path, _ := strings.Cut(words[0], "/")
	c, err := trace.Parse(fmt.Sprintf("http://%s:%d/%s", host, port, path))
	if err != nil {
		return "", err
	}
	c = withWords(c, words[1:])
	c.From = "clients/client"
	return traceText(m, c)
}

func traceGateway(m *topology.Model, object, _ string) (string, error) {
	words := strings.Fields(object)
	c, err := trace.Parse(words[0])
	if err != nil {
		return "", err
	}
	c = withWords(c, words[1:])
	return traceText(m, c)
}

// traceText is an answer in the words of the sentences.
func traceText(m *topology.Model, c trace.Call) (string, error) {
	a, err := trace.Of(m, c)
	if err != nil {
		return "", err
	}
	v := a.Verdict
	switch {
	case len(a.Branches) > 0:
		return branchText(a.Branches), nil
	case v.Outcome == trace.Unknown:
		return notSaid, nil
	case v.Outcome == trace.Answered && v.Object.Kind == "Gateway":
		return "redirect to https", nil
	case v.Outcome == trace.Answered && strings.HasPrefix(v.Why, "redirect"):
		return "redirect", nil
	case v.Status != 0:
		return strconv.Itoa(v.Status), nil
	}
	return "refused", nil
}

// branchText are destinations with their shares.
func branchText(branches []trace.Branch) string {
	lost := 0.0
	var texts []string
	for _, b := range branches {
		if b.Host == "fault" {
			lost = b.Share
		}
	}
	for _, b := range branches {
		if b.Host == "fault" {
			continue
		}
		text := strings.Replace(b.Name(), clusterSuffix, "", 1)
		if len(branches) > 1 {
			text += " " + strconv.FormatFloat(b.Share*100/math.Max(100-lost, 1), 'f', -1, 64)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// agrees compares by shares: Envoy's weights are as they were written.
func agrees(got, want string) bool {
	switch {
	case got == notSaid || got == want:
		return true
	case got == "refused":
		return want == "nobody listens" || want == "connection refused"
	}
	a, b := shares(got), shares(want)
	if len(a) != len(b) {
		return false
	}
	for name, share := range a {
		if math.Abs(b[name]-share) > 0.001 {
			return false
		}
	}
	return true
}

// shares are percents by destination.
func shares(text string) map[string]float64 {
	all := map[string]float64{}
	sum := 0.0
	for part := range strings.SplitSeq(text, ", ") {
		weight := 1.0
		if i := strings.LastIndexByte(part, ' '); i > 0 {
			if n, err := strconv.ParseFloat(part[i+1:], 64); err == nil {
				part, weight = part[:i], n
			}
		}
		if weight > 0 {
			all[part] += weight
			sum += weight
		}
	}
	for name := range all {
		all[name] *= 100 / sum
	}
	return all
}

// traceAccess asks the model's policies. What a token says it does not know.
func traceAccess(m *topology.Model, object, want string) (string, error) {
	r, err := requestOf(strings.Fields(object))
	if err != nil {
		return "", err
	}
	words := strings.Fields(object)
	call := topology.Call{HTTP: topology.Yes, Certified: topology.No}
	call.Request = &topology.Request{Method: words[1], Path: "/", Headers: r.headers, Token: topology.No}
	if r.token != nil {
		call.Request.Token = topology.NotKnown
	}
	if words[1] == "TCP" {
		call.HTTP, call.Request = topology.No, nil
	}
	if parts := strings.Split(r.account, "/"); len(parts) == 7 {
		call.Certified, call.Namespace, call.Account = topology.Yes, parts[4], parts[6]
	}
	policies, err := policiesAt(m, words[2], &call)
	if err != nil {
		return "", err
	}
	switch a := m.Access(policies, call); {
	case a.Allowed == topology.NotKnown:
		return notSaid, nil
	case a.Allowed == topology.Yes && (want == "401" || strings.HasPrefix(want, "refused") && r.account == ""):
		return notSaid, nil // by the token, or without a certificate
	case a.Allowed == topology.Yes && strings.HasPrefix(want, "let in"):
		return want, nil
	case a.Allowed == topology.No && (strings.Contains(want, "refused") || want == "401"):
		return want, nil
	default:
		return fmt.Sprintf("allowed %d: %s", a.Allowed, a.Why), nil
	}
}

// policiesAt are those of the pods, or of the gateway, that a target names.
func policiesAt(m *topology.Model, target string, call *topology.Call) ([]*topology.Policy, error) {
	if outside, ok := strings.CutPrefix(target, "egress:"); ok {
		host, rest, _ := strings.Cut(outside, ":")
		if _, path, ok := strings.Cut(rest, "/"); ok && call.Request != nil {
			call.Request.Authority, call.Request.Path = host, "/"+path
		} else { // nobody opens TLS there, and so nobody sees who calls
			call.Certified, call.Namespace, call.Account = topology.No, "", ""
		}
		return policiesOfGateway(m, "istio-egressgateway")
	}
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		if call.Request != nil {
			call.Request.Authority, call.Request.Path = u.Host, u.Path
			if host := call.Request.Headers[":authority"]; host != "" {
				call.Request.Authority = host
			}
		}
		return policiesOfGateway(m, "istio-ingressgateway")
	}
	host, port, path, err := hostPortPath(target)
	if err != nil {
		return nil, err
	}
	call.Port = port
	s, ok := m.ServiceOf(host)
	if !ok {
		return nil, fmt.Errorf("no Service %s", host)
	}
	pods, _ := m.Behind(s)
	if len(pods) == 0 {
		return nil, fmt.Errorf("no pod of %s", host)
	}
	if call.Request != nil {
		call.Request.Authority, call.Request.Path = fmt.Sprintf("%s:%d", s.Name, port), path
	}
	return m.PoliciesOf(pods[0]), nil
}

func policiesOfGateway(m *topology.Model, name string) ([]*topology.Policy, error) {
	for _, g := range m.Install().Gateways {
		if g.Name == name {
			return m.PoliciesOn(g.Namespace, g.Labels), nil
		}
	}
	return nil, fmt.Errorf("no %s", name)
}
