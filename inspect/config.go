package inspect

import (
	"encoding/json"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/runs"
)

// Config is a checked run config.
type Config struct {
	// Job is the name of the job that the run config is for.
	Job string `json:"job,omitempty"`
	// Selection is the selection of assets that the run config is for.
	Selection string `json:"selection,omitempty"`
	// Resources are the resources that the run config is for, with the config
	// that they would get.
	Resources []container.Description `json:"resources"`
	// Steps are the steps that have a config, with the config that they would get.
	Steps []container.StepDescription `json:"steps"`
	// UnknownVariables are environment variables that look as if they were meant
	// for a config, but that no field reads.
	UnknownVariables []container.UnknownVariable `json:"unknown_variables"`
	// ReplacedConfigs are the keys of resources that the run config configures,
	// although the host application has a value in their place.
	ReplacedConfigs []string `json:"replaced_configs"`
	// Faults are the faults that a launch would report for the run config.
	Faults []Fault `json:"faults"`
}

// ConfigScope is the part of the definitions that a run config is for: all
// resources and steps, or the resources and steps of one launch. Its methods check
// the run config, and describe it as a schema or as a template.
type ConfigScope struct {
	// Whole says that the run config is for all resources and steps.
	Whole bool
	// Job is the name of the job that the run config is for.
	Job string
	// Selection is the selection of assets that the run config is for.
	Selection string
	// Resources are the resources that would start, with the config that they
	// would get.
	Resources []container.Description
	// Steps are the steps that have a config, with the config that they would get.
	Steps []container.StepDescription
	// Faults is the error that a launch would return for the run config. It is nil
	// if the run config is valid.
	Faults error

	inspector *Inspector
	options   []fx.Option         // for a child container of the scope: what it needs, and which steps may be configured
	config    container.RunConfig // over the launch defaults of the job
}

// ConfigOfAll returns the scope of all resources and steps, with a run config.
func (i *Inspector) ConfigOfAll(config container.RunConfig) *ConfigScope {
	known := i.KnownSteps("")
	prepared, faults := i.container.Prepare(container.NeedsResources(keysOf(i.container.Resources())...),
		container.NeedsLater(i.assetTargets()...), known, container.Launch(config))
	preview := prepared.Preview()
	return &ConfigScope{
		Whole: true, Resources: preview.Resources, Steps: preview.Steps, Faults: faults,
		inspector: i, options: []fx.Option{known}, config: config,
	}
}

// ConfigOfLaunch returns the scope of one launch. The preview and the error are
// those of the request. If the preview has no plan, ConfigOfLaunch returns this
// error.
func (i *Inspector) ConfigOfLaunch(request runs.Request, preview runs.Preview, faults error) (*ConfigScope, error) {
	if preview.Plan == nil {
		return nil, faults
	}
	config, err := i.JobConfig(request.Job, request.Config)
	if err != nil {
		return nil, err
	}
	targets, err := preview.Plan.Targets(nil)
	if err != nil {
		return nil, err
	}
	return &ConfigScope{
		Job: request.Job, Selection: preview.Plan.Selection, Resources: preview.Resources, Steps: preview.Steps, Faults: faults,
		inspector: i, config: config,
		options: []fx.Option{
			container.NeedsResources(keysOf(preview.Resources)...), container.NeedsLater(targets...),
			container.OtherSteps(slices.Concat(preview.Plan.Known, preview.Plan.Others)...),
		},
	}, nil
}

// Check returns what a launch would make of the run config. It looks for unknown
// variables in environ, which has the form of os.Environ.
func (s *ConfigScope) Check(environ []string) Config {
	unknown := s.inspector.UnknownVariables(environ, s.config)
	return Config{
		Job: s.Job, Selection: s.Selection, Resources: list(s.Resources), Steps: list(s.Steps),
		UnknownVariables: list(unknown), ReplacedConfigs: list(s.inspector.ReplacedConfigs(s.config)), Faults: Faults(s.Faults),
	}
}

// UnknownVariables returns the variables of environ that begin with a prefix of
// [container.FromEnv], although no field of a resource or a step reads them, and
// the run config does not refer to them. environ has the form of os.Environ.
func (i *Inspector) UnknownVariables(environ []string, config container.RunConfig) []container.UnknownVariable {
	return i.container.UnknownVariables(environ, i.KnownSteps(""), container.Launch(config))
}

// ReplacedConfigs returns the keys of the resources that a run config configures,
// although a value of the host application takes their place. Nothing reads such a
// config.
func (i *Inspector) ReplacedConfigs(config container.RunConfig) []string {
	return (*child.Parent)(i.container).Graph().ReplacedConfigs(config)
}

// Schema returns the JSON Schema of the run configs of the scope.
func (s *ConfigScope) Schema() (json.RawMessage, error) {
	return s.inspector.container.Schema(append(slices.Clone(s.options), container.Launch(s.config))...)
}

// Template returns a run config of the scope in YAML, for people to complete. It
// contains the values that the present run config gives.
func (s *ConfigScope) Template() (string, error) {
	return s.inspector.container.Template(append(slices.Clone(s.options), container.Launch(s.config))...)
}
