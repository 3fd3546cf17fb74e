package cli

import (
	"fmt"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/spf13/cobra"
)

func (p program) configTemplateCommand() *cobra.Command {
	var flags configFlags
	command := &cobra.Command{
		Use:   "template",
		Short: "Write a run config to complete",
		Long: "Write a run config in YAML, to be completed: every field that a launch may set, with\n" +
			"what it may be and where its value comes from now. What has to be given, and what\n" +
			"--job, --config or --set give, stands there as it is; the rest is commented out.\n" +
			"Secrets are references to the environment.",
		Example: "  PROGRAM config template > run-config.yaml\n" +
			"  PROGRAM config template --job nightly",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.writeTemplate(cmd, flags) },
	}
	flags.registerWithConfig(command, p)
	return command
}

func (p program) writeTemplate(cmd *cobra.Command, flags configFlags) error {
	scope, err := p.openScope(cmd, flags)
	if err != nil {
		return err
	}
	text, err := scope.Template()
	if err != nil {
		return aboutTemplate(err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "# Run config of %s. Take the # away from a setting to change it.\n%s", scopeText(scope), cleanLines(text)+"\n")
	return err
}

// aboutTemplate returns the error with a text that says what the user did: give a
// run config.
func aboutTemplate(err error) error {
	return fault.Join("reading the run config", fault.Of(err))
}
