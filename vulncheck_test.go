package kymamesh

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVulncheck holds the script around govulncheck: what it finds fails, and so does
// everything else that is not the lack of a database, which is said.
func TestVulncheck(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell")
	}
	const unreached = `govulncheck: fetching vulnerabilities: Get "https://vuln.go.dev/index/modules.json.gz": dial tcp: lookup vuln.go.dev: no such host`
	for _, c := range []struct {
		name, says, database string
		exit, want           int
		notRun               bool
	}{
		{"nothing found", "No vulnerabilities found.", "", 0, 0, false},
		{"found", "Your code is affected by 1 vulnerability.", "", 3, 3, false},
		{"no database", unreached, "", 1, 0, true},
		{"no copy of the database", unreached, "file:///copy", 1, 1, false},
		{"another fault", "govulncheck: loading packages: no such host", "", 1, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake := filepath.Join(t.TempDir(), "govulncheck")
			script := "#!/bin/sh\necho '" + c.says + "'\nexit " + string(rune('0'+c.exit)) + "\n"
			if err := os.WriteFile(fake, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("test/tools/vulncheck", fake)
			cmd.Env = append(os.Environ(), "GOVULNDB="+c.database)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != c.want || strings.Contains(string(out), "NOT RUN") != c.notRun || !strings.Contains(string(out), c.says) {
				t.Errorf("exit %d, want %d: %s", got, c.want, out)
			}
		})
	}
}
