//go:build linux

package faulttest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// disk is a small file system of its own, which a file can fill.
type disk struct {
	ballast *os.File
	full    bool
}

// diskSize is some times what a home needs.
const diskSize = 64 << 20

// newDisk mounts a disk at a folder that is empty. It returns nil if mounting is not allowed,
// as it is for root alone.
func newDisk(t *testing.T, folder string) *disk {
	t.Helper()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", diskSize)); err != nil {
		t.Log("the home has no disk of its own:", err)
		return nil
	}
	d := &disk{}
	t.Cleanup(func() {
		if d.ballast != nil {
			_ = d.ballast.Close()
		}
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast, err := os.Create(filepath.Join(folder, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	d.ballast = ballast
	return d
}

// fill leaves at most so many bytes free.
func (d *disk) fill(t *testing.T, free int64) {
	t.Helper()
	d.full = true
	fd := int(d.ballast.Fd())
	size := int64(0)
	for step := int64(diskSize); step >= int64(os.Getpagesize()); {
		err := unix.Fallocate(fd, 0, size, step)
		switch {
		case err == nil:
			size += step
		case errors.Is(err, unix.ENOSPC):
			step /= 2
		case !errors.Is(err, unix.EINTR):
			t.Fatal(err)
		}
	}
	if err := d.ballast.Truncate(max(0, size-free)); err != nil {
		t.Fatal(err)
	}
}

// empty gives the space back.
func (d *disk) empty(t *testing.T) {
	t.Helper()
	d.full = false
	if err := d.ballast.Truncate(0); err != nil {
		t.Fatal(err)
	}
}
