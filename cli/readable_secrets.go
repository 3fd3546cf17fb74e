package cli

import (
	"fmt"
	"io"

	"github.com/fxrun/fxrun/container"
)

// writeReadable writes a warning about each field that is named like a secret
// although its type does not mask it.
func writeReadable(out io.Writer, resources []container.Description, steps []container.StepDescription) {
	warn := func(section, key string, fields []container.Field) {
		for _, field := range fields {
			if field.Warning != "" {
				writeWarnings(out, []string{fmt.Sprintf("%s.%s.config.%s: %s", section, key, field.Path, field.Warning)})
			}
		}
	}
	for _, resource := range resources {
		warn("resources", resource.Key, resource.Config)
	}
	for _, step := range steps {
		warn("steps", step.Key, step.Config)
	}
}

// writeWarnings writes each warning on a line of its own.
func writeWarnings(out io.Writer, warnings []string) {
	screen := screenOf(out)
	for _, text := range warnings {
		_, _ = fmt.Fprintln(out, screen.in(yellow, "warning:")+" "+clean(text))
	}
}
