package iomanagers

import "errors"

var (
	// ErrNotFound is matched by the error of a Load for which nothing is stored.
	ErrNotFound = errors.New("nothing is stored")

	// ErrType is matched when a Go type does not fit: a codec cannot hold the type, a
	// stored value cannot be loaded as the requested type, a value cannot be copied, or
	// a destination is not a pointer.
	ErrType = errors.New("wrong type")

	// ErrUnsupported is matched when a manager cannot do something for any Go type: it
	// does not know the format, it cannot store partitions, or its format cannot
	// represent a text.
	ErrUnsupported = errors.New("not supported")
)
