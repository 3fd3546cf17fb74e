package inspect

import (
	"errors"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// Launch describes what a run would do if it were launched.
type Launch struct {
	// Job is the name of the job that was asked for.
	Job string `json:"job,omitempty"`
	// Selection is the selection of assets that would be made.
	Selection string `json:"selection,omitempty"`
	// Steps are the steps, in an order in which they may be executed.
	Steps []Step `json:"steps"`
	// Resources are the resources that would start, with the config that they would
	// get.
	Resources []container.Description `json:"resources"`
	// Faults are what is wrong with the launch. Doing is what was being done when they were
	// found, as in "preparing the run"; it is "" without faults.
	Faults []Fault `json:"faults"`
	Doing  string  `json:"doing,omitempty"`
	// Warnings are what a person should read before the launch: see
	// [Inspector.LaunchWarnings]. NewLaunch leaves them empty.
	Warnings []string `json:"warnings,omitempty"`
}

// Step is a step of a [Launch].
type Step struct {
	// Step is the key of the step.
	Step string `json:"step"`
	// Op says that the step is an op: see [assets.KindOp].
	Op bool `json:"op,omitempty"`
	// Needs are the keys of the steps of this run that must succeed before the step
	// starts.
	Needs []string `json:"needs"`
	// Inputs are the keys of the values that the step takes.
	Inputs []string `json:"inputs"`
	// Outputs are the values that the step makes.
	Outputs []Output `json:"outputs"`
	// Attempts is the largest number of attempts at the step.
	Attempts int `json:"attempts"`
	// Timeout is the time limit of each attempt; 0 is no limit.
	Timeout time.Duration `json:"timeout_ns,omitempty"`
	// Config is the config that the step would get.
	Config []container.Field `json:"config"`
}

// Output is a value that a [Step] makes.
type Output struct {
	// Key is the key of the value.
	Key string `json:"key"`
	// IO is the key of the IO manager that stores the value. It is "" if the
	// function stores its data itself.
	IO string `json:"io,omitempty"`
}

// NewLaunch returns the Launch of a request. The preview and the error are those of
// the request, and the preview must have a plan.
func NewLaunch(request runs.Request, preview runs.Preview, faults error) Launch {
	launch := Launch{
		Job: request.Job, Selection: preview.Plan.Selection, Steps: []Step{},
		Resources: list(preview.Resources), Faults: Faults(faults),
	}
	if all, ok := errors.AsType[*container.Faults](faults); ok {
		launch.Doing = all.Doing
	}
	configs := make(map[string][]container.Field, len(preview.Steps))
	for _, config := range preview.Steps {
		configs[config.Key] = config.Config
	}
	for _, step := range preview.Plan.Steps {
		launch.Steps = append(launch.Steps, newStep(step, configs[step.Key]))
	}
	return launch
}

func newStep(step *assets.Step, config []container.Field) Step {
	described := Step{
		Step: step.Key, Op: step.Kind == assets.KindOp, Needs: list(step.Needs), Inputs: []string{}, Outputs: []Output{},
		Attempts: step.Retries + 1, Timeout: step.Timeout, Config: list(config),
	}
	for _, input := range step.Inputs {
		described.Inputs = append(described.Inputs, input.Key)
	}
	for _, output := range step.Outputs {
		described.Outputs = append(described.Outputs, Output{output.Key, output.IO})
	}
	return described
}
