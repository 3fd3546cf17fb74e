package runs

import (
	"context"

	"github.com/fxrun/fxrun/assets"
)

// Executor decides where and when the steps of a run are executed. Package
// executortest is the suite that every executor must pass. [Execution.Schedule] does
// the work that all executors have in common.
type Executor interface {
	// Execute executes every step of the plan, each after all of its Needs have
	// succeeded. It returns after the last step has ended: nil if all steps
	// succeeded, else the joined errors of the failed steps. Execute does one of
	// three things with each step, and does it once: it executes the step in this
	// process by [Execution.Step], has it executed in another process by
	// [Execution.Request] and [Execution.Record], or skips it by [Execution.Skip].
	// After ctx has ended, or [Execution.Draining] is closed, Execute begins no further
	// steps.
	//
	// A panic in Execute, or the end of its goroutine, fails the run. If Execute
	// returns while steps are being executed in this process, the run waits for
	// these steps and fails.
	Execute(ctx context.Context, execution *Execution) error
}

// PlanChecker is an executor that cannot execute every plan, for instance because another
// system limits the number of steps. A launch asks it before anything is recorded.
type PlanChecker interface {
	// CheckPlan returns why a plan cannot be executed, or nil. It must return soon. The error
	// of the launch then matches container.ErrInvalid.
	CheckPlan(plan *assets.Plan) error
}
