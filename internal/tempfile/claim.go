// Package tempfile tells temporary files that somebody writes from those that a killed
// process has left.
package tempfile

import (
	"os"
	"path/filepath"
)

// Claim marks a temporary file as one that somebody writes, until release is called or the
// process ends. [Sweep] leaves it alone, in any process on this machine. Where the system
// can't do this, Claim does nothing, and neither does Sweep.
func Claim(file *os.File) (release func(), err error) { return claim(file) }

// Sweep removes the files of a folder within root that match, and that nobody has claimed.
// What can't be read or removed stays: a leftover is no reason to fail.
func Sweep(root *os.Root, folder string, match func(name string) bool) {
	dir, err := root.Open(folder)
	if err != nil {
		return
	}
	defer dir.Close() //nolint:errcheck // it was only read
	for {
		names, err := dir.Readdirnames(1000)
		for _, name := range names {
			if match(name) {
				removeUnclaimed(root, filepath.Join(folder, name))
			}
		}
		if err != nil { // io.EOF among others
			return
		}
	}
}

// Exists says whether a name of root still is that of file: between the creation of a file and
// its claim, a Sweep may remove it.
func Exists(root *os.Root, name string, file *os.File) bool {
	named, err := root.Lstat(name)
	if err != nil {
		return false
	}
	open, err := file.Stat()
	return err == nil && os.SameFile(named, open)
}
