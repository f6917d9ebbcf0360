package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// nobody is a user whom file modes hold back, as they do not root.
const nobody = 65534

// The binary is built once and only when a test asks for it, at a place where
// nobody, the user, may execute it.
var (
	binaryDir string
	binary    = sync.OnceValues(func() (string, error) {
		path := filepath.Join(binaryDir, "kymamesh")
		build := exec.Command("go", "build", "-o", path, ".")
		build.Stderr = os.Stderr
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		return path, build.Run()
	})
	here, _ = os.Getwd()
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "kymamesh")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		panic(err)
	}
	binaryDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// program is a call of the binary in the current folder.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir(here); err != nil {
		t.Fatal(err)
	}
	path, err := binary()
	if err := os.Chdir(folder); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader("")
	return cmd
}

// exits runs the program and gives its exit code, -1 for a signal.
func exits(t *testing.T, cmd *exec.Cmd) (code int, stderr string) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), said.String()
}
