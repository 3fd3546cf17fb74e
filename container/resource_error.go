package container

import (
	"fmt"
)

// Action is what was being done with a resource when an error came up.
type Action string

// The actions, as they stand in error messages.
const (
	Constructing Action = "constructing"
	StartingHook Action = "starting"
	StoppingHook Action = "stopping"
)

// ResourceError says which resource an error came from. Use errors.As to get
// at it; the user's own error is reachable through it.
type ResourceError struct {
	// Key is the resource's key.
	Key string
	// Action is what was being done.
	Action Action
	// Err is the cause: the constructor's or the hook's own error, a
	// *[PanicError], or a timeout, which matches context.DeadlineExceeded.
	Err error
}

// Error returns, for example, "starting resource warehouse: connection refused".
func (e *ResourceError) Error() string {
	return fmt.Sprintf("%s resource %s: %v", e.Action, e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *ResourceError) Unwrap() error { return e.Err }

// PanicError is a panic in a user's function, caught.
type PanicError struct {
	// Value is what was given to panic.
	Value any
	// Stack is the goroutine's stack at the panic.
	Stack []byte
}

// Error returns "panic: " and the value. The stack is left to %+v.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Format adds the stack for %+v.
func (e *PanicError) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprint(f, e.Error())
	if verb == 'v' && f.Flag('+') {
		_, _ = fmt.Fprintf(f, "\n%s", e.Stack)
	}
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
