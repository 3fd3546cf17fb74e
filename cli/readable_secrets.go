package cli

import (
	"fmt"
	"io"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

// writeReadable writes a warning about each field that is named like a secret
// although its type does not mask it.
func writeReadable(out io.Writer, resources []container.Description, steps []container.StepDescription) {
	writeWarnings(out, inspect.ReadableSecrets(resources, steps))
}

// writeWarnings writes each warning on a line of its own.
func writeWarnings(out io.Writer, warnings []string) {
	screen := screenOf(out)
	for _, text := range warnings {
		_, _ = fmt.Fprintln(out, screen.in(yellow, "warning:")+" "+clean(text))
	}
}
