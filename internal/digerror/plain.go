// Package digerror takes errors of dig and Fx apart: which function failed, with which
// error, and without how they came to call it.
package digerror

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"go.uber.org/dig"
)

// Plainly returns the part of an error of dig that is about the functions of the
// caller: the function that failed, and its error, or what is wrong with the graph, and
// where. Most functions of a child are made by reflection and have no name.
func Plainly(err error) error {
	var digError dig.Error
	if !errors.As(err, &digError) {
		return plainlyOfFx(err)
	}
	root := Cause(err)
	said := fmt.Sprint(root)                 // the method Error of a user's type may panic
	if _, ofDig := root.(dig.Error); ofDig { //nolint:errorlint // not an error of a user that wraps one of dig
		return &plainError{text: wiring(err, root, said), cause: err}
	}
	return &plainError{text: failing(strings.TrimSuffix(err.Error(), said)) + said, cause: err}
}

var (
	fxOption     = regexp.MustCompile(`(?s)^(fx\.\w+)\(.*?\) from:\n[^\n]*\n\t(\S+:\d+)\n.*?\nFailed: (.*)$`)
	misplaced    = regexp.MustCompile(`(?s)^(fx\.\w+ (?:should|may) .*?): (?:(fx\.\w+) )?received .* from:\n[^\n]*\n\t(\S+:\d+)\n`)
	noFunction   = regexp.MustCompile(`(?s)^(must provide constructor function, got|can't invoke) .* \((?:type )?(.+)\)$`)
	twice        = regexp.MustCompile(`.*cannot provide (.+?) from \[\d+\]\S*: already provided by`)
	lacking      = regexp.MustCompile(`.*missing dependencies for function "([^"]+)"\.(\S+) \(([^)]*)\)`)
	madeFunction = regexp.MustCompile(`"?reflect"?\.makeFuncStub \([^)]*\)`)
)

// wiring says what is wrong with the graph, where dig or Fx know the place. root is the
// innermost error of err, and said is its text.
func wiring(err, root error, said string) string {
	text := err.Error()
	if key := twice.FindStringSubmatch(text); key != nil {
		said = key[1] + " is provided already"
	}
	said = withoutValue(said)
	if option := fxOption.FindStringSubmatch(text); option != nil {
		return fmt.Sprintf("%s (%s): %s", option[1], filepath.Base(option[2]), madeFunction.ReplaceAllString(said, "another function"))
	}
	if dig.IsCycleDetected(root) {
		return "there is a cycle: " + said
	}
	if function := lacking.FindStringSubmatch(text); function != nil && function[1] != "reflect" {
		return fmt.Sprintf("%s.%s (%s): %s", path.Base(function[1]), function[2], filepath.Base(function[3]), said)
	}
	return madeFunction.ReplaceAllString(said, "another function")
}

// withoutValue names the type alone of a value that is no function, since the value may be secret.
func withoutValue(said string) string {
	return noFunction.ReplaceAllString(said, "$1 a value of type $2")
}

// plainlyOfFx returns an error that Fx has made without dig, of an option, without the stack and
// without the value that the option got. It returns any other error as it is.
func plainlyOfFx(err error) error {
	text := fmt.Sprint(err)
	if option := fxOption.FindStringSubmatch(text); option != nil {
		return &plainError{text: fmt.Sprintf("%s (%s): %s", option[1], filepath.Base(option[2]), withoutValue(option[3])), cause: err}
	}
	if option := misplaced.FindStringSubmatch(text); option != nil {
		return &plainError{text: fmt.Sprintf("%s (%s): %s", cmp.Or(option[2], "fx.Provide"), filepath.Base(option[3]), option[1]), cause: err}
	}
	return err
}

var (
	failedName = regexp.MustCompile(`received non-nil error from function "([^"]+)"\.(\S+) \([^)]*\)`)
	builtTypes = regexp.MustCompile(`failed to build ([^:]+): `)
)

// ownPackage is the path of package fxrun, which has the constructors of fxrun.Module.
var ownPackage = strings.TrimSuffix(reflect.TypeFor[plainError]().PkgPath(), "/internal/digerror")

// failing returns the name of the function that failed, or else what was being built, of
// what dig says before the error of the function.
func failing(before string) string {
	failed := failedName.FindStringSubmatch(before)
	switch {
	case failed != nil && failed[1] == ownPackage: // whose errors say what was being done
		return ""
	case failed != nil && failed[1] != "reflect":
		return fmt.Sprintf("%s.%s: ", path.Base(failed[1]), failed[2])
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
