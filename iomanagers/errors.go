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

	// ErrReplaced is matched by the error of a Load that wants the value of one run, by
	// Input.MadeBy, where the stored value is that of another run.
	ErrReplaced = errors.New("another value has taken its place")

	// ErrUnknownOutcome is matched by the error of a Store that can't know whether the new
	// value has taken the place of the earlier one, because the storage was asked and did
	// not answer. One of the two is stored whole, and a Load finds out which. Every other
	// error of a Store says that the earlier value stands.
	ErrUnknownOutcome = errors.New("it is not known whether the value is stored")
)
