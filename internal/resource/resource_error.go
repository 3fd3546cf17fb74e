package resource

import (
	"fmt"
)

// Action is what was being done with a resource when an error came up.
type Action string

// The actions, as they stand in error messages.
const (
	ActionConstructing Action = "constructing"
	ActionStarting     Action = "starting"
	ActionStopping     Action = "stopping"
)

// ResourceError says which resource an error came from. Use errors.As to get
// at it; the user's own error is reachable through it.
type ResourceError struct {
	// Key is the resource's key.
	Key string
	// Action is what was being done.
	Action Action
	// Err is the cause: the constructor's or the hook's own error, a
	// *PanicError, or a timeout, which matches context.DeadlineExceeded.
	Err error
}

// Error returns, for example, "starting resource warehouse: connection refused".
func (e *ResourceError) Error() string {
	return fmt.Sprintf("%s resource %s: %v", e.Action, e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *ResourceError) Unwrap() error { return e.Err }
