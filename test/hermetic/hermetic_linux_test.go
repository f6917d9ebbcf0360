package hermetic

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const mesh = `apiVersion: mesh.kyma-project.io/v1alpha1
kind: KymaMesh
metadata: {name: shop}
spec:
  domain: shop.example.com
  gateways:
  - name: own
    namespace: shop
    hosts: [own.example.com]
    tls: {mode: MUTUAL, serverCertificate: /etc/hostname, privateKey: /etc/hostname, caCertificates: /etc/hostname}
  egress:
    hosts: [{host: www.example.com, ports: [{number: 443, protocol: TLS}]}]
  services:
  - {name: reviews, namespace: shop, split: {v1: 90, v2: 10}, security: {jwt: {issuers: [{issuer: "https://localhost", jwksUri: "https://localhost/keys"}]}}}
`

// list is what kpt would send.
var list = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- " +
	strings.ReplaceAll(strings.TrimSuffix(mesh, "\n"), "\n", "\n  ") + "\n" + `- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: elsewhere
    annotations:
      internal.config.kubernetes.io/path: ../../../../etc/hostname
      internal.config.kubernetes.io/package-path: /etc
      config.kubernetes.io/origin: "path: /etc/hostname\n"
`

// The programs.
const (
	commandLine = "kymamesh"
	function    = "kymamesh-krm"
)

// calls are all ways of calling the programs, in a folder that holds app, a
// package; out; and outside, which nobody names.
var calls = []struct {
	name    string
	program string
	args    []string
	stdin   string
	exit    int
}{
	{"render", commandLine, []string{"render", "app"}, "", 0},
	{"render a file", commandLine, []string{"render", "app/mesh.yaml", "-o", "json"}, "", 0},
	{"render stdin", commandLine, []string{"render", "-"}, mesh, 0},
	{"render to a new folder", commandLine, []string{"render", "app", "--output-dir", "out/new"}, "", 0},
	{"render to a folder", commandLine, []string{"render", "app", "--output-dir", "out"}, "", 0},
	{"in place", commandLine, []string{"render", "app", "-i"}, "", 0},
	{"a link out of the package", commandLine, []string{"render", "linked"}, "", 2},
	{"check", commandLine, []string{"check", "app"}, "", 0},
	{"explain", commandLine, []string{"explain", "app"}, "", 0},
	{"schema", commandLine, []string{"schema"}, "", 0},
	{"version", commandLine, []string{"version"}, "", 0},
	{"completion", commandLine, []string{"completion", "bash"}, "", 0},
	{"function", function, nil, list, 0},
	{"legacy plugin", function, []string{"app/mesh.yaml"}, "", 0},
	{"no input", function, nil, "", 1},
}

// surroundings are variables that programs of this kind often read. None changes
// what ours do.
var surroundings = []string{
	"HOME=/outside", "XDG_CONFIG_HOME=/outside", "XDG_CACHE_HOME=/outside", "KUBECONFIG=/outside/config", "TMPDIR=/outside", "TZ=Asia/Tokyo", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8",
	"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", "KUSTOMIZE_PLUGIN_HOME=/outside", "LD_PRELOAD=/outside/x.so", "NO_COLOR=1", "CLICOLOR_FORCE=1", "SSL_CERT_FILE=/outside/cert", "PATH=/outside",
}

// folder makes what the calls are about.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"app/mesh.yaml": mesh, "app/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n", "app/.krmignore": "x.yaml\n",
		"outside/config": "", "outside/secret.yaml": mesh, "linked/mesh.yaml": mesh, "out/keep.txt": "",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"linked/x.yaml": "../outside/secret.yaml", "app/folder": "../outside"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var binaries string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "hermetic")
	if err == nil {
		build := exec.Command("go", "build", "-o", dir, "../../cmd/kymamesh", "../../plugins/kymamesh-krm")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		panic(err)
	}
	binaries = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// strace is the path of strace, or the test ends.
func strace(t *testing.T) string {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("KYMAMESH_WITHOUT"), ","), "strace") {
		t.Skip("*** NOT RUN: KYMAMESH_WITHOUT names strace")
	}
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("no strace in PATH; install it, or set KYMAMESH_WITHOUT=strace")
	}
	return path
}

// TestSystemCalls looks at every call that has to do with files, networks and
// processes.
func TestSystemCalls(t *testing.T) {
	tracer := strace(t)
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			log := filepath.Join(t.TempDir(), "log")
			args := append([]string{"-f", "-qq", "-y", "-s", "4096", "-e", "signal=none", "-e", "trace=%network,%process,%file,io_uring_setup,ptrace", "-o", log, filepath.Join(binaries, c.program)}, c.args...)
			cmd := exec.Command(tracer, args...)
			cmd.Dir, cmd.Stdin = dir, strings.NewReader(c.stdin)
			var out, said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &said
			if err := cmd.Run(); cmd.ProcessState == nil {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != c.exit || out.Len() == 0 && c.exit == 0 && !strings.Contains(strings.Join(c.args, " "), "out") && c.name != "in place" {
				t.Fatalf("exit %d, %d bytes, %s", code, out.Len(), said.String())
			}
			text, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			for line := range strings.Lines(string(text)) {
				seen++
				if why := forbidden(strings.TrimSpace(line), dir, seen == 1); why != "" {
					t.Errorf("%s: %s", why, line)
				}
			}
			if seen < 2 {
				t.Errorf("%d lines; strace saw nothing", seen)
			}
		})
	}
}

// TestOneStep: the output folder is put there by one call of the system. Whoever kills
// the program at random hardly ever hits what lies between two.
func TestOneStep(t *testing.T) {
	tracer := strace(t)
	dir := folder(t)
	log := filepath.Join(t.TempDir(), "log")
	cmd := exec.Command(tracer, "-f", "-qq", "-y", "-e", "signal=none", "-e", "trace=rename,renameat,renameat2,unlink,unlinkat,rmdir", "-o", log,
		filepath.Join(binaries, commandLine), "render", "app", "--output-dir", "out")
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(err, string(said))
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var moves []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "rename") || strings.Contains(line, `/out"`) {
			moves = append(moves, line)
		}
	}
	if len(moves) != 1 || !strings.Contains(moves[0], "RENAME_EXCHANGE) = 0") || !strings.Contains(moves[0], `/out"`) {
		t.Errorf("want one exchange, got %q", moves)
	}
}

var (
	asked  = regexp.MustCompile(`^(?:\d+ +)?(\w+)\((.*)`)
	quoted = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// given are what the calls name, and system what every Go program reads of the
// system: the limits that its container sets.
var (
	given  = []string{"app", "out", ".kymamesh-out", "linked", ".kymamesh-app"}
	system = []string{"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "/proc/self/cgroup", "/proc/self/mountinfo", "/sys/fs/cgroup", "/proc/self/exe"}
)

// forbidden says what is wrong with a call of the system, "" if nothing is.
func forbidden(line, dir string, first bool) string {
	m := asked.FindStringSubmatch(line)
	if m == nil {
		return "" // the end of a call that was begun before, or an exit
	}
	switch name := m[1]; {
	case first && name == "execve":
		return ""
	case slices.Contains([]string{"execve", "execveat", "fork", "vfork", "ptrace", "io_uring_setup"}, name):
		return "another program"
	case name == "clone" || name == "clone3":
		if !strings.Contains(line, "CLONE_THREAD") {
			return "another process"
		}
		return ""
	case slices.Contains([]string{"exit", "exit_group", "kill", "tgkill", "tkill", "wait4", "waitid", "rt_sigqueueinfo", "pidfd_open", "pidfd_send_signal", "getcwd"}, name):
		return ""
	case networkCalls[name]:
		return "the network"
	}
	return named(m[1], m[2], dir)
}

var (
	folderAsked = regexp.MustCompile(`^(?:AT_FDCWD|\d+)<([^>]*)>`)
	looks       = []string{"readlinkat", "newfstatat", "statx"} // and open nothing
)

// named says what is wrong with the files of a call. Where a link leads is found
// out by looking; the file that it leads to is not opened.
func named(call, args, dir string) string {
	base := dir
	if at := folderAsked.FindStringSubmatch(args); at != nil {
		base = at[1]
	}
	paths := quoted.FindAllStringSubmatch(args, -1)
	if call == "readlinkat" {
		paths = paths[:1] // the second is what it reads
	}
	for _, q := range paths {
		path := filepath.Clean(q[1])
		if !filepath.IsAbs(path) {
			path = filepath.Join(base, path)
		}
		if allowed(path, dir) || slices.Contains(looks, call) && strings.HasPrefix(path, dir) {
			continue
		}
		return "a file that nobody named, " + path
	}
	return ""
}

var networkCalls = map[string]bool{
	"socket": true, "socketpair": true, "connect": true, "bind": true, "listen": true, "accept": true, "accept4": true,
	"sendto": true, "sendmsg": true, "sendmmsg": true, "recvfrom": true, "recvmsg": true, "recvmmsg": true, "getsockopt": true, "setsockopt": true,
}

func allowed(path, dir string) bool {
	for _, s := range append([]string{binaries}, system...) {
		if strings.HasPrefix(path, s) {
			return true
		}
	}
	below, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(below) {
		return strings.HasPrefix(dir, path) // a folder on the way, to find out where a link leads
	}
	top, _, _ := strings.Cut(below, "/")
	return below == "." || slices.Contains(given, top)
}

// TestForbidden: the judge above finds what it has to find.
func TestForbidden(t *testing.T) {
	for line, want := range map[string]string{
		`12 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3`:                                     "the network",
		`12 connect(3, {sa_family=AF_INET}, 16) = 0`:                                           "the network",
		`12 execve("/bin/true", ["true"], 0x7 /* 1 vars */) = 0`:                               "another program",
		`12 clone3({flags=CLONE_VFORK, exit_signal=SIGCHLD}, 88) = 13`:                         "another process",
		`12 clone(child_stack=0xc0, flags=CLONE_VM|CLONE_THREAD) = 13`:                         "",
		`12 openat(AT_FDCWD</w>, "app/mesh.yaml", O_RDONLY|O_CLOEXEC) = 3</w/app/mesh.yaml>`:   "",
		`12 openat(AT_FDCWD</w>, "outside/secret.yaml", O_RDONLY) = 3</w/outside/secret.yaml>`: "a file that nobody named, /w/outside/secret.yaml",
		`12 openat(AT_FDCWD</w>, "app/../outside/x", O_RDONLY) = 3`:                            "a file that nobody named, /w/outside/x",
		`12 openat(3</w/out>, "../outside/x", O_RDONLY) = 4`:                                   "a file that nobody named, /w/outside/x",
		`12 openat(AT_FDCWD</w>, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3</etc/passwd>`:          "a file that nobody named, /etc/passwd",
		`12 unlinkat(AT_FDCWD</w>, "outside", AT_REMOVEDIR) = 0`:                               "a file that nobody named, /w/outside",
	} {
		if got := forbidden(line, "/w", false); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// TestNothingAround runs the programs where there is nothing: no file but theirs,
// no network, no environment, and then with an environment that says a lot.
func TestNothingAround(t *testing.T) {
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			open := alone(t, c.program, c.args, c.stdin, nil, false)
			for _, env := range [][]string{{}, surroundings} {
				if closed := alone(t, c.program, c.args, c.stdin, env, true); closed != open {
					t.Errorf("with %v: %s\nwithout: %s", env, closed, open)
				}
			}
			if want := "exit status " + string(rune('0'+c.exit)); !strings.HasPrefix(open, want) {
				t.Errorf("want %s, got %s", want, open)
			}
		})
	}
}

// alone is one call as text: exit code, output, and all files afterwards.
func alone(t *testing.T, program string, args []string, stdin string, env []string, shut bool) string {
	t.Helper()
	dir := folder(t)
	path := filepath.Join(dir, program)
	if err := os.Link(filepath.Join(binaries, program), path); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, env, strings.NewReader(stdin)
	if shut {
		cmd.Path, cmd.Dir = "/"+program, "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Chroot:      dir,
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.ENOSYS) {
		t.Skipf("*** NOT RUN: this machine makes no namespaces: %v", err)
	}
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.String() + "\n" + out.String() + said.String() + contents(t, dir)
}

// contents is a folder as text.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || !strings.Contains(e.Name(), ".") {
			return err
		}
		text, err := os.ReadFile(path)
		all.WriteString(strings.TrimPrefix(path, dir) + ":\n" + string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
