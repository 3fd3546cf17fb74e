package host

import (
	"strings"

	"go.uber.org/dig"

	"github.com/fxrun/fxrun/internal/fault"
)

// Cycle says why an application could not be built: a definition asks for something
// that the application builds from what fxrun.Module makes of the definitions. It is
// nil for any other error. The error is a *fault.Faults.
func Cycle(doing string, err error) error {
	if !dig.IsCycleDetected(err) {
		return nil
	}
	for _, made := range []string{"*runs.Launcher", "*assets.Graph", "*container.Container"} {
		if strings.Contains(err.Error(), made) {
			return fault.Join(doing, []error{fault.Errorf("a definition takes something that the application builds from %s, which is made of the definitions: "+
				"a step or a resource cannot launch runs, but the functions of the application that nothing in a run takes can; %w", made, err)})
		}
	}
	return nil
}
