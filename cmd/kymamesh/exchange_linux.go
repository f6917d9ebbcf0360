package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"
)

// renameat2 is the number of the system call, which the standard library has no
// name for; include/uapi of the kernel.
var renameat2 = map[string]uintptr{"amd64": 316, "arm64": 276}

// exchange puts a in the place of b and b in that of a in one step.
func exchange(a, b string) error {
	number, ok := renameat2[runtime.GOARCH]
	if !ok {
		return errors.ErrUnsupported
	}
	from, err := syscall.BytePtrFromString(a)
	if err != nil {
		return err
	}
	to, err := syscall.BytePtrFromString(b)
	if err != nil {
		return err
	}
	const atCwd, swap = -100, 2 // AT_FDCWD, RENAME_EXCHANGE
	here := atCwd
	_, _, errno := syscall.Syscall6(number, uintptr(here), uintptr(unsafe.Pointer(from)), uintptr(here), uintptr(unsafe.Pointer(to)), swap, 0)
	runtime.KeepAlive(from)
	runtime.KeepAlive(to)
	if errno != 0 {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: errno}
	}
	return nil
}

// lock keeps a second call out for as long as this one lives.
func lock(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errBusy
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// cloneFolder makes a folder of the same owner and mode. One with attributes
// (access control lists) is refused: who may read it would change.
func cloneFolder(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if attributed(from) {
		return fmt.Errorf("%s has attributes: %w", from, errors.ErrUnsupported)
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	old, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.ErrUnsupported
	}
	if err := os.Lchown(to, int(old.Uid), int(old.Gid)); err != nil {
		return err
	}
	return os.Chmod(to, info.Mode()&(fs.ModePerm|fs.ModeSetgid|fs.ModeSticky))
}

// attributed tells whether a folder has extended attributes other than those
// that the system gives to every file.
func attributed(dir string) bool {
	names := make([]byte, 4096)
	n, err := syscall.Listxattr(dir, names)
	if errors.Is(err, syscall.ENOTSUP) {
		return false
	}
	if err != nil {
		return true
	}
	return slices.ContainsFunc(strings.Split(string(names[:n]), "\x00"), func(name string) bool {
		return name != "" && name != "security.selinux"
	})
}
