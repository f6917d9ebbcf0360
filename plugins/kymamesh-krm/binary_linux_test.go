package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// nobody is the user that container runtimes give to a function.
const nobody = 65534

// The binary is built once and only when a test asks for it, at a place where
// nobody, the user, may execute it.
var (
	binaryDir string
	binary    = sync.OnceValues(func() (string, error) {
		path := filepath.Join(binaryDir, "kymamesh-krm")
		build := exec.Command("go", "build", "-ldflags", "-X main.version=v1.2.3", "-o", path, ".")
		build.Stderr = os.Stderr
		return path, build.Run()
	})
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "kymamesh-krm")
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

func command(t *testing.T, stdin string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	return cmd
}

func result(t *testing.T, cmd *exec.Cmd) output {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	cmd.Stderr = &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return output{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func TestBinary(t *testing.T) {
	for _, name := range []string{"first-run", "several-errors", "warnings-only"} {
		in := readCase(t, name, "in.yaml")
		if want, got := called(in), result(t, command(t, in)); got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := result(t, command(t, "", "--version")); got != (output{Stdout: "kymamesh-krm v1.2.3\n"}) {
		t.Errorf("--version: %+v", got)
	}
}

func TestBinaryDiskFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	cmd := command(t, readCase(t, "first-run", "in.yaml"))
	cmd.Stdout = full
	want := output{Exit: 1, Stderr: "error: stdout: write /dev/stdout: no space left on device\n"}
	if got := result(t, cmd); got != want {
		t.Errorf("%+v", got)
	}
}

// Without input a function must neither wait for one nor succeed with nothing on
// stdout. A terminal is no input: somebody has started the binary to see.
func TestBinaryNoInput(t *testing.T) {
	for _, device := range []string{os.DevNull, "/dev/ptmx"} {
		stdin, err := os.OpenFile(device, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		cmd := command(t, "")
		cmd.Stdin = stdin
		tooLong := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		got := result(t, cmd)
		tooLong.Stop()
		want := output{Exit: 1, Stderr: "error: stdin: the input is empty; a function reads a ResourceList\n"}
		if got != want {
			t.Errorf("%s: %+v", device, got)
		}
	}
}

// A container runtime calls a function with no environment, no home, nothing to
// write to and as nobody.
func TestBinaryHermetic(t *testing.T) {
	in := readCase(t, "first-run", "in.yaml")
	cmd := command(t, in)
	cmd.Env = []string{}
	cmd.Dir = filepath.Join(binaryDir, "cwd")
	if err := os.Mkdir(cmd.Dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if want, got := called(in), result(t, cmd); got != want {
		t.Errorf("%+v", got)
	}
}

// A plugin's configuration file as kustomize writes it.
func TestBinaryLegacy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kust-plugin-config-1")
	if err := os.WriteFile(file, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, stdin := range []string{"", stream} {
		if want, got := plugin(stdin, small, "-"), result(t, command(t, stdin, file, "-")); got != want {
			t.Errorf("%+v", got)
		}
	}
}
