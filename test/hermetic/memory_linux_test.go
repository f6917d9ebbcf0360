package hermetic

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What docs/limits.md says of memory: so much for any call, for each byte that is
// read, for each byte that has to be parsed, and for each object.
const (
	anyCall   = 64 << 20
	perByte   = 8
	perParsed = 250
	perObject = 2048
)

const (
	resourceList = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
	deployment   = `- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: web-%[1]d
    namespace: shop
    labels:
      app: web-%[1]d
    annotations:
      config.kubernetes.io/index: '0'
      config.kubernetes.io/path: 'shop/web-%[1]d.yaml'
  spec:
    replicas: 3
    selector: {matchLabels: {app: web-%[1]d}}
    template:
      metadata:
        labels:
          app: web-%[1]d
      spec:
        containers:
        - name: web # the only one
          image: registry.example.com/web:1.%[1]d
          args: ["--port", "8080"]
          ports:
          - containerPort: 8080
          command:
          - sh
          - -c
          - |
            exec web --verbose
`
)

// TestMemory measures the most memory that a call had.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some hundred MB")
	}
	foreign := repeated(deployment, 20_000)
	for _, c := range []struct {
		name            string
		program         string
		text            string
		parsed, objects int
	}{
		{"objects of others", function, resourceList + "items:\n" + foreign, 0, 20_000},
		{"objects of others beside ours", function, list + foreign, len(mesh), 20_000},
		{"an object that has to be parsed", function, resourceList + "items:\n- {a: [" + strings.Repeat("a,", 1<<19) + "a]}\n", 1 << 20, 1},
		{"a list that has to be parsed", function, resourceList + "items: [" + strings.Repeat("a,", 100_000) + "a]\n", 200_000, 100_000},
		{"small objects", function, resourceList + "items:\n" + strings.Repeat("- a\n", 100_000), 400_000, 100_000},
		{"small documents", commandLine, strings.Repeat("---\na: b\n", 200_000), 0, 200_000},
		{"a document of ours", commandLine, "", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string(nil)
			if c.program == commandLine {
				args = []string{"render", "-"}
			}
			if c.text == "" {
				c.text = mesh + repeated("  - {name: s%[1]d, namespace: n%[1]d, split: {v1: 90, v2: 10}, expose: s%[1]d}\n", 10_000)
				c.parsed = len(c.text)
			}
			cmd := exec.Command(filepath.Join(binaries, c.program), args...)
			var said bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.text), io.Discard, &said
			err := cmd.Run()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() < 0 {
				t.Fatal(err, said.String())
			}
			got := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
			bound := int64(anyCall + perByte*len(c.text) + perParsed*c.parsed + perObject*c.objects)
			t.Logf("%d MB for %.1f MB, the bound is %d MB", got>>20, float64(len(c.text))/1e6, bound>>20)
			if got > bound {
				t.Errorf("%d MB for an input of %d bytes; at most %d MB are promised", got>>20, len(c.text), bound>>20)
			}
		})
	}
}

// repeated is n times the text, with its number in it.
func repeated(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
