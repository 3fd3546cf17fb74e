package cli

import (
	"errors"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

func (p program) configCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Check a run config, or show what one may say",
		Long: "Check a run config, or show what one may say: as a template to complete, or as a\n" +
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

// configFlags say which run config a command is about.
type configFlags struct {
	launch  launchFlags
	selects []string
}

// register adds the flags that choose what the run config is for.
func (f *configFlags) register(command *cobra.Command, p program) {
	command.Flags().StringVarP(&f.launch.job, "job", "j", "", "only of what the job called `NAME` needs, with its launch defaults")
	p.complete(command, "job", p.jobNames)
	f.registerSelect(command, p)
}

// registerWithConfig adds the flags that give the run config too.
func (f *configFlags) registerWithConfig(command *cobra.Command, p program) {
	f.launch.register(command, p, "only of what the job called `NAME` needs, with its launch defaults")
	f.registerSelect(command, p)
}

func (f *configFlags) registerSelect(command *cobra.Command, p program) {
	command.Flags().StringArrayVarP(&f.selects, "select", "s", nil, "only of what the assets need that an `EXPRESSION` selects (repeatable: any of them)")
	p.complete(command, "select", p.selections)
}

// configScope is what the flags are about.
type configScope struct {
	whole     bool // neither job nor selection: all resources and steps
	job       string
	selection string
	resources []container.Description
	steps     []container.StepDescription // those with a config
	options   []fx.Option                 // what a child of it needs, and may be configured
	config    container.RunConfig         // the job's defaults and the flags'
	faults    error                       // what a launch would say of it
}

// openScope opens the definitions and finds what of them the flags speak of.
func (p program) openScope(cmd *cobra.Command, flags configFlags) (*session, configScope, error) {
	s, err := p.open()
	if err != nil {
		return nil, configScope{}, err
	}
	scope, err := flags.scope(cmd, s)
	return s, scope, err
}

// scope finds the resources, and checks what the flags give them.
func (f configFlags) scope(cmd *cobra.Command, s *session) (configScope, error) {
	if f.launch.job != "" && len(f.selects) > 0 {
		return configScope{}, fault.Join("reading the flags", []error{errors.New("--job and --select: give one of them")})
	}
	given, err := f.launch.config(cmd.InOrStdin())
	if err != nil {
		return configScope{}, err
	}
	scope := configScope{job: f.launch.job}
	if scope.config, err = f.launch.withJob(s.graph, given); err != nil {
		return configScope{}, err
	}
	if f.launch.job == "" && len(f.selects) == 0 {
		scope.whole = true
		scope.options = []fx.Option{s.knownSteps("")}
		prepared, err := s.container.Prepare(container.NeedsResources(allKeys(s)...),
			container.NeedsLater(s.graph.StepTargets()...), s.knownSteps(""), container.Launch(given))
		preview := prepared.Preview()
		scope.resources, scope.steps, scope.faults = preview.Resources, preview.Steps, err
		return scope, nil
	}
	request := runs.Request{Job: f.launch.job, Config: given}
	if len(f.selects) > 0 {
		request.Selection = eitherOf(f.selects)
	}
	prepared, err := s.launcher.Prepare(request)
	preview := prepared.Preview()
	if preview.Plan == nil {
		return configScope{}, err
	}
	scope.selection, scope.resources, scope.steps, scope.faults = preview.Plan.Selection, preview.Resources, preview.Steps, err
	var keys []string
	for _, resource := range preview.Resources {
		keys = append(keys, resource.Key)
	}
	var targets []*container.Target
	for _, step := range preview.Plan.Steps {
		targets = append(targets, step.Target())
	}
	scope.options = []fx.Option{container.NeedsResources(keys...), container.NeedsLater(targets...)}
	return scope, nil
}

// knownSteps names every step that a run config may speak of: those of the
// job's launch, or, without one, of the assets and of all jobs of ops.
func (s *session) knownSteps(job string) container.ChildOption {
	if named, err := s.graph.Job(job); err == nil {
		return container.Steps(named.Plan.Known...)
	}
	targets := s.graph.StepTargets()
	for _, job := range s.graph.Jobs() {
		if len(job.Ops) == 0 {
			continue
		}
		if plan, err := s.graph.Job(job.Name); err == nil { // it was listed
			targets = append(targets, plan.Plan.Known...)
		}
	}
	return container.Steps(targets...)
}

func allKeys(s *session) []string {
	resources := s.container.Resources()
	keys := make([]string, len(resources))
	for i, resource := range resources {
		keys[i] = resource.Key
	}
	return keys
}

// of names what the scope is.
func (s configScope) of() string {
	switch {
	case s.whole && len(s.steps) == 0:
		return "all resources"
	case s.whole:
		return "all resources and steps"
	case s.job != "":
		return "job " + s.job
	}
	return "selection " + clean(s.selection)
}
