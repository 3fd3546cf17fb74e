package fxapp

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.uber.org/dig"
)

var (
	functionName = regexp.MustCompile(`function "([^"]+)"\.(\S+) \(([^)]*)\)`)
	builtTypes   = regexp.MustCompile(`failed to build ([^:]+): `)
	madeFunction = regexp.MustCompile(`"?reflect"?\.makeFuncStub \([^)]*\)`)
)

// Plainly returns the part of an error of dig that is about the functions of the
// caller: the function that failed, and its error. Most functions of a child are
// made by reflection and have no name.
func Plainly(err error) error {
	var digError dig.Error
	if !errors.As(err, &digError) {
		return err
	}
	root := dig.RootCause(err)
	if dig.IsCycleDetected(err) {
		return &plainError{text: "there is a cycle: " + root.Error(), cause: err}
	}
	if errors.As(root, &digError) { // the graph is wrong, and not a function
		return &plainError{text: madeFunction.ReplaceAllString(root.Error(), "another function"), cause: err}
	}
	names := functionName.FindAllStringSubmatch(strings.TrimSuffix(err.Error(), root.Error()), -1)
	for at := len(names) - 1; at >= 0; at-- {
		if pkg, name := names[at][1], names[at][2]; pkg != "reflect" {
			return &plainError{text: fmt.Sprintf("%s.%s: %v", pkg[strings.LastIndex(pkg, "/")+1:], name, root), cause: err}
		}
	}
	if built := builtTypes.FindAllStringSubmatch(err.Error(), -1); len(built) > 0 { // a decorator failed, which dig does not name
		return &plainError{text: fmt.Sprintf("building %s: %v", built[len(built)-1][1], root), cause: err}
	}
	return &plainError{text: root.Error(), cause: err}
}

// plainError is an error with another text.
type plainError struct {
	text  string
	cause error
}

func (e *plainError) Error() string { return e.text }

func (e *plainError) Unwrap() error { return e.cause }
