//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package tempfile

import (
	"fmt"
	"os"
	"syscall"
)

// claim locks the file by a second descriptor, so that the lock outlives the closing of the
// first: a file is closed before it gets its name.
func claim(file *os.File) (release func(), err error) {
	descriptor, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		return nil, fmt.Errorf("claiming the temporary file: %w", err)
	}
	syscall.CloseOnExec(descriptor)
	release = func() { _ = syscall.Close(descriptor) } // the lock goes with it
	for {
		err := syscall.Flock(descriptor, syscall.LOCK_EX) // somebody looks at it for a moment at most
		if err != syscall.EINTR {
			return release, nil // a file system without locks: nobody can sweep it either
		}
	}
}

func removeUnclaimed(root *os.Root, name string) {
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer file.Close() //nolint:errcheck // it was only read
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && Exists(root, name, file) {
		_ = root.Remove(name)
	}
}
