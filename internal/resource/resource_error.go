package resource

import (
	"fmt"
)

// Action is what was being done with a resource when an error occurred.
type Action string

// The actions, with the words of error messages.
const (
	ActionConstructing Action = "constructing"
	ActionStarting     Action = "starting"
	ActionStopping     Action = "stopping"
)

// ResourceError names the resource that an error came from. errors.As finds it,
// and also the error of the user in it.
type ResourceError struct {
	// Key is the resource's key.
	Key string
	// Action is what was being done.
	Action Action
	// Err is the cause: the error that the constructor or the hook returned, a
	// *PanicError, or a timeout, which matches context.DeadlineExceeded.
	Err error
}

// Error returns, for example, "starting resource warehouse: connection refused".
func (e *ResourceError) Error() string {
	return fmt.Sprintf("%s resource %s: %v", e.Action, e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *ResourceError) Unwrap() error { return e.Err }
