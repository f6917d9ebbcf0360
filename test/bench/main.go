// Command bench times the programs beside their peers, in turn and in one run, and
// writes docs/performance.md. Ratios are what counts: they hold on a machine
// that is slow or busy, as long as both had the same one.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == launching {
		os.Exit(launch(os.Args[2:]))
	}
	bin := flag.String("bin", "", "`folder` of kymamesh, kymamesh-krm and kustomize")
	peers := flag.String("peers", "", "`folder` of noop, helm, jsonnet and cue")
	rounds := flag.Int("n", 5, "counted `rounds` of each row")
	services := flag.Int("services", 10_000, "`services` and Deployments of the rows about ten thousand")
	page := flag.String("o", "", "`file` to write")
	flag.Parse()
	b := &bench{bin: *bin, peers: *peers, rounds: *rounds, n: *services}
	if err := b.run(*page); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	bin, peers string
	rounds, n  int
	dir        string
	table      strings.Builder
}

// figures are the medians of a command.
type figures struct {
	cpu, wall time.Duration
	memory    int64  // bytes, the most of any round
	output    string // a file
	missing   string // why it did not run
}

// command is one to be timed.
type command struct {
	name  string
	path  string
	args  []string
	stdin string // a file
}

func (b *bench) run(page string) error {
	dir, err := os.MkdirTemp("", "kymamesh-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	if err := b.prepare(); err != nil {
		return err
	}
	for _, row := range []func() error{b.canaries, b.foreign, b.growth, b.start, b.library} {
		if err := row(); err != nil {
			return err
		}
	}
	text := head() + b.table.String() + fmt.Sprintf(tail, b.rounds)
	fmt.Print(text)
	if page == "" {
		return nil
	}
	return os.WriteFile(page, []byte(text), 0o644)
}

// together times the commands in turn, after a round that does not count.
func (b *bench) together(commands ...command) []figures {
	runs := make([][]figures, len(commands))
	out := make([]figures, len(commands))
	for round := range b.rounds + 1 {
		for i, c := range commands {
			if out[i].missing != "" {
				continue
			}
			f, err := c.once(b.dir)
			if err != nil {
				out[i].missing = err.Error()
				fmt.Fprintf(os.Stderr, "*** NOT MEASURED: %s: %v\n", c.name, err)
				continue
			}
			fmt.Fprintf(os.Stderr, "%s: %v, %v of processor, %d MB\n", c.name, f.wall.Round(time.Millisecond), f.cpu.Round(time.Millisecond), f.memory>>20)
			if round > 0 {
				runs[i] = append(runs[i], f)
			}
			out[i].output = f.output
		}
	}
	for i, all := range runs {
		if out[i].missing == "" {
			out[i].cpu = median(all, func(f figures) time.Duration { return f.cpu })
			out[i].wall = median(all, func(f figures) time.Duration { return f.wall })
			out[i].memory = slices.MaxFunc(all, func(a, b figures) int { return int(a.memory - b.memory) }).memory
		}
	}
	return out
}

func median(all []figures, of func(figures) time.Duration) time.Duration {
	var values []time.Duration
	for _, f := range all {
		values = append(values, of(f))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// patience is how long a command may take.
const patience = 3 * time.Minute

func (c command) once(dir string) (figures, error) {
	self, err := os.Executable()
	if err != nil {
		return figures{}, err
	}
	cmd := exec.Command(self, append([]string{launching, c.path}, c.args...)...)
	if c.stdin != "" {
		f, err := os.Open(c.stdin)
		if err != nil {
			return figures{}, err
		}
		defer f.Close()
		cmd.Stdin = f
	}
	out, err := os.CreateTemp(dir, "output")
	if err != nil {
		return figures{}, err
	}
	defer out.Close()
	took, err := os.CreateTemp(dir, "took")
	if err != nil {
		return figures{}, err
	}
	defer took.Close()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, &said, []*os.File{took}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return figures{}, err
	}
	tooLong := time.AfterFunc(patience, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	err = cmd.Wait()
	if !tooLong.Stop() {
		return figures{}, fmt.Errorf("took longer than %v", patience)
	}
	if err != nil {
		return figures{}, fmt.Errorf("%w: %.300s", err, said.String())
	}
	f := figures{output: out.Name()}
	if _, err := took.Seek(0, 0); err != nil {
		return figures{}, err
	}
	_, err = fmt.Fscan(took, &f.wall, &f.cpu, &f.memory)
	return f, err
}

// line writes what a command took, and how it stands to a bar: at most so much of
// the peer's time and memory; 0 is no bar.
func (b *bench) line(work, name string, f figures, bar string) {
	if f.missing != "" {
		fmt.Fprintf(&b.table, "| %s | %s | not measured: %s | | | %s |\n", work, name, strings.ReplaceAll(firstLine(f.missing), "|", "\\|"), bar)
		return
	}
	fmt.Fprintf(&b.table, "| %s | %s | %s | %s | %d MB | %s |\n", work, name, seconds(f.wall), seconds(f.cpu), f.memory>>20, bar)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func seconds(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// against says whether a bar is met: f takes at most part of what the peer takes.
func against(peer, what string, f, of float64, part float64) string {
	if of == 0 {
		return peer + " was not measured"
	}
	ratio := f / of
	verdict := "**met**"
	if ratio > part {
		verdict = fmt.Sprintf("**missed by %.0f %%**", 100*(ratio/part-1))
	}
	return fmt.Sprintf("%.3f of %s's %s, at most %.3f: %s", ratio, peer, what, part, verdict)
}

// time is what somebody waits for.
func (f figures) time() float64 { return f.wall.Seconds() }
func (f figures) mem() float64  { return float64(f.memory) }

func head() string {
	cpu := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(text); m != nil {
			cpu = string(m[1])
		}
	}
	memory := ""
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if m := regexp.MustCompile(`MemTotal: *(\d+)`).FindSubmatch(text); m != nil {
			kb, _ := strconv.Atoi(string(m[1]))
			memory = fmt.Sprintf(", %d GB", (kb+1<<19)>>20)
		}
	}
	load := ""
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load " + strings.Fields(string(text))[0] + " at the beginning"
	}
	return fmt.Sprintf(`# Performance

`+"`make bench`"+` writes this page. It builds the peers from modules that test/bench pins, and runs every command in turn with its peers, so that each had the same machine. Figures are of whole processes: the median time on the clock and of the processor, and the most memory. Bars of time are about the clock, since that is what somebody waits for; run it on a machine that has nothing else to do.

%s %s/%s, %d processors (%s)%s%s.

| work | program | clock | processor | memory | bar |
|---|---|---|---|---|---|
`, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpu, memory, load)
}

const tail = `
Each row is the median of %d rounds after one that does not count. The last bar is of a benchmark in pkg/render, without a process.

## Where the time goes

Of the processor's time for 10,000 services in one document (` + "`" + `go test ./pkg/render -bench Render10000 -cpuprofile` + "`" + `), reading takes a tenth, resolving three tenths, making Istio's messages a sixteenth, writing three tenths, and collecting garbage a tenth; no function of ours has a tenth of it by itself. Before documents were read without the YAML library, paths joined only where they are said, and parts done on both processors, it was three times as much: a third for reading and resolving, a third for the messages, a fifth for writing.

A file each costs system calls on top, to walk, open, read and close: a fifth of all. They are made on all processors. What is left is one document for each file, with its tree, its positions and its place in the order; asking the system for many files at once would be the next step, and Go has no call for it.

A start is what the runtime takes, and Istio's descriptors. Layers of defaults are read where a document has them under it, and regular expressions compiled where one is asked; before that a start took twice the time.
`
