package iomanagers

import "errors"

var (
	// ErrNotFound is matched by the error of a Load for which nothing is stored.
	ErrNotFound = errors.New("nothing is stored")

	// ErrType is matched when a value, a Go type and what stores it don't fit: a
	// codec that can't hold the type, a stored value that can't be given as the type
	// asked for, a value that can't be copied, a destination that is no pointer.
	ErrType = errors.New("wrong type")

	// ErrUnsupported is matched when a manager has no way to do what is asked
	// whatever the Go type: a format it doesn't know, partitions it can't keep apart,
	// a text that its format can't represent.
	ErrUnsupported = errors.New("not supported")
)
