package container

import (
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/resource"
)

// ErrInvalid is matched by every error that says that definitions or a launch
// are wrong: nothing was started, and the same call will fail again until the
// definitions, the run config or the environment are corrected.
var ErrInvalid = fault.ErrInvalid

// ErrClosed is matched by every error of a use of a [Container] after
// [Container.Close], or of a [Child] after [Child.Close].
var ErrClosed = child.ErrClosed

// Faults is everything found wrong with the definitions or with a launch, at
// once. It has the fields Doing, what was being done, and Errs, the faults in a
// fixed order. It matches [ErrInvalid] and each fault's own cause.
type Faults = fault.Faults //nolint:errname // it is many

// PanicError is a panic in a user's function, caught. Its field Value is
// what was given to panic, and its method Stack returns the goroutine's stack
// without the functions' arguments. It unwraps to Value if that is an error; %+v
// shows the stack.
type PanicError = panics.Error

// ResourceError says which resource an error came from, as in "starting resource
// warehouse: connection refused". Use errors.As to find it. Its field Key is the
// key of the resource, Action is what was being done, and Err is the cause: the
// own error of the constructor or the hook, a *[PanicError], or a timeout, which
// matches context.DeadlineExceeded. It unwraps to Err.
type ResourceError = resource.ResourceError

// Action is what was being done with a resource when an error came up.
type Action = resource.Action

// The actions, as they stand in error messages.
const (
	// ActionConstructing: the constructor was being called.
	ActionConstructing = resource.ActionConstructing
	// ActionStarting: a start hook was being called.
	ActionStarting = resource.ActionStarting
	// ActionStopping: a stop hook was being called.
	ActionStopping = resource.ActionStopping
)
