package panics

import (
	"fmt"
	"path"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
)

// Error is a panic in a user's function that was caught.
type Error struct {
	// Value is what was given to panic.
	Value any

	stack string // see Stack
	place string // function and file:line
}

// Recovered returns the error for the value that recover returned. The deferred
// function that called recover must call it.
func Recovered(value any) *Error {
	return &Error{Value: value, stack: string(withoutArguments(debug.Stack())), place: placeOfPanic()}
}

// argumentsInStack matches the arguments of a function in a stack: the words at
// the end of the line with the name of the function.
var argumentsInStack = regexp.MustCompile(`(?m)^([^\t\n].*)\([^()\n]+\)$`)

func withoutArguments(stack []byte) []byte {
	return argumentsInStack.ReplaceAll(stack, []byte("$1(...)"))
}

// placeOfPanic finds the function that panicked: the first frame above the
// panic that belongs neither to the runtime nor to package reflect.
func placeOfPanic() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for panicked := false; ; {
		frame, more := frames.Next()
		own := strings.HasPrefix(frame.Function, "runtime.") || strings.HasPrefix(frame.Function, "reflect.")
		if panicked && !own && frame.Function != "" {
			return fmt.Sprintf("%s, %s:%d", path.Base(frame.Function), path.Base(frame.File), frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic" || strings.HasPrefix(frame.Function, "runtime.panic")
		if !more {
			return ""
		}
	}
}

// Error returns "panic: ", the value, and the place of the panic. The verb %+v
// adds the stack.
func (e *Error) Error() string {
	if e.place == "" {
		return fmt.Sprintf("panic: %v", e.Value)
	}
	return fmt.Sprintf("panic: %v (%s)", e.Value, e.place)
}

// Format adds the stack for %+v.
func (e *Error) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprint(f, e.Error())
	if verb == 'v' && f.Flag('+') {
		_, _ = fmt.Fprintf(f, "\n%s", e.stack)
	}
}

// Unwrap returns the value if it is an error.
func (e *Error) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Stack returns the stack of the goroutine at the panic, without the arguments
// of the functions, because an argument may be a secret.
func (e *Error) Stack() string { return e.stack }
