package main

import (
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// many is a document with n services, each with a canary of this weight. Service
// 0 is called after the weight, so that files come and go.
func many(n, weight int) string {
	var b strings.Builder
	b.WriteString(header + "spec:\n  domain: shop.example.com\n  services:\n")
	for i := range n {
		name := fmt.Sprintf("s%d", i)
		if i == 0 {
			name = fmt.Sprintf("w%d", weight)
		}
		fmt.Fprintf(&b, "  - {name: %s, namespace: n%d, split: {v1: %d, v2: %d}}\n", name, i%7, weight, 100-weight)
	}
	return b.String()
}

// killer kills calls of the program at random moments of the time that the last
// whole one took. It times the program, since a call within the test, which the
// race detector watches, is many times slower.
type killer struct {
	random       *rand.Rand
	took         time.Duration
	runs, killed int
}

// writes runs the program to its end and gives what it said.
func (k *killer) writes(t *testing.T, name string) string {
	t.Helper()
	start := time.Now()
	code, said := exits(t, program(t, "render", name, "--output-dir", "out"))
	k.took = time.Since(start)
	if code != 0 {
		t.Fatal(said)
	}
	return said
}

func (k *killer) kills(t *testing.T, name string) {
	t.Helper()
	cmd := program(t, "render", name, "--output-dir", "out")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(k.random.Int64N(int64(k.took * 5 / 4))))
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	k.runs++
	if cmd.ProcessState.ExitCode() < 0 {
		k.killed++
	}
}

func (k *killer) enough(t *testing.T) {
	t.Helper()
	t.Logf("%d of %d were killed while they ran, the last whole call took %v", k.killed, k.runs, k.took)
	if k.killed < k.runs/5 {
		t.Errorf("only %d of %d calls were killed in time", k.killed, k.runs)
	}
}

// A call that is killed at any moment leaves the old folder or the new one.
func TestOutputDirKilled(t *testing.T) {
	enter(t, files{"old.yaml": many(100, 90), "new.yaml": many(100, 10)})
	k := killer{random: rand.New(rand.NewPCG(1, 2))}
	want := [2]files{}
	for i, name := range []string{"new.yaml", "old.yaml"} {
		k.writes(t, name)
		want[i] = tree(t, "out")
	}
	runs := 30
	if testing.Short() {
		runs = 10
	}
	for range runs {
		k.kills(t, "new.yaml")
		if got := tree(t, "out"); !equal(got, want[0]) && !equal(got, want[1]) {
			t.Fatalf("%d files, which are neither the old tree nor the new one", len(got))
		}
		if !strings.HasPrefix(k.writes(t, "old.yaml"), "out: 204 objects") {
			t.Fatal("another number of objects")
		}
		same(t, "files beside the output", []string{"new.yaml", "old.yaml"}, beneath(t, "."))
	}
	k.enough(t)
}

func equal(a, b files) bool {
	if len(a) != len(b) {
		return false
	}
	for name, text := range a {
		if other, there := b[name]; !there || other != text {
			return false
		}
	}
	return true
}

// beneath are the names in a folder other than out.
func beneath(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if e.Name() != "out" {
			all = append(all, e.Name())
		}
	}
	return all
}

// A new folder is there whole or not at all.
func TestNewOutputDirKilled(t *testing.T) {
	enter(t, files{"mesh.yaml": many(100, 10)})
	k := killer{random: rand.New(rand.NewPCG(3, 4))}
	k.writes(t, "mesh.yaml")
	want := tree(t, "out")
	for range 20 {
		if err := os.RemoveAll("out"); err != nil {
			t.Fatal(err)
		}
		k.kills(t, "mesh.yaml")
		if _, err := os.Stat("out"); err == nil && !equal(want, tree(t, "out")) {
			t.Fatal("the new folder is there and not whole")
		}
		k.writes(t, "mesh.yaml")
	}
	k.enough(t)
}

func TestOutputDirDiskFull(t *testing.T) {
	enter(t, files{"old.yaml": many(3, 90), "new.yaml": many(200, 10), "disk/keep": ""})
	if err := syscall.Mount("tmpfs", "disk", "tmpfs", 0, "size=128k"); err != nil {
		t.Skipf("NOT TESTED: a full disk; mounting a small one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount("disk", 0); err != nil {
			t.Error(err)
		}
	})
	if code, said := exits(t, program(t, "render", "old.yaml", "--output-dir", "disk/out")); code != 0 {
		t.Fatal(said)
	}
	before := tree(t, "disk")
	for _, folder := range []string{"disk/out", "disk/new"} {
		code, said := exits(t, program(t, "render", "new.yaml", "--output-dir", folder))
		if code != exitUsage || !strings.Contains(said, "no space left on device") {
			t.Errorf("%s: exit %d, %s", folder, code, said)
		}
		same(t, folder, before, tree(t, "disk"))
	}
}

// A folder that cannot be written to is left as it is; one whose parent cannot is
// written to file by file.
func TestOutputDirReadOnly(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: read-only folders; only root can give a folder to somebody else")
	}
	for _, c := range []struct {
		name         string
		folder, file fs.FileMode // of out and below; of the folder around it
		parent       fs.FileMode
		want         int
	}{
		{"all", 0o555, 0o444, 0o555, exitUsage},
		{"the parent", 0o777, 0o666, 0o555, 0},
		{"nothing", 0o777, 0o666, 0o777, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			enter(t, files{"mesh.yaml": canary})
			reachable(t)
			writes(t, "mesh.yaml")
			old := tree(t, "out")
			write(t, files{"mesh.yaml": strings.ReplaceAll(canary, "v1: 90, v2: 10", "v1: 80, v2: 20") + "  - {name: other, namespace: shop, split: {v1: 1, v2: 99}}\n"})
			err := filepath.WalkDir("out", func(path string, e fs.DirEntry, err error) error {
				mode := c.file
				if e.IsDir() {
					mode = c.folder
				}
				if err == nil {
					err = os.Chmod(path, mode)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(".", c.parent); err != nil {
				t.Fatal(err)
			}
			cmd := program(t, "render", "mesh.yaml", "--output-dir", "out")
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			code, said := exits(t, cmd)
			if code != c.want || c.want != 0 && !strings.Contains(said, "permission denied") {
				t.Errorf("exit %d, %s", code, said)
			}
			if now := tree(t, "out"); equal(old, now) != (c.want != 0) {
				t.Errorf("changed: %t", !equal(old, now))
			}
			same(t, "files beside the output", []string{"mesh.yaml"}, beneath(t, "."))
		})
	}
}

// reachable lets everybody into the folders above the current one.
func reachable(t *testing.T) {
	t.Helper()
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; at != filepath.Dir(at) && at != filepath.Clean(os.TempDir()); at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever reads the output gets all of it, or a failure.
func TestOutputThatEndsEarly(t *testing.T) {
	enter(t, files{"mesh.yaml": canary})
	for _, args := range []string{
		"render mesh.yaml", "render mesh.yaml -o json", "check mesh.yaml -o json", "explain mesh.yaml", "schema", "version", "--version", "--help", "completion bash",
	} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		whole := program(t, strings.Fields(args)...)
		if out, err := whole.Output(); err != nil || len(out) == 0 {
			t.Errorf("%s: %v, %d bytes", args, err, len(out))
		}
		cmd := program(t, strings.Fields(args)...)
		cmd.Stdout = full
		if code, _ := exits(t, cmd); code == 0 {
			t.Errorf("%s: exit 0, and the disk is full", args)
		}
		cmd = program(t, strings.Fields(args)...)
		r, w := ends(t)
		r.Close()
		cmd.Stdout = w
		if code, _ := exits(t, cmd); code == 0 {
			t.Errorf("%s: exit 0, and nobody reads", args)
		}
		w.Close()
	}
}

func ends(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// A reader that goes after the first bytes.
func TestOutputThatIsReadInPart(t *testing.T) {
	enter(t, files{"mesh.yaml": many(3000, 90)})
	cmd := program(t, "render", "mesh.yaml")
	r, w := ends(t)
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() == 0 {
		t.Error("exit 0, and only the first bytes were read")
	}
}
