//go:build !(linux || darwin || freebsd || netbsd)

package iomanagers

import (
	"errors"
	"os"
)

// markRun does nothing: files of this system have no attributes.
func markRun(*os.File, string) error { return nil }

// runMark says that files of this system have no attributes.
func runMark(*os.File) (string, error) { return "", errors.ErrUnsupported }
