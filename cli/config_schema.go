package cli

import (
	"github.com/spf13/cobra"
)

func (p program) configSchemaCommand() *cobra.Command {
	var flags configFlags
	command := &cobra.Command{
		Use:   "schema",
		Short: "Write the JSON Schema of run configs",
		Long: "Write the JSON Schema (draft 2020-12) of run configs, for editors and forms. It covers\n" +
			"all resources and steps, or those that a job or a selection needs. It does not contain\n" +
			"fixed fields, nor the defaults of secrets.",
		Example: "  PROGRAM config schema > run-config.schema.json\n" +
			"  PROGRAM config schema --job nightly",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.writeSchema(cmd, flags) },
	}
	flags.register(command, p)
	return command
}

func (p program) writeSchema(cmd *cobra.Command, flags configFlags) error {
	scope, err := p.openScope(cmd, flags)
	if err != nil {
		return err
	}
	schema, err := scope.Schema()
	if err != nil {
		return err
	}
	return writeDocument(cmd.OutOrStdout(), schema)
}
