package conformance

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// command is one call of a client.
type command struct {
	dir   string
	env   []string
	stdin string
}

// outcome is all that a call gave.
type outcome struct {
	stdout, stderr string
	code           int
}

// run calls a client. Its temporary files lie in the test's folder: kustomize
// leaves some behind. KUSTOMIZE_PLUGIN_HOME leads nowhere unless env says so,
// lest a plugin of the machine's user answers.
func (c command) run(t *testing.T, program string, args ...string) outcome {
	t.Helper()
	if err := watch(); err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	p := exec.Command(program, args...)
	p.Dir = c.dir
	p.Env = append(os.Environ(), "TMPDIR="+temp, "KUSTOMIZE_PLUGIN_HOME="+temp)
	p.Env = append(p.Env, c.env...)
	p.Stdin = strings.NewReader(c.stdin)
	var stdout, stderr bytes.Buffer
	p.Stdout, p.Stderr = &stdout, &stderr
	err := p.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{stdout.String(), stderr.String(), p.ProcessState.ExitCode()}
}

// expect checks the exit code and that stderr holds every text; with no text,
// stderr has to be empty.
func (o outcome) expect(t *testing.T, code int, stderr ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code %d, want %d", o.code, code)
	}
	if len(stderr) == 0 && o.stderr != "" {
		t.Error("stderr is not empty")
	}
	for _, text := range stderr {
		if !strings.Contains(o.stderr, text) {
			t.Errorf("stderr lacks %q", text)
		}
	}
	if t.Failed() {
		t.Fatalf("stdout (%d bytes):\n%.2000s\nstderr:\n%.4000s", len(o.stdout), o.stdout, o.stderr)
	}
}

// unfailing checks the exit code alone, for tests that compare what a call gave.
func (o outcome) unfailing(t *testing.T) {
	t.Helper()
	if o.code != 0 || strings.Contains(o.stderr, "rror") {
		t.Fatalf("exit code %d, stderr:\n%s", o.code, o.stderr)
	}
}

// silent checks that nothing came on stdout.
func (o outcome) silent(t *testing.T) {
	t.Helper()
	if o.stdout != "" {
		t.Fatalf("stdout is not empty:\n%.2000s", o.stdout)
	}
}
