package matrix

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/kymamesh/kymamesh/internal/resourcelist"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

func model(t testing.TB, text string) *topology.Model {
	t.Helper()
	list, err := resourcelist.ParseStream([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return topology.New(nil, list.Items(), 0)
}

func shop(t testing.TB) *topology.Model {
	t.Helper()
	src, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return model(t, string(src))
}

func of(t testing.TB, m *topology.Model, namespaces ...string) Matrix {
	t.Helper()
	x, err := Of(m, namespaces...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestForms(t *testing.T) {
	x := of(t, shop(t))
	text, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]string{
		"shop.txt": x.Text(), "shop.md": x.Markdown(), "shop.svg": x.SVG(), "shop.mmd": x.Mermaid(), "shop.json": string(text) + "\n",
	} {
		golden.Assert(t, got, file)
	}
}

// Kinds of callers and Services are a way to ask less; every pair has the word that
// it has alone. Each object that tells them apart is left out in turn, as another
// one may tell the same.
func TestKinds(t *testing.T) {
	src, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{"kind: Sidecar\n", "kind: AuthorizationPolicy\nmetadata: {name: front", "kind: AuthorizationPolicy\nmetadata: {name: card", "kind: DestinationRule\nmetadata: {name: front", "kind: DestinationRule\nmetadata: {name: card", "name: default, namespace: pay", "{name: ledger, namespace: pay, annotations"}
	for out := range 1 << len(parts) {
		var docs []string
		for doc := range strings.SplitSeq(string(src), "---\n") {
			if !slices.ContainsFunc(parts, func(part string) bool { return out&(1<<slices.Index(parts, part)) != 0 && strings.Contains(doc, part) }) {
				docs = append(docs, doc)
			}
		}
		everyPair(t, fmt.Sprintf("%b", out), model(t, strings.Join(docs, "---\n")))
	}
}

func everyPair(t *testing.T, name string, m *topology.Model) {
	t.Helper()
	x := of(t, m)
	b := &builder{Model: m}
	callers := map[string]caller{}
	for _, w := range m.AllWorkloads() {
		c := caller{m.ClientOf(w), w.ServiceAccount}
		callers[w.ID()] = c
	}
	for _, g := range m.Install().Gateways {
		callers[g.Namespace+"/"+g.Name] = caller{topology.Client{Namespace: g.Namespace, Labels: g.Labels, Sidecar: topology.Yes, Gateway: true}, g.Name + "-service-account"}
	}
	pairs, ports := 0, 0
	for _, s := range m.Services() {
		if s.ExternalName() == "" {
			ports += len(s.Ports())
		}
	}
	for i, row := range x.Callers {
		for _, from := range row {
			for j, column := range x.Targets {
				for _, to := range column {
					s, _ := m.Service(to.Namespace, to.Name)
					port, _ := s.Port(to.Port)
					all, known := m.Behind(s)
					want := b.meet(callers[from.String()], target{s, port, all, known})
					if got := x.Cells[i][j].Word; got != want.Word {
						t.Errorf("%s: %s to %s: got %s, want %s %v", name, from, to, got, want.Word, want.Why)
					}
					pairs++
				}
			}
		}
	}
	if want := len(callers) * ports; pairs != want {
		t.Errorf("%s: %d pairs, want %d", name, pairs, want)
	}
}

// No two rows say the same, and no two columns.
func TestGroups(t *testing.T) {
	x := of(t, shop(t))
	for _, cells := range [][][]Cell{x.Cells, turned(x.Cells)} {
		var seen []string
		for _, line := range cells {
			text := ""
			for _, c := range line {
				text += string(c.Word) + " "
			}
			if slices.Contains(seen, text) {
				t.Errorf("twice: %s", text)
			}
			seen = append(seen, text)
		}
	}
}

func TestNamespaces(t *testing.T) {
	for _, g := range of(t, shop(t), "pay").Targets {
		for _, p := range g {
			if p.Namespace != "pay" {
				t.Errorf("%s was not asked for", p)
			}
		}
	}
}

// The picture is XML, lies within its frame, and says every word in the legend.
func TestPicture(t *testing.T) {
	for name, x := range map[string]Matrix{"shop": of(t, shop(t)), "empty": of(t, model(t, "")), "wide": wide(t)} {
		svg := x.SVG()
		for d := xml.NewDecoder(strings.NewReader(svg)); ; {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(name, err)
			}
		}
		frame := regexp.MustCompile(`viewBox="0 0 (\d+) (\d+)"`).FindStringSubmatch(svg)
		number := func(text string) int { n, _ := strconv.Atoi(text); return n }
		for _, r := range regexp.MustCompile(`<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"`).FindAllStringSubmatch(svg, -1) {
			if number(r[1])+number(r[3]) > number(frame[1]) || number(r[2])+number(r[4]) > number(frame[2]) {
				t.Errorf("%s: outside of the frame: %s", name, r[0])
			}
		}
		for _, r := range regexp.MustCompile(`<text x="(\d+)" y="\d+" text-anchor="end">([^<]*)<`).FindAllStringSubmatch(svg, -1) {
			if number(r[1]) < len([]rune(html.UnescapeString(r[2])))*letter {
				t.Errorf("%s: the label is wider than its place: %s", name, r[2])
			}
		}
		for _, r := range regexp.MustCompile(`translate\(\d+ (\d+)\) rotate\(-90\)">([^<]*)<`).FindAllStringSubmatch(svg, -1) {
			if number(r[1]) < len([]rune(html.UnescapeString(r[2])))*letter {
				t.Errorf("%s: the label is higher than its place: %s", name, r[2])
			}
		}
		if n := strings.Count(svg, "<rect x="); n != len(x.Callers)*len(x.Targets)+len(Words) {
			t.Errorf("%s: %d cells", name, n)
		}
	}
}

// wide are twenty Services that all differ, one with a name of many letters.
func wide(t *testing.T) Matrix {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n")
	for i := range 20 {
		name := fmt.Sprint("s", i)
		if i == 7 {
			name = "a<&\"" + strings.Repeat("very-long-", 6)
		}
		b.WriteString(pod(name, i))
	}
	x := of(t, model(t, b.String()))
	if len(x.Targets) != 20 || len(x.Callers) != 20 {
		t.Errorf("%d rows, %d columns", len(x.Callers), len(x.Targets))
	}
	return x
}

// pod is a Service with a pod that only one caller, the next one, may call.
func pod(name string, i int) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Service
metadata: {name: %q, namespace: shop}
spec: {selector: {app: s%[2]d}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]q, namespace: shop}
spec: {template: {metadata: {labels: {app: s%[2]d}}, spec: {serviceAccountName: s%[2]d}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: s%[2]d, namespace: shop}
spec: {selector: {matchLabels: {app: s%[2]d}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/s%[3]d]}}]}]}
`, name, i, i+1)
}

// Ten thousand Services of which most are alike are a small table; when all differ
// a namespace has to be named.
func TestLarge(t *testing.T) {
	var alike, different strings.Builder
	for i := range 10_000 {
		text := pod(fmt.Sprint("s", i), i)
		alike.WriteString(text[:strings.LastIndex(text, "---")])
	}
	alike.WriteString("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n")
	if x := of(t, model(t, alike.String())); len(x.Callers) != 1 || len(x.Targets) != 1 || len(x.Callers[0]) != 10_000 {
		t.Errorf("%d rows, %d columns", len(x.Callers), len(x.Targets))
	}
	for i := range 600 {
		different.WriteString(pod(fmt.Sprint("s", i), i))
	}
	different.WriteString("---\n" + strings.ReplaceAll(pod("one", 1000), "shop", "pay"))
	m := model(t, different.String())
	_, err := Of(m)
	var large TooLargeError
	if !errors.As(err, &large) || large.Callers < 600 {
		t.Error(err)
	}
	if x := of(t, m, "pay"); len(x.Targets) != 1 {
		t.Errorf("%d columns", len(x.Targets))
	}
}

// The page explains every word.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/matrix.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range Words {
		if !strings.Contains(string(page), "| `"+string(w.Word)+"` | "+w.Means) {
			t.Errorf("docs/matrix.md does not say that %s is %s", w.Word, w.Means)
		}
	}
}

// At most three reasons of a cell are kept, and the others counted.
func TestReasons(t *testing.T) {
	c := Cell{Word: Refused}
	for _, why := range []string{"a", "", "b", "a", "c", "d", "e"} {
		c = c.because(why)
	}
	if got := strings.Join(c.reasons(), ", "); got != "a, b, c, and 2 more reasons" {
		t.Error(got)
	}
}

// Rows of one look have the reasons of all of them.
func TestTogether(t *testing.T) {
	groups, cells := together([]Group{{{Name: "a"}}, {{Name: "b"}}, {{Name: "c"}}}, [][]Cell{
		{{Word: Refused, Why: []string{"x"}}}, {{Word: Denied}}, {{Word: Refused, Why: []string{"y"}, More: 1}},
	})
	if len(groups) != 2 || groups[0].Label() != "a +1" || strings.Join(cells[0][0].reasons(), ", ") != "x, y, and 1 more reasons" {
		t.Error(groups, cells)
	}
}

// A sidecar keeps some ports for itself, for its own callers of HTTP only, and sees
// no UDP, whatever hides the Service or demands mTLS.
func TestPortsOfProxies(t *testing.T) {
	m := model(t, `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody, namespace: pay}
spec: {}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {egress: [{hosts: [./*]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {selector: {app: a}, ports: [{name: http, port: 15090}, {name: tcp, port: 15001}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: pay, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: dns, namespace: pay}
spec: {selector: {app: dns}, ports: [{name: dns, port: 53, protocol: UDP}, {name: tcp, port: 53}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: dns, namespace: pay}
spec: {template: {metadata: {labels: {app: dns}}, spec: {containers: [{name: app, image: app}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: shop}
spec: {template: {metadata: {labels: {app: a}}, spec: {containers: [{name: app, image: app}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bare, namespace: shop}
spec: {template: {metadata: {labels: {app: bare, sidecar.istio.io/inject: "false"}}, spec: {containers: [{name: app, image: app}]}}}
`)
	b := &builder{Model: m}
	ask := func(namespace, labels string, service string, port int) Word {
		s, _ := m.Service(strings.Split(service, "/")[0], strings.Split(service, "/")[1])
		pods, known := m.Behind(s)
		c := topology.Client{Namespace: namespace, Labels: map[string]string{"app": labels}, Sidecar: topology.Yes}
		if labels == "bare" {
			c.Sidecar = topology.No
		}
		c.Gateway = labels == "gateway"
		return b.meet(caller{client: c}, target{s, s.Ports()[port], pods, known}).Word
	}
	for _, c := range []struct {
		namespace, labels, service string
		port                       int
		want                       Word
	}{
		{"shop", "a", "shop/a", 0, Refused}, {"shop", "a", "shop/a", 1, MTLS}, {"shop", "gateway", "shop/a", 0, MTLS}, {"shop", "bare", "shop/a", 0, Refused},
		{"shop", "a", "pay/dns", 0, Plaintext}, {"shop", "a", "pay/dns", 1, Refused}, {"pay", "dns", "pay/dns", 0, Plaintext}, {"pay", "dns", "pay/dns", 1, Denied},
	} {
		if got := ask(c.namespace, c.labels, c.service, c.port); got != c.want {
			t.Errorf("%s %s to %s, port %d: got %s, want %s", c.namespace, c.labels, c.service, c.port, got, c.want)
		}
	}
}
