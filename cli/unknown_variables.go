package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// warnOfConfig warns of what was given for a config and is not read, before what is
// wrong with the launch: a mistyped name of a variable is often why.
func (s *session) warnOfConfig(cmd *cobra.Command, request runs.Request) {
	config, err := s.inspect.JobConfig(request.Job, request.Config)
	if err != nil {
		return // which the launch reports
	}
	writeUnknown(cmd.ErrOrStderr(), s.inspect.UnknownVariables(os.Environ(), config))
	writeReplaced(cmd.ErrOrStderr(), s.inspect.ReplacedConfigs(config))
}

// writeReplaced warns of configs of resources that the application has replaced.
func writeReplaced(out io.Writer, keys []string) {
	screen := screenOf(out)
	for _, key := range keys {
		text := "resources." + key + ": nothing reads this config, because a value of the host application takes the place of the resource"
		_, _ = fmt.Fprintln(out, screen.in(yellow, "warning:")+" "+clean(text))
	}
}

// writeUnknown warns of variables that nothing reads.
func writeUnknown(out io.Writer, unknown []container.UnknownVariable) {
	screen := screenOf(out)
	for _, variable := range unknown {
		text := "no field reads the environment variable " + variable.Name
		if variable.Nearest != "" {
			text += ", did you mean " + variable.Nearest + "?"
		}
		_, _ = fmt.Fprintln(out, screen.in(yellow, "warning:")+" "+clean(text))
	}
}
