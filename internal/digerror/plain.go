// Package digerror takes errors of dig and Fx apart: which function failed, with which
// error, and without how they came to call it.
package digerror

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
	root := Cause(err)
	said := fmt.Sprint(root)           // the method Error of a user's type may panic
	if _, ok := root.(dig.Error); ok { //nolint:errorlint // the graph is wrong, and not a function, whose error may wrap one of dig
		if dig.IsCycleDetected(root) {
			return &plainError{text: "there is a cycle: " + said, cause: err}
		}
		return &plainError{text: madeFunction.ReplaceAllString(said, "another function"), cause: err}
	}
	names := functionName.FindAllStringSubmatch(strings.TrimSuffix(err.Error(), said), -1)
	for at := len(names) - 1; at >= 0; at-- {
		if pkg, name := names[at][1], names[at][2]; pkg != "reflect" {
			return &plainError{text: fmt.Sprintf("%s.%s: %s", pkg[strings.LastIndex(pkg, "/")+1:], name, said), cause: err}
		}
	}
	if built := builtTypes.FindAllStringSubmatch(err.Error(), -1); len(built) > 0 { // a decorator failed, which dig does not name
		return &plainError{text: fmt.Sprintf("building %s: %s", built[len(built)-1][1], said), cause: err}
	}
	return &plainError{text: said, cause: err}
}

// Cause returns the error of the function that failed, or what dig says last about the
// graph. dig.RootCause goes on into the errors of users, which may wrap errors of dig.
func Cause(err error) error {
	for {
		_, ofDig := err.(dig.Error) //nolint:errorlint // only this very error
		below := errors.Unwrap(err)
		if below == nil || !ofDig && !wrappedByFx.MatchString(fmt.Sprint(err)) {
			return err
		}
		err = below
	}
}

// wrappedByFx matches the errors with which Fx says which option or hook is wrong.
var wrappedByFx = regexp.MustCompile(`^(fx\.\w+\(.*\) from:\n|error (invoking|providing possible parameters for) hook installer: )`)

// plainError is an error with another text.
type plainError struct {
	text  string
	cause error
}

func (e *plainError) Error() string { return e.text }

func (e *plainError) Unwrap() error { return e.cause }
