package host

import (
	"fmt"
	"slices"
	"strings"

	"go.uber.org/dig"

	"github.com/fxrun/fxrun/internal/digerror"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
)

// BuildError returns the error of an application that could not be built in plain words:
// it names the function that failed, and not how Fx and dig came to call it. An error of
// the wiring is a *fault.Faults, and a panic that Fx recovered is a *panics.Error. doing
// is what was being done.
func BuildError(doing string, err error) error {
	switch cause := digerror.Cause(err).(type) { //nolint:errorlint // an error of a user that wraps one of these has a text of its own
	case *fault.Faults:
		return cause
	case dig.PanicError: // dig makes it because of fx.RecoverFromPanics
		return fmt.Errorf("%s: %w", doing, &panics.Error{Value: cause.Panic})
	case dig.Error: // no function returned it
		if taken := takenByDefinition(err); taken != nil {
			return fault.Join(doing, []error{taken})
		}
		return fault.Join(doing, []error{digerror.Plainly(err)})
	}
	return fmt.Errorf("%s: %w", doing, digerror.Plainly(err))
}

// takenByDefinition says that a definition asks for something that the application
// builds from what fxrun.Module makes of the definitions. It is nil for any other error.
func takenByDefinition(err error) error {
	cycle := digerror.Cycle(err)
	for i := 1; i < len(cycle); i++ {
		if made := madeBy(cycle[i]); made != "" && !isOwn(cycle[i-1]) {
			return fault.Errorf("a definition takes something that the application builds from *%s, which is made of the definitions: "+
				"a step or a resource cannot launch runs, but the functions of the application that nothing in a run takes can; %w", made, err)
		}
	}
	return nil
}

// isOwn reports whether a constructor stands in package fxrun.
func isOwn(of digerror.Constructor) bool { return of.Package+"/" == module }

// madeBy returns the type that a constructor of package fxrun makes of the definitions, as in
// "runs.Launcher". For any other constructor it returns "". A type of the application may have
// the same name, but no constructor in package fxrun.
func madeBy(of digerror.Constructor) string {
	if !isOwn(of) {
		return ""
	}
	_, results, _ := strings.Cut(of.Type, ") ") // its only parameter is a struct with a name
	i := slices.IndexFunc(made, func(name string) bool { return strings.HasPrefix(strings.TrimPrefix(results, "("), "*"+name) })
	if i < 0 {
		return ""
	}
	return made[i]
}
