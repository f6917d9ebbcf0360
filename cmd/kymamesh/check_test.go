package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/check"
)

// lost is a package by hand whose route leads to a port that is not there, and
// whose pods nobody has.
const lost = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec:
  selector: {app: reviews}
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - route:
    - destination: {host: reviews, port: {number: 8080}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ratings, namespace: shop}
spec: {template: {metadata: {labels: {app: ratings}}}}
`

// beside is a Service with the pods of one version, and routes by hand.
const beside = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews, namespace: shop}
spec: {template: {metadata: {labels: {app: reviews, version: v1}}}}
---
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: {name: mine, namespace: shop}
spec:
  hosts: [reviews]
  http: [{timeout: 1s, route: [{destination: {host: reviews}}]}]
`

// words are about workloads and a namespace of the package, which they change,
// and about the mesh's Telemetry, of which the package has another.
const words = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  namespaces: {shop: {injection: enabled}}
  telemetry: {tracing: {}}
  services:
  - {name: batch, namespace: shop, injection: disabled, security: {mtls: {mode: STRICT}}}
  - {name: node, namespace: shop, injection: enabled}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: batch, namespace: shop}
spec: {template: {metadata: {labels: {app: batch}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: node, namespace: shop}
spec: {template: {metadata: {labels: {app: node}}, spec: {hostNetwork: true}}}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: mine, namespace: istio-system}
spec: {tracing: [{}]}
`

const (
	lostPods = "app.yaml:5:3: warning KM182: spec.selector: no workload has app=reviews\n"
	lostPort = "app.yaml:15:43: error KM155: spec.http[0].route[0].destination.port.number: reviews.shop.svc.cluster.local has no port 8080; it has 80\n"
)

func TestCheck(t *testing.T) {
	half := strings.Replace(lost, "{number: 8080}", "{number: 80}", 1)
	for _, c := range []struct {
		name, app string
		args      []string
		code      int
		want      string
	}{
		{"text", lost, []string{"app.yaml"}, 1, lostPods + lostPort},
		{"a directory", lost, []string{"."}, 1, lostPods + lostPort},
		{"the same file twice", lost, []string{"app.yaml", "."}, 1, lostPods + lostPort},
		{"a warning", half, []string{"app.yaml"}, 0, lostPods},
		{"a warning that fails", half, []string{"app.yaml", "--fail-on", "warning"}, 1, lostPods},
		{"annotations", lost, []string{"app.yaml", "-o", "github"}, 1,
			"::warning file=app.yaml,line=5,col=3,title=KM182::spec.selector: no workload has app=reviews\n" +
				"::error file=app.yaml,line=15,col=43,title=KM155::spec.http[0].route[0].destination.port.number: reviews.shop.svc.cluster.local has no port 8080; it has 80\n"},
		{"a document with a fault", canary + "  profle: x\n", []string{"app.yaml"}, 1,
			"app.yaml:10:3: error KM003: spec.profle: no such word; did you mean \"profile\"?\n"},
		// What is rendered counts, at the words that ask for it.
		{"a document with what it renders", canary + "---\n" + beside, []string{"app.yaml"}, 1,
			"app.yaml:7:5: warning KM160: spec.services[0]: DestinationRule shop/reviews: no pod of the Service shop/reviews has version=v2, and routes lead to the subset v2\n" +
				"app.yaml:25:11: error KM157: spec.hosts[0]: VirtualService shop/reviews has routes for reviews.shop.svc.cluster.local too; sidecars use one of the two\n"},
		{"what words change in the package", words, []string{"app.yaml"}, 1,
			"app.yaml:6:15: error KM118: spec.telemetry.tracing: Telemetry istio-system/mine of the package holds for the same proxies as istio-system/default, and Istio reads one of the two; say its words here, or give it a selector\n" +
				"app.yaml:8:68: warning KM176: spec.services[0].security.mtls: PeerAuthentication shop/batch: Deployment shop/batch has no sidecar to enforce it: sidecar.istio.io/inject of the pod is false\n" +
				"app.yaml:9:35: warning KM113: spec.services[1].injection: Deployment shop/node uses the node's network (hostNetwork); Istio gives such pods no sidecar\n"},
		{"what an earlier run rendered", canary + "---\n" + strings.Replace(beside, "name: mine,", "name: reviews, labels: {mesh.kyma-project.io/owner: shop}, annotations: {mesh.kyma-project.io/source: x},", 1), []string{"app.yaml"}, 0,
			"app.yaml:7:5: warning KM160: spec.services[0]: DestinationRule shop/reviews: no pod of the Service shop/reviews has version=v2, and routes lead to the subset v2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			enter(t, files{"app.yaml": c.app})
			got := call("", append([]string{"check"}, c.args...)...)
			same(t, "result", result{Code: c.code, Out: c.want}, result{Code: got.Code, Out: got.Out})
		})
	}
}

// What is merged into the installation is held against it here too.
func TestCheckReadsOverrides(t *testing.T) {
	enter(t, files{
		"mesh.yaml":   "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata: {name: shop}\nspec: {}\n",
		"beside.yaml": strings.Replace(operator, "hub", "hbu", 1),
	})
	want := "beside.yaml:9:3: error KM003: spec.hbu: no such word; did you mean \"hub\"?\n"
	got := call("", "check", ".")
	same(t, "result", result{Code: 1, Out: want}, result{Code: got.Code, Out: got.Out})
}

// lines are those that hold the text.
func lines(all, text string) []string {
	var found []string
	for line := range strings.Lines(all) {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

func TestCheckStdin(t *testing.T) {
	got := call(lost, "check", "-")
	same(t, "result", result{Code: 1, Out: strings.ReplaceAll(lostPods+lostPort, "app.yaml", stdinName)}, result{Code: got.Code, Out: got.Out})
	if !strings.Contains(got.Err, "KM169 (no Secret)") || strings.Contains(got.Err, "KM152") {
		t.Errorf("not what was silent: %s", got.Err)
	}
}

// A List, as kubectl get gives it, is its items, at their places.
func TestCheckList(t *testing.T) {
	list := "apiVersion: v1\nkind: List\nitems:\n"
	for doc := range strings.SplitSeq(lost, "---\n") {
		list += "- " + strings.ReplaceAll(strings.TrimSuffix(doc, "\n"), "\n", "\n  ") + "\n"
	}
	got := call(list, "check", "-")
	want := "<stdin>:8:5: warning KM182: items[0].spec.selector: no workload has app=reviews\n" +
		"<stdin>:17:45: error KM155: items[1].spec.http[0].route[0].destination.port.number: reviews.shop.svc.cluster.local has no port 8080; it has 80\n"
	same(t, "result", result{Code: 1, Out: want}, result{Code: got.Code, Out: got.Out})
}

// What runs is held against the version of the KymaMesh, else against that of
// istiod, of which there may be two.
func TestCheckWhatRuns(t *testing.T) {
	const pod = `- apiVersion: v1
  kind: Pod
  metadata:
    name: NAME
    namespace: istio-system
    managedFields: [{manager: kubelet, fieldsV1: {"f:status": {}}}]
    ownerReferences: [{kind: DaemonSet, name: NAME, controller: true}]
  spec: {containers: [{name: app, image: app}, {name: CONTAINER, image: "example.com/a:TAG"}]}
  status: {phase: Running}
`
	add := func(name, container, tag string) string {
		return strings.NewReplacer("NAME", name, "CONTAINER", container, "TAG", tag).Replace(pod)
	}
	list := "apiVersion: v1\nkind: List\nitems:\n" + add("one", "discovery", "1.30.2") + add("two", "discovery", "1.31.1-distroless") +
		add("new", "istio-proxy", "1.31.1") + add("old", "istio-proxy", "1.30.2-distroless") + add("older", "istio-proxy", "1.29.0")
	enter(t, files{"mesh.yaml": header + "spec: {domain: shop.example.com, install: {istioVersion: 1.31.1}}\n"})
	for _, c := range []struct {
		files []string
		found []string
	}{
		{[]string{"-"}, []string{"Pod istio-system/older is 1.29.0 and the mesh 1.30.2, 1.31.1; restart it: kubectl rollout restart daemonset older -n istio-system"}},
		{[]string{"mesh.yaml", "-"}, []string{"Pod istio-system/old is 1.30.2 and the mesh 1.31.1;", "Pod istio-system/older is 1.29.0 and the mesh 1.31.1;"}},
	} {
		got := call(list, append([]string{"check"}, c.files...)...)
		found := lines(got.Out, "KM177")
		if len(found) != len(c.found) || strings.Count(got.Out, "\n") != len(found) || got.Code != 0 {
			t.Errorf("%v: %+v", c.files, got)
			continue
		}
		for i, want := range c.found {
			if !strings.Contains(found[i], want) {
				t.Errorf("%s lacks %s", found[i], want)
			}
		}
	}
}

func TestCheckJSON(t *testing.T) {
	got := call(lost, "check", "-", "-o", "json")
	var all []map[string]any
	if err := json.Unmarshal([]byte(got.Out), &all); err != nil || len(all) != 2 || got.Code != 1 || got.Err != "" {
		t.Fatal(err, got)
	}
	for key, want := range map[string]any{
		"code": "KM155", "severity": "error", "file": stdinName, "line": 15.0, "column": 43.0,
		"path": "spec.http[0].route[0].destination.port.number", "mend": "Write a port of the Service, which need not be the port of its pods.",
	} {
		if all[1][key] != want {
			t.Errorf("%s: %v, want %v", key, all[1][key], want)
		}
	}
	if got := call("", "check", "-", "-o", "json"); got.Out != "[]\n" || got.Code != 0 {
		t.Errorf("nothing wrong: %+v", got)
	}
}

func TestCheckSARIF(t *testing.T) {
	got := call(lost, "check", "-", "-o", "sarif")
	var log sarif
	if err := json.Unmarshal([]byte(got.Out), &log); err != nil || len(log.Runs) != 1 {
		t.Fatal(err, got.Out)
	}
	run := log.Runs[0]
	same(t, "rules", []string{"KM155", "KM182"}, []string{run.Tool.Driver.Rules[0].ID, run.Tool.Driver.Rules[1].ID})
	same(t, "a result", sarifResult{
		"KM155", "error", sarifText{"spec.http[0].route[0].destination.port.number: reviews.shop.svc.cluster.local has no port 8080; it has 80"},
		[]sarifLocation{{sarifPlace{sarifFile{stdinName}, &sarifRegion{15, 43}}}}, nil,
	}, run.Results[1])
}

// What may stay is shown with its reason, and fails nothing.
func TestCheckIgnored(t *testing.T) {
	noted := strings.Replace(lost, "kind: Service\nmetadata: {", "kind: Service\nmetadata: {annotations: {ignore.mesh.kyma-project.io/KM182: pods by Helm}, ", 1)
	listed := header + "spec: {domain: shop.example.com, checks: {ignore: [{code: KM155, kind: VirtualService, reason: next week}]}}\n"
	enter(t, files{"app.yaml": noted, "mesh.yaml": listed})
	got := call("", "check", "app.yaml", "mesh.yaml", "--fail-on", "warning")
	silent := got.Err[strings.Index(got.Err, "silent"):]
	same(t, "text", result{Err: "app.yaml:15:43: ignored KM155: next week\napp.yaml:5:3: ignored KM182: pods by Helm\n"},
		result{Code: got.Code, Out: got.Out, Err: strings.TrimSuffix(got.Err, silent)})

	var all []finding
	got = call("", "check", "app.yaml", "mesh.yaml", "-o", "json")
	if err := json.Unmarshal([]byte(got.Out), &all); err != nil || len(all) != 2 || got.Err != "" {
		t.Fatal(err, got)
	}
	same(t, "json", []string{"KM155 next week", "KM182 pods by Helm"}, []string{all[0].Code + " " + all[0].Ignored, all[1].Code + " " + all[1].Ignored})

	var log sarif
	if err := json.Unmarshal([]byte(rendered(t, "", "check", "app.yaml", "mesh.yaml", "-o", "sarif")), &log); err != nil || len(log.Runs[0].Results) != 2 {
		t.Fatal(err, log)
	}
	run := log.Runs[0]
	same(t, "a list", []sarifSuppression{{"external", "next week"}}, run.Results[0].Suppressions)
	same(t, "an annotation", []sarifSuppression{{"inSource", "pods by Helm"}}, run.Results[1].Suppressions)
	if got := call("", "check", "app.yaml", "mesh.yaml", "-o", "github"); got.Out != "" {
		t.Errorf("github: %s", got.Out)
	}
}

// What a person wrote must not end an annotation, or begin another.
func TestAnnotationsAreEscaped(t *testing.T) {
	enter(t, files{"a,b:c%.yaml": strings.Replace(lost, "{host: reviews, port", "{host: \"re\\nviews\", port", 1)})
	got := call("", "check", ".", "-o", "github")
	want := "::warning file=a%2Cb%3Ac%25.yaml,line=15,col=21,title=KM152::spec.http[0].route[0].destination.host: no Service re%0Aviews in shop; did you mean reviews?"
	if found := lines(got.Out, "KM152"); len(found) != 1 || found[0] != want+"\n" {
		t.Errorf("got %q", found)
	}
}

func TestCheckCalls(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"check", "check: name a file, a directory or -"},
		{"check - -o xml", `check: no output "xml"; text, json, sarif, github`},
		{"check - --fail-on info", `check: no level "info"; error or warning`},
		{"check --codes app", "check: --codes is a question of its own; leave the rest out"},
		{"check --codes -o sarif", `check: --codes has no output "sarif"; text or json`},
		{"check nowhere", "stat nowhere: no such file or directory"},
	} {
		if got := call("", strings.Fields(c.args)...); got.Code != exitUsage || !strings.Contains(got.Err, c.want) {
			t.Errorf("%s: %+v", c.args, got)
		}
	}
}

func TestCheckCodes(t *testing.T) {
	text := rendered(t, "", "check", "--codes")
	if n := strings.Count(text, "\n"); n != len(check.All()) || !strings.Contains(text, "KM158  warning  a route that no request reaches\n") {
		t.Errorf("%d lines:\n%s", n, text)
	}
	var all []listedCheck
	if err := json.Unmarshal([]byte(rendered(t, "", "check", "--codes", "-o", "json")), &all); err != nil || len(all) != len(check.All()) {
		t.Error(err, len(all))
	}
}
