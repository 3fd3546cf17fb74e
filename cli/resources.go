package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

func (p program) resourcesCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "resources",
		Short: "List the resources",
		Long: "List the resources with the config that a launch without run config would give them.\n" +
			"Secrets are masked. A ? stands for a missing value.\n\n" + serverHelp,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.listResources(cmd, asJSON) },
	}
	command.AddCommand(p.checkResourcesCommand())
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	registerServer(command)
	return command
}

func (p program) listResources(cmd *cobra.Command, asJSON bool) error {
	var resources []inspect.UsedResource
	err := p.definitionsOr(cmd, func(ctx context.Context, r *remote) (err error) {
		resources, err = r.Resources(ctx)
		return err
	}, func(s *session) error {
		resources = s.inspect.Resources()
		return nil
	})
	if err != nil {
		return err
	}
	if asJSON {
		return writeDocument(cmd.OutOrStdout(), resources)
	}
	if len(resources) == 0 {
		_, _ = fmt.Fprintln(cmd.OutOrStdout(), "no resources are defined")
		return nil
	}
	t := table{columns: []column{{name: "RESOURCE"}, {name: "TYPE"}, {name: "CONFIG"}, {name: "NEEDS"}, {name: "USED BY"}}}
	for _, resource := range resources {
		t.add(resource.Key, firstType(resource.Description), configSummary(resource.Config),
			strings.Join(resource.Needs, " "), strings.Join(append(resource.UsedBy, resource.Users...), " "))
	}
	t.write(cmd.OutOrStdout(), screenOf(cmd.OutOrStdout()), "")
	return nil
}

func firstType(resource container.Description) string {
	if len(resource.Types) == 0 {
		return ""
	}
	return resource.Types[0]
}

// configSummary returns a config in one line, without the fields that have no
// value.
func configSummary(fields []container.Field) string {
	var texts []string
	for _, field := range fields {
		switch field.Source {
		case container.SourceZero:
		case container.SourceMissing:
			texts = append(texts, field.Path+"=?")
		default:
			texts = append(texts, field.Path+"="+field.Value)
		}
	}
	return strings.Join(texts, " ")
}
