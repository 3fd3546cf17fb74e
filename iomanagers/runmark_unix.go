//go:build linux || darwin || freebsd || netbsd

package iomanagers

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// runAttribute is the extended attribute of a file that holds the run that made the file.
const runAttribute = "user.fxrun.run"

// longestRunMark is the size of the buffer for that attribute. No run ID is longer.
const longestRunMark = 1024

// markRun keeps a run with an open file. Where the file system has no attributes, it does
// nothing.
func markRun(file *os.File, runID string) error {
	err := control(file, func(fd int) error { return unix.Fsetxattr(fd, runAttribute, []byte(runID), 0) })
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, unix.EPERM) {
		return nil
	}
	return os.NewSyscallError("fsetxattr", err)
}

// runMark returns the run that an open file is marked with, "" if it has no mark. Where the
// file system has no attributes, the error matches errors.ErrUnsupported.
func runMark(file *os.File) (string, error) {
	buffer := make([]byte, longestRunMark)
	n := 0
	err := control(file, func(fd int) (err error) {
		n, err = unix.Fgetxattr(fd, runAttribute, buffer)
		return err
	})
	if errors.Is(err, errNoAttribute) {
		return "", nil
	}
	if err != nil {
		return "", os.NewSyscallError("fgetxattr", err)
	}
	return string(buffer[:n]), nil
}

func control(file *os.File, call func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = call(int(fd)) }); err != nil {
		return err
	}
	return failed
}
