package runs

import "context"

// Executor decides where and when the steps of a run are executed. The suite in
// package executortest decides what an executor is; [Execution.Schedule] does
// what all of them have in common.
type Executor interface {
	// Execute executes every step of the plan, each after all of its Needs
	// have succeeded, and returns when none is executing any more: nil if all
	// succeeded, else the errors of those that failed, joined. Each step is
	// executed here by [Execution.Step], or elsewhere by [Execution.Request] and
	// [Execution.Record], or skipped by [Execution.Skip]: one of these, once.
	// When ctx has ended, steps that have not begun are left alone.
	//
	// A panic in Execute, or an end of its goroutine, fails the run. Steps that
	// are executing here when Execute returns are waited for, and fail the run.
	Execute(ctx context.Context, execution *Execution) error
}
