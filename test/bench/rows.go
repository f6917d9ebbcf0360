package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func (b *bench) own(name string, args ...string) command {
	return command{name: name, path: filepath.Join(b.bin, name), args: args}
}

func (b *bench) peer(name string, args ...string) command {
	return command{name: name, path: filepath.Join(b.peers, name), args: args}
}

func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }

// canaries renders a canary each of many services.
func (b *bench) canaries() error {
	all := b.together(
		b.own("kymamesh", "render", "--part", "resources", b.file("one.yaml")),
		b.own("kymamesh", "render", "--part", "resources", b.file("many")),
		b.peer("helm", "template", "canaries", b.file("chart")),
		b.peer("jsonnet", "--yaml-stream", b.file("canaries.jsonnet")),
		b.peer("cue", "export", "--out", "text", "-e", "stream", b.file("canaries.cue")),
	)
	one, many, helm := all[0], all[1], all[2]
	for i, f := range all {
		if n := count(f.output, "VirtualService"); f.missing == "" && n < b.n {
			return fmt.Errorf("command %d rendered %d of %d VirtualServices", i, n, b.n)
		}
	}
	work := fmt.Sprintf("%d services with a canary", b.n)
	bar := func(f figures) string {
		return against("helm", "time", f.time(), helm.time(), 1.0/5) + "; " + against("helm", "memory", f.mem(), helm.mem(), 1)
	}
	b.line(work+", one document", "kymamesh", one, bar(one))
	b.line(work+", a file each", "kymamesh", many, bar(many))
	b.line(work, "helm template", helm, "")
	b.line(work, "jsonnet", all[3], "")
	b.line(work, "cue", all[4], "")
	return nil
}

// foreign sends many objects of others through the function.
func (b *bench) foreign() error {
	from := func(c command, file string) command { c.stdin = b.file(file); return c }
	all := b.together(
		from(b.own("kymamesh-krm"), "list.yaml"),
		from(b.own("kymamesh-krm"), "list-mesh.yaml"),
		from(b.peer("noop"), "list.yaml"),
	)
	plain, checked, noop := all[0], all[1], all[2]
	same := "output byte-identical"
	if !begins(plain.output, b.file("list.yaml")) {
		same = "**the output differs**"
	}
	if n := count(checked.output, "kind: VirtualService"); checked.missing == "" && n == 0 {
		return errors.New("nothing was rendered beside the Deployments")
	}
	work := fmt.Sprintf("ResourceList of %d foreign Deployments", b.n)
	b.line(work, "kymamesh-krm", plain, against("kyaml", "time", plain.time(), noop.time(), 1.0/8)+"; "+against("kyaml", "memory", plain.mem(), noop.mem(), 1.0/5)+"; "+same)
	b.line(work+" with a KymaMesh, checks on", "kymamesh-krm", checked, against("kyaml", "time", checked.time(), noop.time(), 1.0/2))
	b.line(work, "kyaml framework, does nothing", noop, "")
	return nil
}

// growth compares ten and a hundred times as many services.
func (b *bench) growth() error {
	var commands []command
	sizes := []int{b.n / 10, b.n, b.n * 10}
	for _, n := range sizes {
		commands = append(commands, b.own("kymamesh", "render", "--part", "resources", b.file(fmt.Sprintf("grown-%d.yaml", n))))
	}
	all := b.together(commands...)
	each := func(i int) float64 { return all[i].time() / float64(sizes[i]) }
	for i, n := range sizes {
		bar := ""
		if i == 2 && all[0].missing == "" {
			bar = against("each of the fewest", "time", each(2), each(0), 1.2) + fmt.Sprintf("; %.1f times the memory of a tenth of them", all[2].mem()/all[1].mem())
		}
		b.line(fmt.Sprintf("%d services, %.1f µs each", n, each(i)*1e6), "kymamesh", all[i], bar)
	}
	return nil
}

// start renders next to nothing.
func (b *bench) start() error {
	all := b.together(
		b.own("kymamesh", "render", b.file("quickstart.yaml")),
		b.own("kustomize", "build", b.file("nothing")),
	)
	bar := "at most 10 ms: **met**"
	if all[0].wall > 10*time.Millisecond {
		bar = fmt.Sprintf("at most 10 ms: **missed by %.0f %%**", 100*(all[0].wall.Seconds()/0.010-1))
	}
	b.line("the quickstart, process start included", "kymamesh", all[0], bar)
	b.line("one ConfigMap", "kustomize build", all[1], "")
	return nil
}

var benchmarkLine = regexp.MustCompile(`(?m)^BenchmarkLibrary/(\w+)\S*\s+\d+\s+(\d+) ns/op`)

// library compares rendering with writing what was rendered.
func (b *bench) library() error {
	test := exec.Command("go", "test", "-run", "^$", "-bench", "^BenchmarkLibrary$", "-count", strconv.Itoa(b.rounds), "./pkg/render")
	test.Dir = filepath.Join("..", "..")
	out, err := test.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	times := map[string][]figures{}
	for _, m := range benchmarkLine.FindAllSubmatch(out, -1) {
		ns, err := strconv.Atoi(string(m[2]))
		if err != nil {
			return err
		}
		times[string(m[1])] = append(times[string(m[1])], figures{wall: time.Duration(ns)})
	}
	if len(times["whole"]) == 0 || len(times["write"]) == 0 {
		return fmt.Errorf("no figures in: %s", out)
	}
	wall := func(f figures) time.Duration { return f.wall }
	whole, write := median(times["whole"], wall), median(times["write"], wall)
	bar := against("writing", "time", whole.Seconds(), write.Seconds(), 3)
	fmt.Fprintf(&b.table, "| the library, warm, 1000 services | read, render and write | %s | | | %s |\n", seconds(whole), bar)
	fmt.Fprintf(&b.table, "| the library, warm, 1000 services | write what was rendered | %s | | | |\n", seconds(write))
	return nil
}

// count is how many lines of a file hold the text.
func count(file, text string) int {
	f, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewReader(f); ; {
		line, err := lines.ReadString('\n')
		if strings.Contains(line, text) {
			n++
		}
		if err != nil {
			return n
		}
	}
}

// begins tells whether a file is another one, with no more than something behind
// it: the function's results, which say that nothing was rendered.
func begins(file, with string) bool {
	got, err := os.ReadFile(file)
	want, wantErr := os.ReadFile(with)
	return err == nil && wantErr == nil && bytes.HasPrefix(got, want)
}
