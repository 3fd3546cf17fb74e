package cli

import (
	"errors"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func (p program) configCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Check a run config, or show what it may contain",
		Long: "Check a run config, or show what it may contain: as a template to complete, or as a\n" +
			"JSON Schema for editors. Nothing is started. Secrets are never shown.",
		Example: "  PROGRAM config template --job nightly > nightly.yaml\n" +
			"  PROGRAM config check --job nightly --config nightly.yaml\n" +
			"  PROGRAM config schema > run-config.schema.json",
		DisableFlagsInUseLine: true,
		Args:                  onlyCommands,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(p.configCheckCommand(), p.configSchemaCommand(), p.configTemplateCommand())
	return command
}

// configFlags are the flags that say which run config a command is about.
type configFlags struct {
	launch  launchFlags
	selects []string
}

// register adds the flags that choose what the run config is for.
func (f *configFlags) register(command *cobra.Command, p program) {
	command.Flags().StringVarP(&f.launch.job, "job", "j", "", "use the job called `NAME`: its resources, its steps and its launch defaults")
	p.complete(command, "job", p.jobNames)
	f.registerSelect(command, p)
}

// registerWithConfig adds the same flags, and the flags that give the run config.
func (f *configFlags) registerWithConfig(command *cobra.Command, p program) {
	f.launch.register(command, p, "use the job called `NAME`: its resources, its steps and its launch defaults")
	f.registerSelect(command, p)
}

func (f *configFlags) registerSelect(command *cobra.Command, p program) {
	command.Flags().StringArrayVarP(&f.selects, "select", "s", nil, "use only what the assets need that an `EXPRESSION` selects (can be repeated: assets that any of them selects)")
	p.complete(command, "select", p.selections)
}

// openScope opens the definitions and finds the part of them that the flags name.
func (p program) openScope(cmd *cobra.Command, flags configFlags) (*inspect.ConfigScope, error) {
	s, err := p.open()
	if err != nil {
		return nil, err
	}
	if flags.launch.job != "" && len(flags.selects) > 0 {
		return nil, fault.Join("reading the flags", []error{errors.New("--job and --select exclude each other: give one of them")})
	}
	config, err := flags.launch.config(cmd.InOrStdin())
	if err != nil {
		return nil, err
	}
	if flags.launch.job == "" && len(flags.selects) == 0 {
		return s.inspect.ConfigOfAll(config), nil
	}
	request := runs.Request{Job: flags.launch.job, Selection: eitherOf(flags.selects), Config: config}
	prepared, err := s.launcher.Prepare(request)
	return s.inspect.ConfigOfLaunch(request, prepared.Preview(), err)
}

// scopeText names the scope in a text for people.
func scopeText(s *inspect.ConfigScope) string {
	switch {
	case s.Whole && len(s.Steps) == 0:
		return "all resources"
	case s.Whole:
		return "all resources and steps"
	case s.Job != "":
		return "job " + s.Job
	}
	return "selection " + clean(s.Selection)
}
