package runs

import (
	"context"
	"strings"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
)

// Executor decides where and when the steps of a run are executed. The suite in
// package executortest decides what an executor is; [Execution.Schedule] does
// what all of them have in common.
type Executor interface {
	// Execute executes every step of the plan, each after all of its Needs
	// have succeeded, and returns when none is executing any more: nil if all
	// succeeded, else the errors of those that failed, joined. Each step is
	// given to exactly one of [Execution.Step] and [Execution.Skip]; when ctx
	// has ended, steps that have not begun are left alone.
	Execute(ctx context.Context, execution *Execution) error
}

// Execution is the run that an [Executor] executes. It is safe for concurrent
// use.
type Execution struct{ run *Run }

// Plan returns the steps, in an order in which they may be executed.
func (e *Execution) Plan() *assets.Plan { return e.run.launch.plan }

// Step executes one step in this process: it loads the inputs, calls the
// function and stores the outputs, tries again as the step's retries allow, and
// records what happens. Its error, which names the step, is why the last
// attempt failed or was cancelled; a panic comes back as a
// *container.PanicError.
func (e *Execution) Step(ctx context.Context, step *assets.Step) error {
	return (&stepExecution{run: e.run, step: step}).execute(ctx)
}

// Skip records that a step will not be executed because steps upstream of it
// did not succeed.
func (e *Execution) Skip(step *assets.Step, upstream []string) {
	e.run.record(history.StepSkipped{
		Step: step.Key, Upstream: upstream,
		Because: "upstream " + strings.Join(upstream, ", ") + " did not succeed",
	})
}
