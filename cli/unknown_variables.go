package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// warnOfConfig writes warnings about config that nothing reads. It does so before
// the launch reports its faults, since a mistyped name of a variable often causes
// them.
func (s *session) warnOfConfig(cmd *cobra.Command, request runs.Request) {
	config, err := s.inspect.JobConfig(request.Job, request.Config)
	if err != nil {
		return // the launch reports it
	}
	writeUnknown(cmd.ErrOrStderr(), s.inspect.UnknownVariables(os.Environ(), config))
	writeReplaced(cmd.ErrOrStderr(), s.inspect.ReplacedConfigs(config))
}

// writeReplaced writes a warning about each config of a resource that the
// application has replaced.
func writeReplaced(out io.Writer, keys []string) {
	screen := screenOf(out)
	for _, key := range keys {
		text := "resources." + key + ": nothing reads this config, because a value of the host application takes the place of the resource"
		_, _ = fmt.Fprintln(out, screen.in(yellow, "warning:")+" "+clean(text))
	}
}

// writeUnknown writes a warning about each variable that nothing reads.
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
