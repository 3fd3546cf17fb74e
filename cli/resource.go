package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

func (p program) resourceCommand() *cobra.Command {
	var flags launchFlags
	var selects []string
	var asJSON bool
	command := &cobra.Command{
		Use:   "resource KEY",
		Short: "Show a resource: every config field, its value and the source of the value",
		Long: "Show a resource: every config field, its value and the source of the value.\n\n" +
			"With --job, --config or --set, it shows the values that a launch with these flags\n" +
			"would give, and reports their faults. With --job or --select, it shows why a run of\n" +
			"the job or selection would need the resource. Nothing is started. Secrets are masked.",
		Example: "  PROGRAM resource warehouse\n" +
			"  PROGRAM resource warehouse --select +revenue\n" +
			"  PROGRAM resource warehouse --job nightly --set resources.warehouse.config.table=orders",
		Args:              one("the key of a resource"),
		ValidArgsFunction: p.completions(p.resourceKeys, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.showResource(cmd, args[0], flags, selects, asJSON)
		},
	}
	flags.register(command, p, "show the config with the launch defaults of the job called `NAME`")
	command.Flags().StringArrayVarP(&selects, "select", "s", nil, "show why a run of the assets that an `EXPRESSION` selects would need it (can be repeated: assets that any of them selects)")
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	p.complete(command, "select", p.selections)
	return command
}

func (p program) showResource(cmd *cobra.Command, key string, flags launchFlags, selects []string, asJSON bool) error {
	if flags.job != "" && len(selects) > 0 {
		return invalid("reading the flags", "--job and --select exclude each other: give one of them")
	}
	s, err := p.open()
	if err != nil {
		return err
	}
	resource, err := s.inspect.Resource(key, scopeOf(flags.job, selects))
	if err != nil {
		return err
	}
	var faults error
	var given container.RunConfig
	if flags.given() {
		config, err := flags.config(cmd.InOrStdin())
		if err != nil {
			return err
		}
		if config, err = s.inspect.JobConfig(flags.job, config); err != nil {
			return err
		}
		given = config
		faults = s.inspect.ReadConfig(&resource, flags.job, config)
	}
	writeReplaced(cmd.ErrOrStderr(), s.inspect.ReplacedConfigs(given))
	if asJSON {
		resource.Faults = cleanFaults(resource.Faults)
		return writeWithFaults(cmd.OutOrStdout(), resource, faults)
	}
	writeResource(cmd, resource)
	return faults
}

func writeResource(cmd *cobra.Command, resource inspect.Resource) {
	out, screen := cmd.OutOrStdout(), screenOf(cmd.OutOrStdout())
	_, _ = fmt.Fprintln(out, screen.in(bold, resource.Key))
	if resource.Description.Description != "" {
		_, _ = fmt.Fprintln(out, cleanLines(resource.Description.Description))
	}
	var about facts
	about.add("type", resource.Types...)
	about.add("constructor", resource.Constructor)
	about.add("defined at", resource.Position)
	if resource.Replaced {
		about.add("replaced", "by a value of the host application")
	}
	about.add("needs", resource.Needs...)
	about.add("used by", append(resource.UsedBy, resource.Users...)...)
	about.write(out, screen)
	writeReasons(out, screen, resource)
	if len(resource.Config) == 0 {
		return
	}
	_, _ = fmt.Fprintln(out)
	t := table{columns: []column{{name: "FIELD"}, {name: "VALUE"}, {name: "SOURCE"}, {name: "TYPE"}, {name: "VARIABLE"}, {name: "NOTES"}}}
	for _, field := range resource.Config {
		variable := field.Variable
		if field.AtLaunch && field.Source != container.SourceLaunch { // the environment is not used
			variable = ""
		}
		t.add(field.Path, field.Value, sourceText(field), field.Type, variable, notes(field))
		t.last(2).colour = sourceColour(field.Source)
	}
	t.write(out, screen, "")
}

// sourceText names the source of a value.
func sourceText(field container.Field) string {
	switch {
	case field.Source == container.SourceZero:
		return "not set"
	case field.Source == container.SourceEnv:
		return "env " + field.Variable
	case field.Source == container.SourceLaunch && field.Variable != "":
		return "launch, env " + field.Variable
	}
	return string(field.Source)
}

func sourceColour(source container.Source) colour {
	switch source {
	case container.SourceMissing:
		return red
	case container.SourceLaunch:
		return cyan
	case container.SourceEnv:
		return green
	case container.SourceZero, container.SourceDefault:
		return dim
	case container.SourceCode:
	}
	return plain
}

func notes(field container.Field) string {
	var texts []string
	switch {
	case field.AtLaunch:
		texts = append(texts, "must be given at launch")
	case field.Required:
		texts = append(texts, "required")
	}
	if field.Fixed {
		texts = append(texts, "a launch may not set it")
	}
	if field.Secret {
		texts = append(texts, "secret")
	}
	if field.Warning != "" {
		texts = append(texts, field.Warning)
	}
	if field.Description != "" {
		texts = append(texts, field.Description)
	}
	return strings.Join(texts, "; ")
}
