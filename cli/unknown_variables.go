package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// warnOfVariables warns of variables that look as if they were meant for a
// config, before what is wrong with the launch: a mistyped name is often why.
func (s *session) warnOfVariables(cmd *cobra.Command, request runs.Request) {
	config, err := s.inspect.JobConfig(request.Job, request.Config)
	if err != nil {
		return // which the launch reports
	}
	writeUnknown(cmd.ErrOrStderr(), s.inspect.UnknownVariables(os.Environ(), config))
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
