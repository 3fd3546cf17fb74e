// Package digerror takes errors of dig and Fx apart: which function failed, with which
// error, and without how they came to call it.
package digerror

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"go.uber.org/dig"
)

var (
	failedName   = regexp.MustCompile(`received non-nil error from function "([^"]+)"\.(\S+) \([^)]*\)`)
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
	said := fmt.Sprint(root)     // the method Error of a user's type may panic
	_, ofDig := root.(dig.Error) //nolint:errorlint // not an error of a user that wraps one of dig
	if ofDig {                   // the graph is wrong, and no function failed
		if dig.IsCycleDetected(root) {
			return &plainError{text: "there is a cycle: " + said, cause: err}
		}
		return &plainError{text: madeFunction.ReplaceAllString(said, "another function"), cause: err}
	}
	said = named(strings.TrimSuffix(err.Error(), said)) + said
	return &plainError{text: said, cause: err}
}

// ownPackage is the path of package fxrun, which has the constructors of fxrun.Module.
var ownPackage = strings.TrimSuffix(reflect.TypeFor[plainError]().PkgPath(), "/internal/digerror")

// named returns the name of the function that failed, or else what was being built, of
// what dig says before the error of the function.
func named(before string) string {
	failed := failedName.FindStringSubmatch(before)
	switch {
	case failed != nil && failed[1] == ownPackage: // whose errors say what was being done
		return ""
	case failed != nil && failed[1] != "reflect":
		return fmt.Sprintf("%s.%s: ", failed[1][strings.LastIndex(failed[1], "/")+1:], failed[2])
	}
	if built := builtTypes.FindAllStringSubmatch(before, -1); len(built) > 0 { // a decorator failed, which dig does not name
		return fmt.Sprintf("building %s: ", built[len(built)-1][1])
	}
	return ""
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
