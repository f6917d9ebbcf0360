package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

// A folder that was exchanged is as the old one was, but for what is rendered.
func TestExchangeKeeps(t *testing.T) {
	enter(t, files{"mesh.yaml": canary, "else.txt": "else\n"})
	writes(t, "mesh.yaml")
	write(t, files{"out/.git/HEAD": "ref\n", "out/shop/notes.txt": "mine\n"})
	link(t, "../../else.txt", "out/shop/link.txt")
	link(t, "nowhere", "out/broken.yaml")
	for name, mode := range map[string]fs.FileMode{"out": 0o750 | fs.ModeSetgid, "out/shop": 0o711, "out/.git": 0o700} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() == 0 {
		if err := os.Chown("out/shop", nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	before := map[string]os.FileInfo{}
	for _, name := range []string{"out", "out/shop", "out/.git", "out/shop/notes.txt", "out/.git/HEAD", "out/shop/link.txt", "out/broken.yaml"} {
		before[name] = lstat(t, name)
	}
	write(t, files{"mesh.yaml": strings.ReplaceAll(canary, "v1: 90, v2: 10", "v1: 80, v3: 20")})
	same(t, "stderr", "out: 6 objects, 2 files written, 0 removed\n", writes(t, "mesh.yaml"))
	for name, was := range before {
		is := lstat(t, name)
		if is.Mode() != was.Mode() || is.Sys().(*syscall.Stat_t).Uid != was.Sys().(*syscall.Stat_t).Uid {
			t.Errorf("%s: %v, %v", name, was, is)
		}
		if os.SameFile(was, is) == is.IsDir() {
			t.Errorf("%s: the same: %t; files stay, folders are new", name, os.SameFile(was, is))
		}
	}
	same(t, "files beside the output", []string{"else.txt", "mesh.yaml"}, beneath(t, "."))
}

func lstat(t *testing.T, name string) os.FileInfo {
	t.Helper()
	info, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// Where somebody stands in the folder, or it has access rights of a kind that we
// do not know, it stays the same folder.
func TestExchangeNot(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T) string{
		"the working folder": func(t *testing.T) string { t.Chdir("out"); return "." },
		"one above it":       func(t *testing.T) string { t.Chdir("out/shop"); return ".." },
		"attributes": func(t *testing.T) string {
			if err := syscall.Setxattr("out/shop", "user.kymamesh", []byte("1"), 0); err != nil {
				t.Skipf("NOT TESTED: folders with attributes: %v", err)
			}
			return "out"
		},
	} {
		t.Run(name, func(t *testing.T) {
			enter(t, files{"mesh.yaml": canary})
			writes(t, "mesh.yaml")
			before := lstat(t, "out")
			text := strings.ReplaceAll(canary, "v1: 90, v2: 10", "v1: 80, v3: 20")
			out := prepare(t)
			got := call(text, "render", "-", "--output-dir", out)
			same(t, "result", result{Err: out + ": 6 objects, 2 files written, 0 removed\n"}, got)
			if !os.SameFile(before, lstat(t, out)) {
				t.Error("another folder")
			}
		})
	}
}

// Two calls at once do not mix, and what a call that was killed has left is no
// call.
func TestExchangeOneAtATime(t *testing.T) {
	enter(t, files{"mesh.yaml": platform, ".kymamesh-out/tree/shop/old.yaml": "left\n"})
	writes(t, "mesh.yaml")
	same(t, "files", []string{"mesh.yaml"}, beneath(t, "."))
	d, err := openDraft("out")
	if err != nil {
		t.Fatal(err)
	}
	write(t, files{"mesh.yaml": canary})
	refuses(t, exitUsage, "kymamesh: out: another call is writing into it\n", "mesh.yaml")
	d.remove()
	writes(t, "mesh.yaml")
	// Also a call that has nothing to write clears away what a killed one left.
	write(t, files{".kymamesh-out/tree/shop/old.yaml": "left\n"})
	writes(t, "mesh.yaml")
	same(t, "files", []string{"mesh.yaml"}, beneath(t, "."))
}

// What somebody writes while a call makes the new tree is in it.
func TestExchangeTakesOverInTime(t *testing.T) {
	enter(t, files{"out/kept.txt": "kept\n"})
	c := changes{}
	for i := range 2000 {
		c.write = append(c.write, newFile{fmt.Sprintf("%d.yaml", i), 0o666, []byte("a: b\n")})
	}
	written := make(chan error)
	go func() {
		for { // until all links are made, and the first file is written
			if _, err := os.Stat(".kymamesh-out/tree/0.yaml"); err == nil {
				break
			}
			if _, err := os.Stat("out/0.yaml"); err == nil {
				break // too late; what is written now is written into the new tree
			}
		}
		written <- os.WriteFile("out/late.txt", []byte("late\n"), 0o666)
	}()
	if err := errors.Join(c.atOnce("out"), <-written); err != nil {
		t.Fatal(err)
	}
	got := tree(t, "out")
	if got["late.txt"] != "late\n" || got["kept.txt"] != "kept\n" || len(got) != 2002 {
		t.Errorf("%d files, late.txt %q, kept.txt %q", len(got), got["late.txt"], got["kept.txt"])
	}
}

// What comes into the folder while the new tree is made is not lost with the old
// one.
func TestExchangeCarriesOver(t *testing.T) {
	enter(t, files{
		"old/a.yaml": "rendered\n", "old/b.yaml": "rendered\n", "old/notes.txt": "saved again\n", "old/late/new.txt": "new\n", "old/same.txt": "same\n",
		"new/a.yaml": "rendered again\n", "new/notes.txt": "before\n",
	})
	if err := os.Link("old/same.txt", "new/same.txt"); err != nil {
		t.Fatal(err)
	}
	c := changes{write: []newFile{{name: "a.yaml"}}, remove: []string{"b.yaml"}}
	if err := c.carryOver("old", "new"); err != nil {
		t.Fatal(err)
	}
	same(t, "new tree", files{
		"a.yaml": "rendered again\n", "notes.txt": "saved again\n", "late/new.txt": "new\n", "same.txt": "same\n",
	}, tree(t, "new"))
}
