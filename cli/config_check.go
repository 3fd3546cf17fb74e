package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func (p program) configCheckCommand() *cobra.Command {
	var flags configFlags
	var asJSON bool
	command := &cobra.Command{
		Use:   "check",
		Short: "Check a run config and the environment",
		Long: "Check a run config and the environment: for all resources and steps, or for those\n" +
			"that a job or a selection needs. All faults are reported at once, as in a launch.\n" +
			"There are also two warnings, which are not faults: for environment variables that\n" +
			"look as if they were meant for a config although no field reads them, and for fields\n" +
			"that are named like secrets although their values are not masked.\n\n" + exitCodes,
		Example: "  PROGRAM config check --config prod.yaml\n" +
			"  PROGRAM config check --job nightly --set resources.warehouse.config.table=orders",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.checkConfig(cmd, flags, asJSON) },
	}
	flags.registerWithConfig(command, p)
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return command
}

func (p program) checkConfig(cmd *cobra.Command, flags configFlags, asJSON bool) error {
	scope, err := p.openScope(cmd, flags)
	if err != nil {
		return err
	}
	checked := scope.Check(os.Environ())
	if asJSON {
		checked.Faults = cleanFaults(checked.Faults)
		return writeWithFaults(cmd.OutOrStdout(), checked, scope.Faults)
	}
	if scope.Faults == nil {
		of := counted(len(scope.Resources), "resource")
		if n := len(scope.Steps); n > 0 {
			of += ", " + counted(n, "step") + " with config"
		}
		_, _ = fmt.Fprintf(cmd.OutOrStdout(), "the run config of %s is valid: %s\n", scopeText(scope), of)
	}
	writeUnknown(cmd.OutOrStdout(), checked.UnknownVariables)
	writeReplaced(cmd.OutOrStdout(), checked.ReplacedConfigs)
	writeReadable(cmd.OutOrStdout(), scope.Resources, scope.Steps)
	return scope.Faults
}
