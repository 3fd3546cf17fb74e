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
		Long: "Write a run config in YAML for you to complete. It has every field that a launch may\n" +
			"set, with its type and with the present source of its value. Fields that a launch must\n" +
			"set, and values from --job, --config or --set, are not commented out. All other fields\n" +
			"are. Secrets are references to the environment.",
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
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "# Run config of %s. To change a setting, remove the # before it.\n%s", scopeText(scope), cleanLines(text)+"\n")
	return err
}

// aboutTemplate returns the error with a text that says what the user did: give a
// run config.
func aboutTemplate(err error) error {
	return fault.Join("reading the run config", fault.Of(err))
}
