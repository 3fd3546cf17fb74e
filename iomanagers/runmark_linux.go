package iomanagers

import "golang.org/x/sys/unix"

// errNoAttribute is the error of a file without the attribute.
const errNoAttribute = unix.ENODATA
